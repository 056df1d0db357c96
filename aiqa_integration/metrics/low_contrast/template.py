"""What a disk looks like, and the filter that answers how much brighter it is than the water around it."""

import numpy as np
from scipy.fft import next_fast_len, irfft2, rfft2
from scipy.special import erf

from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM
from aiqa_integration.model.sampling import FloatArray

ANNULUS_MM = 4.0
_BLUR_PIXELS = 0.5
"""SD of the normal distribution nearest to the point spread of full k-space, in pixels: its half width is 1.2."""
_LEAST_BLUR_MM = 0.45
"""The disks are blurred by the acquired pixel (1 mm) where the image was interpolated to finer ones."""


def blur_mm(pixel_mm: tuple[float, float]) -> float:
    """Return the SD of the blur that disks are expected to show."""
    return max(_BLUR_PIXELS * float(np.sqrt(pixel_mm[0] * pixel_mm[1])), _LEAST_BLUR_MM)


def disk_shape(distance_mm: FloatArray, diameter_mm: float, blur: float) -> FloatArray:
    """Return a disk of height 1, blurred; its sum is that of the sharp disk."""
    soft = np.sqrt(2.0) * blur
    shape = 0.5 * (1.0 - erf((distance_mm - diameter_mm / 2) / soft))
    fine = np.linspace(0.0, diameter_mm / 2 + 5 * blur, 400)
    profile = 0.5 * (1.0 - erf((fine - diameter_mm / 2) / soft))
    area = float(np.trapezoid(2 * np.pi * fine * profile, fine))
    return np.asarray(shape * (np.pi * diameter_mm**2 / 4 / area), np.float64)


def disk_filter(diameter_mm: float, pixel_mm: tuple[float, float]) -> FloatArray:
    """Return the filter ``[y, x]`` that answers 1 to a disk of height 1 and 0 to an even background."""
    reach = diameter_mm / 2 + ANNULUS_MM
    columns, rows = (np.arange(-int(reach / pixel), int(reach / pixel) + 1) * pixel for pixel in pixel_mm)
    distance = np.hypot(*np.meshgrid(columns, rows))
    window = distance <= reach
    shape = np.where(window, disk_shape(distance, diameter_mm, blur_mm(pixel_mm)), 0.0)
    contrast = np.where(window, shape - shape[window].mean(), 0.0)
    return np.asarray(contrast / float((contrast * shape).sum()), np.float64)


def answers(image: FloatArray, pixel_mm: tuple[float, float]) -> FloatArray:
    """Return the answers of the filters of all ten diameters ``[spoke, y, x]`` to an image."""
    filters = [disk_filter(diameter, pixel_mm) for diameter in DIAMETERS_MM]
    largest = filters[0].shape
    size = [next_fast_len(n + k - 1, real=True) for n, k in zip(image.shape, largest, strict=True)]
    spectrum = rfft2(image, size)
    found = []
    for kernel in filters:
        top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
        whole = irfft2(spectrum * rfft2(kernel[::-1, ::-1], size), size)
        found.append(whole[top : top + image.shape[0], left : left + image.shape[1]])
    return np.stack(found)
