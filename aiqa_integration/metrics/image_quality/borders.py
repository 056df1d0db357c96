"""What touches the edges of the field of view: signal that is folded over shows on both sides.

- ``border-signal-phase``, ``-read``: mean of the two outermost lines at both ends of an axis, the brighter end.
- ``border-object-phase``, ``-read``: part of the outermost blocks at both ends that is object, the greater end.
- ``border-continuity-phase``, ``-read``: correlation of the first line with the last, times the geometric mean of
  their means (at most 1): an object that is wider than the field of view goes on at the opposite edge.

Source: Heiland, Clin Neuroradiol 2008;18:25, aliasing.
"""

import numpy as np

from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.statistics import correlation, mean_of
from aiqa_integration.metrics.image_quality.view import SliceView

_WRAP = "Heiland, Clin Neuroradiol 2008;18:25, aliasing: signal folded over the borders"

METRICS = (
    quality_metric("border-signal-phase", "BORDPHA", "Signal at borders, phase", source=_WRAP),
    quality_metric("border-signal-read", "BORDREAD", "Signal at borders, read-out", source=_WRAP),
    quality_metric("border-object-phase", "BOBJPHA", "Object at borders, phase", source=_WRAP),
    quality_metric("border-object-read", "BOBJREAD", "Object at borders, read-out", source=_WRAP),
    quality_metric("border-continuity-phase", "BCONPHA", "Continuity over borders, phase", source=_WRAP),
    quality_metric("border-continuity-read", "BCONREAD", "Continuity over borders, read-out", source=_WRAP),
)


def _values(view: SliceView) -> tuple[float, ...]:
    found = []
    for axis in (0, 1):
        image, shown = view.along(axis), view.blocks.object if axis == 0 else view.blocks.object.T
        ends = [mean_of(image[:2]), mean_of(image[-2:])]
        covered = max(mean_of(shown[0]), mean_of(shown[-1]))
        level = min(float(np.sqrt(ends[0] * ends[1])), 1.0)
        found.append(
            (
                max(ends),
                covered,
                level * max(correlation(image[0].astype(np.float64), image[-1].astype(np.float64)), 0.0),
            )
        )
    return tuple(value for pair in zip(*found, strict=True) for value in view.phase_and_read(*pair))


BORDERS = Family(metrics=METRICS, values=_values)
