"""Laying the pattern of disks over the slices: one shift, turn and scale for all, then each slice's own small rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.ndimage import map_coordinates

from aiqa_integration.metrics.low_contrast.field import Field, pixels_of
from aiqa_integration.metrics.low_contrast.insert import (
    DIAMETERS_MM,
    NOMINAL_CONTRAST,
    RADII_MM,
    Placement,
    moved,
    moved_places,
)
from aiqa_integration.metrics.low_contrast.template import answers
from aiqa_integration.model.sampling import FloatArray

_COARSE = np.array(list(product(np.linspace(-1.5, 1.5, 4), np.linspace(-1.5, 1.5, 4), np.linspace(-6, 6, 9), [0.0])))
_STEP = np.array(list(product((-1.0, 0.0, 1.0), repeat=4)))
_FINE = tuple(np.array([0.5, 0.5, 0.75, 0.01]) * part for part in (1.0, 1.0, 0.5, 0.25, 0.12))
_OWN = tuple(np.array([0.3, 0.3, 0.4, 0.0]) * part for part in (1.0, 0.5, 0.25))
"""Steps of a search: u and v mm, turn in degrees, scale."""
_LEAST_STRENGTH = 5.0
"""SD of the noise that all disks together must reach to be followed; else the ring's centre and the pose hold."""
_OWN_STRENGTH = 10.0
"""SD that one slice's disks must reach to be followed by themselves: three fitted numbers then bias none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Where the disks of each slice lie, by number; whether they are brighter (+1) or darker (-1) than the water."""

    placements: dict[int, Placement]
    sign: float


def place_pattern(fields: Sequence[Field], start: Placement) -> Pattern:
    """Return where the disks lie."""
    maps = [_scaled_answers(field) for field in fields]
    first = _strengths(fields, maps, start, _COARSE)
    best = int(np.argmax(np.abs(first)))
    placement, strength = moved(start, _COARSE[best]), float(first[best])
    sign = float(np.sign(strength)) or 1.0
    for step in _FINE:
        placement, strength = _step(fields, maps, placement, step, sign)
    if strength < _LEAST_STRENGTH:
        return Pattern(placements={field.number: start for field in fields}, sign=sign)
    placements = {}
    for field, found in zip(fields, maps, strict=True):
        own, strength = placement, float(sign * _strengths([field], [found], placement, np.zeros((1, 4)))[0])
        for step in _OWN if strength >= _OWN_STRENGTH else ():
            own, _ = _step([field], [found], own, step, sign)
        placements[field.number] = own
    return Pattern(placements=placements, sign=sign)


def _step(
    fields: Sequence[Field], maps: Sequence[FloatArray], placement: Placement, step: FloatArray, sign: float
) -> tuple[Placement, float]:
    """Return the strongest placement of those one step away in any directions, and its strength."""
    moves = np.unique(_STEP * step, axis=0)
    strengths = sign * _strengths(fields, maps, placement, moves)
    best = int(np.argmax(strengths))
    return moved(placement, moves[best]), float(strengths[best])


def _scaled_answers(field: Field) -> FloatArray:
    """Return the filters' answers in units of their own SD (robust) over the water."""
    found = answers(field.relative, field.pose.pixel_mm)
    spread = np.array([np.median(np.abs(one[field.water])) / 0.6745 for one in found])
    return np.asarray(found / np.maximum(spread, 1e-12)[:, None, None], np.float64)


def _strengths(
    fields: Sequence[Field], maps: Sequence[FloatArray], placement: Placement, moves: FloatArray
) -> FloatArray:
    """Return how far the whole pattern stands out after each move, weighted as contrast and size tell, in SD."""
    total, weight = np.zeros(len(moves)), 0.0
    spokes = np.broadcast_to(np.arange(len(DIAMETERS_MM))[None, :, None], (len(moves), len(DIAMETERS_MM), len(RADII_MM)))
    for field, found in zip(fields, maps, strict=True):
        places = pixels_of(field, *moved_places(field.number, placement, moves))
        seen = map_coordinates(found, [spokes, *places], order=1, mode="nearest")
        expected = NOMINAL_CONTRAST[field.number] * DIAMETERS_MM[:, None]
        total += (seen * expected).sum(axis=(1, 2))
        weight += float((expected**2).sum()) * len(RADII_MM)
    return np.asarray(total / np.sqrt(weight), np.float64)
