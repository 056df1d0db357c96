"""What a tool made of one test on one series: a value, or what happened instead."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The ways a test can end."""

    MEASURED = "value"
    REFUSED = "refused with a reason"
    NOT_A_NUMBER = "not a number"
    NOTHING = "nothing returned"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one test; ``detail`` is the tool's own reason or error."""

    kind: Kind
    value: float | None = None
    uncertainty: float | None = None
    detail: str = ""


Outcomes = Mapping[str, Outcome]
"""Outcomes by metric id of DESIGN 2.3; what only a peer measures has an id of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A tool's outcomes on one series; ``failure`` is set where there are none because the whole series failed."""

    tool: str
    series: str
    phantom: str
    factor: int
    outcomes: Outcomes
    failure: Outcome | None
    seconds: float
    cpu_s: float
    cold_s: float

    def tests(self, offered: frozenset[str]) -> frozenset[str]:
        """Return those of the tests a tool offers that the series could have had.

        AIQA's report lists every test of the phantom it found, those without a value too.
        """
        return offered & self.outcomes.keys() if self.tool == "aiqa" and self.outcomes else offered

    def of(self, metric: str) -> Outcome:
        """Return the outcome of a test that the tool offers."""
        return self.outcomes.get(metric) or self.failure or Outcome(kind=Kind.NOTHING, detail="not in the answer")


def measured(value: object, uncertainty: float | None = None) -> Outcome:
    """Return the outcome that a returned value means."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Outcome(kind=Kind.NOTHING, detail=f"{value!r} returned")
    if not math.isfinite(value):
        return Outcome(kind=Kind.NOT_A_NUMBER, detail=f"{value!r} returned")
    return Outcome(kind=Kind.MEASURED, value=float(value), uncertainty=uncertainty)
