"""The dark ring around the disks, from which their centre comes."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from aiqa_integration.metrics.low_contrast.insert import RING_INNER_MM, RING_OUTER_MM
from aiqa_integration.model.measurement import Obstacle, Reason
from aiqa_integration.model.ranks import median, median_along
from aiqa_integration.model.sampling import FloatArray, PhantomSlice, fan

_SEARCH_MM = (36.0, 51.25)
_STEP_MM = 0.25
_RAYS = (90, 180)
"""Number of rays: a few find the centre that the many start from."""
_LEAST_DROP = 0.1
"""The ring takes at least this part of the water's signal, also where a slice holds only its end."""
_LEAST_FITTING = 0.5
_TOLERANCE_MM = 1.5
_LARGEST_RADIUS_ERROR_MM = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """The ring's inner edge as a circle in phantom coordinates, mm."""

    centre_mm: tuple[float, float]
    radius_mm: float


def find_ring(sl: PhantomSlice, near_mm: tuple[float, float]) -> Ring | Obstacle:
    """Return the inner edge of the ring that lies near a point of the phantom, at half of the water inside it."""
    radii = np.arange(*_SEARCH_MM, _STEP_MM)
    centre = near_mm
    ring = None
    for count in _RAYS:
        angles = np.linspace(0.0, 360.0, count, endpoint=False)
        at = replace(sl.pose, centre=sl.pose.to_pixel(*centre))
        rays, inside = fan(sl.image, at, angles, radii)
        if not inside.all():
            return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail="the ring around the disks leaves the image")
        drop = _drop(rays, radii)
        if drop is None or drop < _LEAST_DROP:
            return _none()
        ring = _circle(angles, _edges(rays, radii))
        if ring is None:
            return _none()
        centre = (centre[0] + ring.centre_mm[0], centre[1] + ring.centre_mm[1])
    return _none() if ring is None else Ring(centre_mm=centre, radius_mm=ring.radius_mm)


def _none() -> Obstacle:
    return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="no dark ring around the low-contrast disks")


def _drop(rays: FloatArray, radii: FloatArray) -> float | None:
    """Return the part of the water's signal that the ring takes; None without water."""
    middle = (RING_INNER_MM + RING_OUTER_MM) / 2
    water = median(rays[:, radii < RING_INNER_MM - 2.5])
    wall = median(rays[:, np.abs(radii - middle) < 1.5])
    return None if water <= 0 else 1.0 - wall / water


def _edges(rays: FloatArray, radii: FloatArray) -> FloatArray:
    """Return the radius of the fall through half between water and ring per ray, over five rays; NaN where none."""
    smooth = uniform_filter1d(rays, 5, axis=0, mode="wrap")
    water = median_along(smooth[:, radii < RING_INNER_MM - 3.0])
    wall = smooth[:, (radii > RING_INNER_MM) & (radii < RING_OUTER_MM)].min(axis=1)
    level = (water + wall) / 2
    search = np.abs(radii - RING_INNER_MM) < 4.0
    part, at = smooth[:, search] - level[:, None], radii[search]
    falls = (part[:, :-1] > 0) & (part[:, 1:] <= 0)
    first = np.argmax(falls, axis=1)
    rows = np.arange(len(rays))
    above, below = part[rows, first], part[rows, first + 1]
    place = at[first] + _STEP_MM * above / np.where(above > below, above - below, 1.0)
    return np.where(falls.any(axis=1) & (water > wall), place, np.nan)


def _circle(angles_deg: FloatArray, edges: FloatArray) -> Ring | None:
    """Return the circle through edges seen from near its centre, without those that leave it; None if too few fit."""
    turn = np.radians(angles_deg)
    shape = np.stack([np.ones_like(turn), np.cos(turn), np.sin(turn)])
    keep = np.isfinite(edges)
    factors = np.zeros(3)
    for tolerance in (4.0, _TOLERANCE_MM, _TOLERANCE_MM):
        if np.count_nonzero(keep) < _LEAST_FITTING * edges.size:
            return None
        kept = shape[:, keep]
        factors = np.linalg.solve(kept @ kept.T, kept @ edges[keep])
        keep = np.abs(np.nan_to_num(edges, nan=np.inf) - factors @ shape) < tolerance
    radius, u, v = (float(factor) for factor in factors)
    if np.count_nonzero(keep) < _LEAST_FITTING * edges.size or abs(radius - RING_INNER_MM) > _LARGEST_RADIUS_ERROR_MM:
        return None
    return Ring(centre_mm=(u, v), radius_mm=radius)
