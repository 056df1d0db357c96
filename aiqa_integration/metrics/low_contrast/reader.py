"""From contrasts and noise to a count of spokes: what a reader sees, and how sure that is.

The reader is an ideal one who knows where to look and accepts one disk in a hundred that is not there: a disk is seen
where contrast over noise (d') exceeds 2.33. He counts from the largest spoke and stops at the first that lacks a disk.
The count is the one that he reaches in at least half of all scans like this one, so that the noise that happens to lie
on a disk today doesn't change it: what is used is the contrast that a disk has by all the evidence of its slice.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from aiqa_integration.metrics.low_contrast.disks import Disks
from aiqa_integration.model.sampling import FloatArray

FALSE_ALARM = 0.01
THRESHOLD = float(-ndtri(FALSE_ALARM))
_OUTLIER_SD = 3.0
_DRAWS = 400
_COVERAGE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """One slice's count, the same for each draw of what is uncertain; d' of each disk ``[spoke, radius]``; contrast.

    ``contrast`` is what the disks have in common, a part of the water's signal, negative where they are darker.
    """

    count: int
    draws: FloatArray
    visibility: FloatArray
    contrast: float


def read_slice(disks: Disks, sign: float, *, seed: int) -> Reading:
    """Return the count of complete spokes of one slice."""
    contrast = sign * disks.contrast
    variance = disks.noise**2
    common, common_sd, spread = _common(contrast, variance)
    alone = np.abs(contrast - common) > _OUTLIER_SD * np.sqrt(variance + spread)
    gain = np.where(alone, 1.0, spread / (spread + variance))
    best = common + gain * (contrast - common)
    rest_sd = np.sqrt(gain * variance)
    found = _together(contrast / disks.noise)
    count = int(_count((best / disks.noise)[None], found)[0])
    rng = np.random.default_rng(seed)
    drawn = (
        best
        + (1 - gain) * common_sd * rng.normal(size=(_DRAWS, 1, contrast.shape[1]))
        + rest_sd * rng.normal(size=(_DRAWS, *contrast.shape))
    )
    noise = disks.noise * np.exp(disks.noise_error[:, None] * rng.normal(size=(_DRAWS, 1, 1)))
    return Reading(
        count=count,
        draws=_count(drawn / noise, found),
        visibility=best / disks.noise,
        contrast=sign * float(common.mean()),
    )


def _common(contrast: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return the contrast that the disks at each distance from the centre share, its SD, and their variance around it.

    The variance is what the disks scatter beyond their noise. Source: DerSimonian and Laird, Controlled Clinical Trials
    7 (1986) 177.
    """
    weight = 1 / variance
    common = (contrast * weight).sum(axis=0) / weight.sum(axis=0)
    excess = float((weight * (contrast - common) ** 2).sum()) - (contrast.size - contrast.shape[1])
    scale = float((weight.sum(axis=0) - (weight**2).sum(axis=0) / weight.sum(axis=0)).sum())
    spread = max(excess / scale, 0.0)
    weight = 1 / (variance + spread)
    common = (contrast * weight).sum(axis=0) / weight.sum(axis=0)
    return common, np.sqrt(1 / weight.sum(axis=0)), spread


def _together(visibility: FloatArray) -> FloatArray:
    """Return whether the three disks of each spoke stand out together: one absent spoke in a hundred would."""
    return np.asarray(visibility.sum(axis=1) / np.sqrt(visibility.shape[1]) > THRESHOLD, np.float64)


def _count(visibility: FloatArray, found: FloatArray) -> FloatArray:
    """Return the spokes that the reader completes in half of the scans, from d' ``[draw, spoke, radius]``."""
    complete = ndtr(visibility - THRESHOLD).prod(axis=2) * found
    return np.asarray((np.cumprod(complete, axis=1) >= 0.5).sum(axis=1), np.float64)


def expanded(count: float, draws: FloatArray) -> float:
    """Return the half width around a count that holds 95 % of the draws."""
    return float(np.quantile(np.abs(draws - count), _COVERAGE, method="higher"))
