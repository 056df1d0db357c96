"""The part of a slice around the hole arrays, between its pixels.

Holes as small as a pixel can't be read off the pixels themselves: whether a peak falls on a pixel or between two is
chance. A band-limited image is known between its pixels too, so it is continued there by Fourier interpolation. An
image that the scanner has already interpolated so comes out like the one it acquired: its extra pixels add nothing.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.fft import irfft, rfft
from scipy.ndimage import map_coordinates, spline_filter

from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.model.sampling import FloatArray, PhantomSlice, to_pixels

_FINE_MM = 0.26
"""Largest step of the Fourier interpolation: a quarter of the pixel that the phantom is scanned with; a cubic spline
between such points misses less than 1 % of a wave of two pixels."""
_MARGIN_PIXELS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FinePatch:
    """A part of an image as spline coefficients ``[y, x]``: its first pixel (row, column) and points per pixel."""

    coefficients: FloatArray
    first: tuple[int, int]
    factor: tuple[int, int]
    pose: PlanePose

    def at(self, u_mm: FloatArray, v_mm: FloatArray) -> FloatArray:
        """Return the image at points of the phantom, any shape."""
        columns, rows = to_pixels(self.pose, u_mm, v_mm)
        places = [(rows - self.first[0]) * self.factor[0], (columns - self.first[1]) * self.factor[1]]
        values = map_coordinates(self.coefficients, places, order=3, prefilter=False, mode="nearest")
        return np.asarray(values, np.float64)


def fine_patch(sl: PhantomSlice, *, u_mm: tuple[float, float], v_mm: tuple[float, float]) -> FinePatch | None:
    """Return the part of a slice that shows a rectangle of the phantom; None where it leaves the image."""
    corners_u, corners_v = np.meshgrid(u_mm, v_mm)
    columns, rows = to_pixels(sl.pose, corners_u, corners_v)
    low = [int(np.floor(axis.min())) - _MARGIN_PIXELS for axis in (rows, columns)]
    high = [int(np.ceil(axis.max())) + _MARGIN_PIXELS + 1 for axis in (rows, columns)]
    if min(low) < 0 or high[0] > sl.image.shape[0] or high[1] > sl.image.shape[1]:
        return None
    factor = [max(int(np.ceil(pixel / _FINE_MM)), 1) for pixel in (sl.pose.pixel_mm[1], sl.pose.pixel_mm[0])]
    fine = sl.image
    for axis in (0, 1):
        kept = slice(low[axis] * factor[axis], high[axis] * factor[axis])
        fine = _interpolated(fine, axis, factor[axis], kept)
    return FinePatch(
        coefficients=np.asarray(spline_filter(fine, order=3), np.float64),
        first=(low[0], low[1]),
        factor=(factor[0], factor[1]),
        pose=sl.pose,
    )


def _interpolated(image: FloatArray, axis: int, factor: int, kept: slice) -> FloatArray:
    """Return the image with ``factor`` points per pixel along an axis, of which some are kept."""
    if factor == 1:
        return image[kept] if axis == 0 else image[:, kept]
    weights = _weights(image.shape[axis], factor)[kept]
    return weights @ image if axis == 0 else image @ weights.T


@lru_cache(maxsize=4)
def _weights(count: int, factor: int) -> FloatArray:
    """Return how much each of an axis' pixels counts at each point, its spectrum zero-filled, ``[point, pixel]``."""
    spectrum = rfft(np.eye(count), axis=0)
    if count % 2 == 0:
        spectrum[count // 2] /= 2
    return np.asarray(irfft(spectrum * factor, n=count * factor, axis=0), np.float64)
