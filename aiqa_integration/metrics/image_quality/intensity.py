"""How the signal is spread over the image and the object.

- ``focus-criterion``: -sum(x/q · ln(x/q)) / (sqrt(n) · ln(sqrt(n))) with q = sqrt(sum(x²)) over all n pixels; 0 for one
  bright pixel, 1 for an even image; ghosts and blur raise it (Atkinson, IEEE Trans Med Imaging 1997;16:903).
- ``foreground-fraction``: blocks of the object / all blocks.
- ``object-variation``, ``object-skewness``, ``object-kurtosis``: standard deviation / mean, third and fourth
  standardised moment (excess) of the object's pixels (first-order statistics, as in MRIQC, PLOS ONE 2017;12:e0184661).
- ``bright-tail``, ``dark-tail``: ln(99th percentile / median) and ln(median / 1st percentile, at most 1 000) of them.
"""

import numpy as np

from aiqa_integration.metrics.image_quality.blocks import Pixels
from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.statistics import mean_of
from aiqa_integration.metrics.image_quality.view import SliceView

_ATKINSON = "Atkinson et al., IEEE Trans Med Imaging 1997;16:903, entropy focus criterion"
_FIRST_ORDER = "first-order statistics of the foreground, as in MRIQC (Esteban et al., PLOS ONE 2017;12:e0184661)"

METRICS = (
    quality_metric("focus-criterion", "EFC", "Entropy focus criterion", source=_ATKINSON),
    quality_metric("foreground-fraction", "FGFRAC", "Object, part of image", source=_FIRST_ORDER, better="target"),
    quality_metric("object-variation", "OBJCV", "Object, variation of signal", source=_FIRST_ORDER, better="target"),
    quality_metric("object-skewness", "OBJSKEW", "Object, skewness of signal", source=_FIRST_ORDER, better="target"),
    quality_metric("object-kurtosis", "OBJKURT", "Object, kurtosis of signal", source=_FIRST_ORDER, better="target"),
    quality_metric("bright-tail", "BRIGHT", "Object, bright tail of signal", source=_FIRST_ORDER, better="target"),
    quality_metric("dark-tail", "DARK", "Object, dark tail of signal", source=_FIRST_ORDER, better="target"),
)


def _values(view: SliceView) -> tuple[float, ...]:
    pixels = view.object_pixels
    middle = max(_at(pixels, 0.5), 1e-3)
    mean, deviation, skewness, kurtosis = moments(pixels)
    return (
        _focus_criterion(view.image),
        mean_of(view.blocks.object),
        deviation / max(mean, 1e-3),
        skewness,
        kurtosis,
        float(np.log(max(_at(pixels, 0.99) / middle, 1.0))),
        float(np.log(middle / max(_at(pixels, 0.01), middle / 1000))),
    )


def _focus_criterion(image: Pixels) -> float:
    root = float(np.sqrt(np.vdot(image, image)))
    part = image / np.float32(root)
    most = np.sqrt(image.size) * np.log(np.sqrt(image.size))
    return float(-np.vdot(part, np.log(part + np.float32(1e-12))) / most)


def moments(pixels: Pixels) -> tuple[float, float, float, float]:
    """Return mean, standard deviation, skewness and excess kurtosis; zeros where there is no spread."""
    if pixels.size == 0:
        return 0.0, 0.0, 0.0, 0.0
    mean = mean_of(pixels)
    rest = pixels - np.float32(mean)
    square = rest * rest
    variance = mean_of(square)
    if variance <= 1e-12 * mean**2:
        return mean, 0.0, 0.0, 0.0
    third, fourth = float(np.vdot(square, rest)) / pixels.size, float(np.vdot(square, square)) / pixels.size
    return mean, float(np.sqrt(variance)), third / variance**1.5, fourth / variance**2 - 3.0


def _at(rising: Pixels, part: float) -> float:
    return float(rising[round(part * (rising.size - 1))])


INTENSITY = Family(metrics=METRICS, values=_values)
