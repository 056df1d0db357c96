"""What the recognition network is given of an image: three views of its pixels, its size and its modality."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from aiqa_integration.metrics.pose import resample, signal_middle, smoothed, to_grid
from aiqa_integration.model.image import ImageStack
from aiqa_integration.recognition.kinds import Modality

Array = NDArray[np.float32]

GRID = 64
"""Points to a side of what the network is given; each is the mean of 2 x 2 points of a finer grid."""
_FINE = 2 * GRID
_FINE_MM = 2.0
MOST_IMAGES = 5
CT_WINDOW_HU = (-150.0, 250.0)
AIR_HU = -1000.0
_LEAST_DETAIL = 2e-4
"""Detail smaller than this share of the image's range is not stretched: an empty image stays empty."""
_SHADING_MM = 10.0
_SPREAD_MM = 15.0
_EDGE = 8.0
"""Detail is cut at this many times its median, so that an object's rim does not hide what is near it."""
_COARSE_MM = 1.0


def recognition_inputs(stack: ImageStack, modality: Modality) -> dict[str, Array]:
    """Return what the network takes: ``image``, ``[n, 7, 64, 64]`` of the chosen places, at most five."""
    chosen = stack.voxels[list(chosen_places(len(stack.voxels)))]
    return {"image": image_channels(chosen, stack.spacing_mm[1:], modality)}


def chosen_places(count: int) -> tuple[int, ...]:
    """Return which images of a series are looked at: first, quartiles and last, or all of a few."""
    return tuple(sorted({round(place) for place in np.linspace(0, count - 1, min(count, MOST_IMAGES))}))


def image_channels(images: Array, pixel_mm: tuple[float, float], modality: Modality) -> Array:
    """Return the channels of images ``[n, row, column]`` of one series; ``pixel_mm`` is (row, column) distance.

    The object's middle is common to all. Channels: 256 mm around it; the whole field; soft tissue's CT numbers, or
    without such local contrast; the field's size; one channel each for MR, CT and X-ray.
    """
    pixel_mm, images = _coarse(images, pixel_mm)
    if modality == "CT":
        images = np.maximum(images, np.float32(AIR_HU))
    centre = signal_middle(images)
    field_mm, _ = _field(images[0], pixel_mm)
    flags = np.array([np.log2(field_mm / 256.0) / 2, *(modality == name for name in ("MR", "CT", "X-ray"))], np.float32)
    constant = np.broadcast_to(flags[:, None, None], (len(flags), GRID, GRID))
    return np.stack([np.concatenate([_views(image, pixel_mm, centre, modality), constant]) for image in images])


def _views(image: Array, pixel_mm: tuple[float, float], centre: tuple[float, float], modality: Modality) -> Array:
    """Return the three channels of an image that show its pixels."""
    field_mm, middle = _field(image, pixel_mm)
    fine = np.stack(
        [
            to_grid(image, pixel_mm, centre, size=_FINE, step_mm=_FINE_MM),
            to_grid(image, pixel_mm, middle, size=_FINE, step_mm=field_mm / _FINE),
            _contrast(image, pixel_mm, centre, modality),
        ]
    )
    return np.asarray(fine.reshape(3, GRID, 2, GRID, 2).mean(axis=(2, 4)), np.float32)


def _field(image: Array, pixel_mm: tuple[float, float]) -> tuple[float, tuple[float, float]]:
    """Return the longer side of an image's field (mm) and its middle (column, row)."""
    rows, columns = image.shape
    return max(rows * pixel_mm[0], columns * pixel_mm[1]), ((columns - 1) / 2, (rows - 1) / 2)


def _coarse(images: Array, pixel_mm: tuple[float, float]) -> tuple[tuple[float, float], Array]:
    """Return images averaged to pixels of about a millimetre, where they are finer, and the size of these."""
    by = [max(1, round(_COARSE_MM / mm)) for mm in pixel_mm]
    rows, columns = images.shape[1] // by[0], images.shape[2] // by[1]
    if by == [1, 1] or min(rows, columns) == 0:
        return pixel_mm, images
    kept = images[:, : rows * by[0], : columns * by[1]]
    averaged = kept.reshape(len(images), rows, by[0], columns, by[1]).mean(axis=(2, 4))
    return (pixel_mm[0] * by[0], pixel_mm[1] * by[1]), np.asarray(averaged, np.float32)


def _contrast(image: Array, pixel_mm: tuple[float, float], centre: tuple[float, float], modality: Modality) -> Array:
    """Return soft tissue's CT numbers from 0 to 1, or how far each point stands out of its surroundings around 0.5."""
    smooth = smoothed(image, pixel_mm, _FINE_MM)
    if modality == "CT":
        low, high = CT_WINDOW_HU
        window = np.asarray(np.clip((smooth - low) / (high - low), 0, 1), np.float32)
        return resample(window, pixel_mm, centre, size=_FINE, step_mm=_FINE_MM, outside=0.0)
    detail = smooth - gaussian_filter(smooth, [_SHADING_MM / mm for mm in pixel_mm], truncate=2.5)
    low, high = np.percentile(smooth, [1.0, 99.5])
    least = _LEAST_DETAIL * float(high - low) + 1e-9
    size = np.abs(detail)
    usual = float(np.median(size[size > least])) if (size > least).any() else least
    detail = np.clip(detail, -_EDGE * usual, _EDGE * usual)
    spread = np.sqrt(gaussian_filter(detail * detail, [_SPREAD_MM / mm for mm in pixel_mm], truncate=2.5)) + least
    shown = np.asarray(np.clip(0.5 + detail / (6 * spread), 0, 1), np.float32)
    return resample(shown, pixel_mm, centre, size=_FINE, step_mm=_FINE_MM, outside=0.5)
