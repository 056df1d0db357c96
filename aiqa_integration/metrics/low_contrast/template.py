"""What a disk looks like, and the filters that answer how much brighter it is than the water around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.special import ndtr

from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM
from aiqa_integration.model.sampling import FloatArray

_Float = TypeVar("_Float", np.float32, np.float64)

ANNULUS_MM = 4.0
_BLUR_PIXELS = 0.3
"""SD of the blur in pixels: with it the contrasts of all ten diameters of disks simulated at 256 pixels, whose k-space
ends at the pixel, agree within 12 %; the reader asks the images for what is left of that."""
_LEAST_BLUR_MM = 0.3
_DIGITS = 4
"""Of a pixel's size in mm, as filters are kept for: headers round it in their own ways."""
_ACQUIRED_MM = 1.0
"""Images with finer pixels than this are often interpolated from about this one (256 pixels over 250 mm)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of filter: whether the water around the disk may curve, whether stripes of two pixels are averaged out.

    Stripes of two pixels are how a sharp edge rings where k-space ends.
    """

    curved: bool = False
    unstriped: bool = False


KINDS = tuple(Kind(curved=curved, unstriped=unstriped) for curved in (False, True) for unstriped in (False, True))


def blur_mm(pixel_mm: tuple[float, float]) -> float:
    """Return the SD of the blur that disks are expected to show."""
    return max(_BLUR_PIXELS * float(np.sqrt(pixel_mm[0] * pixel_mm[1])), _LEAST_BLUR_MM)


def disk_shape(distance_mm: FloatArray, diameter_mm: FloatArray | float, blur: float) -> FloatArray:
    """Return a disk of height 1, blurred; its sum is that of the sharp disk.

    The blurred disk's sum is π times the mean square of the positive values of a normal distribution about its radius.
    """
    radius = np.asarray(diameter_mm, np.float64) / 2
    density = np.exp(-((radius / blur) ** 2) / 2) / np.sqrt(2 * np.pi)
    square = (radius**2 + blur**2) * ndtr(radius / blur) + radius * blur * density
    return np.asarray(ndtr((radius - distance_mm) / blur) * (radius**2 / square), np.float64)


def patch_reach(pixel_mm: tuple[float, float]) -> tuple[int, int]:
    """Return how many (columns, rows) of pixels from its middle the largest disk's filter needs."""
    column, row = (int((DIAMETERS_MM.max() / 2 + ANNULUS_MM) / pixel) + 1 + sum(_shifts(pixel)) for pixel in pixel_mm)
    return column, row


def disk_filters(
    distance_mm: FloatArray,
    diameters_mm: FloatArray,
    pixel_mm: tuple[float, float],
    *,
    shape: FloatArray | None = None,
) -> dict[Kind, FloatArray]:
    """Return the filters ``[disk, y, x]`` for patches of pixels at these distances from disks, by kind.

    Each answers 1 to its disk alone and 0 to the water around it. ``shape`` is what the disks look like there, where
    that is known.
    """
    diameters = diameters_mm[:, None, None]
    shape = disk_shape(distance_mm, diameters, blur_mm(pixel_mm)) if shape is None else shape
    within = distance_mm <= diameters / 2 + ANNULUS_MM
    count = _sum(within)
    flat = np.where(within, shape - _sum(shape * within) / count, 0.0)
    square = distance_mm**2
    bend = np.where(within, square - _sum(square * within) / count, 0.0)
    curved = flat - bend * (_sum(flat * bend) / _sum(bend**2))
    weights = {
        Kind(curved=False): flat,
        Kind(curved=False, unstriped=True): without_stripes(flat, pixel_mm),
        Kind(curved=True): curved,
        Kind(curved=True, unstriped=True): without_stripes(curved, pixel_mm),
    }
    return {kind: weights[kind] / _sum(weights[kind] * shape) for kind in KINDS}


def _sum(patches: NDArray[np.generic]) -> FloatArray:
    """Return the sum of each patch ``[disk, 1, 1]``."""
    return np.asarray(patches.sum(axis=(1, 2), keepdims=True, dtype=np.float64))


def without_stripes(image: NDArray[_Float], pixel_mm: tuple[float, float]) -> NDArray[_Float]:
    """Return images ``[..., y, x]`` averaged 1-2-1 along rows and columns, so that stripes of two pixels vanish.

    Of fine pixels also those of four, which are two of the acquired ones. Beyond the images is nothing.
    """
    for axis, pixel in ((-1, pixel_mm[0]), (-2, pixel_mm[1])):
        for shift in _shifts(pixel):
            quarter, image = 0.25 * image, 0.5 * image
            near, averaged = quarter.swapaxes(axis, -1), image.swapaxes(axis, -1)
            averaged[..., shift:] += near[..., :-shift]
            averaged[..., :-shift] += near[..., shift:]
    return image


def _shifts(pixel_mm: float) -> tuple[int, ...]:
    return (1, 2) if pixel_mm < 0.75 * _ACQUIRED_MM else (1,)


def answers(image: FloatArray, pixel_mm: tuple[float, float], kinds: Sequence[Kind]) -> Iterator[NDArray[np.float32]]:
    """Return the answers of the filters of all ten diameters to an image, kind by kind, ``[spoke, y, x]``.

    They are rounded to a millionth of the image's largest value, which halves their cost; beyond the image's own rows
    and columns they mean nothing. What wraps around comes from the margin of zeros that the image has to have. Where
    the answers of the same filters with stripes were asked for before, stripes are averaged out of those.
    """
    height, width = (next_fast_len(n, real=True) for n in image.shape)
    spectrum = rfft2(image.astype(np.float32), (height, width))
    column_mm, row_mm = (round(pixel, _DIGITS) for pixel in pixel_mm)
    striped: dict[bool, NDArray[np.float32]] = {}
    for kind in kinds:
        if kind.unstriped and kind.curved in striped:
            yield without_stripes(striped[kind.curved], pixel_mm) * _gains((column_mm, row_mm), kind)
            continue
        spectra = _spectra((column_mm, row_mm), kind, (height, width))
        found = np.asarray(irfft2(spectrum * spectra, (height, width), overwrite_x=True), np.float32)
        striped |= {} if kind.unstriped else {kind.curved: found}
        yield found


@lru_cache(maxsize=32)
def _gains(pixel_mm: tuple[float, float], kind: Kind) -> NDArray[np.float32]:
    """Return what filters without stripes answer by those with stripes, stripes averaged out, ``[spoke, 1, 1]``."""
    filters = _filters(pixel_mm)
    averaged = without_stripes(filters[Kind(curved=kind.curved)], pixel_mm)
    return np.asarray(_sum(filters[kind] * averaged) / _sum(averaged * averaged), np.float32)


@lru_cache(maxsize=32)
def _spectra(pixel_mm: tuple[float, float], kind: Kind, size: tuple[int, int]) -> NDArray[np.complex64]:
    """Return the Fourier transforms of the filters of all ten diameters, each about the image's first pixel."""
    filters = _filters(pixel_mm)[kind]
    rows, columns = filters.shape[1:]
    drawn = np.zeros((len(filters), *size))
    drawn[:, :rows, :columns] = filters
    drawn = np.roll(drawn, (-(rows // 2), -(columns // 2)), axis=(1, 2))
    return np.asarray(rfft2(drawn), np.complex64)


def _filters(pixel_mm: tuple[float, float]) -> dict[Kind, FloatArray]:
    """Return the filters of all ten diameters about a pixel, ``[spoke, y, x]``, by kind."""
    columns, rows = (np.arange(-n, n + 1) * pixel for n, pixel in zip(patch_reach(pixel_mm), pixel_mm, strict=True))
    distance = np.hypot(*np.meshgrid(columns, rows))
    return disk_filters(np.broadcast_to(distance, (len(DIAMETERS_MM), *distance.shape)), DIAMETERS_MM, pixel_mm)
