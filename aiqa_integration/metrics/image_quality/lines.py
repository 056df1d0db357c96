"""Single lines that are brighter or noisier than their neighbours: the zipper of a radio-frequency tone.

A tone sits at one place along the read-out and runs along phase encoding: ``-read`` are profiles over the read-out, of
lines along phase encoding.

- ``air-line-phase``, ``-read``: largest (mean of the air's pixels in a line - median of nine such lines) / its robust
  standard deviation, lines with eight pixels of air or more.
- ``air-line-level-phase``, ``-read``: the same difference / standard deviation of the air's pixels, at most 100.
- ``image-line-phase``, ``-read``: largest magnitude of the mean of x - (x before + x behind) / 2 over a whole line,
  pixels counted up to 3 sigma of the noise, in robust standard deviations of all lines.
- ``line-roughness-phase``, ``-read``: ln(largest / median) of the energy of differences along the line; the tone's phase
  changes from line to line.

Source: Heiland, Clin Neuroradiol 2008;18:25, zipper artifact.
"""

import numpy as np
from scipy.ndimage import median_filter

from aiqa_integration.metrics.image_quality.background import LEAST_AIR_PIXELS
from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.view import Floats, SliceView

_INTERFERENCE = "Heiland, Clin Neuroradiol 2008;18:25, zipper: radio-frequency interference as lines"

METRICS = (
    quality_metric("air-line-phase", "AIRLPHA", "Lines in air, phase", source=_INTERFERENCE),
    quality_metric("air-line-read", "AIRLREAD", "Lines in air, read-out", source=_INTERFERENCE),
    quality_metric("air-line-level-phase", "AIRLVPHA", "Level of lines in air, phase", source=_INTERFERENCE),
    quality_metric("air-line-level-read", "AIRLVREAD", "Level of lines in air, read-out", source=_INTERFERENCE),
    quality_metric("image-line-phase", "IMGLPHA", "Lines in image, phase", source=_INTERFERENCE),
    quality_metric("image-line-read", "IMGLREAD", "Lines in image, read-out", source=_INTERFERENCE),
    quality_metric("line-roughness-phase", "LROUPHA", "Roughness of lines, phase", source=_INTERFERENCE),
    quality_metric("line-roughness-read", "LROUREAD", "Roughness of lines, read-out", source=_INTERFERENCE),
)

_LEAST_PIXELS = 8
_LEAST_LINES = 16
_MOST_LEVEL = 100.0
_LEAST_SPREAD = 1e-4
"""In units of the object's signal: below this a spread is rounding."""


def _values(view: SliceView) -> tuple[float, ...]:
    in_air = [_in_air(view, axis) for axis in (0, 1)]
    in_image = [_in_image(view, axis) for axis in (0, 1)]
    pairs = (*zip(*in_air, strict=True), *zip(*in_image, strict=True))
    return tuple(value for pair in pairs for value in view.phase_and_read(*pair))


def _in_air(view: SliceView, axis: int) -> tuple[float, float]:
    """Return how far one line's air stands out from the lines around it: in spreads of lines, and of pixels."""
    if view.air_pixels.size < LEAST_AIR_PIXELS:
        return 0.0, 0.0
    counts = view.air_weight.sum(axis=1 - axis)
    used = counts >= _LEAST_PIXELS
    if np.count_nonzero(used) < _LEAST_LINES:
        return 0.0, 0.0
    sums = (view.image * view.air_weight).sum(axis=1 - axis)
    means = sums[used].astype(np.float64) / counts[used]
    rest = means - median_filter(means, 9, mode="nearest")
    highest = max(float(rest.max()), 0.0)
    pixels = float(view.air_pixels.std())
    return highest / max(_robust(rest), _LEAST_SPREAD), min(highest / max(pixels, _LEAST_SPREAD), _MOST_LEVEL)


def _in_image(view: SliceView, axis: int) -> tuple[float, float]:
    """Return how far one line of the whole image stands out from its neighbours, and how rough one line is."""
    image = view.along(axis)
    apart = image[1:-1] - (image[2:] + image[:-2]) * np.float32(0.5)
    reach = np.float32(3.0 * np.sqrt(1.5) * max(view.noise, _LEAST_SPREAD))
    means = np.clip(apart, -reach, reach).mean(axis=1).astype(np.float64)
    step = image[:, 1:] - image[:, :-1]
    rough = np.einsum("ij,ij->i", step, step).astype(np.float64) / step.shape[1] + _LEAST_SPREAD**2
    local = rough / median_filter(rough, 9, mode="nearest")
    return float(np.abs(means).max()) / max(_robust(means), _LEAST_SPREAD), float(np.log(max(local.max(), 1.0)))


def _robust(values: Floats) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


LINES = Family(metrics=METRICS, values=_values)
