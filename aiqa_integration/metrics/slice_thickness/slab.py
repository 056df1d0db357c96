"""The dark slab across the middle of slice 1 that holds the ramps."""

from dataclasses import dataclass

import numpy as np

from aiqa_integration.model.measurement import Obstacle, Reason
from aiqa_integration.model.ranks import median, median_along, percentile
from aiqa_integration.model.sampling import (
    FloatArray,
    PhantomSlice,
    raster,
    sample,
    to_pixels,
)

_SLAB_HEIGHT_MM = (8.0, 15.0)
STEP_MM = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slab:
    """The dark slab in phantom coordinates: centre line and height at each ``u``, mm; water signal beside it."""

    u_mm: FloatArray
    centre_mm: FloatArray
    height_mm: float
    water: FloatArray


def find_slab(sl: PhantomSlice, *, diameter_mm: float) -> Slab | Obstacle:
    """Return the dark slab across the middle of the slice, edge by edge at half of the water beside it."""
    reach = 0.85 * diameter_mm / 2
    u = np.arange(-reach, reach + STEP_MM / 2, STEP_MM)
    v = np.arange(-16.0, 16.0 + STEP_MM / 4, STEP_MM / 2)
    values, inside = raster(sl.image, sl.pose, u, v)
    if not inside.all():
        return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail="the ramps leave the image")
    blocks = np.array_split(np.arange(u.size), max(int(2 * reach / 6.0), 3))
    edges = np.array([_slab_edges(values[:, block].mean(axis=1), v) for block in blocks])
    found = np.isfinite(edges).all(axis=1)
    if np.count_nonzero(found) < 0.6 * len(blocks):
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="no dark slab with ramps across the middle of slice 1")
    places = np.array([u[block].mean() for block in blocks])[found]
    height = median(edges[found, 1] - edges[found, 0])
    if not _SLAB_HEIGHT_MM[0] <= height <= _SLAB_HEIGHT_MM[1]:
        detail = f"the dark band across slice 1 is {height:.1f} mm high, not the ramps' slab"
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)
    centre = _robust_parabola(places, edges[found].mean(axis=1), u)
    return Slab(
        u_mm=u,
        centre_mm=centre,
        height_mm=height,
        water=_water_beside(sl, u, centre, height),
    )


def _slab_edges(profile: FloatArray, v: FloatArray) -> tuple[float, float]:
    """Return where the dark run around the middle begins and ends, at half of the water on each side; NaN if not."""
    core = np.abs(v) <= 6.0
    start = int(np.nonzero(core)[0][np.argmin(np.convolve(profile, np.ones(9) / 9, mode="same")[core])])
    floor = float(profile[start])
    found = []
    for direction in (-1, 1):
        side = profile[start::direction]
        level = (percentile(side, 90.0) + floor) / 2
        above = np.nonzero(side > level)[0]
        if above.size == 0 or above[0] == 0 or level < 1.5 * max(floor, 0.0):
            return np.nan, np.nan
        rise = above[0]
        part = (level - side[rise - 1]) / (side[rise] - side[rise - 1])
        found.append(float(v[start] + direction * (rise - 1 + part) * (v[1] - v[0])))
    return found[0], found[1]


def _robust_parabola(places: FloatArray, heights: FloatArray, at: FloatArray) -> FloatArray:
    """Return the parabola through points, without those more than 1 mm off, at the places asked for."""
    keep = np.ones(places.shape, np.bool_)
    factors = np.polyfit(places, heights, 1)
    for order in (1, 2, 2):
        factors = np.polyfit(places[keep], heights[keep], order)
        off = np.abs(heights - np.polyval(factors, places))
        keep = off <= max(1.0, 1.5 * median(off))
    return np.asarray(np.polyval(factors, at), np.float64)


def _water_beside(sl: PhantomSlice, u: FloatArray, centre: FloatArray, height: float) -> FloatArray:
    """Return the water signal 2-5 mm above and below the slab along it, smooth (fourth order), relative to its mean."""
    off = np.arange(height / 2 + 2.0, height / 2 + 5.01, 0.5)
    lines = np.concatenate([-off, off])[:, None] + centre[None, :]
    values, _ = sample(sl.image, *to_pixels(sl.pose, np.broadcast_to(u, lines.shape), lines))
    smooth = np.polyval(np.polyfit(u, median_along(values, 0), 4), u)
    mean = float(smooth.mean())
    return np.asarray(np.clip(smooth / mean, 0.2, 5.0), np.float64)
