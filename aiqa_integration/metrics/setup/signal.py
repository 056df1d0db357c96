"""Signal that comes from one side: the slope of the water's brightness across a slice without inserts."""

import numpy as np

from aiqa_integration.model.finding import Finding, Severity, probability_above
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.ranks import percentile
from aiqa_integration.model.sampling import slice_of, square_distances

SLICE_NUMBER = 7
SLOPE = 0.15
"""Half of the difference of opposite edges by their mean: alone it uses up the guidance's limit of uniformity below 3 T
(85 %: (highest - lowest) / (highest + lowest) is at most 0.15)."""
STRONG_SLOPE, SEVERE_SLOPE = 0.3, 0.6
SLOPE_SD = 0.01
_PART_OF_RADIUS = 0.8
_FEWEST_PIXELS = 200
_WET = 0.3
"""Pixels below this part of the region's upper quartile are inserts or no water."""


def signal_finding(images: PhantomImages, *, diameter_mm: float) -> Finding | None:
    """Return a one-sided signal in slice 7, None where there is none or the slice is missing."""
    sl = slice_of(images, SLICE_NUMBER)
    if sl is None:
        return None
    reach = _PART_OF_RADIUS * diameter_mm / 2
    within = square_distances(sl) < reach * reach
    if np.count_nonzero(within) < _FEWEST_PIXELS:
        return None
    within &= sl.image > _WET * percentile(sl.image[within], 75.0)
    if np.count_nonzero(within) < _FEWEST_PIXELS:
        return None
    rows, columns = np.nonzero(within)
    x = (columns - sl.pose.centre[0]) * sl.pose.pixel_mm[0] / reach
    y = (rows - sl.pose.centre[1]) * sl.pose.pixel_mm[1] / reach
    terms, values = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]), sl.image[within]
    factors, *_ = np.linalg.lstsq(terms @ terms.T, terms @ values, rcond=None)
    mean = float(np.mean(values))
    slope = float(np.hypot(factors[1], factors[2])) / mean if mean > 0 else 0.0
    if slope <= SLOPE:
        return None
    hour = round((np.degrees(np.arctan2(factors[2], factors[1])) + 90.0) % 360.0 / 30.0) % 12 or 12
    severity: Severity = 3 if slope > SEVERE_SLOPE else 2 if slope > STRONG_SLOPE else 1
    return Finding(
        artifact="setup-one-sided-signal",
        probability=probability_above(slope, SLOPE, SLOPE_SD),
        severity=severity,
        slices=(sl.index,),
        explanation=f"The signal rises by {200 * slope:.0f} % of its mean towards {hour} o'clock across slice "
        f"{SLICE_NUMBER}. Is it the right coil, are all its elements on, is the phantom in its middle?",
    )
