"""Effects on the outside world: what every sink does, and what some can do besides."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from aiqa_integration.model.identity import Person
from aiqa_integration.model.month import CalendarMonth, ScannerMonth
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports.effect import Effect, PlannedEffect, Receipt
from aiqa_integration.pipeline.ports.series import LoadedSeries


class Sink(Protocol):
    """One effect on the outside world."""

    name: str

    def plan(self, report: QaReport, series: LoadedSeries | None) -> tuple[PlannedEffect, ...]:
        """Return what this sink would send for a report, encoded.

        ``series`` is None where the series could not be read (a refused report). Raises EncodingError.
        """

    def deliver(self, effect: Effect, payload: bytes) -> Receipt:
        """Send and verify; sending again changes nothing. Raises TransientError or Refused."""


@runtime_checkable
class SummarySink(Sink, Protocol):
    """A sink that takes what a scanner came to in a month."""

    def month_subject(self, summary: ScannerMonth, month: CalendarMonth) -> str:
        """Return the ``subject_key`` of every effect about that scanner's month."""

    def plan_month(
        self, summary: ScannerMonth, month: CalendarMonth, last: bytes | None, *, turn: int, at: datetime
    ) -> PlannedEffect | None:
        """Return what this sink would send, None where there is nothing to count.

        ``last`` is what the last of ``turn`` earlier effects said; the same counts give that effect's dedupe key again.
        """


@runtime_checkable
class SignedSink(Sink, Protocol):
    """A sink that can say what a person says to a result.

    Effects about documents name the result in ``attributes["report_uid"]`` and the document in
    ``attributes["document"]``.
    """

    def plan_confirmed(self, effect: Effect, payload: bytes, person: Person, at: datetime) -> PlannedEffect | None:
        """Return the confirmed version of what an effect sent; None where there is nothing to say."""

    def plan_rejected(self, effect: Effect, payload: bytes, person: Person, at: datetime) -> PlannedEffect | None:
        """Return a person's rejection of the images that an effect is about; None where another one says it."""


@runtime_checkable
class RetractingSink(Sink, Protocol):
    """A sink that can take back what it told of a series."""

    def plan_withdrawn(
        self, earlier: Sequence[tuple[Effect, bytes]], planned: Sequence[PlannedEffect], at: datetime
    ) -> tuple[PlannedEffect, ...]:
        """Return how what earlier effects of a series wrote, and the planned ones do not, is taken back."""
