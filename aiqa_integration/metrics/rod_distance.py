"""Distances between the marks of the plate in slice 5 of the medium phantom, as with the MagNET geometry object.

The plate holds nine small fluid marks in three rows and three columns, 40 mm apart. Each distance is that between
the outer two marks of a row or a column, nominally 80 mm: rows ``top``, ``middle`` and ``bottom`` of the guideline's
drawing from left to right, and columns from top to bottom, which are called ``top`` (left), ``middle`` and ``bottom``
(right) as in the Scottish medium ACR phantom framework's test document. Each mark is found by a smooth peak fitted to
it. The large phantom's plate has marks as well, but no document that gives their distance, so they are not measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aiqa_integration.model.bounded_fit import fit_between
from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, Obstacle, Reason
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import MM, Quantity
from aiqa_integration.model.sampling import (
    FloatArray,
    PhantomSlice,
    line_region,
    pixel_places,
    slice_of,
    to_phantom,
    to_pixels,
)

SLICE_NUMBER = 5
Direction = Literal["row", "col"]
Place = Literal["top", "middle", "bottom"]
Cell = tuple[int, int]
"""A mark by its column and row: -1, 0 or 1 each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RodDistance:
    """One distance: its metric and the two marks it lies between."""

    metric: MetricDef
    start: Cell
    end: Cell


_WHICH: dict[tuple[Direction, Place], str] = {
    ("row", "top"): "top row",
    ("row", "middle"): "middle row",
    ("row", "bottom"): "bottom row",
    ("col", "top"): "left column",
    ("col", "middle"): "middle column",
    ("col", "bottom"): "right column",
}
_LINE: dict[Place, int] = {"top": -1, "middle": 0, "bottom": 1}


def _distance(direction: Direction, place: Place) -> RodDistance:
    label, line = _WHICH[direction, place], _LINE[place]
    metric = MetricDef(
        id=f"mr-rod-distance-{direction}-{place}",
        label=f"Rod distance, {label}",
        unit=MM,
        better="target",
        source="MagNET geometric linearity on the medium ACR phantom (Scottish medium ACR framework), slice 5",
        version="3",
        code=aiqa_code(f"AIQA-ROD-{direction[0].upper()}{place[0].upper()}", f"Rod distance, {label}"),
        decimals=1,
    )
    if direction == "row":
        return RodDistance(metric=metric, start=(-1, line), end=(1, line))
    return RodDistance(metric=metric, start=(line, -1), end=(line, 1))


DISTANCES = tuple(_distance(direction, place) for direction, place in _WHICH)
"""The six distances between outer marks."""

METRICS = tuple(distance.metric for distance in DISTANCES)

_SEARCH_MM = 6.0
_FIT_MM = 4.0
_PEAK_MM = (0.4, 2.5)
"""Bounds of a mark's SD; the larger of the lower one and a third of a pixel holds."""
_LOWEST_SNR = 5.0
_LEAST_CONTRAST = 3.0
"""How much a mark must stand out of the SD of its surroundings, plate, ringing and all."""
_PLATE_PITCHES = 1.2
"""Half side of the part of the plate that must be dark, in pitches of the marks."""
_DARK_PART = 0.4
_LARGEST_ERROR = 0.08
"""Distances further from nominal are no distortion but another spot than the mark."""
_PATTERN_MM = 2.0
"""How far a mark may lie from where the others say that it lies."""
_SAMPLING_MM = ((0.0, 0.0), (0.8, 0.013), (0.9, 0.035), (1.0, 0.041), (1.15, 0.06), (1.4, 0.077), (1.8, 0.165))
"""Standard uncertainty of a mark's place by how its pixels lie to it, mm, for sizes of pixels, mm: pixels as large as
the mark hold it whole. What a fit's own residuals show of it already is not in it; found on simulated phantoms
(`python -m benchmarks.uncertainty_coverage`, seed 31; a tenth more above 0.8 mm since `second_phantom_coverage`, seed
201)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A mark's place in phantom coordinates and the standard uncertainty of each coordinate, mm."""

    u_mm: float
    v_mm: float
    sd_mm: float


def measure_rod_distances(images: PhantomImages, *, diameter_mm: float, pitch_mm: float) -> tuple[Measurement, ...]:
    """Return the six distances, mm; ``pitch_mm`` is the nominal distance of neighbouring marks."""
    sl = slice_of(images, SLICE_NUMBER)
    if sl is None:
        missing = Obstacle(reason=Reason.SLICE_MISSING, detail="slice 5 is not in the series")
        return tuple(missing.not_measured(metric) for metric in METRICS)
    without = _no_plate(sl, diameter_mm, pitch_mm)
    if without is not None:
        return tuple(without.not_measured(metric, sl.index) for metric in METRICS)
    cells = [(column, row) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    marks = _that_fit({cell: _find(sl, cell, pitch_mm) for cell in cells}, pitch_mm)
    outcomes = ((distance.metric, _measure(sl, distance, marks, pitch_mm)) for distance in DISTANCES)
    return tuple(
        found.not_measured(metric, sl.index) if isinstance(found, Obstacle) else found for metric, found in outcomes
    )


def _no_plate(sl: PhantomSlice, diameter_mm: float, pitch_mm: float) -> Obstacle | None:
    """Return why there is no plate: it is dark between its marks, and water surrounds it."""
    u, v = pixel_places(sl)
    height, width = sl.image.shape
    corners = [
        sl.pose.to_pixel(_PLATE_PITCHES * pitch_mm * s, _PLATE_PITCHES * pitch_mm * t) for s in (-1, 1) for t in (-1, 1)
    ]
    if not all(0 <= column <= width - 1 and 0 <= row <= height - 1 for column, row in corners):
        return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail="the plate leaves the image")
    plate = np.maximum(np.abs(u), np.abs(v)) < _PLATE_PITCHES * pitch_mm
    radius = np.hypot(u, v)
    water = (radius < diameter_mm / 2 - 3.0) & (radius > diameter_mm / 2 - 9.0)
    if not plate.any() or not water.any():
        return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail="the phantom is smaller than its pixels")
    level, around = float(np.median(sl.image[plate])), float(np.median(sl.image[water]))
    if not 0 <= level < _DARK_PART * around:
        detail = "slice 5 shows no dark plate with marks (other phantoms have a grid there)"
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)
    return None


def _find(sl: PhantomSlice, cell: Cell, pitch_mm: float) -> _Mark | Obstacle:
    """Return the brightest spot near a mark's nominal place, if it is one."""
    columns, rows = to_pixels(sl.pose, np.array([cell[0] * pitch_mm]), np.array([cell[1] * pitch_mm]))
    at = (float(columns[0]), float(rows[0]))
    x, y, values = _patch(sl, at, _SEARCH_MM + _FIT_MM)
    brightest = int(np.argmax(np.where(np.hypot(x, y) <= _SEARCH_MM, values, -np.inf)))
    wide, high = sl.pose.pixel_mm
    peak = (at[0] + float(x.flat[brightest]) / wide, at[1] + float(y.flat[brightest]) / high)
    around = values[np.hypot(x, y) > 2 * _PEAK_MM[1]]
    rest = 1.4826 * float(np.median(np.abs(around - np.median(around))))
    height = float(values.flat[brightest]) - float(np.median(around))
    if around.size == 0 or height <= max(_LOWEST_SNR * rest, 0.0):
        detail = f"the mark of the {_name(cell)} does not stand out of the plate"
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)
    return _fit_peak(sl, peak, cell)


def _name(cell: Cell) -> str:
    return f"{('top', 'middle', 'bottom')[cell[1] + 1]} row, {('left', 'middle', 'right')[cell[0] + 1]} column"


def _patch(sl: PhantomSlice, at: tuple[float, float], reach_mm: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the pixels around a place: their distances from it along columns and rows in mm, and values."""
    (column, row), (wide, high) = at, sl.pose.pixel_mm
    height, width = sl.image.shape
    columns = np.arange(max(int(column - reach_mm / wide), 0), min(int(column + reach_mm / wide) + 2, width))
    rows = np.arange(max(int(row - reach_mm / high), 0), min(int(row + reach_mm / high) + 2, height))
    x, y = np.meshgrid((columns - column) * wide, (rows - row) * high)
    return x, y, sl.image[np.ix_(rows, columns)]


def _fit_peak(sl: PhantomSlice, at: tuple[float, float], cell: Cell) -> _Mark | Obstacle:
    """Return where a round peak on a level floor fits the pixels around a place best (least squares)."""
    x, y, values = _patch(sl, at, _FIT_MM)
    pixel = max(sl.pose.pixel_mm)
    narrowest = max(_PEAK_MM[0], pixel / 3)
    floor = float(np.median(values))
    height = max(float(values.max()) - floor, 1e-12)

    def residual(p: FloatArray) -> FloatArray:
        bell = np.exp(-((x - p[0]) ** 2 + (y - p[1]) ** 2) / (2 * p[3] ** 2))
        return np.asarray((p[4] + p[2] * bell - values / height).ravel(), np.float64)

    def slopes(p: FloatArray) -> FloatArray:
        across, down = x - p[0], y - p[1]
        square = across**2 + down**2
        bell = np.exp(-square / (2 * p[3] ** 2))
        tall = p[2] * bell / p[3] ** 2
        parts = (tall * across, tall * down, bell, tall * square / p[3], np.ones_like(bell))
        return np.stack([part.ravel() for part in parts], axis=1)

    fit = fit_between(
        residual,
        slopes,
        np.array([0.0, 0.0, 1.0, max(0.9, 1.1 * narrowest), floor / height]),
        bounds=(
            np.array([-2.5, -2.5, 0.1, narrowest, -np.inf]),
            np.array([2.5, 2.5, 5.0, max(_PEAK_MM[1], 1.5 * pixel), np.inf]),
        ),
    )
    noise = float(np.sqrt(np.sum(fit.fun**2) / max(fit.fun.size - fit.x.size, 1)))
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac) * noise**2
    sd = float(np.sqrt((covariance[0, 0] + covariance[1, 1]) / 2))
    if float(fit.x[2]) < _LEAST_CONTRAST * noise or sd > 1.0 or np.hypot(fit.x[0], fit.x[1]) > 2.0 * max(pixel, 1.0):
        detail = f"what is bright at the {_name(cell)} is no mark"
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)
    column, row = at[0] + float(fit.x[0]) / sl.pose.pixel_mm[0], at[1] + float(fit.x[1]) / sl.pose.pixel_mm[1]
    u, v = to_phantom(sl.pose, np.array([column]), np.array([row]))
    return _Mark(
        u_mm=float(u[0]),
        v_mm=float(v[0]),
        sd_mm=float(np.hypot(sd, np.interp(pixel, *np.array(_SAMPLING_MM).T))),
    )


def _that_fit(found: Mapping[Cell, _Mark | Obstacle], pitch_mm: float) -> dict[Cell, _Mark | Obstacle]:
    """Return the marks without those that lie off the lattice of the others; none where too few are seen."""
    marks = {cell: mark for cell, mark in found.items() if isinstance(mark, _Mark)}
    if len(marks) < 5:
        few = Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=f"only {len(marks)} of nine marks are seen")
        return dict.fromkeys(found, few)
    places = np.array([[1.0, *cell] for cell in marks]) * (1.0, pitch_mm, pitch_mm)
    seen = np.array([[mark.u_mm, mark.v_mm] for mark in marks.values()])
    shift = np.median(seen - places[:, 1:], axis=0)
    off = np.hypot(*(seen - places[:, 1:] - shift).T)
    kept: dict[Cell, _Mark | Obstacle] = dict(found)
    for cell, distance in zip(marks, off, strict=True):
        if distance > _PATTERN_MM + _LARGEST_ERROR * pitch_mm:
            detail = f"the bright spot at the {_name(cell)} lies {distance:.1f} mm off the marks' lattice"
            kept[cell] = Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)
    return kept


def _measure(
    sl: PhantomSlice, distance: RodDistance, marks: Mapping[Cell, _Mark | Obstacle], pitch_mm: float
) -> Measured | Obstacle:
    start, end = marks[distance.start], marks[distance.end]
    if isinstance(start, Obstacle):
        return start
    if isinstance(end, Obstacle):
        return end
    value = float(np.hypot(end.u_mm - start.u_mm, end.v_mm - start.v_mm))
    if abs(value - 2 * pitch_mm) > _LARGEST_ERROR * 2 * pitch_mm:
        detail = f"{value:.1f} mm is more than 8 % from the nominal {2 * pitch_mm:g} mm"
        return Obstacle(reason=Reason.IMPLAUSIBLE, detail=detail)
    line = line_region(sl, (start.u_mm, start.v_mm), (end.u_mm, end.v_mm), label=distance.metric.label)
    return Measured(
        metric=distance.metric,
        quantity=Quantity(value, MM),
        uncertainty=2.0 * float(np.hypot(start.sd_mm, end.sd_mm)),
        slice_index=sl.index,
        regions=(line,),
    )
