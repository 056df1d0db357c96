"""Which slice is which: one offset and direction along the normal for the whole series."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PITCH_MM = 10.0
FIRST, LAST = 1, 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """Guideline number to place in the stack, each place's height above slice 1 (mm), and the mean probability."""

    slices: dict[int, int]
    heights_mm: NDArray[np.float64]
    support: float


def number_slices(positions_mm: NDArray[np.float64], probability: NDArray[np.float64]) -> Numbering:
    """Return the numbering that the slice probabilities support best.

    ``probability`` is ``[z, class]`` with class 0 for no numbered slice and 1 to 11 for the guideline's. Slices are
    10 mm apart in the phantom, so height = offset ± position; every offset and both directions are tried, a place
    whose height is beyond the numbered slices counts by its class 0, and the middle of the best offsets is taken.
    """
    log = np.log(np.clip(probability, 1e-3, 1.0))
    positions_mm = _regular(positions_mm)
    best: list[tuple[float, float, float]] = []
    for direction in (1.0, -1.0):
        along = direction * (positions_mm - positions_mm.mean())
        span = float(np.ptp(along)) / 2
        offsets = np.arange(-span - 4.037, (LAST - 1) * PITCH_MM + span + 4.5, 1.0)
        scores = log[np.arange(len(along)), _numbers(along + offsets[:, None])].sum(axis=1)
        top = np.flatnonzero(scores >= scores.max() - 1e-9)
        run = top[: int(np.argmax(np.diff(top, append=top[-1] + 2) > 1)) + 1]
        best.append((float(scores.max()), direction, float(offsets[run].mean())))
    _, direction, offset = max(best)
    heights = direction * (positions_mm - positions_mm.mean()) + offset
    slices = _nearest(heights)
    chosen = [probability[place, number] for number, place in slices.items()]
    return Numbering(slices=slices, heights_mm=heights, support=float(np.mean(chosen)) if chosen else 0.0)


def _regular(positions_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return equal steps where they differ by less than 5 %: rounding must not part slices from their neighbours."""
    steps = np.diff(positions_mm)
    if len(steps) < 2 or np.abs(steps - steps.mean()).max() > 0.05 * abs(steps.mean()):
        return positions_mm
    return np.asarray(positions_mm[0] + steps.mean() * np.arange(len(positions_mm)), np.float64)


def _numbers(heights: NDArray[np.float64]) -> NDArray[np.intp]:
    numbers = np.floor(heights / PITCH_MM + 0.5).astype(np.intp) + 1
    return np.where((numbers >= FIRST) & (numbers <= LAST), numbers, 0)


def _nearest(heights: NDArray[np.float64]) -> dict[int, int]:
    """Return for each number the place nearest to its plane, of those within half a pitch."""
    slices: dict[int, int] = {}
    for number in range(FIRST, LAST + 1):
        distance = np.abs(heights - (number - 1) * PITCH_MM)
        place = int(np.argmin(distance))
        if distance[place] <= PITCH_MM / 2 and _numbers(heights)[place] == number:
            slices[number] = place
    return slices
