"""What a disk looks like, and the filters that answer how much brighter it is than the water around it."""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.special import erf

from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM
from aiqa_integration.model.sampling import FloatArray

ANNULUS_MM = 4.0
_BLUR_PIXELS = 0.3
"""SD of the blur in pixels: with it the contrasts of all ten diameters of disks simulated at 256 pixels, whose k-space
ends at the pixel, agree within 12 %; the reader asks the images for what is left of that."""
_LEAST_BLUR_MM = 0.3
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


def disk_shape(distance_mm: FloatArray, diameter_mm: float, blur: float) -> FloatArray:
    """Return a disk of height 1, blurred; its sum is that of the sharp disk."""
    soft = np.sqrt(2.0) * blur
    fine = np.linspace(0.0, diameter_mm / 2 + 5 * blur, 200)
    profile = 0.5 * (1.0 - erf((fine - diameter_mm / 2) / soft))
    area = float(np.trapezoid(2 * np.pi * fine * profile, fine))
    shape = 0.5 * (1.0 - erf((distance_mm - diameter_mm / 2) / soft))
    return np.asarray(shape * (np.pi * diameter_mm**2 / 4 / area), np.float64)


def patch_reach(diameter_mm: float, pixel_mm: tuple[float, float]) -> tuple[int, int]:
    """Return how many (columns, rows) of pixels from its middle a filter needs."""
    column, row = (int((diameter_mm / 2 + ANNULUS_MM) / pixel) + 1 + sum(_shifts(pixel)) for pixel in pixel_mm)
    return column, row


def disk_filter(distance_mm: FloatArray, diameter_mm: float, pixel_mm: tuple[float, float], kind: Kind) -> FloatArray:
    """Return the filter ``[y, x]`` for a patch of pixels at these distances from a disk.

    It answers 1 to the disk alone and 0 to the water around it.
    """
    shape = disk_shape(distance_mm, diameter_mm, blur_mm(pixel_mm))
    within = distance_mm <= diameter_mm / 2 + ANNULUS_MM
    near, height = distance_mm[within], shape[within]
    around = np.stack([np.ones_like(near), near**2][: 2 if kind.curved else 1], axis=-1)
    weights = np.zeros(distance_mm.shape)
    weights[within] = height - around @ np.linalg.lstsq(around, height, rcond=None)[0]
    if kind.unstriped:
        weights = without_stripes(weights, pixel_mm)
    return weights / float((weights * shape).sum())


def without_stripes(image: FloatArray, pixel_mm: tuple[float, float]) -> FloatArray:
    """Return images ``[..., y, x]`` averaged 1-2-1 along rows and columns, so that stripes of two pixels vanish.

    Of fine pixels also those of four, which are two of the acquired ones.
    """
    for axis, pixel in ((-1, pixel_mm[0]), (-2, pixel_mm[1])):
        for shift in _shifts(pixel):
            image = 0.5 * image + 0.25 * (np.roll(image, shift, axis) + np.roll(image, -shift, axis))
    return image


def _shifts(pixel_mm: float) -> tuple[int, ...]:
    return (1, 2) if pixel_mm < 0.75 * _ACQUIRED_MM else (1,)


def answers(image: FloatArray, pixel_mm: tuple[float, float], *, curved: bool = False) -> dict[Kind, FloatArray]:
    """Return the answers of the filters of all ten diameters ``[spoke, y, x]`` to an image, by kind of filter."""
    plain, unstriped = Kind(curved=curved), Kind(curved=curved, unstriped=True)
    shapes, kernels = zip(*(_kernel(float(diameter), pixel_mm, plain) for diameter in DIAMETERS_MM), strict=True)
    size = [next_fast_len(n + k - 1, real=True) for n, k in zip(image.shape, kernels[0].shape, strict=True)]
    spectrum = rfft2(image, size)
    found = []
    for kernel in kernels:
        top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
        whole = irfft2(spectrum * rfft2(kernel, size), size)
        found.append(whole[top : top + image.shape[0], left : left + image.shape[1]])
    raw = np.stack(found)
    gains = [
        float((without_stripes(kernel, pixel_mm) * shape).sum()) for kernel, shape in zip(kernels, shapes, strict=True)
    ]
    return {plain: raw, unstriped: without_stripes(raw, pixel_mm) / np.array(gains)[:, None, None]}


def _kernel(diameter_mm: float, pixel_mm: tuple[float, float], kind: Kind) -> tuple[FloatArray, FloatArray]:
    """Return a disk on the middle pixel of a patch, and its filter, which is symmetric about it."""
    columns, rows = (
        np.arange(-n, n + 1) * p for n, p in zip(patch_reach(diameter_mm, pixel_mm), pixel_mm, strict=True)
    )
    distance = np.hypot(*np.meshgrid(columns, rows))
    return disk_shape(distance, diameter_mm, blur_mm(pixel_mm)), disk_filter(distance, diameter_mm, pixel_mm, kind)
