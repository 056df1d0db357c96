"""Limits and verdicts, in the field's words: tolerance level and action level."""

from dataclasses import dataclass
from enum import StrEnum

from aiqa_integration.model.measurement import Measurement


class Verdict(StrEnum):
    """How a value stands to its limits."""

    PASS = "PASS"  # noqa: S105
    TOLERANCE = "TOLERANCE"
    ACTION = "ACTION"
    NOT_ASSESSED = "NOT_ASSESSED"
    NOT_MEASURED = "NOT_MEASURED"


SEVERITY: dict[Verdict, int] = {
    Verdict.PASS: 0,
    Verdict.NOT_ASSESSED: 0,
    Verdict.NOT_MEASURED: 1,
    Verdict.TOLERANCE: 2,
    Verdict.ACTION: 3,
}
"""Order of badness: the overall verdict is the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Limits of one metric, in its unit; None where a side is open.

    Outside the action limits is ACTION, outside the tolerance limits is TOLERANCE; a value on a limit is inside it.
    ``source`` names document and section, ``revision`` the revision of the limit set it comes from.
    """

    tolerance_low: float | None = None
    tolerance_high: float | None = None
    action_low: float | None = None
    action_high: float | None = None
    source: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A measurement with the limits that it was judged by (copied in) and the verdict.

    ``margin`` is the distance to the nearest action limit in the metric's unit, positive inside; None without limits or
    value. ``required`` says whether the overall verdict may be PASS without this metric. ``note`` says why a value was
    not assessed, or that it lies within its uncertainty of a limit.
    """

    measurement: Measurement
    limits: Tolerance | None
    verdict: Verdict
    margin: float | None = None
    required: bool = True
    note: str | None = None
