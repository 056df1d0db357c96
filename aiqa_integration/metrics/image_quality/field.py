"""Slow change of signal over the object: the receive field.

- ``shading``: standard deviation / mean of the object's blocks after smoothing over five by five of them.
- ``field-deviation``: standard deviation, over the object, of the quadratic surface fitted to ln of its blocks: of the
  log-field, as far as contrast allows (Sled, IEEE Trans Med Imaging 1998;17:87, log-field model).
- ``field-range``: 95th minus 5th percentile of that surface.
- ``field-tilt``, ``field-bowl``: part of its deviation that is linear, and the curvature part: bright centre above 0.
- ``sides-phase``, ``sides-read``: |ln(mean of the object's one half / other half)| along each direction.
"""

import numpy as np

from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.statistics import Floats, deviation_of, mean_of, quantile
from aiqa_integration.metrics.image_quality.view import SliceView

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
    smooth = (_sums_around(np.where(shown, mean, 0.0)) / np.maximum(_sums_around(shown.astype(np.float64)), 1.0))[shown]
    places = [place.astype(np.float64) for place in np.nonzero(shown)]
    rows, columns = ((place - mean_of(place)) / max(deviation_of(place), 0.5) for place in places)
    levels = np.log(np.maximum(mean[shown], _DARKEST))
    sides = [_sides(place, mean[shown]) for place in (rows, columns)]
    return (
        deviation_of(smooth) / max(mean_of(smooth), 1e-6),
        *_surface(rows, columns, levels),
        *view.phase_and_read(sides[0], sides[1]),
    )


def _sums_around(values: Floats) -> Floats:
    """Return the sums over five by five blocks; beyond the borders there is nothing."""
    rows, columns = values.shape
    padded = np.zeros((rows + 4, columns + 4))
    padded[2:-2, 2:-2] = values
    across = np.add.reduce([padded[:, start : start + columns] for start in range(5)])
    return np.asarray(np.add.reduce([across[start : start + rows] for start in range(5)]), np.float64)


def _surface(rows: Floats, columns: Floats, levels: Floats) -> tuple[float, float, float, float]:
    """Return deviation, range, linear part and curvature of the quadratic surface through the levels."""
    basis = np.stack([rows, columns, rows * rows, columns * columns, rows * columns], axis=1)
    basis -= basis.mean(axis=0)
    normal = basis.T @ basis + 1e-9 * levels.size * np.eye(basis.shape[1])
    factors = np.linalg.solve(normal, basis.T @ (levels - levels.mean()))
    surface = basis @ factors
    spread = quantile(surface, 0.95) - quantile(surface, 0.05)
    return deviation_of(surface), spread, float(np.hypot(*factors[:2])), float(-(factors[2] + factors[3]))


def _sides(place: Floats, values: Floats) -> float:
    one, other = values[place > 0.0], values[place < 0.0]
    if min(one.size, other.size) == 0:
        return 0.0
    return float(abs(np.log(max(mean_of(one), _DARKEST) / max(mean_of(other), _DARKEST))))


FIELD = Family(metrics=METRICS, values=_values)
