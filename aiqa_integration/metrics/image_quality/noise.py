"""Noise and signal-to-noise ratio.

- ``noise-haar``: sigma of the pixel noise in the object / S: median of |mixed second difference| / (2 · 0.6745), the
  finest diagonal Haar detail, which slopes and straight edges along the axes don't reach (Donoho, Biometrika
  1994;81:425).
- ``snr-haar``: S / sigma, at most 1 000.
- ``snr-air``: 0.655 · S / standard deviation of the air, at most 1 000, as for a background without noise
  (Dietrich, J Magn Reson Imaging 2007;26:375; Kaufman, Radiology 1989;173:265).
- ``noise-ratio``: sigma in the air (root of half the mean square) / sigma in the object, at most 100; 1 for Rice noise
  that is even over the image.
- ``noise-colour``: the mixed difference over two pixels / that over one; 1 for white noise, more where the image was
  interpolated or filtered.
- ``noise-corner``: root of the mean power of the outermost corners of k-space / S (the noise where the
  object has least signal; Gudbjartsson, Magn Reson Med 1995;34:910).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.metrics.image_quality.background import LEAST_AIR_PIXELS
from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.statistics import mean_of
from aiqa_integration.metrics.image_quality.view import SliceView

_DONOHO = "Donoho and Johnstone, Biometrika 1994;81:425, median of the finest wavelet detail"
_DIETRICH = "Dietrich et al., J Magn Reson Imaging 2007;26:375, noise from the background"
_RICE = "Gudbjartsson and Patz, Magn Reson Med 1995;34:910, distribution of noisy magnitude data"

MOST_SNR = 1000.0

METRICS = (
    quality_metric("noise-haar", "NOISE", "Noise over signal", source=_DONOHO),
    quality_metric("snr-haar", "SNRHAAR", "Signal-to-noise ratio, in object", source=_DONOHO, better="higher"),
    quality_metric("snr-air", "SNRAIR", "Signal-to-noise ratio, from air", source=_DIETRICH, better="higher"),
    quality_metric("noise-ratio", "NRATIO", "Noise in air over noise in object", source=_DIETRICH, better="target"),
    quality_metric("noise-colour", "NCOLOUR", "Noise, colour", source=_DONOHO, better="target"),
    quality_metric("noise-corner", "NCORNER", "Noise over signal, in corners of k-space", source=_RICE),
)


def _values(view: SliceView) -> tuple[float, ...]:
    inside, coarse = view.noise, view.noise_over(2)
    air = view.air_pixels
    quiet = air.size < LEAST_AIR_PIXELS
    of_air = 0.0 if quiet else float(np.sqrt(np.vdot(air, air) / (2 * air.size)))
    spread = 0.0 if quiet else view.air_deviation
    corner = mean_of(view.power.ravel()[_corners(view.shape)])
    return (
        inside,
        min(1.0 / max(inside, 1.0 / MOST_SNR), MOST_SNR),
        min(0.655 / max(spread, 0.655 / MOST_SNR), MOST_SNR),
        min(of_air / max(inside, 1e-6), 100.0),
        min(coarse / inside, 100.0) if inside > 1e-6 else 1.0,
        float(np.sqrt(corner)),
    )


@lru_cache(maxsize=32)
def _corners(shape: tuple[int, int]) -> NDArray[np.intp]:
    high = np.abs(np.fft.fftfreq(shape[0])) > 0.42, np.fft.rfftfreq(shape[1]) > 0.42
    return np.flatnonzero(high[0][:, None] & high[1][None, :])


NOISE = Family(metrics=METRICS, values=_values)
