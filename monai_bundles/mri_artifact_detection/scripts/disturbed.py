"""What an operator that disturbs a stack takes and returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.stack_measures import Volume


class CannotBeMade(Exception):
    """The stack does not allow this artifact at this severity (no bright fat, nothing to fold)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbed:
    """A stack with an artifact: magnitude, the measure reached, and the size of the change at each pixel."""

    voxels: Volume
    measure: float
    change: Volume


Operator = Callable[[Volume, tuple[float, float, float], float, np.random.Generator], Disturbed]
"""Takes a stack, its spacing (slice, row, column; mm), the measure aimed at and a generator."""


def disturbed(before: Volume, after: NDArray[np.floating], measure: float) -> Disturbed:
    """Return the magnitude of a stack and how far it differs from what it was."""
    magnitude = np.abs(after).astype(np.float32)
    return Disturbed(voxels=magnitude, measure=float(measure), change=np.abs(magnitude - before))
