"""Single lines that are brighter than their neighbours: the zipper of a radio-frequency tone.

A tone sits at one place along the read-out and runs along phase encoding: ``-read`` are profiles over the read-out, of
lines along phase encoding.

- ``air-line-phase``, ``-read``: largest (mean of the air's pixels in a line - median of nine such lines) / its robust
  standard deviation, lines with eight pixels of air or more.
- ``air-line-level-phase``, ``-read``: the same difference / standard deviation of the air's pixels, at most 100.
- ``image-line-phase``, ``-read``: largest magnitude of the mean of x - (x before + x behind) / 2 over a whole line,
  pixels counted up to 3 sigma of the noise, in robust standard deviations of all lines.

Source: Heiland, Clin Neuroradiol 2008;18:25, zipper artifact.
"""

import numpy as np

from aiqa_integration.metrics.image_quality.background import LEAST_AIR_PIXELS
from aiqa_integration.metrics.image_quality.blocks import Pixels
from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.statistics import robust_deviation, running_median
from aiqa_integration.metrics.image_quality.view import SliceView

_INTERFERENCE = "Heiland, Clin Neuroradiol 2008;18:25, zipper: radio-frequency interference as lines"

METRICS = (
    quality_metric("air-line-phase", "AIRLPHA", "Lines in air, phase", source=_INTERFERENCE),
    quality_metric("air-line-read", "AIRLREAD", "Lines in air, read-out", source=_INTERFERENCE),
    quality_metric("air-line-level-phase", "AIRLVPHA", "Level of lines in air, phase", source=_INTERFERENCE),
    quality_metric("air-line-level-read", "AIRLVREAD", "Level of lines in air, read-out", source=_INTERFERENCE),
    quality_metric("image-line-phase", "IMGLPHA", "Lines in image, phase", source=_INTERFERENCE),
    quality_metric("image-line-read", "IMGLREAD", "Lines in image, read-out", source=_INTERFERENCE),
)

_LEAST_PIXELS = 8
_LEAST_LINES = 16
_MOST_LEVEL = 100.0
_LEAST_SPREAD = 1e-4
"""In units of the object's signal: below this a spread is rounding."""


def _values(view: SliceView) -> tuple[float, ...]:
    in_air = _in_air(view)
    in_image = [_in_image(view, axis) for axis in (0, 1)]
    return (
        *view.phase_and_read(in_air[0][0], in_air[1][0]),
        *view.phase_and_read(in_air[0][1], in_air[1][1]),
        *view.phase_and_read(in_image[0], in_image[1]),
    )


def _in_air(view: SliceView) -> list[tuple[float, float]]:
    """Return of each axis how far one line's air stands out from those around: in spreads of lines, and of pixels."""
    if view.air_pixels.size < LEAST_AIR_PIXELS:
        return [(0.0, 0.0), (0.0, 0.0)]
    weight, air = view.air_weight, view.image * view.air_weight
    pixels = max(view.air_deviation, _LEAST_SPREAD)
    return [_highest(air.sum(axis=across), weight.sum(axis=across), pixels) for across in (1, 0)]


def _highest(sums: Pixels, counts: Pixels, pixels: float) -> tuple[float, float]:
    used = counts >= _LEAST_PIXELS
    if np.count_nonzero(used) < _LEAST_LINES:
        return 0.0, 0.0
    means = sums[used].astype(np.float64) / counts[used]
    rest = means - running_median(means, 9)
    highest = max(float(rest.max()), 0.0)
    return highest / max(robust_deviation(rest), _LEAST_SPREAD), min(highest / pixels, _MOST_LEVEL)


def _in_image(view: SliceView, axis: int) -> float:
    """Return how far one line of the whole image stands out from its neighbours."""
    step = view.steps_along(axis)
    apart = (step[:-1] - step[1:]) * np.float32(0.5)
    reach = np.float32(3.0 * np.sqrt(1.5) * max(view.noise, _LEAST_SPREAD))
    sums = np.clip(apart, -reach, reach).sum(axis=1)
    means = sums.astype(np.float64) / apart.shape[1]
    return float(np.abs(means).max()) / max(robust_deviation(means), _LEAST_SPREAD)


LINES = Family(metrics=METRICS, values=_values)
