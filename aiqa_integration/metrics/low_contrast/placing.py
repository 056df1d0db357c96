"""Laying the pattern of disks over the slices: one shift, turn and scale for all, then each slice's own small rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.metrics.low_contrast.field import Field
from aiqa_integration.metrics.low_contrast.insert import (
    DIAMETERS_MM,
    NOMINAL_CONTRAST,
    RADII_MM,
    Placement,
    moved,
    moved_places,
)
from aiqa_integration.metrics.low_contrast.template import Kind, answers
from aiqa_integration.model.sampling import FloatArray, between_pixels, to_pixels

_COARSE = np.array(list(product(np.linspace(-1.5, 1.5, 4), np.linspace(-1.5, 1.5, 4), np.linspace(-6, 6, 9), [0.0])))
_STEP = np.array(list(product((-1.0, 0.0, 1.0), repeat=4)))
_FINE = tuple(np.array([0.5, 0.5, 0.75, 0.01]) * part for part in (1.0, 1.0, 0.5, 0.25, 0.12))
"""Steps of a search: u and v mm, turn in degrees, scale."""
_DRIFT = np.array([(u, v, 0.0, 0.0) for u, v in product((-1.0, 0.0, 1.0), repeat=2)])
_DRIFT_MM = (0.2, 0.1, 0.05)
"""Steps of what the disks move from one slice to the next where the insert isn't square to the slices."""
_LEAST_STRENGTH = 5.0
"""SD of the noise that all disks together must reach to be followed; else the ring's centre and the pose hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Where the disks of each slice lie, by number; whether they are brighter (+1) or darker (-1) than the water."""

    placements: dict[int, Placement]
    sign: float


def place_pattern(fields: Sequence[Field], start: Placement) -> Pattern:
    """Return where the disks lie."""
    shown = _Shown.of(fields)
    steady = np.zeros(4)
    first = shown.strengths(start, _COARSE, steady)
    best = int(np.argmax(np.abs(first)))
    placement, strength, sign = moved(start, _COARSE[best]), float(abs(first[best])), float(np.sign(first[best])) or 1.0
    for step in _FINE:
        moves = _STEP * step
        strengths = sign * shown.strengths(placement, moves, steady)
        best = int(np.argmax(strengths))
        placement, strength = moved(placement, moves[best]), float(strengths[best])
    if strength < _LEAST_STRENGTH:
        return Pattern(placements={field.number: start for field in fields}, sign=sign)
    drift, still = steady, np.zeros_like(_DRIFT)
    for step_mm in _DRIFT_MM:
        trials = drift + step_mm * _DRIFT
        drift = trials[int(np.argmax(sign * shown.strengths(placement, still, trials)))]
    placements = {
        field.number: moved(placement, drift * float(height))
        for field, height in zip(fields, shown.heights, strict=True)
    }
    return Pattern(placements=placements, sign=sign)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shown:
    """What the fields show of the disks: the filters' answers, all in one ``[field and spoke, y, x]``, in SD.

    ``heights`` are how many slices each field lies above the mean of all.
    """

    fields: Sequence[Field]
    maps: NDArray[np.float32]
    numbers: FloatArray
    heights: FloatArray

    @classmethod
    def of(cls, fields: Sequence[Field]) -> "_Shown":
        """Return what fields show; their crops differ by a pixel at most, the filters' answers reach further."""
        maps = [_scaled_answers(field) for field in fields]
        rows, columns = (min(one.shape[axis] for one in maps) for axis in (1, 2))
        numbers = np.array([float(field.number) for field in fields])
        return cls(
            fields=fields,
            maps=np.concatenate([one[:, :rows, :columns] for one in maps]),
            numbers=numbers,
            heights=numbers - numbers.mean(),
        )

    def strengths(self, placement: Placement, moves: FloatArray, drift: FloatArray) -> FloatArray:
        """Return how far the whole pattern stands out after each move, weighted as contrast and size tell, in SD.

        ``drift`` is what the disks move from one slice to the next, once for all moves or once for each.
        """
        all_moves = moves + drift * self.heights[:, None, None]
        u_mm, v_mm = moved_places(self.numbers[:, None], placement, all_moves)
        places = [to_pixels(field.pose, u, v) for field, u, v in zip(self.fields, u_mm, v_mm, strict=True)]
        columns, rows = (np.stack(axis) for axis in zip(*places, strict=True))
        which = np.arange(len(self.maps)).reshape(len(self.fields), 1, -1, 1)
        contrasts = np.array([NOMINAL_CONTRAST[field.number] for field in self.fields])
        expected = contrasts[:, None] * DIAMETERS_MM
        seen = between_pixels(self.maps, columns, rows, which).sum(axis=3)
        weight = float((expected**2).sum()) * len(RADII_MM)
        return np.asarray(np.einsum("fms,fs->m", seen, expected) / np.sqrt(weight), np.float64)


def _scaled_answers(field: Field) -> NDArray[np.float32]:
    """Return the filters' answers in units of their own SD (robust) over the water."""
    (found,) = answers(field.relative, field.pose.pixel_mm, (Kind(unstriped=True),))
    rows, columns = np.nonzero(field.water)
    sizes = np.abs(found.reshape(len(found), -1).take(rows * found.shape[2] + columns, axis=1))
    middle = sizes.shape[1] // 2
    spread = np.partition(sizes, middle, axis=1)[:, middle] / 0.6745
    return np.asarray(found / np.maximum(spread, 1e-12)[:, None, None], np.float32)
