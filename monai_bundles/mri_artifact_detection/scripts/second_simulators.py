"""Artifacts made by other hands than ours, for testing only: TorchIO, MONAI's transforms, and small operators.

TorchIO makes motion, ghosting, half of the spikes and the receive field; MONAI makes truncation, the other spikes and
noise. What no library makes (wrap, zipper, susceptibility, fat, chemical shift, dropped slices) is made here, in the
image and by other formulas than those of ``aiqa_integration.simulate``, which training uses. Each operator draws its
parameters, applies them to a whole stack ``[z, y, x]`` and returns the measure that the catalogue judges severity by;
``made`` draws until the measure lies where the wanted severity has it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, shift

from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId

Volume = NDArray[np.float32]
TRIES = 60
_WORST = {
    ArtifactId.MOTION: 0.6,
    ArtifactId.GHOST: 0.3,
    ArtifactId.WRAP: 0.25,
    ArtifactId.GIBBS: 0.16,
    ArtifactId.SPIKE: 0.4,
    ArtifactId.ZIPPER: 25.0,
    ArtifactId.BIAS: 0.8,
    ArtifactId.LOW_SNR: 3.0,
    ArtifactId.SUSCEPTIBILITY: 0.12,
    ArtifactId.FAT_SAT_FAILURE: 1.0,
    ArtifactId.CHEMICAL_SHIFT: 7.0,
    ArtifactId.SLICE_DROPOUT: 0.8,
}
"""The worst value of each measure that is made: beyond it an image is no longer like any that a reader is sent."""


class CannotBeMade(Exception):
    """The stack does not allow this artifact at this severity (no bright fat, nothing to fold)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbed:
    """A stack with an artifact: magnitude, the measure reached, and the size of the change at each pixel."""

    voxels: Volume
    measure: float
    change: Volume


Operator = Callable[[Volume, tuple[float, float, float], float, np.random.Generator], Disturbed]
"""Takes a stack, its spacing (slice, row, column; mm), the measure aimed at and a generator."""


def made(
    artifact: ArtifactId,
    voxels: Volume,
    spacing_mm: tuple[float, float, float],
    severity: int,
    seed: tuple[int, ...],
    operators: Mapping[ArtifactId, Operator] | None = None,
) -> Disturbed:
    """Return the stack with the artifact at a severity from 1 to 3; raises CannotBeMade.

    ``operators`` are other ones than this file's.
    """
    rng = np.random.default_rng(seed)
    bounds = (*ARTIFACTS_BY_ID[artifact].anchors, _WORST[artifact])
    low, high = sorted(bounds[severity - 1 : severity + 1])
    turned = bool(rng.random() < 0.5) and artifact is not ArtifactId.SLICE_DROPOUT
    given = np.ascontiguousarray(voxels.swapaxes(1, 2)) if turned else voxels
    spacing = (spacing_mm[0], spacing_mm[2], spacing_mm[1]) if turned else spacing_mm
    aim = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    wanted = aim
    for _ in range(TRIES):
        found = (operators or OPERATORS)[artifact](given, spacing, wanted, rng)
        if low <= found.measure < high:
            return _turned_back(found) if turned else found
        wanted = float(np.clip(wanted * (aim / max(found.measure, 1e-6)) ** 0.7, aim / 20, aim * 20))
    raise CannotBeMade(f"{artifact} of severity {severity}: {found.measure:.3g} after {TRIES} tries")


def _turned_back(found: Disturbed) -> Disturbed:
    return Disturbed(
        voxels=np.ascontiguousarray(found.voxels.swapaxes(1, 2)),
        measure=found.measure,
        change=np.ascontiguousarray(found.change.swapaxes(1, 2)),
    )


def disturbed(before: Volume, after: NDArray[np.floating], measure: float) -> Disturbed:
    """Return the magnitude of a stack and how far it differs from what it was."""
    magnitude = np.abs(after).astype(np.float32)
    return Disturbed(voxels=magnitude, measure=float(measure), change=np.abs(magnitude - before))


def object_mask(voxels: Volume) -> NDArray[np.bool_]:
    """Return where a stack shows an object: above a tenth of its brightest parts, after smoothing."""
    smooth = gaussian_filter(voxels, (0, 1.5, 1.5))
    return np.asarray(smooth > 0.1 * np.percentile(smooth, 99), bool)


def noise_sigma(voxels: Volume, where: NDArray[np.bool_] | None = None) -> float:
    """Return the noise of a stack by differences that cancel planes and edges; source: Immerkaer, CVIU 1996.

    Of the object, or of the pixels of a mask; 0 where there are none.
    """
    v = voxels.astype(np.float64)
    inner = 4 * v[:, 1:-1, 1:-1] + v[:, :-2, :-2] + v[:, :-2, 2:] + v[:, 2:, :-2] + v[:, 2:, 2:]
    inner -= 2 * (v[:, :-2, 1:-1] + v[:, 2:, 1:-1] + v[:, 1:-1, :-2] + v[:, 1:-1, 2:])
    seen = (object_mask(voxels) if where is None else where)[:, 1:-1, 1:-1]
    return float(np.median(np.abs(inner[seen])) / 0.6745 / 6) if seen.any() else 0.0


def object_signal(voxels: Volume) -> float:
    """Return the mean signal of the object."""
    return float(voxels[object_mask(voxels)].mean())


def _tio(voxels: Volume, spacing_mm: tuple[float, float, float]) -> object:
    """Return a TorchIO subject whose last axis is the phase direction, its origin in the middle of the stack."""
    import torchio  # noqa: PLC0415 - a second's import that training does without

    tensor = torch.from_numpy(np.ascontiguousarray(voxels.swapaxes(1, 2)))[None]
    spacing = np.array([spacing_mm[0], spacing_mm[2], spacing_mm[1]])
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -spacing * (np.array(tensor.shape[1:]) - 1) / 2
    return torchio.Subject(image=torchio.ScalarImage(tensor=tensor, affine=affine))


def applied(transform: Callable[[object], object], voxels: Volume, spacing_mm: tuple[float, float, float]) -> Volume:
    """Return a stack after a TorchIO transform."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        subject = transform(_tio(voxels, spacing_mm))
    return np.asarray(subject["image"].data[0].numpy().swapaxes(1, 2), np.float32)  # type: ignore[index]


def motion(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """TorchIO: one to six rigid poses while k-space is filled; across slices only where they are contiguous."""
    from torchio.transforms import Motion  # noqa: PLC0415

    count = int(rng.integers(1, 7))
    through = 1.0 if spacing_mm[0] <= 4 else 0.0
    size = min(14 * wanted, 12.0)
    degrees = rng.normal(0, size, (count, 3)) * np.array([1.0, 0.3 * through, 0.3 * through])
    shifts = rng.normal(0, size, (count, 3)) * np.array([0.3 * through, 1.0, 1.0])
    times = np.sort(np.clip(rng.normal(0.5, float(rng.uniform(0.02, 0.3)), count), 0.02, 0.98))
    moved = applied(
        Motion(degrees=degrees, translation=shifts, times=times, image_interpolation="linear"), voxels, spacing_mm
    )
    return disturbed(voxels, moved, np.linalg.norm(moved - voxels) / np.linalg.norm(voxels))


def ghost(voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator) -> Disturbed:
    """TorchIO: every n-th line of k-space weaker; the measure is the first ghost's signal over the object's."""
    from torchio.transforms import Ghosting  # noqa: PLC0415

    count = int(rng.integers(2, 7))
    strength = min(wanted * count, 1.0)
    ghosted = applied(Ghosting(num_ghosts=count, axis=2, intensity=strength, restore=None), voxels, spacing_mm)
    moved = shift(voxels, (0, voxels.shape[1] / count, 0), order=1, mode="grid-wrap")
    alone = object_mask(moved) & ~object_mask(voxels)
    if alone.sum() < 50:
        return disturbed(voxels, ghosted, strength / count)
    excess = np.abs(ghosted)[alone].mean() - voxels[alone].mean()
    return disturbed(voxels, ghosted, max(float(excess) / float(moved[alone].mean()), 1e-6))


def wrap(voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator) -> Disturbed:
    """Own: the field of view shortened in the image, what lies outside added modulo its length with another phase."""
    del spacing_mm
    rows = np.flatnonzero(object_mask(voxels).any(axis=(0, 2)))
    if len(rows) < 20:
        raise CannotBeMade("nothing to fold")
    first, last = int(rows[0]), int(rows[-1])
    share = float(rng.choice([1.0, 0.5, rng.uniform(0.5, 1)]))
    length = round((last - first + 1) / (1 + wanted / share))
    start = first + round((last - first + 1 - length) * (share if rng.random() < 0.5 else 1 - share))
    phase = np.exp(1j * rng.uniform(-1, 1))
    folded = voxels[:, start : start + length].astype(np.complex64)
    kept = np.abs(folded)
    above, below = voxels[:, :start], voxels[:, start + length :]
    for part, place in ((above, (np.arange(start) - start) % length), (below, np.arange(below.shape[1]) % length)):
        for row, target in enumerate(place):
            folded[:, target] += part[:, row] * phase
    width = max(start - first, last + 1 - start - length)
    after = np.abs(folded).astype(np.float32)
    return Disturbed(voxels=after, measure=width / length, change=np.abs(after - kept))


def gibbs(voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator) -> Disturbed:
    """MONAI: a disc of k-space kept, of what the scanner had acquired."""
    from monai.transforms import GibbsNoise  # noqa: PLC0415

    del spacing_mm, rng
    given = acquired(voxels)
    alpha = float(np.clip(1 - wanted * np.sqrt(2), 0, 1))
    cut = GibbsNoise(alpha=alpha)
    after = np.stack([np.asarray(cut(torch.from_numpy(image[None])))[0] for image in given])
    return disturbed(given, after, (1 - alpha) / np.sqrt(2))


def acquired(voxels: Volume) -> Volume:
    """Return a stack without the empty rim of its k-space: interpolated images brought to their own resolution."""
    power = (np.abs(np.fft.fftshift(np.fft.fft2(voxels), axes=(1, 2))) ** 2).mean(axis=0)
    keep = []
    for axis in (0, 1):
        profile = power.mean(axis=1 - axis)
        size = len(profile)
        folded = np.maximum(profile[size // 2 :][: size // 2], profile[: size // 2 + 1][::-1][: size // 2])
        smooth = gaussian_filter(folded, max(1.0, size / 100))
        beyond = np.flatnonzero(smooth > 10**-3.8 * smooth[: max(2, size // 20)].mean())
        keep.append(min(size, 2 * (int(beyond[-1]) + 1)) // 2 * 2)
    k = np.fft.fftshift(np.fft.fft2(voxels), axes=(1, 2))
    top, left = ((voxels.shape[1 + axis] - keep[axis]) // 2 for axis in (0, 1))
    cut = k[:, top : top + keep[0], left : left + keep[1]]
    image = np.fft.ifft2(np.fft.ifftshift(cut, axes=(1, 2))) * (keep[0] * keep[1] / voxels[0].size)
    return np.abs(image).astype(np.float32)


def spike(voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator) -> Disturbed:
    """TorchIO or MONAI by turns: points of k-space raised; the measure is the stripes' amplitude over the object's."""
    amplitude = wanted * object_signal(voxels)
    if rng.random() < 0.5:
        from torchio.transforms import Spike  # noqa: PLC0415

        places = 0.5 + rng.uniform(0.04, 0.45, (int(rng.integers(1, 3)), 3)) * rng.choice([-1, 1], (1, 3))
        places[:, 0] = 0.5
        share = amplitude * voxels.size / float(voxels.sum())
        after = applied(Spike(spikes_positions=places, intensity=share), voxels, spacing_mm)
        return disturbed(voxels, after, wanted)
    from monai.transforms import KSpaceSpikeNoise  # noqa: PLC0415

    images = []
    for image in voxels:
        place = [round(n * (0.5 + float(rng.uniform(0.04, 0.45)) * float(rng.choice([-1, 1])))) for n in image.shape]
        noise = KSpaceSpikeNoise(loc=(0, *place), k_intensity=float(np.log(amplitude * image.size)))
        images.append(np.asarray(noise(torch.from_numpy(image[None])))[0])
    return disturbed(voxels, np.stack(images), wanted)


def zipper(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """Own: a column of dashes of changing phase and length, added to the complex image."""
    del spacing_mm
    count, height, width = voxels.shape
    background = voxels[~object_mask(voxels)]
    spread = max(float(background.std()) if background.size > 500 else 0.0, noise_sigma(voxels))
    column = float(rng.uniform(0.04, 0.96)) * (width - 1)
    across = np.sinc(np.arange(width) - column)
    dashes = gaussian_filter(
        rng.normal(0, 1, (count, height)) + 1j * rng.normal(0, 1, (count, height)), (0, float(rng.uniform(0.3, 2)))
    )
    dashes *= wanted * spread / np.abs(dashes).mean()
    after = np.abs(voxels + dashes[:, :, None] * across)
    return disturbed(voxels, after, wanted)


def bias(voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator) -> Disturbed:
    """TorchIO: the exponential of a polynomial of order 2 or 3, scaled to the spread wanted inside the object."""
    from torchio.transforms import BiasField  # noqa: PLC0415

    order = int(rng.integers(2, 4))
    terms = sum(1 for x in range(order + 1) for y in range(order + 1 - x) for _ in range(order + 1 - x - y))
    coefficients = rng.uniform(-0.5, 0.5, terms)
    inside = object_mask(voxels)
    for _ in range(3):
        after = applied(BiasField(coefficients=coefficients.tolist(), order=order), voxels, spacing_mm)
        ratio = np.log(np.maximum(after[inside], 1e-6) / np.maximum(voxels[inside], 1e-6))
        measure = float(ratio.std())
        coefficients = coefficients * wanted / max(measure, 1e-6)
    after *= voxels.max() / after.max()
    return disturbed(voxels, after, measure)


def low_snr(
    voxels: Volume,
    spacing_mm: tuple[float, float, float],
    wanted: float,
    rng: np.random.Generator,
    own: float | None = None,
) -> Disturbed:
    """MONAI: Rician noise; the measure counts the noise that was there before, ``own`` if that is known."""
    from monai.transforms import RandRicianNoise  # noqa: PLC0415

    del spacing_mm
    signal = object_signal(voxels)
    own = noise_sigma(voxels) if own is None else own
    added = np.sqrt(max((signal / wanted) ** 2 - own**2, 0.0))
    noise = RandRicianNoise(prob=1.0, mean=0.0, std=float(added), relative=False, sample_std=False)
    noise.set_random_state(seed=int(rng.integers(2**31)))
    after = np.asarray(noise(torch.from_numpy(voxels)), np.float32)
    return disturbed(voxels, after, signal / np.hypot(added, own))


def susceptibility(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """Own: signal pushed to where its field puts it, pixel by pixel, and lost where the field is steep."""
    del spacing_mm
    inside = object_mask(voxels)[len(voxels) // 2]
    rim = inside & (distance_transform_edt(inside) < 0.25 * np.sqrt(inside.sum() / np.pi))
    places = np.argwhere(rim if rng.random() < 0.6 else inside)
    row, column = places[int(rng.integers(len(places)))]
    height, width = inside.shape
    y, x = np.mgrid[:height, :width]
    radius = np.hypot(y - row, x - column) + 0.5
    size = np.sqrt(wanted * height * width / np.pi) * 0.75
    lobes = (3 * ((y - row) * np.cos(turn := rng.uniform(0, np.pi)) + (x - column) * np.sin(turn)) ** 2) / radius**2 - 1
    field = lobes * np.minimum((size / radius) ** 3, 1.0)
    pull = field * float(rng.uniform(0.3, 0.9)) * size
    steep = np.hypot(*np.gradient(field)) * size
    remains = np.exp(-1.5 * steep) * (radius > size * 0.7)
    target = np.clip(x + pull, 0, width - 1.001)
    low = target.astype(int)
    after = np.zeros_like(voxels)
    for image, to in zip(voxels * remains, after, strict=True):
        np.add.at(to, (y, low), image * (1 - target + low))
        np.add.at(to, (y, low + 1), image * (target - low))
    lost = (after < 0.3 * voxels) & object_mask(voxels)
    return disturbed(voxels, gaussian_filter(after, (0, 0.4, 0.4)), float(lost.mean()))


def fat_rim(voxels: Volume, spacing_mm: tuple[float, float, float]) -> Volume:
    """Return how much of each pixel is bright tissue just below the object's outline; raises CannotBeMade."""
    inside = object_mask(voxels)
    rim = np.zeros(voxels.shape, np.float32)
    for z, mask in enumerate(inside):
        depth = distance_transform_edt(np.pad(filled(mask), 1), sampling=spacing_mm[1:])[1:-1, 1:-1]
        rim[z] = (depth > 0) & (depth < 14)
    bright = voxels > np.percentile(voxels[inside], 75)
    share = float((bright & (rim > 0)).sum() / max(rim.sum(), 1))
    if share < 0.15:
        raise CannotBeMade(f"no bright fat: {share:.2f} of the rim")
    return np.asarray(gaussian_filter((bright * rim).astype(np.float32), (0, 0.6, 0.6)), np.float32)


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask whose rows and columns are filled between their ends."""
    along = [np.logical_or.accumulate(mask, axis=axis) for axis in (0, 1)]
    back = [np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis=axis), axis) for axis in (0, 1)]
    return np.asarray(along[0] & along[1] & back[0] & back[1], bool)


def suppressed(voxels: Volume, spacing_mm: tuple[float, float, float]) -> Volume:
    """Return the stack as fat suppression would give it: its bright rim at a tenth of its signal."""
    return np.asarray(voxels * (1 - 0.9 * np.clip(fat_rim(voxels, spacing_mm), 0, 1)), np.float32)


def fat_sat_failure(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """Own: a suppressed rim whose signal comes back on one side, as a poor shim has it."""
    fat = np.clip(fat_rim(voxels, spacing_mm), 0, 1)
    clean = suppressed(voxels, spacing_mm)
    failing = one_side(fat, wanted, rng)
    after = clean + (voxels - clean) * failing
    weight = fat.sum(axis=0)
    return disturbed(clean, after, float((weight * failing).sum() / weight.sum()))


def one_side(fat: Volume, wanted: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return 1 on the side of the image where ``wanted`` of the fat lies, 0 on the other, soft between."""
    turn = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : fat.shape[1] * 1j, -1 : 1 : fat.shape[2] * 1j]
    along = x * np.cos(turn) + y * np.sin(turn) + 0.3 * rng.normal() * x * y
    weight = fat.sum(axis=0)
    ordered = np.argsort(-along, axis=None)
    reached = np.cumsum(weight.ravel()[ordered]) / weight.sum()
    edge = along.ravel()[ordered][min(int(np.searchsorted(reached, wanted)), weight.size - 1)]
    return np.asarray(1 / (1 + np.exp(-(along - edge) / 0.06)), np.float64)


def chemical_shift(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """Own: the bright rim moved against the rest along the rows, with or without opposed phase where they meet."""
    fat = voxels * np.clip(fat_rim(voxels, spacing_mm), 0, 1)
    moved = shift(fat, (0, wanted * float(rng.choice([-1, 1])), 0), order=1)
    phase = 1.0 if rng.random() < 0.7 else np.exp(1j * rng.uniform(0, np.pi))
    return disturbed(voxels, np.abs(voxels - fat + phase * moved), wanted)


def slice_dropout(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """Own: one or two slices weaker, or every other one."""
    del spacing_mm
    gains = np.ones(len(voxels), np.float32)
    if rng.random() < 0.35:
        gains[int(rng.integers(2)) :: 2] -= wanted
    else:
        inner = rng.permutation(np.arange(1, len(voxels) - 1))[: int(rng.integers(1, 3))]
        gains[inner[0]] -= wanted
        if len(inner) > 1 and abs(int(inner[0]) - int(inner[1])) > 1:
            gains[inner[1]] -= wanted * float(rng.uniform(0.3, 1))
    return disturbed(voxels, voxels * gains[:, None, None], wanted)


OPERATORS: dict[ArtifactId, Operator] = {
    ArtifactId.MOTION: motion,
    ArtifactId.GHOST: ghost,
    ArtifactId.WRAP: wrap,
    ArtifactId.GIBBS: gibbs,
    ArtifactId.SPIKE: spike,
    ArtifactId.ZIPPER: zipper,
    ArtifactId.BIAS: bias,
    ArtifactId.LOW_SNR: low_snr,
    ArtifactId.SUSCEPTIBILITY: susceptibility,
    ArtifactId.FAT_SAT_FAILURE: fat_sat_failure,
    ArtifactId.CHEMICAL_SHIFT: chemical_shift,
    ArtifactId.SLICE_DROPOUT: slice_dropout,
}
LIBRARY = {
    ArtifactId.MOTION: "TorchIO Motion",
    ArtifactId.GHOST: "TorchIO Ghosting",
    ArtifactId.GIBBS: "MONAI GibbsNoise",
    ArtifactId.SPIKE: "TorchIO Spike, MONAI KSpaceSpikeNoise",
    ArtifactId.BIAS: "TorchIO BiasField",
    ArtifactId.LOW_SNR: "MONAI RandRicianNoise",
}
"""Whose operator it is, where it is not this file's."""
