"""What the recognition network is given of an image: four views of its pixels, its size and its modality."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from aiqa_integration.metrics.pose import resample, signal_middle, smoothed
from aiqa_integration.model.ranks import median, percentile
from aiqa_integration.recognition.kinds import Modality

Array = NDArray[np.float32]

GRID = 128
"""Points to a side of what the network is given."""
GRID_MM = 2.0
PIXEL_CHANNELS = 4
MOST_IMAGES = 5
CT_WINDOW_HU = (-150.0, 250.0)
AIR_HU = -1000.0
_LEAST_DETAIL = 2e-4
"""Detail smaller than this share of the image's range is not stretched: an empty image stays empty."""
_SHADING_MM = 10.0
_SPREAD_MM = 15.0
_EDGE = 8.0
"""Detail is cut at this many times its median, so that an object's rim does not hide what is near it."""
_FAINT_MM = (2.5, 12.0)
"""Faint structure is what is larger than noise's grains and smaller than shading: between these widths."""
_FAINT_HU = 15.0
_FAINT_SPREAD = 4.0
_COARSE_MM = 1.0


def chosen_places(count: int) -> tuple[int, ...]:
    """Return which images of a series are looked at: first, quartiles and last, or all of a few."""
    return tuple(sorted({round(place) for place in np.linspace(0, count - 1, min(count, MOST_IMAGES))}))


def image_channels(images: Array, pixel_mm: tuple[float, float], modality: Modality) -> Array:
    """Return the channels of images ``[n, row, column]`` of one series; ``pixel_mm`` is (row, column) distance.

    The object's middle is common to all. Channels: 256 mm around it; the whole field; soft tissue's CT numbers, or
    without such local contrast; faint structure; the field's size; one channel each for MR, CT and X-ray.
    """
    pixel_mm, images = coarse(images, pixel_mm)
    if modality == "CT":
        images = np.maximum(images, np.float32(AIR_HU))
    centre = signal_middle(images)
    field_mm, _ = _field(images[0], pixel_mm)
    flags = np.array([np.log2(field_mm / 256.0) / 2, *(modality == name for name in ("MR", "CT", "X-ray"))], np.float32)
    constant = np.broadcast_to(flags[:, None, None], (len(flags), GRID, GRID))
    return np.stack([np.concatenate([_views(image, pixel_mm, centre, modality), constant]) for image in images])


def turned_copies(images: Array) -> tuple[Array, ...]:
    """Return what the network takes mirrored left to right, top to bottom, and about the diagonal."""
    mirrored = (images[..., ::-1], images[..., ::-1, :], images.swapaxes(-1, -2))
    return tuple(np.ascontiguousarray(copy) for copy in mirrored)


def _views(image: Array, pixel_mm: tuple[float, float], centre: tuple[float, float], modality: Modality) -> Array:
    """Return the channels of an image that show its pixels."""
    field_mm, middle = _field(image, pixel_mm)
    smooth = smoothed(image, pixel_mm, GRID_MM)
    low, high = (percentile(smooth, percent) for percent in (1.0, 99.5))
    span, step_mm = max(high - low, 1e-6), field_mm / GRID
    near = resample(smooth, pixel_mm, centre, size=GRID, step_mm=GRID_MM, outside=low)
    whole = resample(image, pixel_mm, middle, size=GRID, step_mm=step_mm, outside=low, smooth=True)
    least = _LEAST_DETAIL * span + 1e-9
    views = (
        *(np.clip((view - low) / span, 0.0, 1.5) for view in (near, whole)),
        _soft_tissue(near) if modality == "CT" else _contrast(near, least),
        _faint(near, _FAINT_HU if modality == "CT" else None, least),
    )
    return np.asarray(np.stack(views), np.float32)


def _field(image: Array, pixel_mm: tuple[float, float]) -> tuple[float, tuple[float, float]]:
    """Return the longer side of an image's field (mm) and its middle (column, row)."""
    rows, columns = image.shape
    return max(rows * pixel_mm[0], columns * pixel_mm[1]), ((columns - 1) / 2, (rows - 1) / 2)


def coarse(images: Array, pixel_mm: tuple[float, float]) -> tuple[tuple[float, float], Array]:
    """Return images averaged to pixels of about a millimetre, where they are finer, and the size of these."""
    by = [max(1, round(_COARSE_MM / mm)) for mm in pixel_mm]
    rows, columns = images.shape[1] // by[0], images.shape[2] // by[1]
    if by == [1, 1] or min(rows, columns) == 0:
        return pixel_mm, images
    kept = images[:, : rows * by[0], : columns * by[1]]
    averaged = kept.reshape(len(images), rows, by[0], columns, by[1]).mean(axis=(2, 4))
    return (pixel_mm[0] * by[0], pixel_mm[1] * by[1]), np.asarray(averaged, np.float32)


def _soft_tissue(near: Array) -> Array:
    """Return soft tissue's CT numbers from 0 to 1."""
    low, high = CT_WINDOW_HU
    return np.asarray(np.clip((near - low) / (high - low), 0, 1), np.float32)


def _contrast(near: Array, least: float) -> Array:
    """Return how far each point stands out of its surroundings, around 0.5."""
    detail = near - _blurred(near, _SHADING_MM)
    usual = _usual(np.abs(detail), least)
    detail = np.clip(detail, -_EDGE * usual, _EDGE * usual)
    spread = np.sqrt(_blurred(detail * detail, _SPREAD_MM)) + least
    return np.asarray(np.clip(0.5 + detail / (6 * spread), 0, 1), np.float32)


def _faint(near: Array, unit: float | None, least: float) -> Array:
    """Return structure between grain and shading around 0.5, in ``unit`` or by what is usual in the image."""
    fine, wide = (_blurred(near, width_mm) for width_mm in _FAINT_MM)
    band = fine - wide
    unit = unit or _FAINT_SPREAD * _usual(np.abs(band), least)
    return np.asarray(np.clip(0.5 + band / (2 * unit), 0, 1), np.float32)


def _blurred(near: Array, sd_mm: float) -> Array:
    """Return the grid of 2 mm points smoothed by a Gaussian, mirrored beyond it."""
    weights = _gaussian(sd_mm)
    return np.asarray(weights @ near @ weights.T, np.float32)


@cache
def _gaussian(sd_mm: float) -> Array:
    """Return how much each of the grid's points counts at each of them along an axis, ``[point, point]``."""
    return np.asarray(gaussian_filter1d(np.eye(GRID), sd_mm / GRID_MM, truncate=2.5), np.float32)


def _usual(size: Array, least: float) -> float:
    """Return the median of the sizes that are worth a name."""
    large = size[size > least]
    return median(large) if len(large) else least
