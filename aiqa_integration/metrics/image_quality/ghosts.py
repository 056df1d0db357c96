"""Copies of the object in the air beside it.

A is the air's blocks less their median, O the object's blocks (0 elsewhere), both in S; O(s) is O moved round by s.

- ``nyquist-ghost-phase``, ``-read``: mean of A where the object moved by half the field of view lies, minus the mean
  of A elsewhere (N/2 ghost of echo-planar imaging; Reeder, Magn Reson Med 1999;41:87).
- ``ghost-correlation-phase``, ``-read``: largest correlation of A with O(s) over shifts s from a sixteenth of the field
  of view on; ``ghost-level-phase``, ``-read``: the slope of A on O(s) there, how strong the copy is.
- ``background-difference``: mean of the air before and behind the object along phase encoding minus that along
  read-out (ACR MRI Phantom Test Guidance (10/2022), section 6, signal ghosting); its magnitude where the directions
  are not known.

0 where fewer than eight blocks of air can show a copy.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.metrics.image_quality.blocks import Mask
from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.statistics import Floats, mean_of
from aiqa_integration.metrics.image_quality.view import SliceView
from aiqa_integration.model.ranks import median

_NYQUIST = "Reeder et al., Magn Reson Med 1999;41:87, Nyquist ghost of echo-planar imaging"
_COPIES = "Wood and Henkelman, Med Phys 1985;12:143, ghosts along phase encoding"
_ACR = "ACR MRI Phantom Test Guidance (10/2022), section 6, percent-signal ghosting"

METRICS = (
    quality_metric("nyquist-ghost-phase", "NYQPHA", "Half-field ghost along phase encoding", source=_NYQUIST),
    quality_metric("nyquist-ghost-read", "NYQREAD", "Half-field ghost along read-out", source=_NYQUIST),
    quality_metric("ghost-correlation-phase", "GHCORPHA", "Copy of object in air, phase", source=_COPIES),
    quality_metric("ghost-correlation-read", "GHCORREAD", "Copy of object in air, read-out", source=_COPIES),
    quality_metric("ghost-level-phase", "GHLEVPHA", "Level of copy in air, phase", source=_COPIES),
    quality_metric("ghost-level-read", "GHLEVREAD", "Level of copy in air, read-out", source=_COPIES),
    quality_metric("background-difference", "BGDIFF", "Background, phase minus read-out", source=_ACR),
)

_LEAST_BLOCKS = 8


def _values(view: SliceView) -> tuple[float, ...]:
    blocks = view.blocks
    if np.count_nonzero(blocks.air) < _LEAST_BLOCKS:
        return (0.0,) * len(METRICS)
    air = np.where(blocks.air, blocks.mean - median(blocks.mean[blocks.air]), 0.0)
    shown = np.where(blocks.object, blocks.mean, 0.0)
    halves = [_half_field(air, blocks.air, blocks.object, axis) for axis in (0, 1)]
    copies = [_copy(air, blocks.air, shown, axis) for axis in (0, 1)]
    return (
        *view.phase_and_read(halves[0], halves[1]),
        *view.phase_and_read(copies[0][0], copies[1][0]),
        *view.phase_and_read(copies[0][1], copies[1][1]),
        _difference(view),
    )


def _half_field(air: Floats, given: Mask, shown: Mask, axis: int) -> float:
    """Return how much brighter the air is where the object's half-field copy lies."""
    half = shown.shape[axis] // 2
    copy = np.roll(shown, half, axis) & np.roll(shown, -half, axis)
    inside, outside = given & copy, given & ~copy
    if min(np.count_nonzero(inside), np.count_nonzero(outside)) < _LEAST_BLOCKS:
        return 0.0
    return mean_of(air[inside]) - mean_of(air[outside])


def _copy(air: Floats, given: Mask, shown: Floats, axis: int) -> tuple[float, float]:
    """Return the largest correlation of the air with the object moved along an axis, and the slope there."""
    if axis == 1:
        air, given, shown = air.T, given.T, shown.T
    weight, count = given.astype(np.float64), len(air)
    sums = [_over_shifts(one @ two.T) for one, two in ((weight, shown), (weight, shown**2), (air, shown))]
    blocks, total = float(weight.sum()), float(air.sum())
    variance = float(np.vdot(air, air)) - total**2 / blocks
    low = 1e-6 * blocks
    spread = np.maximum(sums[1] - sums[0] ** 2 / blocks, low)
    covariance = sums[2] - total * sums[0] / blocks
    away = slice(max(count // 16, 1), count - max(count // 16, 1) + 1)
    correlation = covariance[away] / np.sqrt(spread[away] * max(variance, 1e-6 * low))
    best = int(np.argmax(correlation))
    if correlation[best] <= 0.0:
        return 0.0, 0.0
    return float(min(correlation[best], 1.0)), float((covariance[away] / spread[away])[best])


def _over_shifts(products: Floats) -> Floats:
    """Return the sums of products ``[line, other line]`` by how far the lines are apart, going round."""
    count = len(products)
    return np.bincount(_shifts(count), products.ravel(), count).astype(np.float64)


@lru_cache(maxsize=32)
def _shifts(count: int) -> NDArray[np.intp]:
    places = np.arange(count)
    return ((places[:, None] - places) % count).ravel()


def _difference(view: SliceView) -> float:
    """Return the mean of the air beside the object along phase encoding minus along read-out."""
    blocks = view.blocks
    rows, columns = blocks.object.any(axis=1, keepdims=True), blocks.object.any(axis=0, keepdims=True)
    along_rows, along_columns = blocks.air & columns & ~rows, blocks.air & rows & ~columns
    if min(np.count_nonzero(along_rows), np.count_nonzero(along_columns)) < _LEAST_BLOCKS:
        return 0.0
    along, across = view.phase_and_read(mean_of(blocks.mean[along_rows]), mean_of(blocks.mean[along_columns]))
    return along - across


GHOSTS = Family(metrics=METRICS, values=_values)
