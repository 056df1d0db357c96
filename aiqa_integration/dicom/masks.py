"""Which pixels of a slice a region or a finding holds."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.measurement import Region

LINE_HALF_WIDTH = 1.0
"""A line is drawn this many pixels to either side, or it would vanish in a mask."""

Mask = NDArray[np.bool_]


def region_mask(region: Region, shape: tuple[int, int]) -> Mask:
    """Return the pixels of a region in an image of ``shape`` (rows, columns): those whose centres it holds.

    A line counts ``LINE_HALF_WIDTH`` pixels to either side. A region smaller than a pixel gets the nearest one.
    """
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    points = np.asarray(region.points, dtype=np.float64)
    mask: Mask
    if region.shape == "circle":
        mask = np.hypot(columns - points[0, 0], rows - points[0, 1]) <= np.hypot(*(points[1] - points[0]))
    elif region.shape == "polygon":
        mask = _inside(points, columns, rows)
    else:
        mask = _near_line(points, columns, rows)
    column, row = np.rint(points.mean(axis=0) if region.shape != "circle" else points[0]).astype(int)
    if not mask.any() and 0 <= row < shape[0] and 0 <= column < shape[1]:
        mask[row, column] = True
    return mask


def _inside(points: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> Mask:
    """Return which pixel centres a polygon holds, by the even-odd rule."""
    inside = np.zeros(x.shape, dtype=np.bool_)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def _near_line(points: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> Mask:
    near = np.zeros(x.shape, dtype=np.bool_)
    for start, end in pairwise(points):
        run = end - start
        along = ((x - start[0]) * run[0] + (y - start[1]) * run[1]) / max(float(run @ run), 1e-12)
        along = np.clip(along, 0.0, 1.0)
        near |= np.hypot(x - start[0] - along * run[0], y - start[1] - along * run[1]) <= LINE_HALF_WIDTH
    return near
