"""The contrast response of a row or column of holes, as the Scottish medium-phantom framework reads it."""

import numpy as np

from aiqa_integration.metrics.high_contrast_resolution.block import LINES, HoleArray
from aiqa_integration.metrics.high_contrast_resolution.lines import Line, line_of
from aiqa_integration.model.sampling import PhantomSlice, sample, to_pixels


def contrast_lines(sl: PhantomSlice, array: HoleArray, *, columns: bool) -> tuple[Line, ...]:
    """Return the rows (columns) with the signal at the holes and midway between them, linear between pixels."""
    u, v = np.array([array.column(number) if columns else array.row(number) for number in range(LINES)]).swapaxes(0, 1)
    peaks, _ = sample(sl.image, *to_pixels(sl.pose, u, v))
    troughs, _ = sample(sl.image, *to_pixels(sl.pose, (u[:, :-1] + u[:, 1:]) / 2, (v[:, :-1] + v[:, 1:]) / 2))
    return tuple(line_of(number, (u[number], v[number]), peaks[number], troughs[number]) for number in range(LINES))


def best_response(lines: tuple[Line, ...], between_pixels: tuple[Line, ...], *, noise: float) -> tuple[Line, float]:
    """Return the row with the highest response, and the standard uncertainty of that response.

    It covers noise (four peaks, three troughs) and how the pixels happen to fall on the holes, from the mean of the
    rows (what a phantom turned against the pixels shows, where no row is met well) to the best row read from the
    Fourier interpolation (``between_pixels``; what a finer grid of pixels shows).
    """
    best = max(lines, key=lambda line: line.contrast_response)
    if best.peak <= 0:
        return best, 1.0
    response = best.contrast_response
    by_noise = noise / best.peak * np.sqrt((1.0 - response) ** 2 / LINES + 1 / (LINES - 1))
    above = max(line.contrast_response for line in between_pixels) - response
    below = response - float(np.mean([line.contrast_response for line in lines]))
    return best, float(np.hypot(by_noise, max(above, below) / 2))
