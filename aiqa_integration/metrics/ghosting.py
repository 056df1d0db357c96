"""Percent signal ghosting: how much signal of the phantom appears beside it.

ACR MRI Phantom Test Guidance (10/2022), section 6: in slice 7 the means of four elongated regions of about 10 cm² (4:1)
between the phantom and the edges of the field of view give
PSG = 100 · |(top + bottom) - (left + right)| / (2 · mean of the large region) %. Lower is better. The guidance gives a
ratio; it is reported here in percent. Where a side has too little room the region is made narrower and longer, as the
guidance allows. Valid for ghosts above the noise: in a magnitude image one of 1 % reads 0.2 % at an SNR of 80.

The uncertainty has two parts. Chance, and a background that isn't even: how the means of a region's parts differ. And
the ringing of the vessel's edge, which is no ghost but reaches into the regions, and lifts the mean of a magnitude
image where there is no ghost: how much of it a region holds is told by how its signal falls away from the edge. Filters
damp it, and how the pixels lie to the edge changes it. So each region's share may be none or twice what is seen, and
all of them together may not be there at all (rectangular: JCGM 100:2008, 4.3.7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.special import ive

from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, Obstacle, Reason, Region
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import PERCENT, Quantity
from aiqa_integration.model.sampling import (
    BoolArray,
    FloatArray,
    PhantomSlice,
    circle_region,
    noise_and_band,
    part_of,
    region,
    slice_of,
    square_distances,
)

PERCENT_SIGNAL_GHOSTING = MetricDef(
    id="mr-percent-signal-ghosting",
    label="Percent signal ghosting",
    unit=PERCENT,
    better="lower",
    source="ACR MRI Phantom Test Guidance (10/2022), section 6, percent-signal ghosting",
    version="2",
    code=aiqa_code("AIQA-PSG", "Percent signal ghosting"),
    decimals=2,
)
METRICS = (PERCENT_SIGNAL_GHOSTING,)

SLICE_NUMBER = 7
Side = Literal["top", "bottom", "left", "right"]
_SIDES: tuple[Side, ...] = ("top", "bottom", "left", "right")
_AREA_MM2 = 1000.0
_ASPECT = 4.0
_LONGEST_ASPECT = 12.0
_MARGIN_MM = 4.0
"""Kept free towards the phantom (ringing of its edge) and half of it towards the edge of the field of view."""
_ZEROED_PART = 0.1
_LEAST_PIXELS = 50
_PARTS = 8
"""Parts of a region whose means tell how uncertain its own is: 28 degrees of freedom over four regions."""
_LOWEST_SNR = 5.0
_SLICE_MISSING = Obstacle(reason=Reason.SLICE_MISSING, detail="slice 7 is not in the series")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ellipse:
    """A background region: centre (column, row), half axes in mm along columns and rows, its pixels."""

    side: Side
    centre: tuple[float, float]
    half_mm: tuple[float, float]
    pixels: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Water:
    """The large region: its place, mm, mean signal, SD of the noise and the part of its band that the noise fills."""

    centre_mm: tuple[float, float]
    radius_mm: float
    signal: float
    noise: float
    band: float


def measure_ghosting(
    images: PhantomImages, *, diameter_mm: float, large_area_mm2: float, large_centre_mm: tuple[float, float]
) -> tuple[Measurement, ...]:
    """Return the percent signal ghosting of slice 7; the large region is that of the uniformity test."""
    sl = slice_of(images, SLICE_NUMBER)
    if sl is None:
        return (_SLICE_MISSING.not_measured(PERCENT_SIGNAL_GHOSTING),)
    field = _field_of_view(sl.image)
    sides: list[_Ellipse] = []
    for side in _SIDES:
        ellipse = _place(sl, side, field, diameter_mm / 2)
        if isinstance(ellipse, Obstacle):
            return (ellipse.not_measured(PERCENT_SIGNAL_GHOSTING, sl.index),)
        sides.append(ellipse)
    zeroed = _zeroed(sl.image, sides)
    if zeroed is not None:
        return (zeroed.not_measured(PERCENT_SIGNAL_GHOSTING, sl.index),)
    radius = float(np.sqrt(large_area_mm2 / np.pi))
    return (_measure(images, sl, sides, _water(sl, large_centre_mm, radius), diameter_mm / 2),)


def _field_of_view(image: FloatArray) -> tuple[int, int, int, int]:
    """Return the first and last column and row that hold signal: scanners pad with zeros what they did not image."""
    columns, rows = np.nonzero(image.any(axis=0))[0], np.nonzero(image.any(axis=1))[0]
    if columns.size == 0:
        return 0, -1, 0, -1
    return int(columns[0]), int(columns[-1]), int(rows[0]), int(rows[-1])


def _place(sl: PhantomSlice, side: Side, field: tuple[int, int, int, int], radius_mm: float) -> _Ellipse | Obstacle:
    """Return the ellipse midway between the phantom and one edge of the field of view."""
    column, row = sl.pose.centre
    wide, high = sl.pose.pixel_mm
    edge_mm = {
        "left": (column - field[0] + 0.5) * wide,
        "right": (field[1] + 0.5 - column) * wide,
        "top": (row - field[2] + 0.5) * high,
        "bottom": (field[3] + 0.5 - row) * high,
    }[side]
    start, stop = radius_mm + _MARGIN_MM, edge_mm - _MARGIN_MM / 2
    across = min((stop - start) / 2, float(np.sqrt(_AREA_MM2 / np.pi / _ASPECT)))
    smallest = float(np.sqrt(_AREA_MM2 / np.pi / _LONGEST_ASPECT))
    if across < smallest:
        detail = (
            f"{side}: {max(edge_mm - radius_mm, 0.0):.0f} mm between phantom and field of view, "
            f"{2 * smallest + 1.5 * _MARGIN_MM:.0f} mm are needed"
        )
        return Obstacle(reason=Reason.BACKGROUND_TOO_SMALL, detail=detail)
    along = _AREA_MM2 / np.pi / across
    away = (start + stop) / 2
    upright = side in {"left", "right"}
    sign = -1.0 if side in {"left", "top"} else 1.0
    centre = (column + sign * away / wide, row) if upright else (column, row + sign * away / high)
    half = (across, along) if upright else (along, across)
    x, y = (
        (np.arange(size) - at) * pixel / reach
        for size, at, pixel, reach in zip(sl.image.shape[::-1], centre, (wide, high), half, strict=True)
    )
    pixels: BoolArray = (y * y)[:, None] + x * x <= 1.0
    if np.count_nonzero(pixels) < _LEAST_PIXELS:
        detail = f"{side}: {np.count_nonzero(pixels)} of at least {_LEAST_PIXELS} background pixels"
        return Obstacle(reason=Reason.BACKGROUND_TOO_SMALL, detail=detail)
    return _Ellipse(side=side, centre=centre, half_mm=half, pixels=pixels)


def _zeroed(image: FloatArray, sides: Sequence[_Ellipse]) -> Obstacle | None:
    """Return the failure where a filter has set background to zero.

    Integer images of a quiet scanner hold many single zeros; squares of 81 zeros don't come from noise.
    """
    middles = minimum_filter(image == 0.0, 9, output=np.uint8, mode="constant")
    blocks = maximum_filter(middles, 9, mode="constant") > 0
    for side in sides:
        part = float(blocks[side.pixels].mean())
        if part > _ZEROED_PART or float(np.ptp(image[side.pixels])) == 0.0:
            detail = f"{side.side}: {part:.0%} of the background was set to zero"
            return Obstacle(reason=Reason.BACKGROUND_ZEROED, detail=detail)
    return None


def _water(sl: PhantomSlice, centre_mm: tuple[float, float], radius_mm: float) -> _Water:
    """Return what the large region shows."""
    part = part_of(sl, radius_mm, centre_mm)
    inside = np.asarray(square_distances(part, centre_mm) <= radius_mm * radius_mm, np.bool_)
    noise, band = noise_and_band(part.image, inside)
    return _Water(
        centre_mm=centre_mm,
        radius_mm=radius_mm,
        signal=float(part.image[inside].mean()) if inside.any() else 0.0,
        noise=noise,
        band=band,
    )


def _measure(
    images: PhantomImages, sl: PhantomSlice, sides: Sequence[_Ellipse], water: _Water, radius_mm: float
) -> Measurement:
    if water.signal <= _LOWEST_SNR * water.noise:
        obstacle = Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail="the large region holds no signal above its noise")
        return obstacle.not_measured(PERCENT_SIGNAL_GHOSTING, sl.index)
    means = {side.side: float(sl.image[side.pixels].mean()) for side in sides}
    if max(means.values()) > 0.5 * water.signal:
        failed = Obstacle(
            reason=Reason.IMPLAUSIBLE, detail="the background is more than half as bright as the water: not background"
        )
        return failed.not_measured(PERCENT_SIGNAL_GHOSTING, sl.index)
    difference = means["top"] + means["bottom"] - means["left"] - means["right"]
    chance = [_mean_sd(sl, side) for side in sides]
    lifted = {side.side: _lifted_by_ringing(sl, side, water, means[side.side], radius_mm) for side in sides}
    together = lifted["top"] + lifted["bottom"] - lifted["left"] - lifted["right"]
    ringing = np.array([*lifted.values(), together]) / np.sqrt(3.0)
    scale = 100.0 / (2.0 * water.signal)
    return Measured(
        metric=PERCENT_SIGNAL_GHOSTING,
        quantity=Quantity(abs(difference) * scale, PERCENT),
        uncertainty=2.0 * float(np.hypot(np.linalg.norm(chance), np.linalg.norm(ringing))) * scale,
        slice_index=sl.index,
        regions=(
            circle_region(sl, water.centre_mm, water.radius_mm, label="Large region"),
            *(_region(sl, side) for side in sides),
        ),
        detail=_particulars(images, means, difference),
    )


def _lifted_by_ringing(sl: PhantomSlice, side: _Ellipse, water: _Water, mean: float, radius_mm: float) -> float:
    """Return by how much the ringing of the vessel's edge lifts a region's mean; 0 where none is seen.

    n pixels beyond an edge of height W a band that ends sharply leaves W · cos(pi · n) / (pi² · n): its square falls as
    1 / n², from W² / (2 · pi⁴) where the edge may lie anywhere; pixels are those that were acquired. The region's own
    squares tell the part of that which is there, up to twice as much. Ringing adds to a ghost as often as it takes from
    it, and lifts a mean where the noise folds it up (Rice). Source: the sine integral, NIST DLMF 6.2.19 and 6.12.3.
    """
    rows, columns = np.nonzero(side.pixels)
    beside = side.side in {"left", "right"}
    x, y = (
        (at - middle) * pixel
        for at, middle, pixel in zip((columns, rows), sl.pose.centre, sl.pose.pixel_mm, strict=True)
    )
    beyond, along, pixel = (x, y, sl.pose.pixel_mm[0]) if beside else (y, x, sl.pose.pixel_mm[1])
    away = (np.abs(beyond) - np.sqrt(np.maximum(radius_mm**2 - along**2, 0.0))) * water.band / pixel
    fall, squares = 1.0 / away**2, sl.image[rows, columns] ** 2
    nearer = fall - fall.mean()
    seen, by_chance = float(nearer @ squares) / float(nearer @ nearer), float(np.std(squares) / np.linalg.norm(nearer))
    if seen <= by_chance:
        return 0.0
    rings = float(np.sqrt(min(seen, water.signal**2 / np.pi**4) * fall.mean()))
    ghost = float(np.sqrt(max(mean**2 - np.pi / 2 * water.noise**2, 0.0)))
    without, less, more = _rice_mean(np.array([ghost, abs(ghost - rings), ghost + rings]), water.noise)
    return float((less + more) / 2 - without)


def _rice_mean(signal: FloatArray, noise: float) -> FloatArray:
    """Return the mean magnitude of a signal in noise of that SD a channel.

    Source: Gudbjartsson and Patz, Magn Reson Med 34 (1995) 910.
    """
    half = (signal / max(noise, 1e-12)) ** 2 / 4
    return np.asarray(
        noise * np.sqrt(np.pi / 2) * ((1 + 2 * half) * ive(0, half) + 2 * half * ive(1, half)), np.float64
    )


def _mean_sd(sl: PhantomSlice, side: _Ellipse) -> float:
    """Return the standard uncertainty of a region's mean, from the means of its parts along its longer axis.

    Noise, whatever neighbours share of it, and a background that isn't even are in it: the guidance leaves open where
    between phantom and edge a region lies.
    """
    rows, columns = np.nonzero(side.pixels)
    order = np.argsort(rows if side.side in {"left", "right"} else columns, kind="stable")
    parts = np.array_split(sl.image[side.pixels][order], _PARTS)
    return float(np.std([part.mean() for part in parts], ddof=1) / np.sqrt(_PARTS))


def _particulars(images: PhantomImages, means: dict[Side, float], difference: float) -> str:
    values = ", ".join(f"{side} {means[side]:.3g}" for side in _SIDES)
    phase = images.header.phase_encoding
    if phase is None:
        return f"{values}; phase direction not stated"
    brighter = "COLUMN" if difference > 0 else "ROW"
    along = "along" if brighter == phase else "across"
    direction = "columns (top to bottom)" if phase == "COLUMN" else "rows (left to right)"
    return f"{values}; phase encoding along {direction}, brighter {along} it"


def _region(sl: PhantomSlice, side: _Ellipse) -> Region:
    turn = np.linspace(0.0, 2 * np.pi, 48, endpoint=False)
    wide, high = sl.pose.pixel_mm
    columns = side.centre[0] + side.half_mm[0] / wide * np.cos(turn)
    rows = side.centre[1] + side.half_mm[1] / high * np.sin(turn)
    points = tuple(zip(columns.tolist(), rows.tolist(), strict=True))
    return region(sl.index, "polygon", points, label=f"Background, {side.side}")
