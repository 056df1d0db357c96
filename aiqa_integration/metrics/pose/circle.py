"""The vessel's outline: a circle fitted to sub-pixel edges, robust to bubbles, wedges and shading."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from aiqa_integration.model.sampling import BoolArray, FloatArray, between_pixels

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


def fit_outlines(
    images: NDArray[np.float32], pixel_mm: tuple[float, float], guesses_mm: FloatArray, radius_mm: float
) -> tuple[Circle | None, ...]:
    """Return the circle through the outermost half-height edges near each image's guess, None where there are none.

    ``images`` are ``[z, row, column]``, ``pixel_mm`` is (row, column) distance, ``guesses_mm`` (x, y) ``[z, 2]``. The
    edge of a ray is where the signal falls through half of what it is just inside; rays whose edge leaves the circle by
    more than 3 robust deviations are left out. All images are read together, which spares most of the time.
    """
    sigmas = [0.6 / mm if mm < 0.6 else 0.0 for mm in pixel_mm]
    smooth = gaussian_filter(images.astype(np.float64), sigmas, axes=(1, 2)) if any(sigmas) else images
    circles = np.column_stack([guesses_mm, np.full(len(images), radius_mm)])
    found: dict[int, Circle] = {}
    places = np.arange(len(images))
    for reach, rays, step_mm, arrived_mm in _PASSES:
        beyond = np.arange(-reach * radius_mm, reach * radius_mm, step_mm)
        edges = _edges(smooth, places, pixel_mm, circles[places], beyond, rays)
        enough = np.count_nonzero(np.isfinite(edges[..., 0]), axis=1) >= rays // 4
        places, edges = places[enough], edges[enough]
        circles[places], distances = _robust_circles(edges, arrived_mm)
        plausible = np.abs(circles[places, 2] / radius_mm - 1.0) < 0.3
        places, distances = places[plausible], distances[plausible]
        found = {int(z): _circle(circles[z], distance) for z, distance in zip(places, distances, strict=True)}
    return tuple(found.get(place) for place in range(len(images)))


def _edges(
    images: NDArray[np.floating],
    places: NDArray[np.intp],
    pixel_mm: tuple[float, float],
    circles: FloatArray,
    beyond_mm: FloatArray,
    number: int,
) -> FloatArray:
    """Return the (x, y) of the outermost edge of each of a number of rays ``[z, ray, 2]``, mm; NaN where there is none.

    ``circles`` (x, y, radius) are those of the images at ``places``; rays are read at distances beyond them.
    """
    angles = np.arange(number) * (2 * np.pi / number)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    along = circles[:, 2:] + beyond_mm
    columns, rows = (
        (circles[:, axis, None, None] + along[:, None, :] * directions[:, axis, None]) / mm
        for axis, mm in ((0, pixel_mm[1]), (1, pixel_mm[0]))
    )
    height, width = images.shape[1:]
    ends = (0, -1)  # a ray is straight, and within the image if they are
    in_columns, in_rows = (
        ((at[..., ends] >= 0) & (at[..., ends] <= size - 1)).all(axis=2)
        for at, size in ((columns, width), (rows, height))
    )
    known = in_columns & in_rows
    rays = between_pixels(images, columns, rows, places[:, None, None])
    step_mm = beyond_mm[1] - beyond_mm[0]
    count = max(2, int(2.5 / step_mm))
    inside, outside = rays[..., : 2 * count].mean(axis=2), rays[..., -count:].mean(axis=2)
    typical = _median(inside - outside, known)[:, None]
    level = (inside + outside) / 2
    above = rays > level[..., None]
    last = above.shape[2] - 1 - np.argmax(above[..., ::-1], axis=2)
    usable = (
        known & (inside - outside > 0.35 * typical) & (typical > 0) & (last < above.shape[2] - 1) & above.any(axis=2)
    )
    last = np.minimum(last, above.shape[2] - 2)
    high, low = (np.take_along_axis(rays, (last + step)[..., None], axis=2)[..., 0] for step in (0, 1))
    part = (high - level) / np.maximum(high - low, 1e-9)
    edge = np.where(usable, np.take_along_axis(along, last, axis=1) + part * step_mm, np.nan)
    return np.asarray(circles[:, None, :2] + edge[..., None] * directions, np.float64)


def _robust_circles(points: FloatArray, arrived_mm: float) -> tuple[FloatArray, FloatArray]:
    """Return circles (x, y, radius) ``[z, 3]`` and how far points ``[z, ray, 2]`` lie beyond them; NaN where none is.

    By least squares of the algebraic distance (Kåsa 1976), far points weighing less (biweight). A trillionth is added
    to the squares, so that points on a straight line give a circle far too large, not an error.
    """
    known = np.isfinite(points[..., 0])
    placed = np.where(known[..., None], points, 0.0)
    middle = placed.sum(axis=1) / np.count_nonzero(known, axis=1)[:, None]
    x, y = np.moveaxis(np.where(known[..., None], placed - middle[:, None], 0.0), 2, 0)
    terms, squares = np.stack([2 * x, 2 * y, known.astype(np.float64)], axis=1), x * x + y * y
    least = np.eye(3) * (1e-12 * (terms**2).sum(axis=(1, 2)))[:, None, None]
    weights, circles, distances = known.astype(np.float64), np.zeros((len(points), 3)), np.full(known.shape, np.nan)
    going = np.arange(len(points))
    for _ in range(16):
        weighted = terms[going] * weights[going, None, :]
        products = weighted @ terms[going].swapaxes(1, 2) + least[going]
        u, v, c = np.linalg.solve(products, weighted @ squares[going, :, None])[..., 0].T
        before, circles[going] = circles[going], np.stack([u, v, np.sqrt(np.maximum(c + u * u + v * v, 1e-9))], axis=1)
        distances[going] = np.hypot(x[going] - u[:, None], y[going] - v[:, None]) - circles[going, 2:]
        going = going[np.abs(circles[going] - before).max(axis=1) >= arrived_mm]
        if not going.size:
            break
        scale = np.maximum(1.4826 * _median(np.abs(distances[going]), known[going]), 0.05)[:, None]
        weights[going] = known[going] * np.maximum(1 - (distances[going] / (4 * scale)) ** 2, 0) ** 2
    circles[:, :2] += middle
    return circles, np.where(known, distances, np.nan)


def _median(values: FloatArray, known: BoolArray) -> FloatArray:
    """Return the median of what is known in each row; 0 where nothing is."""
    ordered = np.sort(np.where(known, values, np.inf), axis=1)
    count = np.count_nonzero(known, axis=1)
    each = np.arange(len(ordered))
    low, high = ordered[each, np.maximum(count - 1, 0) // 2], ordered[each, np.minimum(count // 2, values.shape[1] - 1)]
    return np.where(count > 0, (low + high) / 2, 0.0)


def _circle(circle: FloatArray, beyond_mm: FloatArray) -> Circle:
    """Return a circle with how its edges lie beyond it, NaN for rays without one."""
    known, rays = beyond_mm[np.isfinite(beyond_mm)], beyond_mm.size
    used = known[np.abs(known) < 1.5]
    short = np.flatnonzero(~(beyond_mm > -_SHORT_MM)) * (360.0 / rays)
    return Circle(
        x_mm=float(circle[0]),
        y_mm=float(circle[1]),
        radius_mm=float(circle[2]),
        residual_mm=float(np.sqrt(np.mean(used**2))) if used.size else float(np.abs(known).mean()),
        share=used.size / rays,
        short_deg=tuple(short.tolist()),
    )
