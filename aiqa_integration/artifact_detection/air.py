"""The air beside the object of one slice and the noise in it, by which lines, stripes and noise are measured.

Air is what lies well away from the object, whose signal and blur reach a few pixels far. Where a scanner blanked the
background, or noise hides the object's outline, there is none.

Source: Gudbjartsson and Patz, Magn Reson Med 1995;34:910: magnitudes of noise alone have a Rayleigh distribution.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, uniform_filter

Image = NDArray[np.float32]

RAYLEIGH_SD = float(np.sqrt(2 - np.pi / 2))
"""Standard deviation of magnitudes of noise over the noise's of one channel."""
RAYLEIGH_MEDIAN = float(np.sqrt(2 * np.log(2)))
"""Median of magnitudes of noise over the noise's standard deviation of one channel."""
_SMOOTH = 9  # pixels
_OBJECT = 0.1  # of the bright signal: smoother than this is no object
_AWAY = 4  # pixels from the object
_FEWEST = 500
_BLANK = 0.2  # part of the background that is exactly 0, above which the scanner has blanked it
_QUIETEST = 2e-3  # of the object's signal: less noise than this is rounding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Air:
    """Which pixels are air, and the mean signal of the object beside it."""

    mask: NDArray[np.bool_]
    signal: float

    @property
    def least_noise(self) -> float:
        """The noise of one channel that an image is taken to have at least."""
        return _QUIETEST * self.signal


def air_of(image: Image) -> Air | None:
    """Return the air of a slice; None where there is too little of it, or none that tells."""
    smooth = uniform_filter(image, _SMOOTH)
    shown = smooth > _OBJECT * (float(np.percentile(image, 98)) or 1.0)
    away = ~maximum_filter(shown, 2 * _AWAY + 1)
    if away.sum() < _FEWEST or float((image[away] <= 0).mean()) > _BLANK or not shown.any():
        return None
    return Air(mask=away, signal=float(image[shown].mean()))


def level_in_air(image: Image) -> float | None:
    """Return the median of the air over the object's signal: no stripes that run through all of the image are stronger.

    A point of k-space adds the same magnitude to each pixel; noise adds more.
    """
    air = air_of(image)
    return None if air is None else float(np.median(image[air.mask])) / air.signal


def signal_to_noise(image: Image) -> float | None:
    """Return the object's mean signal over the noise of one channel, by the median of the air."""
    air = air_of(image)
    if air is None:
        return None
    noise = float(np.median(image[air.mask])) / RAYLEIGH_MEDIAN
    return air.signal / max(noise, air.least_noise)
