"""Image quality of MRI in numbers, without segmentation, at the image's own resolution.

Each family of metrics is a module that says formula and source of each; all of them look at a slice through one
``SliceView``, with one Fourier transform. Values are finite, have no unit but that of the slice's own signal, and don't
change with gain, mirroring, or a turn by 90° with the phase-encoding axis turned along. A slice that is uniform, dark
or under 32 pixels wide has 0 for each metric.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.metrics.image_quality.background import BACKGROUND
from aiqa_integration.metrics.image_quality.borders import BORDERS
from aiqa_integration.metrics.image_quality.edges import EDGES
from aiqa_integration.metrics.image_quality.field import FIELD
from aiqa_integration.metrics.image_quality.ghosts import GHOSTS
from aiqa_integration.metrics.image_quality.intensity import INTENSITY
from aiqa_integration.metrics.image_quality.lines import LINES
from aiqa_integration.metrics.image_quality.noise import NOISE
from aiqa_integration.metrics.image_quality.series import SERIES_QUALITY, series_values, summary_of
from aiqa_integration.metrics.image_quality.spectrum import SPECTRUM
from aiqa_integration.metrics.image_quality.view import LEAST_SIDE, PhaseAxis, SliceView, view_of
from aiqa_integration.metrics.image_quality.voids import VOIDS
from aiqa_integration.model.measurement import MetricDef

__all__ = [
    "IMAGE_QUALITY",
    "LEAST_SIDE",
    "METRICS",
    "SERIES_QUALITY",
    "SeriesQuality",
    "image_quality",
    "image_quality_of_series",
]

_FAMILIES = (INTENSITY, BACKGROUND, NOISE, SPECTRUM, EDGES, GHOSTS, LINES, FIELD, BORDERS, VOIDS)

IMAGE_QUALITY: tuple[MetricDef, ...] = tuple(metric for family in _FAMILIES for metric in family.metrics)
"""Metrics of a slice, in the order of ``image_quality``'s values."""

METRICS = IMAGE_QUALITY + SERIES_QUALITY


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesQuality:
    """Values of IMAGE_QUALITY ``[slice, metric]`` and of SERIES_QUALITY ``[metric]``."""

    slices: NDArray[np.float64]
    series: NDArray[np.float64]


def image_quality(
    image: NDArray[np.float32], *, pixel_mm: tuple[float, float], phase_axis: PhaseAxis
) -> NDArray[np.float64]:
    """Return the values of IMAGE_QUALITY of a slice ``[row, column]`` as acquired, never resized.

    ``pixel_mm`` is the (row, column) spacing. ``phase_axis`` is the axis of the array along which phase was encoded: 0
    where lines are stacked down the rows (InPlanePhaseEncodingDirection COL), 1 across the columns (ROW), None where it
    is not known: the worse direction then counts as phase encoding.
    """
    view = view_of(image, pixel_mm=pixel_mm, phase_axis=phase_axis)
    return np.zeros(len(IMAGE_QUALITY)) if view is None else _values(view)


def image_quality_of_series(
    voxels: NDArray[np.float32], *, pixel_mm: tuple[float, float], phase_axis: PhaseAxis
) -> SeriesQuality:
    """Return the values of a stack ``[z, y, x]`` of one volume, slices in their order in space."""
    slices, summaries = np.zeros((len(voxels), len(IMAGE_QUALITY))), []
    for index, image in enumerate(voxels):
        view = view_of(image, pixel_mm=pixel_mm, phase_axis=phase_axis)
        summaries.append(None if view is None else summary_of(view))
        if view is not None:
            slices[index] = _values(view)
    return SeriesQuality(slices=slices, series=np.array(series_values(summaries)))


def _values(view: SliceView) -> NDArray[np.float64]:
    return np.array([value for family in _FAMILIES for value in family.values(view)])
