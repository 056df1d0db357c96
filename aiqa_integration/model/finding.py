"""What is remarkable about images besides the measured values: how a test object lay, artifacts. Never a verdict."""

from dataclasses import dataclass, field
from math import erf, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.measurement import Region

State = Literal["present", "possible"]
Severity = Literal[0, 1, 2, 3]

CERTAIN = 0.95
"""From this probability on a finding is said to be present."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnergyMap:
    """How strongly each pixel shows a finding, 0 to 1, on the grid of the stack.

    ``values`` is float32 ``[place, row, column]``, one image for each of ``places`` (zero-based, in the stack). Pixels
    of ``threshold`` and more are said to belong to the finding. Raises ValueError where the parts do not fit.
    """

    values: NDArray[np.float32]
    places: tuple[int, ...]
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or len(self.places) != self.values.shape[0] or not self.places:
            raise ValueError(f"{len(self.places)} places for a map of shape {self.values.shape}")
        if len(set(self.places)) != len(self.places) or not 0.0 < self.threshold <= 1.0:
            raise ValueError(f"places {self.places}, threshold {self.threshold}")
        low, high = float(self.values.min()), float(self.values.max())
        if not 0.0 <= low <= high <= 1.0:
            raise ValueError(f"energies from {low} to {high}, not 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something found: stable id, probability (0 to 1), severity (0 only said, 1 slight, 2 clear, 3 severe).

    ``slices`` are zero-based places in the stack, empty for the whole series; ``explanation`` says what was measured
    with its number, and what to do. ``energy`` is where it is, pixel by pixel, as far as that is known.
    """

    artifact: str
    probability: float
    severity: Severity
    explanation: str
    slices: tuple[int, ...] = ()
    region: Region | None = None
    energy: EnergyMap | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"{self.artifact}: probability {self.probability}")

    @property
    def state(self) -> State:
        """Whether it is there or may be."""
        return "present" if self.probability >= CERTAIN else "possible"


def probability_above(value: float, limit: float, standard_uncertainty: float) -> float:
    """Return the probability that the true value exceeds a limit, for a normal error."""
    return 0.5 * (1.0 + erf((value - limit) / standard_uncertainty / sqrt(2.0)))
