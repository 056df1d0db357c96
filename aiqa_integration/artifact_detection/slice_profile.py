"""Slices that are darker than their neighbours: single ones, or every other one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_SLICES = 3
_LEAST_LOSS = 0.04
_OUTLYING = 3.5  # robust standard deviations of all slices' losses
_ENOUGH = 96  # pixels along each axis are enough for a median
_OBJECT = 0.15  # of the bright signal: what is brighter is the object
_END = 2.0  # times the loss: the first and last slice have neighbours on one side only
_AGREEING = 0.8  # part of the slices whose sign must alternate


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Loss of signal by slice, of those that lost some; whether every other slice did."""

    losses: Mapping[int, float]
    alternate: bool


def lost_slices(voxels: NDArray[np.float32]) -> Losses:
    """Return the slices that lost signal against their neighbours: every other one, or single ones."""
    if len(voxels) < LEAST_SLICES:
        return Losses(losses={}, alternate=False)
    thinned = voxels[:, :: max(1, voxels.shape[1] // _ENOUGH), :: max(1, voxels.shape[2] // _ENOUGH)]
    loss = np.array([_loss(thinned, index, frozenset()) for index in range(len(voxels))])
    parity = np.where(np.arange(len(loss)) % 2 == 0, 1.0, -1.0)
    inner = (parity * loss)[1:-1]
    side = float(np.sign(np.median(inner)))
    if len(inner) >= LEAST_SLICES and np.mean(side * inner > _LEAST_LOSS / 2) >= _AGREEING:
        dark = np.flatnonzero((side * parity > 0) & (loss > 0))
        return Losses(losses={int(index): float(loss[index]) for index in dark}, alternate=True)
    return Losses(losses=_single(thinned, loss), alternate=False)


def _single(voxels: NDArray[np.float32], loss: NDArray[np.float64]) -> dict[int, float]:
    """Return the outlying losses, the greatest first; a slice that is found lost is no neighbour of others any more."""
    lost: dict[int, float] = {}
    weight = np.ones(len(loss))
    weight[[0, -1]] = 1 / _END
    while len(lost) < len(loss) // 2:
        index = int(np.argmax(np.where(np.isin(np.arange(len(loss)), list(lost)), -np.inf, loss * weight)))
        found = frozenset({*lost, index})
        near = [place for place in range(max(index - 2, 0), min(index + 3, len(loss))) if place not in found]
        without = loss.copy()
        without[near] = [_loss(voxels, place, found) for place in near]
        others = np.delete(without, list(found))
        spread = 1.4826 * float(np.median(np.abs(others - np.median(others))))
        if loss[index] * weight[index] <= max(_LEAST_LOSS, _OUTLYING * spread):
            break
        lost[index], loss = float(loss[index]), without
    return lost


def _loss(voxels: NDArray[np.float32], index: int, lost: frozenset[int]) -> float:
    """Return the loss of a slice: 1 less the median, over the object, of its signal over its neighbours' mean there.

    Neighbours are the next slices on both sides that are not among the ``lost`` ones.
    """
    before = next((place for place in range(index - 1, -1, -1) if place not in lost), None)
    after = next((place for place in range(index + 1, len(voxels)) if place not in lost), None)
    near = np.mean([voxels[place] for place in (before, after) if place is not None], axis=0)
    shown = near > max(_OBJECT * float(np.percentile(near, 98)), 0.0)
    return 1.0 - float(np.median(voxels[index][shown] / near[shown])) if shown.any() else 0.0
