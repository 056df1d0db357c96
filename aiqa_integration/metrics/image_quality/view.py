"""A slice as all image-quality metrics see it: scaled to its own signal, object and air apart, one Fourier transform.

Object and air are told apart on square blocks of about a 48th of the field of view, by Otsu's threshold of the square
root of the blocks' means; fine detail has no part in it, so it costs little and noise does not roughen it. Values are
in units of the object's median block, so that no scanner's gain is seen.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft2
from scipy.ndimage import label

Pixels = NDArray[np.float32]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
PhaseAxis = int | None

LEAST_SIDE = 32
"""Pixels that a slice must have along each axis; what is smaller has no metrics (zeros)."""

_BLOCKS_ACROSS = 48
_LEVELS = 128
_SMALLEST_PART = 0.05
"""Parts of the object smaller than this part of the largest one are not object."""

_LEAST_AIR_BLOCKS = 16
_DARKEST_PART = 0.05
"""Where there is no air (zoomed in), so much of the field of view, its darkest, stands in for it."""

_BRIGHTEST = 1e4
"""Pixels count as so many times the object's signal at most."""

_SQUARE: Mask = np.ones((3, 3), np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blocks:
    """The coarse grid: mean of each block, ``[row, column]``; what is object, its inside, and air.

    ``size`` is a block's pixels along each axis, ``offset`` the pixels left out before the first one. ``empty`` marks
    blocks without any signal at all: padding, or background set to zero.
    """

    mean: Floats
    object: Mask
    core: Mask
    air: Mask
    empty: Mask
    size: tuple[int, int]
    offset: tuple[int, int]

    def to_pixels(self, mask: Mask, shape: tuple[int, int]) -> Mask:
        """Return a mask of blocks as one of pixels; pixels beyond the blocks are left out."""
        whole = np.zeros(shape, np.bool_)
        fine = mask.repeat(self.size[0], axis=0).repeat(self.size[1], axis=1)
        rows, columns = self.offset
        whole[rows : rows + fine.shape[0], columns : columns + fine.shape[1]] = fine
        return whole


class SliceView:
    """A slice ``[row, column]`` in units of its object's signal, and what several metrics need of it, made once.

    ``signal`` is that unit, in the image's own. ``phase_axis`` is the array axis along which the phase-encoded lines
    are stacked; None where it is not known.
    """

    def __init__(
        self, image: Pixels, blocks: Blocks, *, signal: float, pixel_mm: tuple[float, float], phase_axis: PhaseAxis
    ) -> None:
        self.image, self.blocks, self.signal = image, blocks, signal
        self.pixel_mm, self.phase_axis = pixel_mm, phase_axis

    @cached_property
    def object_pixels(self) -> Pixels:
        """Values of the object's pixels, rising."""
        return np.sort(self.image[self.blocks.to_pixels(self.blocks.object, self.shape)])

    @cached_property
    def air_mask(self) -> Mask:
        """Which pixels are air."""
        return self.blocks.to_pixels(self.blocks.air, self.shape)

    @cached_property
    def air_pixels(self) -> Pixels:
        """Values of the pixels of air, rising; empty where the background was set to zero."""
        return np.sort(self.image[self.air_mask])

    @cached_property
    def air_deviation(self) -> float:
        """Standard deviation of the air's pixels (at least one)."""
        return float(self.air_pixels.std())

    @cached_property
    def core_mask(self) -> Mask:
        """Which pixels lie well inside the object."""
        return self.blocks.to_pixels(self.blocks.core, self.shape)

    @cached_property
    def air_weight(self) -> Pixels:
        """1 where a pixel is air, else 0."""
        return self.air_mask.astype(np.float32)

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the pixel noise inside the object: median of the mixed differences / (2 · 0.6745)."""
        return self.noise_over(1)

    def noise_over(self, step: int) -> float:
        """Return the same from mixed differences over ``step`` pixels; 0 where the object is too thin for them."""
        across = self.image[step:] - self.image[:-step]
        mixed = across[:, step:] - across[:, :-step]
        found = np.abs(mixed[self.core_mask[step:, step:] & self.core_mask[:-step, :-step]])
        if found.size == 0:
            return 0.0
        found.partition(found.size // 2)
        return float(found[found.size // 2]) / (2.0 * 0.6745)

    @cached_property
    def power(self) -> Pixels:
        """Power of the Fourier transform ``[row frequency, column frequency]``, per pixel, zero frequency first.

        Column frequencies from zero to Nyquist only: a real image's other half is the same.
        """
        spectrum = rfft2(self.image)
        return np.asarray((spectrum.real**2 + spectrum.imag**2) / np.float32(self.image.size), np.float32)

    @cached_property
    def log_power(self) -> Pixels:
        """Natural logarithm of the power, over a floor at the rounding of single precision."""
        floor = np.float32(1e-12) * np.float32(np.vdot(self.image, self.image)) / np.float32(self.image.size)
        return np.asarray(np.log(self.power + max(floor, np.float32(1e-30))), np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.image.shape
        return rows, columns

    def along(self, axis: int) -> Pixels:
        """Return the image with ``axis`` first."""
        return self.image if axis == 0 else self.image.T

    def phase_and_read(self, rows: float, columns: float, *, worst: str = "high") -> tuple[float, float]:
        """Return the values of the two axes as (along phase encoding, along the read-out).

        Where the directions are not known, the worse value (the higher or lower one) counts as phase encoding, along
        which most artifacts spread.
        """
        first = self.phase_axis == 0 if self.phase_axis is not None else (rows >= columns) == (worst == "high")
        return (rows, columns) if first else (columns, rows)


def half_weights(columns: int) -> Pixels:
    """Return how often the column frequencies from zero to Nyquist stand in a whole transform, over two."""
    weights = np.ones(columns // 2 + 1, np.float32)
    weights[0] = 0.5
    if columns % 2 == 0:
        weights[-1] = 0.5
    return weights


def line_means(half: Pixels, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return the means over the other axis of a quantity of k-space, from zero to Nyquist along rows and columns."""
    weights = half_weights(shape[1])
    over_columns = (half @ weights) / weights.sum()
    return over_columns[: shape[0] // 2 + 1].astype(np.float64), half.mean(axis=0).astype(np.float64)


def view_of(image: Pixels, *, pixel_mm: tuple[float, float], phase_axis: PhaseAxis) -> SliceView | None:
    """Return the slice's view; None where it is uniform, dark or too small to say anything.

    Values that are negative or not finite count as 0: a magnitude image has none.
    """
    if min(image.shape) < LEAST_SIDE:
        return None
    low, top = float(image.min()), float(image.max())
    if not np.isfinite(top - low):
        image = np.where(np.isfinite(image), image, 0).astype(np.float32)
        low, top = float(image.min()), float(image.max())
    if top <= 0.0 or low == top:
        return None
    scaled = image / np.float32(top)
    if low < 0.0:
        scaled = np.maximum(scaled, np.float32(0))
    blocks = _blocks(scaled, pixel_mm)
    signal = float(np.median(blocks.mean[blocks.object & ~blocks.empty]))
    in_units = Blocks(
        mean=blocks.mean / signal,
        object=blocks.object,
        core=blocks.core,
        air=blocks.air,
        empty=blocks.empty,
        size=blocks.size,
        offset=blocks.offset,
    )
    values = scaled / np.float32(signal)
    if signal * _BRIGHTEST < 1.0:
        values = np.minimum(values, np.float32(_BRIGHTEST))
    return SliceView(values, in_units, signal=signal * top, pixel_mm=pixel_mm, phase_axis=phase_axis)


def _blocks(image: Pixels, pixel_mm: tuple[float, float]) -> Blocks:
    """Return the coarse grid of an image that has signal somewhere."""
    across_mm = max(side * pixel for side, pixel in zip(image.shape, pixel_mm, strict=True)) / _BLOCKS_ACROSS
    rows, row_size, row_offset = _division(image.shape[0], across_mm / pixel_mm[0])
    columns, column_size, column_offset = _division(image.shape[1], across_mm / pixel_mm[1])
    used = image[row_offset : row_offset + rows * row_size, column_offset : column_offset + columns * column_size]
    lines = used.reshape(rows, row_size, columns * column_size).sum(axis=1)
    mean = lines.reshape(rows, columns, column_size).sum(axis=2).astype(np.float64) / (row_size * column_size)
    if not mean.any():
        mean[:] = image.mean(dtype=np.float64)
    empty = mean == 0.0
    found = _object(mean, empty)
    return Blocks(
        mean=mean,
        object=found,
        core=_core(found),
        air=_air(mean, found, empty),
        empty=empty,
        size=(row_size, column_size),
        offset=(row_offset, column_offset),
    )


def _division(side: int, wanted: float) -> tuple[int, int, int]:
    """Return number, size and offset of blocks along an axis, alike from both ends so that mirroring changes nothing.

    What the blocks leave out, less than two blocks in all, is even in number.
    """
    size = min(max(round(wanted), 1), side // 8)
    if side % 2 and size % 2 == 0:
        size += 1
    count = side // size
    if (side - count * size) % 2:
        count -= 1
    return count, size, (side - count * size) // 2


def _object(mean: Floats, empty: Mask) -> Mask:
    """Return the blocks that show the object: brighter than Otsu's threshold, closed, filled, without specks."""
    root = np.sqrt(mean)
    given = root[~empty]
    brightest = np.partition(given, int(0.99 * (given.size - 1)))[int(0.99 * (given.size - 1))]
    bright = np.asarray(root > _otsu(np.minimum(given, brightest)), np.bool_)
    closed = _filled(shrunk(grown(bright, 2), 2))
    parts, count = label(closed, _SQUARE)
    if count > 1:
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        closed = (sizes >= _SMALLEST_PART * sizes.max())[parts]
    return closed


def _filled(mask: Mask) -> Mask:
    """Return the mask with what it encloses."""
    parts, _ = label(~mask)
    outside = np.zeros(int(parts.max()) + 1, np.bool_)
    for side in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        outside[side] = True
    outside[0] = False
    return ~outside[parts]


def grown(mask: Mask, reach: int) -> Mask:
    """Return the mask with all blocks up to ``reach`` away, across corners too."""
    for _ in range(reach):
        wide = mask.copy()
        wide[1:] |= mask[:-1]
        wide[:-1] |= mask[1:]
        mask = wide.copy()
        mask[:, 1:] |= wide[:, :-1]
        mask[:, :-1] |= wide[:, 1:]
    return mask


def shrunk(mask: Mask, reach: int) -> Mask:
    """Return the mask without the blocks up to ``reach`` from what it leaves out; the image's borders are no edge."""
    return ~grown(~mask, reach)


def _otsu(values: Floats) -> float:
    """Return the threshold that parts the values into the two most distinct classes.

    Source: Otsu, IEEE Trans Syst Man Cybern 1979;9:62.
    """
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return low - 1.0
    width = (high - low) / _LEVELS
    counts = np.bincount(np.minimum((values - low) / width, _LEVELS - 1).astype(np.intp), minlength=_LEVELS)
    centres = low + width * (np.arange(_LEVELS) + 0.5)
    below, mass = np.cumsum(counts)[:-1], np.cumsum(counts * centres)
    above = values.size - below
    gap = mass[:-1] / np.maximum(below, 1) - (mass[-1] - mass[:-1]) / np.maximum(above, 1)
    between = below * above * gap**2
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))
    return low + width * (float(best.mean()) + 1.0)


def _core(found: Mask) -> Mask:
    """Return the inside of the object, or all of it where it is thin."""
    inside = shrunk(found, 1)
    return inside if inside.any() else found


def _air(mean: Floats, found: Mask, empty: Mask) -> Mask:
    """Return the blocks of air, two away from the object; where there is next to none, the darkest blocks."""
    clear = ~grown(found, 2)
    air = clear & ~empty
    if np.count_nonzero(air) >= _LEAST_AIR_BLOCKS or np.count_nonzero(clear & empty) >= _LEAST_AIR_BLOCKS:
        return air
    given = np.sort(mean[~empty])
    last = given[min(max(int(_DARKEST_PART * given.size), _LEAST_AIR_BLOCKS), given.size) - 1]
    return np.asarray((mean <= last) & ~empty, np.bool_)
