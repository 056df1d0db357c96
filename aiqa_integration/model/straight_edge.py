"""Where water ends along a straight wall, to part of a pixel: many parallel profiles, one line through their edges.

Each edge lies at half of the local water signal above the local air. Inserts that touch the wall and bubbles leave the
line inwards; as water can't be outside its vessel, the outermost line that enough profiles share is the wall.
"""

from dataclasses import dataclass

import numpy as np

from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.model.sampling import BoolArray, FloatArray, sample, to_pixels

_STEP_MM = 0.2
_INSIDE_MM = (1.5, 8.0)
_OUTSIDE_MM = (3.0, 8.0)
_AROUND_MM = 15.0
"""Half width of the stretch of wall that water and air are read from; the widest insert at a wall (12 mm) is less."""
_DARK = 0.35
"""A profile whose water is below this part of the wall's typical water looks into an insert."""
_OUTER = 0.8
_TOLERANCES_MM = (3.0, 1.5, 0.8, 0.8)
_REACHES_MM = (9.0, 4.0, 2.5)
_FEWEST_PROFILES = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StraightEdge:
    """A wall: its distance along +v where u is 0 (mm), its slope dv/du, and how the profiles lie on it.

    ``share`` of all profiles lie on the line with a scatter of ``scatter_mm``; ``used`` is their number.
    """

    place_mm: float
    slope: float
    share: float
    scatter_mm: float
    used: int


def straight_edge(
    image: FloatArray, pose: PlanePose, along_mm: FloatArray, *, place_mm: float, reach_mm: float = _REACHES_MM[0]
) -> StraightEdge | None:
    """Return the wall that faces +v near ``place_mm``, read at the places ``along_mm`` (u, evenly spaced).

    None where there is no such wall or the image ends before it.
    """
    line = np.full(along_mm.shape, place_mm)
    found: StraightEdge | None = None
    for reach in (reach_mm, *_REACHES_MM[1:]):
        depth = np.arange(-reach - _INSIDE_MM[1], reach + _OUTSIDE_MM[1] + _STEP_MM / 2, _STEP_MM)
        profiles, inside = _profiles(image, pose, along_mm, line[:, None] + depth)
        edges = line + _edges(profiles, inside, depth, along_mm, reach)
        found = _line(along_mm, edges)
        if found is None:
            return None
        line = found.place_mm + found.slope * along_mm
    return found


def _profiles(
    image: FloatArray, pose: PlanePose, along_mm: FloatArray, v_mm: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return profiles across the wall ``[place, depth]``, neighbours averaged (1-2-1), and what lies in the image."""
    u_mm = np.broadcast_to(along_mm[:, None], v_mm.shape)
    values, inside = sample(image, *to_pixels(pose, u_mm, v_mm))
    padded = np.pad(values, ((1, 1), (0, 0)), mode="edge")
    return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:], inside


def _edges(
    profiles: FloatArray, inside: BoolArray, depth: FloatArray, along_mm: FloatArray, reach_mm: float
) -> FloatArray:
    """Return each profile's outermost fall through half, as depth from its line; NaN where there is none."""
    around = max(1, round(_AROUND_MM / float(along_mm[1] - along_mm[0])))
    water = _running(np.percentile(profiles[:, depth < -reach_mm / 3], 75.0, axis=1), around, 60.0)
    outer = depth > reach_mm / 3
    air = _running(np.median(np.where(inside, profiles, 0.0)[:, outer], axis=1), around, 50.0)
    level = (water + air) / 2
    falls = (profiles[:, :-1] >= level[:, None]) & (profiles[:, 1:] < level[:, None]) & inside[:, 1:]
    falls &= np.abs(depth[:-1] + _STEP_MM / 2)[None, :] <= reach_mm
    last = falls.shape[1] - 1 - np.argmax(falls[:, ::-1], axis=1)
    each = np.arange(len(profiles))
    high, low = profiles[each, last], profiles[each, last + 1]
    part = np.where(high > low, (high - level) / np.where(high > low, high - low, 1.0), 0.0)
    lit = (water - air > _DARK * float(np.percentile(water - air, 80.0))) & (water > 2.0 * np.maximum(air, 0.0))
    return np.where(falls.any(axis=1) & lit, depth[last] + part * _STEP_MM, np.nan)


def _running(values: FloatArray, half_width: int, percent: float) -> FloatArray:
    """Return the running percentile; beyond both ends the values are mirrored."""
    reach = min(half_width, len(values) - 1)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, reach, mode="reflect"), 2 * reach + 1)
    return np.asarray(np.percentile(windows, percent, axis=1), np.float64)


def _line(along_mm: FloatArray, edges: FloatArray) -> StraightEdge | None:
    """Return the outermost line that a fifth of the edges share; None where too few do."""
    known = np.isfinite(edges)
    if np.count_nonzero(known) < _FEWEST_PROFILES:
        return None
    place, slope = float(np.quantile(edges[known], _OUTER)), 0.0
    keep = known
    for tolerance in _TOLERANCES_MM:
        away = np.nan_to_num(edges - (place + slope * along_mm), nan=np.inf)
        spread = 3.0 * 1.4826 * float(np.median(np.abs(away[keep]))) if keep.any() else 0.0
        keep = (
            np.abs(away) < min(tolerance, max(spread, 0.3))
            if tolerance < _TOLERANCES_MM[0]
            else np.abs(away) < tolerance
        )
        if np.count_nonzero(keep) < _FEWEST_PROFILES:
            return None
        slope, place = (float(part) for part in np.polyfit(along_mm[keep], edges[keep], 1))
    scatter = float(np.std(edges[keep] - (place + slope * along_mm[keep])))
    return StraightEdge(
        place_mm=place,
        slope=slope,
        share=float(np.mean(keep)),
        scatter_mm=scatter,
        used=int(np.count_nonzero(keep)),
    )
