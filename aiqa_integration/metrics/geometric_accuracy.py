"""Lengths of a circular phantom: diameters through its axis, along the phantom's own directions.

The ACR guidance (MRI Phantom Test Guidance, section 1) measures from water edge to water edge at a display level of
half the mean water signal. Here each end is read on many rays around the direction, at half of the water just inside
that part of the edge, so that coil shading, a bubble or the black bar at twelve o'clock don't move it: rays that don't
fit the outline are left out, and where too few are left there is no value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, Obstacle, Reason
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import MM, Quantity
from aiqa_integration.model.round_edge import ellipse_through, median_around
from aiqa_integration.model.sampling import (
    BoolArray,
    FloatArray,
    PhantomSlice,
    fan,
    line_region,
    noise_sd,
    pixel_places,
    slice_of,
)

GUIDANCE = "ACR MRI Phantom Test Guidance (10/2022), section 1, geometric accuracy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """One length to measure: its metric, the slice's number in the guideline, its direction from +u towards +v."""

    metric: MetricDef
    slice_number: int
    angle_deg: float


def _length(direction: str, number: int, angle_deg: float, label: str) -> Length:
    metric = MetricDef(
        id=f"mr-length-{direction}-slice{number}",
        label=f"Length, {label}, slice {number}",
        unit=MM,
        better="target",
        source=GUIDANCE,
        version="2",
        code=aiqa_code(f"AIQA-LEN-{_SHORT[direction]}-S{number}", f"Phantom length, {label}, slice {number}"),
        decimals=1,
    )
    return Length(metric=metric, slice_number=number, angle_deg=angle_deg)


_SHORT = {"horizontal": "H", "vertical": "V", "diagonal-45": "D45", "diagonal-135": "D135"}

LENGTHS = (
    _length("horizontal", 5, 0.0, "horizontal"),
    _length("vertical", 5, 90.0, "vertical"),
    _length("diagonal-45", 5, 45.0, "diagonal, upper left to lower right"),
    _length("diagonal-135", 5, 135.0, "diagonal, upper right to lower left"),
    _length("horizontal", 1, 0.0, "horizontal"),
    _length("vertical", 1, 90.0, "vertical"),
)
"""The six diameters of the ACR guidance."""

METRICS = tuple(length.metric for length in LENGTHS)

_RAY_STEP_DEG = 1.0
_RADIUS_STEP_MM = 0.2
_SEARCH = (0.80, 1.18)
"""Edges are looked for between these parts of the nominal radius."""
_LARGEST_ERROR = 0.15
"""A length further than this from nominal is a wrong edge, not a distorted image."""
_WINDOWS_DEG = (10.0, 25.0)
"""Half width of the arc that an end is read from; the second is tried where a bar or bubble fills the first."""
_FEWEST_RAYS = 0.35
_OUTLINE_TOLERANCES_MM = (6.0, 3.0, 1.5, 0.0, 0.0)
_SMALLEST_TOLERANCE_MM = 0.3
"""Rays further from the outline than this, and than four SD of the others, see a bar, a bubble or an artifact."""
_LARGEST_ROUGHNESS_MM = 1.0
"""Edges that scatter more around their own outline (a fifth of it at an SNR of 10) are not those of a vessel."""
_MEDIAN_SPREAD = 1.2533
"""Spread of a median over that of a mean of normal values: the square root of half pi."""
_RINGING_PART = 0.015
"""Standard uncertainty of an end from sampling and ringing, as a part of the edge's width; by simulated phantoms."""
_RAYLEIGH_MEAN = float(np.sqrt(np.pi / 2))
"""Mean of pure noise in a magnitude image, over the SD of one channel."""


def measure_lengths(
    images: PhantomImages, *, diameter_mm: float, lengths: Sequence[Length] = LENGTHS
) -> tuple[Measurement, ...]:
    """Return one measurement per length, in order; mm, target = nominal; the phantom must be a disk in those slices."""
    outlines: dict[int, Outline | Obstacle] = {}
    measurements: list[Measurement] = []
    for length in lengths:
        sl = slice_of(images, length.slice_number)
        if sl is None:
            detail = f"slice {length.slice_number} is not in the series"
            measurements.append(Obstacle(reason=Reason.SLICE_MISSING, detail=detail).not_measured(length.metric))
            continue
        if length.slice_number not in outlines:
            outlines[length.slice_number] = outline_of(sl, diameter_mm=diameter_mm)
        measurements.append(_measure(length, sl, outlines[length.slice_number], diameter_mm))
    return tuple(measurements)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """The water's edge, mm: radius per ray (1° apart from 0°), whether it fits; one edge's SD by noise, and width."""

    radii_mm: FloatArray
    fits: BoolArray
    inside: BoolArray
    smooth_mm: FloatArray
    edge_sd_mm: float
    edge_mm: float


def outline_of(sl: PhantomSlice, *, diameter_mm: float) -> Outline | Obstacle:
    """Return the edge of the water around the phantom's axis in one slice, at half of the water's local signal."""
    radius = diameter_mm / 2
    angles = np.arange(0.0, 360.0, _RAY_STEP_DEG)
    radii = np.arange(_SEARCH[0] * radius, _SEARCH[1] * radius, _RADIUS_STEP_MM)
    rays, inside = fan(sl.image, sl.pose, angles, radii)
    rays = _smooth_across(rays)
    whole = np.asarray(inside[:, radii < 1.05 * radius].all(axis=1), np.bool_)
    if not whole.any():
        return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail="the phantom's edge lies outside the image")
    coarse = _coarse_radius(rays[whole], inside[whole], radii)
    if coarse is None:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="no water edge around the phantom's axis")
    noise = _noise(sl, coarse)
    first = _edges(rays, inside, radii, np.full(angles.shape, coarse), (0.08 * radius, noise))
    smooth = _smooth_outline(angles, first, coarse)
    edges = _edges(rays, inside, radii, smooth, (0.05 * radius, noise))
    smooth = _smooth_outline(angles, edges, coarse)
    fits = np.asarray(_near_outline(edges, smooth) & whole, np.bool_)
    edge_sd, edge_width = _edge(rays, radii, coarse, noise)
    rough = float(np.std((edges - smooth)[fits])) > _LARGEST_ROUGHNESS_MM if fits.any() else True
    if rough or np.count_nonzero(fits) < angles.size // 3:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="the water's edge is no closed outline")
    return Outline(
        radii_mm=edges,
        fits=fits,
        inside=whole,
        smooth_mm=smooth,
        edge_sd_mm=edge_sd,
        edge_mm=edge_width,
    )


def _edge(rays: FloatArray, radii: FloatArray, coarse: float, noise: float) -> tuple[float, float]:
    """Return the SD of one ray's edge by noise and how far an edge takes to fall: the pixel as it was sampled, mm."""
    slope = float(np.median(np.max(-np.diff(rays, axis=1), axis=1)) / _RADIUS_STEP_MM)
    if slope <= 0:
        return coarse, coarse
    return noise / slope, float(np.median(rays[:, radii < coarse - 3.0])) / slope


def _smooth_across(rays: FloatArray) -> FloatArray:
    """Average neighbouring rays (1-2-1, about 3 mm at the edge): less noise, an edge moved by less than 0.02 mm."""
    return 0.5 * rays + 0.25 * (np.roll(rays, 1, axis=0) + np.roll(rays, -1, axis=0))


def _coarse_radius(rays: FloatArray, inside: BoolArray, radii: FloatArray) -> float | None:
    """Return where the median ray falls through half of its inner signal; None where it does not."""
    median = np.median(np.where(inside, rays, 0.0), axis=0)
    inner, outer = float(np.max(median[: len(median) // 2])), float(np.min(median[len(median) // 2 :]))
    if inner <= 2.0 * max(outer, 0.0):
        return None
    below = np.nonzero(median < (inner + outer) / 2)[0]
    falls = below[below > int(np.argmax(median[: len(median) // 2]))]
    return None if falls.size == 0 else float(radii[falls[0]])


def _edges(
    rays: FloatArray,
    inside: BoolArray,
    radii: FloatArray,
    around_mm: FloatArray,
    reach_and_noise: tuple[float, float],
) -> FloatArray:
    """Return the outermost fall through half of the local water signal within reach, per ray; NaN where none.

    A ghost in the air lifts both sides of the edge; noise lifts a magnitude image's air alone, and is taken out.
    """
    reach_mm, noise = reach_and_noise
    water = _local_water(rays, radii, around_mm)
    air = _local_air(rays, inside, radii, around_mm)
    ghost = np.sqrt(np.clip(air**2 - (_RAYLEIGH_MEAN * noise) ** 2, 0.0, None))
    level = (water + ghost) / 2
    near = np.abs(radii[None, :] - around_mm[:, None]) <= reach_mm
    falls = (rays[:, :-1] >= level[:, None]) & (rays[:, 1:] < level[:, None])
    falls &= near[:, :-1] & near[:, 1:] & inside[:, 1:]
    outermost = falls.shape[1] - 1 - np.argmax(falls[:, ::-1], axis=1)
    each = np.arange(rays.shape[0])
    high, low = rays[each, outermost], rays[each, outermost + 1]
    step = np.where(high > low, (high - level) / np.where(high > low, high - low, 1.0), 0.0)
    edge = radii[outermost] + step * _RADIUS_STEP_MM
    return np.where(falls.any(axis=1), edge, np.nan)


def _local_water(rays: FloatArray, radii: FloatArray, around_mm: FloatArray) -> FloatArray:
    """Return the water signal 1.5-6 mm inside the edge: per ray its upper quartile, then the median over ±12°."""
    depth = around_mm[:, None] - radii[None, :]
    return median_around(_percentile(rays, (depth > 1.5) & (depth < 6.0), 75.0), half_width=12)


def _local_air(rays: FloatArray, inside: BoolArray, radii: FloatArray, around_mm: FloatArray) -> FloatArray:
    """Return the signal 4-10 mm outside the edge: per ray its median, then the median over ±12°."""
    depth = radii[None, :] - around_mm[:, None]
    return median_around(_percentile(rays, (depth > 4.0) & (depth < 10.0) & inside, 50.0), half_width=12)


def _percentile(rays: FloatArray, where: BoolArray, percent: float) -> FloatArray:
    """Return the percentile of each ray's values in a mask; NaN for a ray without any."""
    some = where.any(axis=0)
    ordered = np.sort(np.where(where[:, some], rays[:, some], np.inf), axis=1)
    counts = where.sum(axis=1)
    picked = np.clip(np.round(percent / 100 * (counts - 1)), 0, None).astype(np.intp)
    values = np.full(len(rays), np.nan)
    values[counts > 0] = ordered[counts > 0, picked[counts > 0]]
    return values


def _smooth_outline(angles: FloatArray, edges: FloatArray, coarse: float) -> FloatArray:
    """Return the robust second-order outline (offset and ellipse) through the edges."""
    keep: BoolArray = np.isfinite(edges)
    smooth = np.full(angles.shape, coarse)
    for tolerance in _OUTLINE_TOLERANCES_MM:
        if np.count_nonzero(keep) < angles.size // 3:
            return smooth
        smooth = ellipse_through(angles, edges, keep)
        keep = _near_outline(edges, smooth, tolerance)
    return smooth


def _near_outline(edges: FloatArray, smooth: FloatArray, tolerance_mm: float = 0.0) -> BoolArray:
    """Return which edges lie on the outline: within the tolerance, or within four robust SD of the rest."""
    away = np.abs(edges - smooth)
    found = np.isfinite(away)
    spread = 4.0 * 1.4826 * float(np.median(away[found])) if found.any() else 0.0
    near = found & (np.nan_to_num(away, nan=np.inf) < max(tolerance_mm, _SMALLEST_TOLERANCE_MM, spread))
    return np.asarray(near, np.bool_)


def _noise(sl: PhantomSlice, radius_mm: float) -> float:
    """Return the SD of one channel's noise, of interpolated images too: the next but one share none."""
    u, v = pixel_places(sl)
    water = np.asarray(np.hypot(u, v) < radius_mm - 3.0, np.bool_)
    return max(noise_sd(sl.image, water), noise_sd(sl.image, water, lag=2))


def _measure(length: Length, sl: PhantomSlice, outline: Outline | Obstacle, nominal_mm: float) -> Measurement:
    if isinstance(outline, Obstacle):
        return outline.not_measured(length.metric, sl.index)
    ends = [_end(outline, (length.angle_deg + half) % 360.0) for half in (0.0, 180.0)]
    for end in ends:
        if isinstance(end, Obstacle):
            return end.not_measured(length.metric, sl.index)
    near, far = (end for end in ends if isinstance(end, tuple))
    value = near[0] + far[0]
    if abs(value - nominal_mm) > _LARGEST_ERROR * nominal_mm:
        detail = f"{value:.1f} mm is more than 15 % from the nominal {nominal_mm:g} mm"
        return Obstacle(reason=Reason.IMPLAUSIBLE, detail=detail).not_measured(length.metric, sl.index)
    turn = np.radians(length.angle_deg)
    start = (-far[0] * np.cos(turn), -far[0] * np.sin(turn))
    line = line_region(sl, start, (near[0] * np.cos(turn), near[0] * np.sin(turn)), label=length.metric.label)
    return Measured(
        metric=length.metric,
        quantity=Quantity(value, MM),
        uncertainty=2.0 * float(np.hypot(near[1], far[1])),
        slice_index=sl.index,
        regions=(line,),
        detail=_hidden(near[2], far[2]),
    )


def _end(outline: Outline, angle_deg: float) -> tuple[float, float, float] | Obstacle:
    """Return radius, standard uncertainty (mm) and the hidden part of the arc at one end of a length."""
    centre = round(angle_deg / _RAY_STEP_DEG)
    total = outline.radii_mm.size
    for window in _WINDOWS_DEG:
        reach = round(window / _RAY_STEP_DEG)
        arc = np.arange(centre - reach, centre + reach + 1) % total
        if not outline.inside[arc].all():
            detail = f"the phantom leaves the image at {angle_deg:.0f}°"
            return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail=detail)
        used = arc[outline.fits[arc]]
        if used.size < _FEWEST_RAYS * arc.size:
            continue
        residual = outline.radii_mm[used] - outline.smooth_mm[used]
        hidden = 1.0 - used.size / arc.size
        shape_sd = float(np.std((outline.radii_mm - outline.smooth_mm)[outline.fits]))
        ray_sd = max(float(np.std(residual)), outline.edge_sd_mm)
        arc_sd = _MEDIAN_SPREAD * ray_sd / np.sqrt(max(used.size / 3.0, 1.0))
        edge = float(outline.smooth_mm[arc[reach]] + np.median(residual))
        sd = float(np.linalg.norm([arc_sd, _RINGING_PART * outline.edge_mm, 3.0 * hidden * shape_sd]))
        return edge, sd, hidden
    detail = f"the water's edge is hidden at {angle_deg:.0f}° (clockwise from the right): a bubble or a bar"
    return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)


def _hidden(*shares: float) -> str | None:
    worst = max(shares)
    return None if worst < 0.2 else f"{worst:.0%} of the edge's arc is hidden and was left out"
