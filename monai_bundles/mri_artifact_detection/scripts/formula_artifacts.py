"""Artifacts that no library makes, in the image and by other formulas than those of ``aiqa_integration.simulate``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, shift

from scripts.disturbed import CannotBeMade, Disturbed, disturbed
from scripts.stack_measures import Volume, filled, noise_sigma, object_mask


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
