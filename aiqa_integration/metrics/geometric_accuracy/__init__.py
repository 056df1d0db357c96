"""Lengths of a circular phantom: diameters through its axis, along the phantom's own directions.

The ACR guidance (MRI Phantom Test Guidance, section 1) measures from water edge to water edge at a display level of
half the mean water signal. Here each end is read on many rays around the direction, at half of the water just inside
that part of the edge, so that coil shading, a bubble or the black bar at twelve o'clock don't move it: rays that don't
fit the outline are left out, and where too few are left there is no value.

The uncertainty is that of a 95 % interval: the scatter of arcs like those of the ends, all around the outline (with
Student's t, as there are few), sampling, how far a ghost beside an end may move half of the water's signal, and how far
the coil's shading does, which goes on from where the water is read to its edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import stdtrit

from aiqa_integration.metrics.geometric_accuracy.outline import RAY_STEP_DEG, Outline, outline_of
from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, Obstacle, Reason, Region
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import MM, Quantity
from aiqa_integration.model.round_edge import median_around
from aiqa_integration.model.sampling import PhantomSlice, line_region, slice_of

GUIDANCE = "ACR MRI Phantom Test Guidance (10/2022), section 1, geometric accuracy"


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """One end of a length: distance from the axis, its standard uncertainty, hidden part of its arc.

    ``ghost`` is the signal in the air beside it, as a part of the water's; ``shading_mm`` how far out it is read for
    the shading between the edge and the water that its signal is taken from.
    """

    radius_mm: float
    sd_mm: float
    hidden: float
    ghost: float
    shading_mm: float


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
        version="5",
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

_LARGEST_ERROR = 0.15
"""A length further than this from nominal is a wrong edge, not a distorted image."""
_WINDOWS_DEG = (15, 25)
"""Half width of the arc that an end is read from; the second is tried where a bar or bubble fills the first."""
_FEWEST_RAYS = 0.3
_OUTLINE_TERMS = 5
"""What an ellipse takes of the freedom of the arcs around it."""
_SAMPLING_PART = (0.0048, 0.0028)
"""Standard uncertainty of an end that its arcs don't show, as a part of the edge's fall: a magnitude image folds the
ringing beyond an edge up, which moves both ends alike. Of a length along a diagonal of the pixels, and what comes to it
along rows or columns, where an edge meets the pixels alike over its whole arc. For pixels up to 1 mm; in larger ones
the water beside an edge is read over fewer periods of the ringing, and both grow with them."""
_INTERPOLATED_PART = (0.015, 0.06)
"""The same for interpolated images: what comes to it for the whole band left empty. Both pairs were found on simulated
phantoms (`python -m benchmarks.uncertainty_coverage`, seed 31; the first made a fifth smaller, seed 101, since shading
is stated apart)."""


def measure_lengths(
    images: PhantomImages, *, diameter_mm: float, lengths: Sequence[Length] = LENGTHS
) -> tuple[Measurement, ...]:
    """Return one measurement per length, in order; mm, target = nominal; the phantom must be a disk in those slices."""
    slices = {number: slice_of(images, number) for number in {length.slice_number for length in lengths}}
    outlines: dict[int, Outline | Obstacle] = {}
    measurements: list[Measurement] = []
    for length in lengths:
        sl = slices[length.slice_number]
        if sl is None:
            detail = f"slice {length.slice_number} is not in the series"
            measurements.append(Obstacle(reason=Reason.SLICE_MISSING, detail=detail).not_measured(length.metric))
            continue
        if length.slice_number not in outlines:
            outlines[length.slice_number] = outline_of(sl, diameter_mm=diameter_mm)
        measurements.append(_measure(length, sl, outlines[length.slice_number], diameter_mm))
    return tuple(measurements)


def _measure(length: Length, sl: PhantomSlice, outline: Outline | Obstacle, nominal_mm: float) -> Measurement:
    if isinstance(outline, Obstacle):
        return outline.not_measured(length.metric, sl.index)
    near, far = (_end(outline, (length.angle_deg + half) % 360.0) for half in (0.0, 180.0))
    if isinstance(near, Obstacle):
        return near.not_measured(length.metric, sl.index)
    if isinstance(far, Obstacle):
        return far.not_measured(length.metric, sl.index)
    value = near.radius_mm + far.radius_mm
    if abs(value - nominal_mm) > _LARGEST_ERROR * nominal_mm:
        detail = f"{value:.1f} mm is more than 15 % from the nominal {nominal_mm:g} mm"
        return Obstacle(reason=Reason.IMPLAUSIBLE, detail=detail).not_measured(length.metric, sl.index)
    turn = np.radians(length.angle_deg)
    start = (-far.radius_mm * np.cos(turn), -far.radius_mm * np.sin(turn))
    line = line_region(
        sl, start, (near.radius_mm * np.cos(turn), near.radius_mm * np.sin(turn)), label=length.metric.label
    )
    return Measured(
        metric=length.metric,
        quantity=Quantity(value, MM),
        uncertainty=_expanded(outline, near, far, upright=_upright(sl, line)),
        slice_index=sl.index,
        regions=(line,),
        detail=_hidden(near.hidden, far.hidden),
    )


def _upright(sl: PhantomSlice, line: Region) -> float:
    """Return how far a line lies along rows or columns: 1 where it does, 0 on a diagonal between them."""
    start, end = line.points
    x_mm, y_mm = ((there - here) * pixel for here, there, pixel in zip(start, end, sl.pose.pixel_mm, strict=True))
    return float(((x_mm**2 - y_mm**2) / (x_mm**2 + y_mm**2)) ** 2)


def _expanded(outline: Outline, near: _End, far: _End, *, upright: float) -> float:
    """Return the 95 % uncertainty of a length; by Student's t, as its ends are judged by few arcs.

    A ghost moves both ends alike, a bowl of shading too, a slope of it one out and one in. Source: JCGM 100:2008 (GUM),
    G.4.1, Welch-Satterthwaite; arcs have a limited number of degrees of freedom.
    """
    plain, empty = (low + more * upright for low, more in (_SAMPLING_PART, _INTERPOLATED_PART))
    sampling = np.sqrt(2.0) * (plain * max(outline.pixel_mm, 1.0) + empty * (1.0 - outline.band))
    ghost = (near.ghost + far.ghost) / 2 / np.sqrt(3.0)
    arcs = np.hypot(near.sd_mm, far.sd_mm)
    shading = (near.shading_mm + far.shading_mm) / np.sqrt(3.0)
    combined = float(np.linalg.norm([arcs, outline.fall_mm * sampling, outline.fall_mm * ghost, shading]))
    freedom = (_arcs(outline) - _OUTLINE_TERMS) * (combined / max(arcs, 1e-6 * combined)) ** 4
    return combined * float(stdtrit(freedom, 0.975))


def _arcs(outline: Outline) -> float:
    """Return how many arcs like that of an end lie side by side around the outline."""
    return outline.radii_mm.size / (2 * round(_WINDOWS_DEG[0] / RAY_STEP_DEG) + 1)


def _end(outline: Outline, angle_deg: float) -> _End | Obstacle:
    """Return one end of a length."""
    centre, total = round(angle_deg / RAY_STEP_DEG), outline.radii_mm.size
    for window in _WINDOWS_DEG:
        reach = round(window / RAY_STEP_DEG)
        arc = np.arange(centre - reach, centre + reach + 1) % total
        if not outline.inside[arc].all():
            detail = f"the phantom leaves the image at {angle_deg:.0f}°"
            return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail=detail)
        used = arc[outline.fits[arc]]
        if used.size < _FEWEST_RAYS * arc.size:
            continue
        beside = float(np.mean(outline.radii_mm[used] - outline.smooth_mm[used]))
        share = used.size / arc.size
        return _End(
            radius_mm=float(outline.smooth_mm[arc[reach]]) + beside,
            sd_mm=_arc_sd(outline) / float(np.sqrt(share)),
            hidden=1.0 - share,
            ghost=float(np.mean(outline.ghost[used])),
            shading_mm=float(np.mean(outline.shading_mm[used])),
        )
    detail = f"the water's edge is hidden at {angle_deg:.0f}° (clockwise from the right): a bubble or a bar"
    return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)


@lru_cache(maxsize=2)
def _arc_sd(outline: Outline) -> float:
    """Return the standard uncertainty of an end: how arcs like it, all around, lie beside the outline.

    Noise, what neighbouring rays share of it, how the pixels lie to the edge and what isn't round are all in it.
    """
    reach = round(_WINDOWS_DEG[0] / RAY_STEP_DEG)
    seen = np.where(outline.fits, outline.radii_mm - outline.smooth_mm, np.nan)
    whole = np.convolve(np.pad(outline.fits, reach, mode="wrap"), np.ones(2 * reach + 1), mode="valid") > reach
    beside = median_around(seen, half_width=reach)[whole]
    return float(np.sqrt(np.mean(beside**2) * _arcs(outline) / (_arcs(outline) - _OUTLINE_TERMS)))


def _hidden(*shares: float) -> str | None:
    worst = max(shares)
    return None if worst < 0.2 else f"{worst:.0%} of the edge's arc is hidden and was left out"
