"""What is in the air beside the object: noise alone, where nothing is wrong.

All in units of the object's signal S. With a background that was set to zero, or next to no air, all are 0.

- ``background-mean``, ``-p95``, ``-p99``, ``-max``: mean and percentiles of the air's pixels / S (Mortamet, Magn Reson
  Med 2009;62:365, whose QI1 and QI2 rest on them).
- ``background-kurtosis``, ``-skewness``: standardised moments of the air's pixels; 0.245 and 0.631 for a Rayleigh
  distribution (Rice noise without signal; Gudbjartsson, Magn Reson Med 1995;34:910).
- ``background-spread``: standard deviation / mean of the air's pixels; 0.523 for a Rayleigh distribution.
- ``energy-ratio``: log10(mean of x² in the object / mean of x² in the air), at most 10 (foreground-background energy
  ratio, Connectome preprocessed QAP; Shehzad, Front Neurosci 2015).
- ``background-zeroed``: part of the blocks beside the object that hold no signal at all.
- ``background-structure``: standard deviation of the air's block means / that of independent pixels; 1 for white noise.
- ``background-bright-blocks``: part of the air's blocks brighter than median + 5 robust standard deviations (after
  QI1 of Mortamet, on blocks).
"""

import numpy as np

from aiqa_integration.metrics.image_quality.blocks import Pixels
from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.intensity import moments
from aiqa_integration.metrics.image_quality.statistics import deviation_of, mean_of, robust_deviation
from aiqa_integration.metrics.image_quality.view import SliceView
from aiqa_integration.model.ranks import median

_MORTAMET = "Mortamet et al., Magn Reson Med 2009;62:365, artifacts and noise in the background"
_RICE = "Gudbjartsson and Patz, Magn Reson Med 1995;34:910, distribution of noisy magnitude data"
_QAP = "Quality assessment protocol (Shehzad et al., Front Neurosci 2015), foreground to background energy ratio"

LEAST_AIR_PIXELS = 64

METRICS = (
    quality_metric("background-mean", "BGMEAN", "Background, mean", source=_MORTAMET),
    quality_metric("background-p95", "BGP95", "Background, 95th percentile", source=_MORTAMET),
    quality_metric("background-p99", "BGP99", "Background, 99th percentile", source=_MORTAMET),
    quality_metric("background-max", "BGMAX", "Background, maximum", source=_MORTAMET),
    quality_metric("background-kurtosis", "BGKURT", "Background, kurtosis", source=_RICE, better="target"),
    quality_metric("background-skewness", "BGSKEW", "Background, skewness", source=_RICE, better="target"),
    quality_metric("background-spread", "BGSPREAD", "Background, spread over mean", source=_RICE, better="target"),
    quality_metric("energy-ratio", "FBER", "Foreground-background energy ratio", source=_QAP, better="higher"),
    quality_metric("background-zeroed", "BGZERO", "Background, part set to zero", source=_MORTAMET, better="target"),
    quality_metric("background-structure", "BGSTRUCT", "Background, structure", source=_MORTAMET),
    quality_metric("background-bright-blocks", "BGBRIGHT", "Background, part that is bright", source=_MORTAMET),
)


def _values(view: SliceView) -> tuple[float, ...]:
    beside = ~view.blocks.object
    zeroed = float((view.blocks.empty & beside).sum() / max(beside.sum(), 1))
    air = view.air_pixels
    if air.size < LEAST_AIR_PIXELS or float(air[-1]) == 0.0:
        return (*(0.0,) * 7, _MOST_ENERGY, zeroed, 0.0, 0.0)
    mean, deviation, skewness, kurtosis = moments(air)
    p95, p99 = (float(air[int(part * (air.size - 1))]) for part in (0.95, 0.99))
    structure, bright = _blocks(view, deviation)
    return (
        mean,
        p95,
        p99,
        float(air[-1]),
        kurtosis,
        skewness,
        deviation / mean,
        _energy_ratio(view.object_pixels, air),
        zeroed,
        structure,
        bright,
    )


_MOST_ENERGY = 10.0


def _energy_ratio(inside: Pixels, air: Pixels) -> float:
    ratio = float(np.vdot(inside, inside)) / inside.size / max(float(np.vdot(air, air)) / air.size, 1e-30)
    return float(np.clip(np.log10(max(ratio, 1e-30)), -_MOST_ENERGY, _MOST_ENERGY))


def _blocks(view: SliceView, deviation: float) -> tuple[float, float]:
    """Return how much more the blocks' means spread than those of white noise, and the part that is bright."""
    means = view.blocks.mean[view.blocks.air]
    if deviation == 0.0:
        return 0.0, 0.0
    pixels = view.blocks.size[0] * view.blocks.size[1]
    limit = median(means) + 5.0 * max(robust_deviation(means), 0.1 * deviation / np.sqrt(pixels))
    return deviation_of(means) * np.sqrt(pixels) / deviation, mean_of(means > limit)


BACKGROUND = Family(metrics=METRICS, values=_values)
