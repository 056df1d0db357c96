"""What only the stack shows: slices that differ from their neighbours.

G(z) is a slice's gain against its neighbours: the median, over the blocks that are object in all three slices, of twice
its mean over the sum of theirs. 1 where signal goes on evenly. Slices are those of one volume, in their order.

- ``slice-loss``: largest 1 - G: the signal that one slice lost (dropped or saturated slices).
- ``slice-gain-spread``: robust standard deviation of G.
- ``slice-outlier``: largest |G - median| in robust standard deviations (at least 1 %), at most 100.
- ``odd-even``: |median of G over odd slices - over even ones| / 2: cross-talk of interleaved slices.
- ``slice-likeness``: least correlation of a slice's blocks with the mean of its neighbours', in their object.
- ``slice-shift``: largest departure in mm of an object's centre from midway between its neighbours'.
- ``noise-spread``: robust standard deviation / median of ``noise-haar`` over the slices.
- ``blank-slices``: part of the slices that hold nothing.

With fewer than three slices that hold an object all but the last are 0 (``slice-likeness`` 1). Source: Sairanen,
NeuroImage 2018;181:331 (slices that lost signal); Heiland, Clin Neuroradiol 2008;18:25 (cross-talk).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiqa_integration.metrics.image_quality.blocks import Mask
from aiqa_integration.metrics.image_quality.definition import quality_metric
from aiqa_integration.metrics.image_quality.statistics import Floats, correlation, robust_deviation
from aiqa_integration.metrics.image_quality.view import SliceView
from aiqa_integration.model.ranks import median

_DROPOUT = "Sairanen et al., NeuroImage 2018;181:331, slices that lost signal"
_CROSSTALK = "Heiland, Clin Neuroradiol 2008;18:25, cross-talk of neighbouring slices"

SERIES_QUALITY = (
    quality_metric("slice-loss", "SLLOSS", "Signal that one slice lost", source=_DROPOUT),
    quality_metric("slice-gain-spread", "SLSPREAD", "Slices, spread of gain", source=_DROPOUT),
    quality_metric("slice-outlier", "SLOUT", "Slices, largest outlier", source=_DROPOUT),
    quality_metric("odd-even", "ODDEVEN", "Odd against even slices", source=_CROSSTALK),
    quality_metric("slice-likeness", "SLLIKE", "Slices, least likeness", source=_DROPOUT, better="higher"),
    quality_metric("slice-shift", "SLSHIFT", "Slices, largest shift in mm", source=_DROPOUT),
    quality_metric("noise-spread", "NSPREAD", "Slices, spread of noise", source=_DROPOUT),
    quality_metric("blank-slices", "SLBLANK", "Slices that are blank", source=_DROPOUT),
)
"""Metrics of a series as a whole, in the order of ``SeriesQuality.series``."""

_LEAST_BLOCKS = 30
_LEAST_SPREAD = 0.01
_MOST_OUTLYING = 100.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SliceSummary:
    """What of a slice is compared with its neighbours: block means in the image's unit, its object, noise, centre."""

    mean: Floats
    shown: Mask
    noise: float
    centre_mm: tuple[float, float]


def summary_of(view: SliceView) -> SliceSummary:
    """Return what of a slice is compared with its neighbours."""
    blocks = view.blocks
    rows, columns = (float(place.mean()) for place in np.nonzero(blocks.object))
    return SliceSummary(
        mean=blocks.mean * view.signal,
        shown=blocks.object,
        noise=view.noise,
        centre_mm=(
            rows * blocks.size[0] * view.pixel_mm[0],
            columns * blocks.size[1] * view.pixel_mm[1],
        ),
    )


def series_values(slices: Sequence[SliceSummary | None]) -> tuple[float, ...]:
    """Return the values of SERIES_QUALITY; ``None`` stands for a blank slice."""
    blank = sum(one is None for one in slices) / max(len(slices), 1)
    triples = [found for found in map(_compare, slices, slices[1:], slices[2:]) if found is not None]
    if not triples:
        return (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, blank)
    gains, likeness, shifts = (np.array(values) for values in zip(*triples, strict=True))
    spread = robust_deviation(gains)
    outlying = np.abs(gains - median(gains)).max() / max(spread, _LEAST_SPREAD)
    noise = np.array([one.noise for one in slices if one is not None])
    middle = median(noise)
    return (
        max(float(1.0 - gains.min()), 0.0),
        spread,
        min(float(outlying), _MOST_OUTLYING),
        abs(median(gains[::2]) - median(gains[1::2])) / 2 if gains.size > 1 else 0.0,
        float(likeness.min()),
        float(shifts.max()),
        robust_deviation(noise) / middle if middle > 0 else 0.0,
        blank,
    )


def _compare(
    before: SliceSummary | None, here: SliceSummary | None, behind: SliceSummary | None
) -> tuple[float, float, float] | None:
    """Return gain, likeness and shift in mm of a slice against its neighbours; None where these share no object."""
    if before is None or behind is None:
        return None
    shown = before.shown & behind.shown
    if np.count_nonzero(shown) < _LEAST_BLOCKS:
        return None
    if here is None:
        return 0.0, 0.0, 0.0
    around = (before.mean[shown] + behind.mean[shown]) / 2
    gain = median(here.mean[shown] / np.maximum(around, 1e-6 * around.max()))
    return gain, correlation(here.mean[shown], around), _shift(before, here, behind)


def _shift(before: SliceSummary, here: SliceSummary, behind: SliceSummary) -> float:
    places = np.array([one.centre_mm for one in (before, here, behind)])
    return float(np.hypot(*(places[1] - (places[0] + places[2]) / 2)))
