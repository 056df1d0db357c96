"""The vessel's outline: a circle fitted to sub-pixel edges, robust to bubbles, wedges and shading."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from aiqa_integration.model.sampling import sample

_PASSES = ((0.16, 90, 0.5, 0.02), (0.08, 360, 0.5, 0.001))
"""Part of the radius that is searched on both sides, number of rays, step along them in mm, and how little a circle
moves once it is found, in mm; each pass starts from the circle of the one before, so only the last needs to be fine."""
_SHORT_MM = 0.7
"""A ray that ends this far within the circle is short: an air bubble that matters is 2 mm deep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """A fitted circle in mm (x = column, y = row, from pixel (0, 0)), its scatter and the share of rays that fit.

    ``short_deg`` are the rays that end within the circle or nowhere, as angles in the image from +x towards +y.
    """

    x_mm: float
    y_mm: float
    radius_mm: float
    residual_mm: float
    share: float
    short_deg: tuple[float, ...] = ()


def fit_outline(
    image: NDArray[np.float32], pixel_mm: tuple[float, float], guess_mm: tuple[float, float], radius_mm: float
) -> Circle | None:
    """Return the circle through the outermost half-height edges near a guess, or None where there is no such edge.

    ``pixel_mm`` is (row, column) distance, ``guess_mm`` (x, y). The edge of a ray is where the signal falls through
    half of what it is just inside; rays whose edge leaves the circle by more than 3 robust deviations are left out.
    """
    smooth = gaussian_filter(image.astype(np.float64), [0.6 / mm if mm < 0.6 else 0.0 for mm in pixel_mm])
    centre, radius = np.asarray(guess_mm), radius_mm
    circle: Circle | None = None
    for reach, rays, step_mm, arrived_mm in _PASSES:
        along = np.arange(radius * (1 - reach), radius * (1 + reach), step_mm)
        edges, seen = _edges(smooth, pixel_mm, centre, along, rays)
        if len(edges) < rays // 4:
            return None
        circle = _robust_circle(edges, rays, arrived_mm)
        if not 0.7 * radius_mm < circle.radius_mm < 1.3 * radius_mm:
            return None
        centre, radius = np.array([circle.x_mm, circle.y_mm]), circle.radius_mm
        reached = seen[np.hypot(*(edges - centre).T) > radius - _SHORT_MM]
        short = np.setdiff1d(np.arange(rays), reached, assume_unique=True) * (360.0 / rays)
        circle = replace(circle, short_deg=tuple(short.tolist()))
    return circle


def _edges(
    image: NDArray[np.float64],
    pixel_mm: tuple[float, float],
    centre: NDArray[np.float64],
    along: NDArray[np.float64],
    number: int,
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the (x, y) of the outermost edges ``[n, 2]``, mm, and which of a number of rays have them.

    The rays are read at ``along``, mm from the centre.
    """
    angles = np.arange(number) * (2 * np.pi / number)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    x = centre[0] + along * directions[:, :1]
    y = centre[1] + along * directions[:, 1:]
    rays, within = sample(image, x / pixel_mm[1], y / pixel_mm[0])
    step_mm = along[1] - along[0]
    known = within.all(axis=1)
    count = max(2, int(2.5 / step_mm))
    inside, outside = rays[:, : 2 * count].mean(axis=1), rays[:, -count:].mean(axis=1)
    typical = float(np.median((inside - outside)[known])) if known.any() else 0.0
    level = (inside + outside) / 2
    above = rays > level[:, None]
    last = above.shape[1] - 1 - np.argmax(above[:, ::-1], axis=1)
    usable = (
        known & (inside - outside > 0.35 * typical) & (typical > 0) & (last < above.shape[1] - 1) & above.any(axis=1)
    )
    rows = np.flatnonzero(usable)
    high, low = rays[rows, last[rows]], rays[rows, last[rows] + 1]
    part = (high - level[rows]) / np.maximum(high - low, 1e-9)
    found = along[last[rows]] + part * step_mm
    return np.asarray(centre + found[:, None] * directions[rows]), rows


def _robust_circle(points: NDArray[np.float64], rays: int, arrived_mm: float) -> Circle:
    """Return the circle by least squares of the algebraic distance (Kåsa 1976), far points weighing less (biweight).

    A trillionth is added to the squares, so that points on a straight line give a circle far too large, not an error.
    """
    middle = points.mean(axis=0)
    x, y = (points - middle).T
    terms, squares = np.stack([2 * x, 2 * y, np.ones_like(x)]), x * x + y * y
    least = np.eye(3) * (1e-12 * float((terms**2).sum()))
    weights, circle, distance = np.ones_like(x), np.zeros(3), x
    for _ in range(16):
        weighted = terms * weights
        before, (u, v, c) = circle, np.linalg.solve(weighted @ terms.T + least, weighted @ squares)
        circle = np.array([u, v, np.sqrt(max(c + u * u + v * v, 1e-9))])
        distance = np.hypot(x - u, y - v) - circle[2]
        if np.abs(circle - before).max() < arrived_mm:
            break
        scale = max(1.4826 * float(np.median(np.abs(distance))), 0.05)
        weights = np.maximum(1 - (distance / (4 * scale)) ** 2, 0) ** 2
    used = np.abs(distance) < 1.5
    spread = float(np.sqrt(np.mean(distance[used] ** 2))) if used.any() else float(np.abs(distance).mean())
    return Circle(
        x_mm=float(circle[0] + middle[0]),
        y_mm=float(circle[1] + middle[1]),
        radius_mm=float(circle[2]),
        residual_mm=spread,
        share=float(used.sum() / rays),
    )
