"""What the spectrum of an image's noise says of how its pixels came about: acquired, filled in with zeros, or smoothed.

Noise of samples that nothing was done to fills all frequencies alike (white). Zero-filling leaves the outer ones empty
and the others alike: each pixel has the noise of an acquired one. A filter, or interpolation by lines or splines, takes
noise away gradually towards the outer frequencies; one that empties them is not told from zero-filling. Source:
noise-power spectrum by the periodogram, Siewerdsen, Cunningham and Jaffray, Med Phys 29 (2002) 2655. Its values are
exponentially distributed, so that a median compares them whatever a few lines of structure add.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal.windows import tukey

from aiqa_integration.model.ranks import median, median_along
from aiqa_integration.model.sampling import BoolArray, FloatArray

_TAPER = 0.4
"""Part of each side over which the noise is faded in and out, so that frequencies that are empty stay so."""
_SURELY_HELD = 0.16
"""Frequencies, per pixel, that hold noise in images of up to three times the matrix that was acquired."""
_HELD = 0.3
"""A frequency with this part of the lower ones' noise was acquired: linear interpolation leaves a third."""
_THROUGH = 0.7
"""Frequencies of which the moving average leaves less than this are taken to be like the middle."""
_RINGS = (0.65, 0.8, 0.95, 1.1, 1.5)
"""Outer limits of the rings whose noise is compared, in parts of the half width of the acquired band."""
_AXIS_LINES = 3
"""So near to the axes lies what edges along rows and columns leave: ghosts of the vessel, its ringing."""
_FEWEST = 20
_FEWEST_IN_MIDDLE = 80
_FEWEST_AVERAGES = 5
"""An image must be so many times as large as the moving average."""
_OF_MEDIAN = 1.44
"""The SD of the median of n exponentially distributed values over that of their mean: 1 / ln 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseLeft:
    """The SD of the noise over that of an acquired band as full as its middle, and the standard uncertainty of that.

    ``part`` is 1 where nothing was taken.
    """

    part: float
    sd: float


def noise_left(noise: FloatArray, averaged: tuple[int, int]) -> NoiseLeft | None:
    """Return what is left of an image's noise; None where there are too few pixels to tell.

    ``noise`` is ``[y, x]``, what a moving average of ``averaged`` pixels, odd, left of even signal.
    """
    if any(size < _FEWEST_AVERAGES * width for size, width in zip(noise.shape, averaged, strict=True)):
        return None
    fades = [tukey(size, _TAPER) for size in noise.shape]
    power = np.abs(np.fft.rfft2((noise - noise.mean()) * fades[0][:, None] * fades[1])) ** 2
    down = np.asarray(np.abs(np.fft.fftfreq(noise.shape[0])), np.float64)
    across = np.asarray(np.fft.rfftfreq(noise.shape[1]), np.float64)
    through = 1.0 - _of_average(down, averaged[0])[:, None] * _of_average(across, averaged[1])
    off_axes = (down * noise.shape[0] > _AXIS_LINES)[:, None] & (across * noise.shape[1] > _AXIS_LINES)
    seen: BoolArray = off_axes & (through > _THROUGH)
    power /= np.where(seen, through, 1.0) ** 2
    high = _band(power[:, across < _SURELY_HELD], down, averaged[0])
    wide = _band(power[down < _SURELY_HELD].T, across, averaged[1])
    from_middle = np.hypot((2.0 / high * down)[:, None], 2.0 / wide * across)
    ring = np.where((down <= high / 2)[:, None] & (across <= wide / 2), np.digitize(from_middle, _RINGS), len(_RINGS))
    return _compared(power, ring, seen, spread=float(np.prod([_spread(fade) for fade in fades])))


def _compared(power: FloatArray, ring: NDArray[np.intp], seen: BoolArray, *, spread: float) -> NoiseLeft | None:
    """Return the mean power of all rings over that of the innermost, as SD; ``spread`` is what fading costs."""
    inner = power[(ring == 0) & seen]
    if inner.size < _FEWEST_IN_MIDDLE:
        return None
    middle, total, places, looked_at = median(inner), 0.0, 0, 0
    for number in range(len(_RINGS)):
        there = power[(ring == number) & seen]
        if there.size >= _FEWEST:
            count = int(np.count_nonzero(ring == number))
            total += count * median(there)
            places += count
            looked_at += there.size
    if middle <= 0.0:
        return None
    of_power = _OF_MEDIAN * float(np.sqrt(spread * (1.0 / inner.size - 1.0 / max(looked_at, inner.size + 1))))
    return NoiseLeft(part=float(np.sqrt(total / places / middle)), sd=of_power / 2)


def _of_average(frequencies: FloatArray, width: int) -> FloatArray:
    """Return how much of each frequency a moving average of so many pixels keeps."""
    turn = np.pi * np.where(frequencies == 0.0, 1e-9, frequencies)
    return np.asarray(np.sin(width * turn) / (width * np.sin(turn)), np.float64)


def _band(power: FloatArray, frequencies: FloatArray, width: int) -> float:
    """Return which part of an axis' frequencies holds noise; ``power`` is ``[frequency, other axis]``.

    The outermost line that holds any is left out: fading has spread the band's end over it.
    """
    order = np.argsort(frequencies, kind="stable")
    order = order[frequencies[order] > 0.75 / width]
    each, at = median_along(power[order]), frequencies[order]
    around = median_along(np.lib.stride_tricks.sliding_window_view(np.pad(each, 1, mode="edge"), 3))
    held = around > _HELD * median(each[at < max(_SURELY_HELD, 1.0 / width)])
    last = float(at[held].max()) if held.any() else 0.5
    return min(2.0 * last - 1.0 / frequencies.size, 1.0)


def _spread(fade: FloatArray) -> float:
    """Return by how much fewer values of a faded axis are independent."""
    return float(fade.size * np.sum(fade**4) / np.sum(fade**2) ** 2)
