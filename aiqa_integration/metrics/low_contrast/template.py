"""What a disk looks like, and the filters that answer how much brighter it is than the water around it."""

from typing import Literal

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.special import erf

from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM
from aiqa_integration.model.sampling import FloatArray

Surround = Literal["even", "bowl"]
"""What a filter takes the water around a disk for: one level, or a level that changes with the squared distance."""
SURROUNDS: tuple[Surround, ...] = ("even", "bowl")

ANNULUS_MM = 4.0
_BLUR_PIXELS = 0.3
"""SD of the blur in pixels: with it the contrasts of all ten diameters of simulated disks, whose k-space ends at the
pixel, agree within 10 %."""
_LEAST_BLUR_MM = 0.3
"""The disks are blurred by the acquired pixel (1 mm) where the image was interpolated to finer ones."""


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


def disk_weights(distance_mm: FloatArray, diameter_mm: float, blur: float, surround: Surround) -> FloatArray:
    """Return the weights of pixels at distances from a disk, of which those within its reach count.

    Their answer is 1 to the disk alone and 0 to its surround.
    """
    within = distance_mm <= diameter_mm / 2 + ANNULUS_MM
    near = distance_mm[within]
    shape = disk_shape(near, diameter_mm, blur)
    terms = [np.ones_like(near), near**2]
    around = np.stack(terms[:1] if surround == "even" else terms, axis=-1)
    contrast = shape - around @ np.linalg.lstsq(around, shape, rcond=None)[0]
    weights = np.zeros(distance_mm.shape)
    weights[within] = contrast / float(contrast @ shape)
    return weights


def answers(image: FloatArray, pixel_mm: tuple[float, float], surround: Surround = "even") -> FloatArray:
    """Return the answers of the filters of all ten diameters ``[spoke, y, x]`` to an image."""
    kernels = [_kernel(float(diameter), pixel_mm, surround) for diameter in DIAMETERS_MM]
    size = [next_fast_len(n + k - 1, real=True) for n, k in zip(image.shape, kernels[0].shape, strict=True)]
    spectrum = rfft2(image, size)
    found = []
    for kernel in kernels:
        top, left = kernel.shape[0] // 2, kernel.shape[1] // 2
        whole = irfft2(spectrum * rfft2(kernel, size), size)
        found.append(whole[top : top + image.shape[0], left : left + image.shape[1]])
    return np.stack(found)


def _kernel(diameter_mm: float, pixel_mm: tuple[float, float], surround: Surround) -> FloatArray:
    """Return a filter on pixels ``[y, x]``, symmetric about its middle."""
    reach = diameter_mm / 2 + ANNULUS_MM
    columns, rows = (np.arange(-int(reach / pixel), int(reach / pixel) + 1) * pixel for pixel in pixel_mm)
    return disk_weights(np.hypot(*np.meshgrid(columns, rows)), diameter_mm, blur_mm(pixel_mm), surround)
