"""The grid that the network sees, and the way back to pixels."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from aiqa_integration.model.image import ImageStack
from aiqa_integration.model.ranks import percentile
from aiqa_integration.model.sampling import between_pixels

Array = NDArray[np.float32]
Point = tuple[float, float]
Places = NDArray[np.float64] | NDArray[np.intp]

GRID = 96
GRID_MM = 2.5
_TELLING = 96


def to_grid(
    images: Array,
    pixel_mm: tuple[float, float],
    centre: Point,
    *,
    size: int = GRID,
    step_mm: float = GRID_MM,
    turn_deg: float = 0.0,
) -> Array:
    """Return images ``[..., row, column]`` on a network's grid, normalised: ``size`` x ``size`` points.

    They are ``step_mm`` apart. ``pixel_mm`` is (row, column) distance, ``centre`` the (column, row) that comes to the
    grid's middle. The 1st percentile becomes 0 and the 99.5th becomes 1; outside the image is 0. ``turn_deg`` turns the
    grid from columns towards rows.
    """
    every = _stride(images)
    rows, columns = (np.arange(0, count, every) for count in images.shape[-2:])
    coarse = _read(images, rows, columns, _sigmas(pixel_mm, step_mm))
    levels = signal_range(coarse.reshape(-1, *coarse.shape[-2:])).reshape(*images.shape[:-2], 2)
    low, high = (levels[..., one, None, None] for one in (0, 1))
    grid = resample(images, pixel_mm, centre, size=size, step_mm=step_mm, outside=low, turn_deg=turn_deg, smooth=True)
    return np.asarray(np.clip((grid - low) / np.maximum(high - low, np.float32(1e-6)), 0.0, 1.5), np.float32)


def signal_range(images: Array) -> Array:
    """Return the 1st and 99.5th percentile ``[z, 2]`` of each image ``[z, row, column]``."""
    pixels = images.reshape(len(images), -1)
    at = np.array([0.01, 0.995]) * (pixels.shape[1] - 1)
    below = at.astype(np.intp)
    above = np.minimum(below + 1, pixels.shape[1] - 1)
    ordered = np.sort(pixels, axis=1)
    return np.asarray(ordered[:, below] + (ordered[:, above] - ordered[:, below]) * (at - below), np.float32)


def _stride(images: Array) -> int:
    """Return the step between pixels that tell a large image's range: 96 of them to a side are enough."""
    return max(1, int(min(images.shape[-2:])) // _TELLING)


def _sigmas(pixel_mm: tuple[float, float], step_mm: float) -> tuple[float, float]:
    """Return the SDs in pixels, along rows and columns, of the Gaussian that reading every ``step_mm`` asks for."""
    down, across = (max(0.0, 0.4 * (step_mm / mm - 1.0)) for mm in pixel_mm)
    return down, across


def smoothed(images: Array, pixel_mm: tuple[float, float], step_mm: float) -> Array:
    """Return images ``[..., row, column]`` as smooth as reading them every ``step_mm`` asks for."""
    sigmas = _sigmas(pixel_mm, step_mm)
    return np.asarray(gaussian_filter(images, sigmas, axes=(-2, -1)), np.float32) if max(sigmas) > 0 else images


def resample(
    images: Array,
    pixel_mm: tuple[float, float],
    centre: Point,
    *,
    size: int,
    step_mm: float,
    outside: float | Array,
    turn_deg: float = 0.0,
    smooth: bool = False,
) -> Array:
    """Return bilinear values of images ``[..., row, column]`` at ``size`` x ``size`` points around ``centre``.

    They are ``step_mm`` apart, the grid turned; of the images made as ``smooth`` as that asks for, or as they are.
    Beyond the images is ``outside``, which broadcasts with them.

    The points of a grid that is not turned are the crossings of straight rows and columns: each axis is read by itself.
    """
    steps = (np.arange(size) - (size - 1) / 2) * step_mm
    if turn_deg != 0.0:
        images = smoothed(images, pixel_mm, step_mm) if smooth else images
        cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
        down, across = steps[:, None], steps[None, :]
        at_rows = centre[1] + (cos * down + sin * across) / pixel_mm[0]
        at_columns = centre[0] + (cos * across - sin * down) / pixel_mm[1]
        height, width = images.shape[-2:]
        which = np.arange(images[..., 0, 0].size)[:, None, None]
        columns, rows = (np.broadcast_to(at, (which.size, size, size)) for at in (at_columns, at_rows))
        found = between_pixels(images.reshape(-1, height, width), columns, rows, which)
        within = (at_rows >= 0) & (at_rows <= height - 1) & (at_columns >= 0) & (at_columns <= width - 1)
        values = found.reshape(*images.shape[:-2], size, size).astype(np.float32)
        return np.where(within, values, np.asarray(outside, np.float32))
    down, across = (np.asarray(at + steps / mm, np.float64) for at, mm in zip(reversed(centre), pixel_mm, strict=True))
    inside = [(at >= 0) & (at <= count - 1) for at, count in zip((down, across), images.shape[-2:], strict=True)]
    values = _read(images, down, across, _sigmas(pixel_mm, step_mm) if smooth else (0.0, 0.0))
    return np.where(inside[0][:, None] & inside[1], values, np.asarray(outside, np.float32))


def _read(images: Array, rows: Places, columns: Places, sigmas: tuple[float, float]) -> Array:
    """Return images ``[..., row, column]`` where rows and columns, or parts of them, cross; smoothed by a Gaussian."""
    down, across = (
        _weights(at, count, sigma) for at, count, sigma in zip((rows, columns), images.shape[-2:], sigmas, strict=True)
    )
    return np.asarray(down @ images @ across.T, np.float32)


def _weights(places: Places, count: int, sigma: float) -> Array:
    """Return how much each of an axis' pixels counts at places along it ``[place, pixel]``.

    Between two it is linear, beyond the outermost these go on; smoothing mirrors at them, and so smooths the weights.
    """
    low = np.clip(places, 0, count - 1).astype(np.intp)
    part = np.clip(places - low, 0.0, 1.0)
    weights = np.zeros((len(places), count), np.float32)
    each = np.arange(len(places))
    weights[each, low] = 1.0 - part
    weights[each, np.minimum(low + 1, count - 1)] += part
    return np.asarray(gaussian_filter1d(weights, sigma, axis=1), np.float32) if sigma > 0 else weights


def grid_centre(stack: ImageStack) -> Point:
    """Return the (column, row) that the network's grid is centred on: the middle of what gives signal."""
    return signal_middle(stack.voxels)


def signal_middle(images: Array) -> Point:
    """Return the (column, row) in the middle of what gives signal in any of the images ``[z, row, column]``."""
    every = _stride(images)
    coarse = images[:, ::every, ::every]
    low, high = signal_range(coarse).T[:, :, None, None]
    bright = ((coarse - low) / np.maximum(high - low, 1e-6)).clip(0, 1).mean(axis=0)
    level = 0.3 * percentile(bright, 99.0)
    rows, columns = np.nonzero(gaussian_filter(bright, 1.5 / every) > level)
    if len(rows) == 0:
        return (images.shape[2] - 1) / 2, (images.shape[1] - 1) / 2
    middle_row, middle_column = ((percentile(at, 1.0) + percentile(at, 99.0)) / 2 for at in (rows, columns))
    return middle_column * every, middle_row * every


def to_pixels(points: NDArray[np.float64], stack: ImageStack, centre: tuple[float, float]) -> NDArray[np.float64]:
    """Return the image's (column, row) of grid points (column, row), ``[..., 2]``."""
    from_middle_mm = (points - (GRID - 1) / 2) * GRID_MM
    return np.asarray(centre) + from_middle_mm / (stack.spacing_mm[2], stack.spacing_mm[1])
