"""What is remarkable about images besides the measured values: how a test object lay, artifacts. Never a verdict."""

from dataclasses import dataclass
from math import erf, sqrt
from typing import Literal

from aiqa_integration.model.measurement import Region

State = Literal["present", "possible"]
Severity = Literal[0, 1, 2, 3]

CERTAIN = 0.95
"""From this probability on a finding is said to be present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something found: stable id, probability (0 to 1), severity (0 only said, 1 slight, 2 clear, 3 severe).

    ``slices`` are zero-based places in the stack, empty for the whole series; ``explanation`` says what was measured
    with its number, and what to do.
    """

    artifact: str
    probability: float
    severity: Severity
    explanation: str
    slices: tuple[int, ...] = ()
    region: Region | None = None

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
