"""The artifacts of ``second_simulators`` whose label there is not the catalogue's measure, labelled by the catalogue.

Fixed, with the reasons (docs/README.md, "What the test's labels measure"), before any network was run on what this file
makes. Motion, truncation, spikes, the receive field and dropped slices agree as they are and are not made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter, label, shift

from aiqa_integration.model.artifact import ArtifactId
from scripts.disturbed import Disturbed, Operator, disturbed
from scripts.formula_artifacts import fat_rim, one_side
from scripts.formula_artifacts import susceptibility as susceptibility_before
from scripts.formula_artifacts import wrap as wrap_before
from scripts.library_artifacts import applied
from scripts.library_artifacts import low_snr as low_snr_before
from scripts.stack_measures import Volume, filled, noise_sigma, object_mask, object_signal

RAYLEIGH_SD = float(np.sqrt(2 - np.pi / 2))
"""Standard deviation of the background of a magnitude image over that of its noise per channel."""
LEFT = 0.03
"""Part of the fat that good suppression leaves: below the catalogue's minor failure (0.05)."""
_QUIETEST = 2e-3  # of the object's signal: the noise that a scan without any is taken to have
_BLANK, _FEW = 0.2, 500
_SKIN_MM = 6.0


def noise_floor(voxels: Volume) -> float:
    """Return the noise per channel: the background's where the scanner left it, else (or if less) the object's.

    By differences of neighbours, so that ghosts, which are smooth, do not count as noise, and textures of the object
    do not where the background tells.
    """
    outside = ~object_mask(voxels)
    given = voxels[outside]
    found = max(noise_sigma(voxels), _QUIETEST * object_signal(voxels))
    if given.size < _FEW or float((given == 0).mean()) > _BLANK:
        return found
    heard = noise_sigma(voxels, outside) / RAYLEIGH_SD
    return min(found, max(heard, _QUIETEST * object_signal(voxels)))


def ghost(voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator) -> Disturbed:
    """TorchIO as before; the measure is that of the modulation made, which noise in the air does not hide."""
    from torchio.transforms import Ghosting  # noqa: PLC0415

    count = int(rng.integers(2, 7))
    strength = min(wanted * count / (1 + wanted), 1.0)
    ghosted = applied(Ghosting(num_ghosts=count, axis=2, intensity=strength, restore=None), voxels, spacing_mm)
    return disturbed(voxels, ghosted, strength / (count - strength))


def wrap(voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator) -> Disturbed:
    """As before; the measure is the width of all that is folded, of both sides, over the field of view."""
    found = wrap_before(voxels, spacing_mm, wanted, rng)
    rows = np.flatnonzero(object_mask(voxels).any(axis=(0, 2)))
    length = found.voxels.shape[1]
    return replace(found, measure=float(rows[-1] - rows[0] + 1 - length) / length)


def zipper(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """As before, but over the spread of the background's noise alone, and of full height between two columns."""
    del spacing_mm
    count, height, width = voxels.shape
    column = float(rng.uniform(0.04, 0.96)) * (width - 1)
    across = np.sinc(np.arange(width) - column)
    dashes = gaussian_filter(
        rng.normal(0, 1, (count, height)) + 1j * rng.normal(0, 1, (count, height)), (0, float(rng.uniform(0.3, 2)))
    )
    dashes *= wanted * RAYLEIGH_SD * noise_floor(voxels) / np.abs(dashes).mean()
    after = np.abs(voxels + dashes[:, :, None] * across / across.max())
    return disturbed(voxels, after, wanted)


def low_snr(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """As before; the noise that was there is the background's where that tells, not the object's texture."""
    return low_snr_before(voxels, spacing_mm, wanted, rng, own=noise_floor(voxels))


def susceptibility(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """As before; the measure is the void's area in the slice that shows the largest."""
    found = susceptibility_before(voxels, spacing_mm, wanted, rng)
    void = (found.voxels < 0.3 * voxels) & object_mask(voxels)
    return replace(found, measure=float(void.mean(axis=(1, 2)).max()))


def fat_share(voxels: Volume, spacing_mm: tuple[float, float, float]) -> Volume:
    """Return how much of each pixel is fat: all bright tissue that hangs together with that below the skin.

    However deep it lies, so that the fat of face and neck is part of it; bright fluid within the skull, which the dark
    bone parts from it, is not. Raises CannotBeMade where ``fat_rim`` does.
    """
    fat_rim(voxels, spacing_mm)
    inside = object_mask(voxels)
    bright = voxels > np.percentile(voxels[inside], 75)
    share = np.zeros(voxels.shape, np.float32)
    for z, mask in enumerate(inside):
        depth = distance_transform_edt(np.pad(filled(mask), 1), sampling=spacing_mm[1:])[1:-1, 1:-1]
        share[z] = binary_dilation(_reaching(bright[z], (depth > 0) & (depth < _SKIN_MM)))
    return np.asarray(np.clip(gaussian_filter(share, (0, 0.6, 0.6)), 0, 1), np.float32)


def _reaching(mask: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the connected parts of a mask that touch the seeds."""
    parts, count = label(mask)
    touched = np.zeros(count + 1, bool)
    touched[np.unique(parts[seeds & mask])] = True
    touched[0] = False
    return np.asarray(touched[parts], bool)


def suppressed(voxels: Volume, spacing_mm: tuple[float, float, float]) -> Volume:
    """Return the stack as good fat suppression would give it."""
    return np.asarray(voxels * (1 - (1 - LEFT) * fat_share(voxels, spacing_mm)), np.float32)


def fat_sat_failure(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """As before, of all the fat; the measure is the part of its signal that shows, with what suppression leaves."""
    fat = fat_share(voxels, spacing_mm)
    failing = one_side(fat, max(wanted - LEFT, 0) / (1 - LEFT), rng)
    clean = suppressed(voxels, spacing_mm)
    after = clean + (voxels - clean) * failing
    signal = voxels * fat
    measure = float((signal * (LEFT + (1 - LEFT) * failing)).sum() / signal.sum())
    return disturbed(clean, after, measure)


def chemical_shift(
    voxels: Volume, spacing_mm: tuple[float, float, float], wanted: float, rng: np.random.Generator
) -> Disturbed:
    """As before, of all the fat and of nothing else."""
    fat = voxels * fat_share(voxels, spacing_mm)
    moved = shift(fat, (0, wanted * float(rng.choice([-1, 1])), 0), order=1)
    phase = 1.0 if rng.random() < 0.7 else np.exp(1j * rng.uniform(0, np.pi))
    return disturbed(voxels, np.abs(voxels - fat + phase * moved), wanted)


OPERATORS: Mapping[ArtifactId, Operator] = {
    ArtifactId.GHOST: ghost,
    ArtifactId.WRAP: wrap,
    ArtifactId.ZIPPER: zipper,
    ArtifactId.LOW_SNR: low_snr,
    ArtifactId.SUSCEPTIBILITY: susceptibility,
    ArtifactId.FAT_SAT_FAILURE: fat_sat_failure,
    ArtifactId.CHEMICAL_SHIFT: chemical_shift,
}
