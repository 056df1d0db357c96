"""What the artifact network is given of a slice: three views on one grid, and the slice's image-quality metrics."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftshift

from aiqa_integration.metrics.image_quality import (
    IMAGE_QUALITY,
    SERIES_QUALITY,
    image_quality,
    image_quality_of_series,
)
from aiqa_integration.model.image import ImageStack

Array = NDArray[np.float32]

GRID = 192
"""Points to a side of what the network is given, whatever the matrix: each axis is averaged or interpolated to it."""
CHANNELS = 3
BRIGHT = 99.5
"""Percentile of a slice that becomes 1."""
STRETCH = 8.0
"""The second view shows an eighth of the range: air and what lies in it."""
_DEPTH = 12.0
"""Natural logarithms below the largest of k-space that the third view spans."""
_MOST = 1.5
MOST_METRIC = 1e4
"""Metrics are cut here: what is beyond says nothing more."""


def detection_inputs(stack: ImageStack, phase_axis: int | None) -> dict[str, Array]:
    """Return what the network takes of every slice of a series: ``image``, ``metrics``, and ``series`` repeated.

    ``phase_axis`` is the array axis of a slice ``[row, column]`` along which phase was encoded: 0 where In-plane
    Phase Encoding Direction (0018,1312) is COL or COLUMN, 1 where it is ROW, None where that is not known.
    """
    quality = image_quality_of_series(stack.voxels, pixel_mm=stack.spacing_mm[1:], phase_axis=phase_axis)
    return {
        "image": np.stack([slice_channels(image) for image in stack.voxels]),
        "metrics": _limited(quality.slices),
        "series": np.repeat(_limited(quality.series)[None], len(stack.voxels), axis=0),
    }


def slice_channels(image: NDArray[np.floating]) -> Array:
    """Return the views ``[3, 192, 192]`` of a slice ``[row, column]`` from 0 to 1.5.

    The image over its 99.5th percentile; its dark part stretched; and the logarithm of k-space, the largest value of
    the points that fall together so that a single bright one survives. What is below 0 or not finite counts as 0.
    """
    magnitude = np.maximum(np.nan_to_num(image, posinf=0.0, neginf=0.0).astype(np.float32), np.float32(0))
    top = float(np.percentile(magnitude, BRIGHT)) or float(magnitude.max()) or 1.0
    scaled = magnitude / np.float32(top)
    rows, columns = magnitude.shape
    seen = np.minimum(_to_grid(rows) @ scaled @ _to_grid(columns).T, np.float32(_MOST))
    dark = np.minimum(_to_grid(rows) @ np.minimum(scaled * np.float32(STRETCH), 1.0) @ _to_grid(columns).T, _MOST)
    return np.stack([seen, dark, _k_space(scaled)]).astype(np.float32)


def metrics_by_id(slices: Array, series: Array) -> dict[str, Array]:
    """Return the metrics of ``[slice, metric]`` arrays by id: one value a slice, or one for the series."""
    found = {metric.id: slices[:, place] for place, metric in enumerate(IMAGE_QUALITY)}
    return found | {metric.id: series[:1, place] for place, metric in enumerate(SERIES_QUALITY)}


def slice_metrics(image: NDArray[np.floating], *, pixel_mm: tuple[float, float], phase_axis: int | None) -> Array:
    """Return the image-quality metrics of a slice, ``pixel_mm`` being its (row, column) spacing."""
    return _limited(image_quality(np.asarray(image, np.float32), pixel_mm=pixel_mm, phase_axis=phase_axis))


def series_metrics(voxels: Array, pixel_mm: tuple[float, float], phase_axis: int | None) -> Array:
    """Return the metrics of a stack ``[z, y, x]`` as a whole."""
    return _limited(image_quality_of_series(voxels, pixel_mm=pixel_mm, phase_axis=phase_axis).series)


def _limited(values: NDArray[np.float64]) -> Array:
    return np.asarray(np.clip(values, -MOST_METRIC, MOST_METRIC), np.float32)


def _k_space(scaled: Array) -> Array:
    """Return the logarithm of k-space on the grid, from 0 to 1."""
    spectrum = fft2(scaled)
    power = fftshift(spectrum.real**2 + spectrum.imag**2)
    for axis, count in enumerate(power.shape):
        power = np.maximum.reduceat(np.take(power, _nearest(count), axis), _starts(count), axis=axis)
    largest = float(power.max()) or 1.0
    return np.asarray(np.clip(1 + np.log(power / largest + 1e-18) / (2 * _DEPTH), 0, 1), np.float32)


@lru_cache(maxsize=64)
def _nearest(count: int) -> NDArray[np.intp]:
    """Return which points of an axis are taken, in order: each at least once, and enough for the grid."""
    return np.arange(count) if count >= GRID else np.arange(GRID) * count // GRID


@lru_cache(maxsize=64)
def _starts(count: int) -> NDArray[np.intp]:
    """Return where the runs of points begin that fall on one point of the grid."""
    return np.arange(GRID) * max(count, GRID) // GRID


@lru_cache(maxsize=64)
def _to_grid(count: int) -> Array:
    """Return the matrix ``[192, count]`` that averages an axis to the grid, or interpolates it where it is coarser."""
    matrix = np.zeros((GRID, count), np.float32)
    if count >= GRID:
        edges = np.arange(GRID + 1) * count / GRID
        for point in range(GRID):
            low, high = edges[point], edges[point + 1]
            first, last = int(low), min(int(np.ceil(high)), count)
            for source in range(first, last):
                matrix[point, source] = (min(high, source + 1) - max(low, source)) * GRID / count
        return matrix
    place = np.clip((np.arange(GRID) + 0.5) * count / GRID - 0.5, 0, count - 1)
    low = np.minimum(place.astype(int), max(count - 2, 0))
    matrix[np.arange(GRID), low] += (1 - (place - low)).astype(np.float32)
    matrix[np.arange(GRID), np.minimum(low + 1, count - 1)] += (place - low).astype(np.float32)
    return matrix
