"""What is remarkable about images besides the measured values: how a test object lay, artifacts. Never a verdict."""

from dataclasses import dataclass
from math import erf, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.measurement import Region
from aiqa_integration.model.quantity import Quantity

State = Literal["present", "possible"]
Severity = Literal[0, 1, 2, 3]
Calibration = Literal["uncalibrated", "active", "suspended"]
"""How far findings of one artifact are trusted on one scanner and protocol family; only ``active`` ones alert."""

ALERTED_SEVERITY = 2
"""From this severity on a finding may alert; minor ones are reported only."""

CERTAIN = 0.95
"""From this probability on a finding is said to be present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A number that supports a finding: which metric, its value, the limit it broke, this scanner's usual value."""

    metric: str
    label: str
    quantity: Quantity
    limit: float | None = None
    usual: float | None = None
    slice_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnergyMap:
    """Where a disturbance is strong: ``values[slice, row, column]`` from 0 to 1, each layer spread over a whole image.

    ``slices`` are the zero-based places in the stack that the layers belong to.
    """

    slices: tuple[int, ...]
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something found: stable id, probability (0 to 1), severity (0 only said, 1 slight, 2 clear, 3 severe).

    ``slices`` are zero-based places in the stack, empty for the whole series; ``explanation`` says what was measured
    with its number, and what to do; every number in it stands in ``evidence``. ``marks`` show what a map can't: a line,
    a fold, a direction. ``calibration`` is None where no network said so.
    """

    artifact: str
    probability: float
    severity: Severity
    explanation: str
    slices: tuple[int, ...] = ()
    region: Region | None = None
    marks: tuple[Region, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    calibration: Calibration | None = None
    energy: EnergyMap | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"{self.artifact}: probability {self.probability}")

    @property
    def state(self) -> State:
        """Whether it is there or may be."""
        return "present" if self.probability >= CERTAIN else "possible"

    @property
    def alerts(self) -> bool:
        """Whether a person is to be told now: severe enough, and found by what has proved itself on this scanner."""
        return self.calibration == "active" and self.severity >= ALERTED_SEVERITY


def probability_above(value: float, limit: float, standard_uncertainty: float) -> float:
    """Return the probability that the true value exceeds a limit, for a normal error."""
    return 0.5 * (1.0 + erf((value - limit) / standard_uncertainty / sqrt(2.0)))
