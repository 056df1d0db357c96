"""Laying the pattern of disks over the slices: one shift, turn and scale for all, then each slice's own small rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.metrics.low_contrast.field import Field, pixels_of
from aiqa_integration.metrics.low_contrast.insert import (
    DIAMETERS_MM,
    NOMINAL_CONTRAST,
    RADII_MM,
    Placement,
    moved,
    moved_places,
)
from aiqa_integration.metrics.low_contrast.template import Kind, answers
from aiqa_integration.model.sampling import FloatArray

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
    maps = [_scaled_answers(field) for field in fields]
    steady = np.zeros(4)
    first = _strengths(fields, maps, start, _COARSE, steady)
    best = int(np.argmax(np.abs(first)))
    placement, strength, sign = moved(start, _COARSE[best]), float(abs(first[best])), float(np.sign(first[best])) or 1.0
    for step in _FINE:
        moves = _STEP * step
        strengths = sign * _strengths(fields, maps, placement, moves, steady)
        best = int(np.argmax(strengths))
        placement, strength = moved(placement, moves[best]), float(strengths[best])
    if strength < _LEAST_STRENGTH:
        return Pattern(placements={field.number: start for field in fields}, sign=sign)
    drift, still = steady, np.zeros_like(_DRIFT)
    for step_mm in _DRIFT_MM:
        trials = drift + step_mm * _DRIFT
        drift = trials[int(np.argmax(sign * _strengths(fields, maps, placement, still, trials)))]
    return Pattern(
        placements={field.number: moved(placement, drift * _height(field, fields)) for field in fields}, sign=sign
    )


def _height(field: Field, fields: Sequence[Field]) -> float:
    """Return how many slices a field lies above the mean of all."""
    return field.number - sum(one.number for one in fields) / len(fields)


def _scaled_answers(field: Field) -> NDArray[np.float32]:
    """Return the filters' answers in units of their own SD (robust) over the water."""
    (found,) = answers(field.relative, field.pose.pixel_mm, (Kind(unstriped=True),))
    sizes = np.abs(found.reshape(len(found), -1).take(np.flatnonzero(field.water), axis=1))
    middle = sizes.shape[1] // 2
    spread = np.partition(sizes, middle, axis=1)[:, middle] / 0.6745
    return np.asarray(found / np.maximum(spread, 1e-12)[:, None, None], np.float32)


def _strengths(
    fields: Sequence[Field],
    maps: Sequence[NDArray[np.float32]],
    placement: Placement,
    moves: FloatArray,
    drift: FloatArray,
) -> FloatArray:
    """Return how far the whole pattern stands out after each move, weighted as contrast and size tell, in SD.

    ``drift`` is what the disks move from one slice to the next, once for all moves or once for each.
    """
    total, weight = np.zeros(len(moves)), 0.0
    for field, found in zip(fields, maps, strict=True):
        places = pixels_of(field, *moved_places(field.number, placement, moves + drift * _height(field, fields)))
        seen = _between_pixels(found, places)
        expected = NOMINAL_CONTRAST[field.number] * DIAMETERS_MM[:, None]
        total += (seen * expected).sum(axis=(1, 2))
        weight += float((expected**2).sum()) * len(RADII_MM)
    return np.asarray(total / np.sqrt(weight), np.float64)


def _between_pixels(images: NDArray[np.float32], places: FloatArray) -> FloatArray:
    """Return bilinear values of each spoke's own image ``[spoke, y, x]`` at ``[row or column, ..., spoke, radius]``.

    Beyond the images the outermost pixels go on.
    """
    count, height, width = images.shape
    rows, columns = (np.clip(at, 0.0, size - 1.0) for at, size in zip(places, (height, width), strict=True))
    top, left = np.minimum(rows.astype(np.intp), height - 2), np.minimum(columns.astype(np.intp), width - 2)
    down, across = rows - top, columns - left
    first = (np.arange(count)[:, None] * height + top) * width + left
    flat = images.ravel()
    upper = flat.take(first) * (1 - across) + flat.take(first + 1) * across
    lower = flat.take(first + width) * (1 - across) + flat.take(first + width + 1) * across
    return np.asarray(upper * (1 - down) + lower * down, np.float64)
