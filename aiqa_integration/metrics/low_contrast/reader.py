"""From contrasts and noise to a count of spokes: what a reader sees, and how sure that is.

The reader is an ideal one who knows where to look and accepts one disk in a hundred that is not there: a disk is seen
where contrast over noise (d') exceeds 2.33. He counts from the largest spoke and stops at the first that lacks a disk.
The count is the one that he reaches in at least half of all scans like this one, so that the noise that happens to lie
on a disk today doesn't change it: what is used is the contrast that a disk has by all the evidence of its slice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr, ndtri

from aiqa_integration.metrics.low_contrast.disks import Disks
from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM
from aiqa_integration.model.sampling import FloatArray

FALSE_ALARM = 0.01
THRESHOLD = float(-ndtri(FALSE_ALARM))
_OUTLIER_SD = 3.0
_DRAWS = 400
_COMMON_SEED = 1
_METHOD_SD = 0.05
"""Standard uncertainty of d' besides what a slice's own scatter tells, as a part of it, the same in all slices: disks
a little off their places or softer than thought. An allowance; the intervals' coverage was checked by simulation."""
_SMALLNESS = 1 / DIAMETERS_MM - 1 / DIAMETERS_MM[0]
_SLOPE_SD_MM = 0.6
"""How much the response may change with 1/diameter before the images are asked: the smallest disk's by a third."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """How the height of disks changes with their size, as the scanner blurs: slope against 1/diameter, its SD, mm."""

    slope_mm: float = 0.0
    slope_sd_mm: float = 0.0

    @property
    def heights(self) -> FloatArray:
        """Return the height of each spoke's disks as a part of the largest's, ``[spoke, 1]``."""
        return np.asarray(np.maximum(1 + self.slope_mm * _SMALLNESS, 0.2)[:, None], np.float64)


def response_of(slices: Sequence[Disks]) -> Response:
    """Return the response that all slices of a series share: one slope beside a contrast per slice and radius."""
    contrast = np.concatenate([disks.contrast for disks in slices], axis=1)
    weight = 1 / np.concatenate([disks.noise for disks in slices], axis=1) ** 2
    slope, information = 0.0, 1.0
    for _ in range(10):
        heights = Response(slope_mm=slope).heights
        level = (weight * heights * contrast).sum(axis=0) / (weight * heights**2).sum(axis=0)
        change = level * _SMALLNESS[:, None]
        information = float((weight * change**2).sum()) + 1 / _SLOPE_SD_MM**2
        slope = float((weight * change * (contrast - level)).sum()) / information
    return Response(slope_mm=slope, slope_sd_mm=float(np.sqrt(1 / information)))


def read_slice(disks: Disks, sign: float, *, seed: int, response: Response | None = None) -> Reading:
    """Return the count of complete spokes of one slice."""
    shared = response or Response()
    contrast, sd = sign * disks.contrast / shared.heights, disks.noise / shared.heights
    common, common_sd, spread = _common(contrast, sd**2)
    alone = np.abs(contrast - common) > _OUTLIER_SD * np.sqrt(sd**2 + spread)
    gain = np.where(alone, 1.0, spread / (spread + sd**2))
    best = common + gain * (contrast - common)
    found = _together(contrast / sd)
    by_radius, by_disk, by_noise = _normal(seed, (1, contrast.shape[1]), contrast.shape, (1, 1))
    by_slope, by_method = _normal(_COMMON_SEED, (1, 1), (1, 1))
    slopes = shared.slope_sd_mm * by_slope * _SMALLNESS[:, None] / shared.heights
    drawn = best + (1 - gain) * (common_sd * by_radius + common * slopes) + np.sqrt(gain) * sd * by_disk
    noise = sd * np.exp(disks.noise_error[:, None] * by_noise + _METHOD_SD * by_method)
    return Reading(
        count=int(_count((best / sd)[None], found)[0]),
        draws=_count(drawn / noise, found),
        visibility=best / sd,
        contrast=sign * float(common.mean()),
    )


@lru_cache(maxsize=8)
def _normal(seed: int, *shapes: tuple[int, ...]) -> tuple[FloatArray, ...]:
    """Return draws from a normal distribution ``[draw, ...]``, as always from this seed."""
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(size=(_DRAWS, *shape)) for shape in shapes)


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
