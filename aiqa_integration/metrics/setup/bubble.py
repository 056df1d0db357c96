"""An air bubble in the vessel: where the water's outline is cut by a straight level."""

from dataclasses import dataclass

import numpy as np

from aiqa_integration.model.finding import Finding, Severity, probability_above
from aiqa_integration.model.measurement import Region
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.ranks import median, median_along, percentile, percentile_along
from aiqa_integration.model.round_edge import HOUSING_DEG, ellipse_through, median_around
from aiqa_integration.model.sampling import (
    BoolArray,
    FloatArray,
    PhantomSlice,
    fan,
    region,
    sample,
    slice_of,
    to_pixels,
)

BUBBLE_MM = 2.0
"""A level 2 mm below the wall takes that from a diameter through it, most of the ± 3 mm (medium: ± 2 mm) allowed."""
LARGE_BUBBLE_MM = 5.0
DEPTH_SD_MM = 0.3
_SHALLOWEST_MM = 1.0
_WATER_STEP_MM = 1.0
_FEWEST_RAYS = 6
_COARSE, _FINE = (3.0, 0.5), (1.0, 0.25)
"""Degrees between rays and mm along them. The coarse look only asks whether the fine one is worth it: six fine rays
side by side, or three on each side of the housing, hold at least one coarse one."""
_LEVEL_SD_MM = 0.7
_ARC = (0.4, 1.6)
"""A level at depth d cuts the outline over ± acos(1 - d / R): the arc seen must be of that kind."""
_SAME_WAY_DEG = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """The water's level in one slice: depth below the wall (mm), direction of the bubble in the image (degrees)."""

    index: int
    depth_mm: float
    direction_deg: float
    chord: Region


def bubble_finding(images: PhantomImages, *, diameter_mm: float) -> Finding | None:
    """Return the bubble that at least two slices (or the only one) show at the same side; None where there is none.

    Slices whose outline was found whole with the pose have none.
    """
    levels = []
    for number, place in sorted(images.located.slices.items()):
        if place in images.located.full_circles:
            continue
        sl = slice_of(images, number)
        level = None if sl is None else _level(sl, diameter_mm=diameter_mm)
        if level is not None:
            levels.append(level)
    if not levels:
        return None
    deepest = max(levels, key=lambda level: level.depth_mm)
    together = [level for level in levels if _apart(level.direction_deg, deepest.direction_deg) < _SAME_WAY_DEG]
    if len(together) < min(2, len(images.located.slices)):
        return None
    depth = deepest.depth_mm
    severity: Severity = 2 if depth > LARGE_BUBBLE_MM else 1
    hour = round((deepest.direction_deg + 90.0) % 360.0 / 30.0) % 12 or 12
    return Finding(
        artifact="setup-air-bubble",
        probability=probability_above(depth, BUBBLE_MM, DEPTH_SD_MM),
        severity=severity,
        slices=tuple(sorted(level.index for level in together)),
        region=deepest.chord,
        explanation=f"An air bubble {depth:.1f} mm deep lies at {hour} o'clock in the image, in {len(together)} of "
        f"{len(images.located.slices)} slices. Tap it to a corner; if it stays as large, have the phantom refilled.",
    )


def _apart(one_deg: float, other_deg: float) -> float:
    return abs((one_deg - other_deg + 180.0) % 360.0 - 180.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """What rays from the axis see: their angles, edges and the outline through these (mm), which lie well inside it.

    ``hidden`` are the rays that the wedges' housing may hide.
    """

    angles_deg: FloatArray
    edges_mm: FloatArray
    outline_mm: FloatArray
    inward: BoolArray
    hidden: BoolArray


def _look(sl: PhantomSlice, radius_mm: float, steps: tuple[float, float]) -> _Look | None:
    """Return what rays see, in steps of degrees around and mm along; None where there is no outline."""
    angles = np.arange(0.0, 360.0, steps[0])
    edges = _outer_edges(sl, angles, radius_mm, steps[1])
    hidden = np.asarray(np.abs(angles - 270.0) < HOUSING_DEG, np.bool_)
    outline = _outline(edges, np.isfinite(edges) & ~hidden)
    if outline is None:
        return None
    inward = np.asarray((outline - edges > _SHALLOWEST_MM) & ~hidden, np.bool_)
    return _Look(angles_deg=angles, edges_mm=edges, outline_mm=outline, inward=inward, hidden=hidden)


def _level(sl: PhantomSlice, *, diameter_mm: float) -> _Level | None:
    """Return the straight level that cuts the outline of a slice, None where none does."""
    coarse = _look(sl, diameter_mm / 2, _COARSE)
    look = _look(sl, diameter_mm / 2, _FINE) if coarse is not None and coarse.inward.any() else None
    if look is None or np.count_nonzero(look.inward) < _FEWEST_RAYS:
        return None
    arc = _longest_arc(look.inward, look.hidden)
    if len(arc) < _FEWEST_RAYS:
        return None
    direction, height, scatter = _straight(np.radians(look.angles_deg[arc]), look.edges_mm[arc])
    radius = median(look.outline_mm[arc])
    depth = radius - height
    if scatter > _LEVEL_SD_MM or not BUBBLE_MM < depth < radius / 3:
        return None
    span = float(np.ptp(np.unwrap(np.radians(look.angles_deg[arc])))) / 2
    expected = float(np.arccos(height / radius))
    return _seen(sl, direction, depth, expected, radius) if _ARC[0] < span / expected < _ARC[1] else None


def _seen(sl: PhantomSlice, direction: float, depth: float, half_arc: float, radius: float) -> _Level:
    ends = [direction - half_arc, direction + half_arc]
    points = tuple(sl.pose.to_pixel(radius * float(np.cos(end)), radius * float(np.sin(end))) for end in ends)
    tip, centre = sl.pose.to_pixel(float(np.cos(direction)), float(np.sin(direction))), sl.pose.centre
    x, y = (tip[0] - centre[0]) * sl.pose.pixel_mm[0], (tip[1] - centre[1]) * sl.pose.pixel_mm[1]
    return _Level(
        index=sl.index,
        depth_mm=depth,
        direction_deg=float(np.degrees(np.arctan2(y, x))),
        chord=region(sl.index, "polyline", points, label="Level of the water under an air bubble"),
    )


def _outer_edges(sl: PhantomSlice, angles: FloatArray, radius: float, step_mm: float) -> FloatArray:
    """Return where each ray leaves the water for good, mm; NaN where it doesn't or leaves the image.

    Read in steps of a millimetre, and finer only beyond the last that is wet.
    """
    radii = np.arange(0.6 * radius, 1.12 * radius, _WATER_STEP_MM)
    rays, inside = fan(sl.image, sl.pose, angles, radii)
    water = percentile_along(rays[:, : np.searchsorted(radii, 0.9 * radius)], 80.0)
    level = median_around(water, half_width=20 * len(angles) // 360)[:, None] / 2
    wet = rays > level
    last = wet.shape[1] - 1 - np.argmax(wet[:, ::-1], axis=1)
    known = wet.any(axis=1) & (last < wet.shape[1] - 1) & inside.all(axis=1)
    turn, steps = np.radians(angles)[:, None], np.arange(1, round(_WATER_STEP_MM / step_mm)) * step_mm
    beyond = radii[last][:, None] + steps
    finer, _ = sample(sl.image, *to_pixels(sl.pose, beyond * np.cos(turn), beyond * np.sin(turn)))
    further = (finer > level) * steps
    return np.where(known, radii[last] + further.max(axis=1, initial=0.0), np.nan)


def _outline(edges: FloatArray, usable: BoolArray) -> FloatArray | None:
    """Return the vessel's outline (offset and ellipse) per ray; rays inside it, as a bubble's are, don't count."""
    if np.count_nonzero(usable) < edges.size // 2:
        return None
    typical = percentile(edges[usable], 70.0)
    keep = usable & (np.abs(np.nan_to_num(edges) - typical) < 2.0)
    smooth = np.full(edges.shape, typical)
    for tolerance in (1.5, 1.0, 0.7):
        if np.count_nonzero(keep) < edges.size // 3:
            return None
        smooth = ellipse_through(edges, keep)
        keep = usable & (np.abs(np.nan_to_num(edges) - smooth) < tolerance)
    return smooth


def _longest_arc(inward: BoolArray, hidden: BoolArray) -> FloatArray:
    """Return the indices of the longest arc of inward rays, in order; hidden rays join its parts, one may lack."""
    size = inward.size
    best: list[int] = []
    current: list[int] = []
    gap = 0
    for step in range(2 * size):
        ray = step % size
        if inward[ray]:
            current, gap = [*current, step], 0
        elif not hidden[ray]:
            gap += 1
        if gap > 1:
            best, current, gap = max(best, current, key=len), [], 0
    best = max(best, current, key=len)
    return np.array([step % size for step in best[:size]], np.intp)


def _straight(turn: FloatArray, edges: FloatArray) -> tuple[float, float, float]:
    """Return direction (radians, from the axis to the level), distance and scatter (mm) of the line through edges."""
    points = np.stack([edges * np.cos(turn), edges * np.sin(turn)], axis=1)
    middle = median_along(points, 0)
    _, _, axes = np.linalg.svd(points - points.mean(axis=0))
    normal = axes[1] if float(axes[1] @ middle) > 0 else -axes[1]
    heights = points @ normal
    height = median(heights)
    return float(np.arctan2(normal[1], normal[0])), height, float(np.std(heights))
