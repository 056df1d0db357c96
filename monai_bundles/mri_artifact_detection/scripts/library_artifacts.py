"""Artifacts made by libraries: TorchIO and MONAI's transforms."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import torch
from scipy.ndimage import shift

from scripts.disturbed import Disturbed, disturbed
from scripts.stack_measures import Volume, acquired, noise_sigma, object_mask, object_signal


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


def gibbs(voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator) -> Disturbed:
    """MONAI: a disc of k-space kept, of what the scanner had acquired."""
    from monai.transforms import GibbsNoise  # noqa: PLC0415

    del spacing_mm, rng
    given = acquired(voxels)
    alpha = float(np.clip(1 - wanted * np.sqrt(2), 0, 1))
    cut = GibbsNoise(alpha=alpha)
    after = np.stack([np.asarray(cut(torch.from_numpy(image[None])))[0] for image in given])
    return disturbed(given, after, (1 - alpha) / np.sqrt(2))


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
