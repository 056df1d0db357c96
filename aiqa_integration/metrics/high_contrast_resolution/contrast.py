"""The contrast response of a row or column of holes, as the Scottish medium-phantom framework reads it."""

import numpy as np

from aiqa_integration.metrics.high_contrast_resolution.block import LINES, HoleArray
from aiqa_integration.metrics.high_contrast_resolution.lines import Line, line_of
from aiqa_integration.model.sampling import PhantomSlice, sample, to_pixels


def contrast_lines(sl: PhantomSlice, array: HoleArray, *, columns: bool) -> tuple[Line, ...]:
    """Return the rows (columns) with the signal at the holes and midway between them, linear between pixels."""
    return tuple(_read(sl, array, number, columns=columns) for number in range(LINES))


def best_response(lines: tuple[Line, ...], between_pixels: tuple[Line, ...], *, noise: float) -> tuple[Line, float]:
    """Return the row with the highest response, and the standard uncertainty of that response.

    It covers noise (four peaks, three troughs) and how the pixels happen to fall on the holes: half of what the same
    rows gain where they are read from the Fourier interpolation (``between_pixels``), as a finer grid of pixels would
    show them. On simulated phantoms the response scatters by that much over the places of the pixels.
    """
    best = max(lines, key=lambda line: line.contrast_response)
    if best.peak <= 0:
        return best, 1.0
    ratio = 1.0 - best.contrast_response
    by_noise = noise / best.peak * np.sqrt(ratio**2 / LINES + 1 / (LINES - 1))
    finest = max(line.contrast_response for line in between_pixels)
    return best, float(np.hypot(by_noise, (finest - best.contrast_response) / 2))


def _read(sl: PhantomSlice, array: HoleArray, number: int, *, columns: bool) -> Line:
    u, v = array.column(number) if columns else array.row(number)
    between_u, between_v = (u[:-1] + u[1:]) / 2, (v[:-1] + v[1:]) / 2
    peaks, _ = sample(sl.image, *to_pixels(sl.pose, u, v))
    troughs, _ = sample(sl.image, *to_pixels(sl.pose, between_u, between_v))
    return line_of(number, (u, v), peaks, troughs)
