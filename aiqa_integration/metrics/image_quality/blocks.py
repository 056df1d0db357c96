"""What of a slice is object and what is air, on a coarse grid.

The blocks are about a 48th of the field of view wide; Otsu's threshold of the square root of their means tells the two
apart. Fine detail has no part in it, so it costs little and noise does not roughen it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from aiqa_integration.metrics.image_quality.statistics import Floats

Pixels = NDArray[np.float32]
Mask = NDArray[np.bool_]

_BLOCKS_ACROSS = 48
_LEVELS = 128
_SMALLEST_PART = 0.05
"""Parts of the object smaller than this part of the largest one are not object."""

_LEAST_AIR_BLOCKS = 16
_DARKEST_PART = 0.05
"""Where there is no air (zoomed in), so much of the field of view, its darkest, stands in for it."""

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


def blocks_of(image: Pixels, pixel_mm: tuple[float, float]) -> Blocks:
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
    closed = _filled(shrunk(grown(np.pad(bright, 2), 2), 2)[2:-2, 2:-2])
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
    return np.asarray(~outside[parts], np.bool_)


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
