"""Slow change of signal over the object: the receive field.

- ``shading``: standard deviation / mean of the object's blocks after smoothing over five by five of them.
- ``field-deviation``: standard deviation, over the object, of the quadratic surface fitted to ln of its blocks: of the
  log-field, as far as contrast allows (Sled, IEEE Trans Med Imaging 1998;17:87, log-field model).
- ``field-range``: 95th minus 5th percentile of that surface.
- ``field-tilt``, ``field-bowl``: part of its deviation that is linear, and the curvature part: bright centre above 0.
- ``sides-phase``, ``sides-read``: |ln(mean of the object's one half / other half)| along each direction.
"""

import numpy as np
from scipy.ndimage import uniform_filter

from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.view import Floats, SliceView

_SLED = "Sled et al., IEEE Trans Med Imaging 1998;17:87, smooth multiplicative field"

METRICS = (
    quality_metric("shading", "SHADING", "Shading of the object", source=_SLED),
    quality_metric("field-deviation", "FIELDSD", "Log-field, standard deviation", source=_SLED),
    quality_metric("field-range", "FIELDRNG", "Log-field, range", source=_SLED),
    quality_metric("field-tilt", "FIELDTILT", "Log-field, linear part", source=_SLED),
    quality_metric("field-bowl", "FIELDBOWL", "Log-field, curvature", source=_SLED, better="target"),
    quality_metric("sides-phase", "SIDESPHA", "Sides apart along phase encoding", source=_SLED),
    quality_metric("sides-read", "SIDESREAD", "Sides apart along read-out", source=_SLED),
)

_LEAST_BLOCKS = 30
_DARKEST = 0.05
"""In units of the object's signal: a block counts as at least so bright."""


def _values(view: SliceView) -> tuple[float, ...]:
    mean, shown = view.blocks.mean, view.blocks.object
    if np.count_nonzero(shown) < _LEAST_BLOCKS:
        return (0.0,) * len(METRICS)
    weight = uniform_filter(shown.astype(np.float64), 5, mode="constant")
    smooth = uniform_filter(np.where(shown, mean, 0.0), 5, mode="constant")[shown] / weight[shown]
    places = [place.astype(np.float64) for place in np.nonzero(shown)]
    rows, columns = ((place - place.mean()) / max(float(place.std()), 0.5) for place in places)
    levels = np.log(np.maximum(mean[shown], _DARKEST))
    sides = [_sides(place, mean[shown]) for place in (rows, columns)]
    return (
        float(smooth.std() / max(smooth.mean(), 1e-6)),
        *_surface(rows, columns, levels),
        *view.phase_and_read(sides[0], sides[1]),
    )


def _surface(rows: Floats, columns: Floats, levels: Floats) -> tuple[float, float, float, float]:
    """Return deviation, range, linear part and curvature of the quadratic surface through the levels."""
    basis = np.stack([rows, columns, rows * rows, columns * columns, rows * columns], axis=1)
    basis -= basis.mean(axis=0)
    factors, *_ = np.linalg.lstsq(basis, levels - levels.mean(), rcond=1e-8)
    surface = basis @ factors
    low, high = np.percentile(surface, (5, 95))
    return float(surface.std()), float(high - low), float(np.hypot(*factors[:2])), float(-(factors[2] + factors[3]))


def _sides(place: Floats, values: Floats) -> float:
    one, other = values[place > 0.0], values[place < 0.0]
    if min(one.size, other.size) == 0:
        return 0.0
    return float(abs(np.log(max(one.mean(), _DARKEST) / max(other.mean(), _DARKEST))))


FIELD = Family(metrics=METRICS, values=_values)
