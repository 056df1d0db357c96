"""The ramp bar of slices 1 to 4: two long straight edges that tell the rotation better than landmarks can."""

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.model.ranks import median, median_along
from aiqa_integration.model.sampling import FloatArray, between_pixels, to_pixels

HALF_HEIGHT_MM = 6.0
REACH_MM = 13.0
STEP_MM = 0.5
LARGEST_DEG = 4.0


def bar_slope_deg(image: NDArray[np.float32], pose: PlanePose, half_length_mm: float) -> float | None:
    """Return by how much the bar's edges are turned against a pose, degrees in the image, or None where unclear.

    Across the bar, at places 2 mm apart, each edge is where the signal falls through half of that just outside; a
    line through the edges (Theil-Sen over far pairs) gives the slope, upper and lower edge averaged.
    """
    u = np.arange(-half_length_mm + 6.0, half_length_mm - 5.9, 2.0)
    depth = np.arange(-REACH_MM, REACH_MM + STEP_MM / 2, STEP_MM)
    columns, rows = to_pixels(pose, *np.meshgrid(u, depth, indexing="ij"))
    profiles = between_pixels(image, columns, rows)
    slopes = [_slope(u, _edges(profiles, depth)), _slope(u, -_edges(profiles[:, ::-1], depth))]
    found = [slope for slope in slopes if slope is not None]
    if len(found) < 2 or abs(found[0] - found[1]) > np.radians(1.0):
        return None
    angle = float(np.degrees(np.arctan(np.mean(found))))
    return None if abs(angle) > LARGEST_DEG else (-angle if pose.mirrored else angle)


def _edges(profiles: FloatArray, depth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where each profile first falls through half of its beginning; NaN where it does not."""
    outside = median_along(profiles[:, : int(4.0 / STEP_MM)])
    below = profiles < outside[:, None] / 2
    first = np.argmax(below, axis=1)
    rows = np.arange(len(profiles))
    high, low = profiles[rows, np.maximum(first - 1, 0)], profiles[rows, first]
    part = (high - outside / 2) / np.maximum(high - low, 1e-9)
    edge = depth[np.maximum(first - 1, 0)] + part * STEP_MM
    wrong = (first == 0) | (outside < 0.5 * median(outside)) | (np.abs(edge + HALF_HEIGHT_MM) > 5.0)
    return np.where(wrong, np.nan, edge)


def _slope(u: NDArray[np.float64], edge: NDArray[np.float64]) -> float | None:
    """Return the median slope over pairs at least a third of the bar apart."""
    known = np.flatnonzero(np.isfinite(edge))
    if len(known) < 0.5 * len(u):
        return None
    x, y = u[known], edge[known]
    apart = x[None, :] - x[:, None]
    far = apart > np.ptp(u) / 3
    return median((y[None, :] - y[:, None])[far] / apart[far]) if far.any() else None
