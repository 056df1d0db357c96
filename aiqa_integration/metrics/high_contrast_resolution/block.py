"""The hole arrays of slice 1: where they should lie, and where the image shows them."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.signal import fftconvolve

from aiqa_integration.metrics.high_contrast_resolution.fine import FinePatch, fine_patch
from aiqa_integration.model.measurement import Obstacle, Reason
from aiqa_integration.model.ranks import median
from aiqa_integration.model.sampling import BoolArray, FloatArray, PhantomSlice, noise_sd

LINES = 4
"""Rows (columns) of an array, and holes in each."""
_STEP_MM = 0.25
_REACH_MM = 4.0
"""Arrays are looked for this far from their place in the drawing."""
_SPREAD_MM = 1.0
"""And each this far from where all are: a degree of rotation moves the outer ones by 0.5 mm."""
_BLUR_MM = 0.5
_BESIDE_MM = 2.0
_LOWEST_LIKENESS = 0.6
"""Correlation with the drawn pattern: an unresolved array keeps 0.8 and more (its outline), noise and water 0.3."""
_WATER_MM = ((-50.0, 50.0), (9.0, 14.0))
"""Where the water is read, (u, v): between the ramps' slab and the block."""
_BRIGHTEST_BLOCK = 0.25
"""Signal of the block over the water's, beyond which a quarter of the slice's thickness lies outside the block."""
_NOISE_STEP_MM = 1.0
_NOISE_REACH = 0.3
"""Half width of the square that the noise is read in, in diameters."""
_RAYLEIGH_SD = 0.655
"""SD of pure noise in a magnitude image, over the SD of one channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoleArray:
    """A pair of arrays of one hole size: hole diameter and the hole that both share, in the drawing, mm.

    The upper left array has four rows above and left of that hole, the lower right one four columns below and right of
    it. Holes are spaced by twice their diameter; each next row (column) is shifted by a quarter of it.
    """

    diameter_mm: float
    corner_mm: tuple[float, float]

    def row(self, number: int) -> tuple[FloatArray, FloatArray]:
        """Return ``(u, v)`` of the holes of a row of the upper left array (0: the top one), from left to right."""
        along = 2.0 * np.arange(1 - LINES, 1) + (number - 3) / 4
        return self._from_corner(np.asarray(along, np.float64), np.full(LINES, 2.0 * (number - 3)))

    def column(self, number: int) -> tuple[FloatArray, FloatArray]:
        """Return ``(u, v)`` of the holes of a column of the lower right array (0: the left one), from the top."""
        along = 2.0 * np.arange(LINES) + number / 4
        return self._from_corner(np.full(LINES, 2.0 * number), np.asarray(along, np.float64))

    def _from_corner(self, across: FloatArray, down: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ``(u, v)`` of places counted in hole diameters from the shared hole."""
        u, v = (corner + steps * self.diameter_mm for corner, steps in zip(self.corner_mm, (across, down), strict=True))
        return np.asarray(u, np.float64), np.asarray(v, np.float64)

    @property
    def reach_mm(self) -> float:
        """How far the farthest hole lies from the shared one, along u or v."""
        return (2 * (LINES - 1) + (LINES - 1) / 4) * self.diameter_mm

    def holes(self) -> tuple[FloatArray, FloatArray]:
        """Return ``(u, v)`` of all holes."""
        lines = [self.row(number) for number in range(LINES)] + [self.column(number) for number in range(LINES)]
        u, v = (np.concatenate([line[axis] for line in lines]) for axis in (0, 1))
        once = np.ones(u.size, np.bool_)
        once[LINES * LINES] = False
        return u[once], v[once]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """The arrays as the image shows them (corner_mm is where they are), and what lies around them.

    ``floor`` is the signal of the block without holes, ``noise`` the SD of one channel, ``disturbance`` that of all
    that is not a hole: noise, and what rings from the water into the block.
    """

    patch: FinePatch
    arrays: tuple[HoleArray, ...]
    floor: float
    noise: float
    disturbance: float


def find_block(sl: PhantomSlice, drawn: tuple[HoleArray, ...], *, diameter_mm: float) -> Block | Obstacle:
    """Return where the hole arrays are, by matching the drawn pattern near its place."""
    margin = _REACH_MM + _SPREAD_MM + _BESIDE_MM + 2 * _STEP_MM
    spans = [
        (
            min(array.corner_mm[axis] - array.reach_mm for array in drawn) - margin,
            max(array.corner_mm[axis] + array.reach_mm for array in drawn) + margin,
        )
        for axis in (0, 1)
    ]
    patch = fine_patch(sl, u_mm=spans[0], v_mm=(_WATER_MM[1][0], spans[1][1]))
    if patch is None:
        return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail="the hole arrays leave the image")
    u, v = (np.arange(low, high, _STEP_MM) for low, high in spans)
    image = patch.at(*np.meshgrid(u, v))
    snapped = tuple(_snapped(array, (u, v)) for array in drawn)
    likeness = [_likeness(image, _pattern(array), (u, v)) for array in snapped]
    found = _places(likeness)
    worst = min(value for _, value in found)
    if worst < _LOWEST_LIKENESS:
        detail = f"no pattern of holes below the ramps (likeness {max(worst, 0.0):.2f}, needed {_LOWEST_LIKENESS:g})"
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)
    arrays = tuple(_moved(array, shift) for array, (shift, _) in zip(snapped, found, strict=True))
    return _block(sl, patch, arrays, (u, v, image), diameter_mm=diameter_mm)


def _snapped(array: HoleArray, axes: tuple[FloatArray, FloatArray]) -> HoleArray:
    """Return the array with its corner on the grid, from where shifts are counted in whole steps."""
    u, v = (float(axis[round((at - axis[0]) / _STEP_MM)]) for at, axis in zip(array.corner_mm, axes, strict=True))
    return HoleArray(diameter_mm=array.diameter_mm, corner_mm=(u, v))


def _moved(array: HoleArray, shift_mm: tuple[float, float]) -> HoleArray:
    corner = (array.corner_mm[0] + shift_mm[0], array.corner_mm[1] + shift_mm[1])
    return HoleArray(diameter_mm=array.diameter_mm, corner_mm=corner)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pattern:
    """A pair of arrays drawn on a grid ``[v, u]`` around its corner: blurred holes, mean 0, norm 1."""

    values: FloatArray
    corner_mm: tuple[float, float]


def _pattern(array: HoleArray) -> _Pattern:
    u0, v0 = (axis - corner for axis, corner in zip(array.holes(), array.corner_mm, strict=True))
    half = round((array.reach_mm + _BESIDE_MM) / _STEP_MM)
    grid = np.arange(-half, half + 1) * _STEP_MM
    blur = 2 * (_BLUR_MM**2 + array.diameter_mm**2 / 16)
    across, down = (np.exp(-((grid[:, None] - at[None, :]) ** 2) / blur) for at in (u0, v0))
    values = down @ across.T
    values -= values.mean()
    return _Pattern(values=values / np.linalg.norm(values), corner_mm=array.corner_mm)


def _likeness(image: FloatArray, pattern: _Pattern, axes: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return the correlation ``[v, u]`` of image and pattern for shifts up to the reach plus the spread."""
    size = pattern.values.shape[0]
    reach = round((_REACH_MM + _SPREAD_MM) / _STEP_MM)
    around = size // 2 + reach
    column, row = (round((at - axis[0]) / _STEP_MM) for at, axis in zip(pattern.corner_mm, axes, strict=True))
    even = image[row - around : row + around + 1, column - around : column + around + 1]
    even = even - even.mean()
    product = fftconvolve(even, pattern.values[::-1, ::-1], mode="valid")
    inner = slice(size // 2, -(size // 2))
    mean, square = uniform_filter(even, size)[inner, inner], uniform_filter(even**2, size)[inner, inner]
    energy = np.maximum(square - mean**2, 1e-6 * float(even.var()) + 1e-300) * size**2
    return np.asarray(product / np.sqrt(energy), np.float64)


def _places(likeness: list[FloatArray]) -> list[tuple[tuple[float, float], float]]:
    """Return each array's shift ``(u, v)`` in mm and its likeness: near the shift that suits all of them best."""
    reach, spread = (likeness[0].shape[0] - 1) // 2, round(_SPREAD_MM / _STEP_MM)
    together = np.mean(likeness, axis=0)[spread:-spread, spread:-spread]
    row, column = np.unravel_index(int(np.argmax(together)), together.shape)
    found = []
    for one in likeness:
        near = one[row : row + 2 * spread + 1, column : column + 2 * spread + 1]
        best = np.unravel_index(int(np.argmax(near)), near.shape)
        at = (int(best[0] + row), int(best[1] + column))
        shift = [(place + _vertex(one, at, axis) - reach) * _STEP_MM for axis, place in enumerate(at)]
        found.append(((shift[1], shift[0]), float(one[at])))
    return found


def _vertex(values: FloatArray, at: tuple[int, int], axis: int) -> float:
    """Return how far the parabola through a peak and its neighbours has its own peak from it, in steps."""
    if not 0 < at[axis] < values.shape[axis] - 1:
        return 0.0
    low, middle, high = (float(np.take(values, at[axis] + step, axis=axis)[at[1 - axis]]) for step in (-1, 0, 1))
    bend = low - 2 * middle + high
    return float(np.clip((low - high) / 2 / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _block(
    sl: PhantomSlice,
    patch: FinePatch,
    arrays: tuple[HoleArray, ...],
    shown: tuple[FloatArray, FloatArray, FloatArray],
    *,
    diameter_mm: float,
) -> Block | Obstacle:
    """Return the block with its signal and noise; not one that the slice shows only in part."""
    u, v, image = shown
    dark = np.sort(image[~_near_arrays(u, v, arrays)])
    floor = median(dark)
    water = median(patch.at(*np.meshgrid(np.arange(u[0], u[-1]), np.arange(*_WATER_MM[1]))))
    if water <= 0 or floor > _BRIGHTEST_BLOCK * water:
        part = f"{floor / water:.0%} of the water's" if water > 0 else "as much as the water's"
        detail = f"the block of holes is not dark (signal {part}): the slice lies partly or wholly outside it"
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)
    spread = 1.4826 * median(np.abs(dark - floor)) / _RAYLEIGH_SD
    noise = _noise_around(sl, _NOISE_REACH * diameter_mm)
    return Block(patch=patch, arrays=arrays, floor=floor, noise=noise, disturbance=max(spread, noise))


def _near_arrays(u: FloatArray, v: FloatArray, arrays: tuple[HoleArray, ...]) -> BoolArray:
    """Return which points ``[v, u]`` lie within 3 mm of a pair's outline."""
    near = np.zeros((v.size, u.size), np.bool_)
    for array in arrays:
        holes_u, holes_v = array.holes()
        near |= ((v > holes_v.min() - 3) & (v < holes_v.max() + 3))[:, None] & (
            (u > holes_u.min() - 3) & (u < holes_u.max() + 3)
        )[None, :]
    return near


def _noise_around(sl: PhantomSlice, half_mm: float) -> float:
    """Return the noise of the pixels in a square around the phantom's axis, read 1 mm apart.

    Neighbours closer than that share their noise in an interpolated image.
    """
    steps = [max(round(_NOISE_STEP_MM / pixel), 1) for pixel in sl.pose.pixel_mm]
    (column, row), (width, height) = sl.pose.centre, sl.pose.pixel_mm
    rows = slice(max(round(row - half_mm / height), 0), max(round(row + half_mm / height), 0), steps[1])
    columns = slice(max(round(column - half_mm / width), 0), max(round(column + half_mm / width), 0), steps[0])
    part = sl.image[rows, columns]
    return noise_sd(part, np.ones(part.shape, np.bool_))
