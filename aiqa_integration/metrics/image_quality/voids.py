"""Lost and piled-up signal, and rims that differ from side to side: susceptibility, metal, shifted or unsuppressed fat.

- ``void-fraction``: part of the object's pixels darker than 0.15 S.
- ``void-largest``: largest connected region of blocks darker than 0.25 S inside the object / the object.
- ``hot-rim``: 95th percentile of the blocks around such regions / S; 0 without one.
- ``pile-up``: 99.9th percentile of the object's pixels / S.
- ``rim-brightness``: mean of the object's outermost blocks / S.
- ``rim-asymmetry-phase``, ``-read``: difference of the outermost blocks' means at the two ends of an axis / their sum.
- ``edge-skewness-phase``, ``-read``: |third moment of the difference along an axis| / second moment to the 1.5: bright
  edges on one side and dark ones on the other, where fat is shifted.

Source: Hargreaves, AJR 2011;197:547 (metal: voids and pile-up); Hood, RadioGraphics 1999;19:357 (chemical shift: dark
and bright edges along the read-out); Delfaut, RadioGraphics 1999;19:373 (uneven fat suppression).
"""

import numpy as np
from scipy.ndimage import label

from aiqa_integration.metrics.image_quality.blocks import Mask, Pixels, grown
from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.statistics import mean_of, quantile
from aiqa_integration.metrics.image_quality.view import SliceView

_METAL = "Hargreaves et al., AJR 2011;197:547, signal voids and pile-up"
_SHIFT = "Hood et al., RadioGraphics 1999;19:357, chemical shift along the read-out"
_FAT = "Delfaut et al., RadioGraphics 1999;19:373, uneven fat suppression"

METRICS = (
    quality_metric("void-fraction", "VOIDFRAC", "Voids in the object", source=_METAL),
    quality_metric("void-largest", "VOIDMAX", "Largest void in the object", source=_METAL),
    quality_metric("hot-rim", "HOTRIM", "Bright rim of voids", source=_METAL),
    quality_metric("pile-up", "PILEUP", "Piled-up signal", source=_METAL),
    quality_metric("rim-brightness", "RIM", "Rim of the object, brightness", source=_FAT, better="target"),
    quality_metric("rim-asymmetry-phase", "RIMPHA", "Rim of the object, sides apart, phase", source=_FAT),
    quality_metric("rim-asymmetry-read", "RIMREAD", "Rim of the object, sides apart, read-out", source=_FAT),
    quality_metric("edge-skewness-phase", "SKEWPHA", "Dark and bright edges, phase", source=_SHIFT),
    quality_metric("edge-skewness-read", "SKEWREAD", "Dark and bright edges, read-out", source=_SHIFT),
)

_DARK_PIXEL = 0.15
_DARK_BLOCK = 0.25


def _values(view: SliceView) -> tuple[float, ...]:
    pixels, mean = view.object_pixels, view.blocks.mean
    rims = [_rims(view.blocks.object, axis) for axis in (0, 1)]
    apart = [_apart(*(mean_of(mean[side]) if side.any() else 0.0 for side in rim)) for rim in rims]
    outer = np.logical_or.reduce([side for rim in rims for side in rim])
    skewed = [_skewness(view.steps[axis]) for axis in (0, 1)]
    return (
        float(np.searchsorted(pixels, np.float32(_DARK_PIXEL))) / pixels.size,
        *_voids(view),
        float(pixels[round(0.999 * (pixels.size - 1))]),
        mean_of(mean[outer]) if outer.any() else 0.0,
        *view.phase_and_read(apart[0], apart[1]),
        *view.phase_and_read(skewed[0], skewed[1]),
    )


def _voids(view: SliceView) -> tuple[float, float]:
    """Return the largest void's part of the object, and how bright the blocks around voids are."""
    blocks = view.blocks
    dark = blocks.core & (blocks.mean < _DARK_BLOCK)
    if not dark.any():
        return 0.0, 0.0
    parts, _ = label(dark)
    largest = float(np.bincount(parts.ravel())[1:].max()) / np.count_nonzero(blocks.object)
    around = grown(dark, 2) & blocks.object & ~dark
    return largest, quantile(blocks.mean[around], 0.95) if around.any() else 0.0


def _rims(shown: Mask, axis: int) -> tuple[Mask, Mask]:
    """Return the first and last two blocks of the object along an axis, those at the image's border left out."""
    along = shown if axis == 0 else shown.T
    first, last = np.zeros_like(along), np.zeros_like(along)
    first[1:-1] = along[1:-1] & ~along[:-2]
    last[1:-1] = along[1:-1] & ~along[2:]
    first[2:] |= first[1:-1] & along[2:]
    last[:-2] |= last[1:-1] & along[:-2]
    return (first, last) if axis == 0 else (first.T, last.T)


def _apart(one: float, other: float) -> float:
    return abs(one - other) / max(one + other, 1e-6)


def _skewness(step: Pixels) -> float:
    square = step * step
    energy = mean_of(square)
    if energy < 1e-12:
        return 0.0
    return float(abs(mean_of(square * step)) / energy**1.5)


VOIDS = Family(metrics=METRICS, values=_values)
