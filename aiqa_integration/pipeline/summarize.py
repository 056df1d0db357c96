"""What each scanner came to in a month, told to every receiver that wants it; the same numbers are told once."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

import structlog

from aiqa_integration.model.month import CalendarMonth, ScannerMonth, by_scanner
from aiqa_integration.pipeline.ports import Artifacts, Effect, PlannedEffect, SummarySink

log = structlog.get_logger()


class MonthLedger(Protocol):
    """What the summary of a month asks of the ledger."""

    def scanner_months(self, since: datetime, until: datetime) -> tuple[ScannerMonth, ...]:
        """Return what each scanner came to in a span of time."""

    def told_of(self, subject_key: str) -> tuple[Effect, ...]:
        """Return every effect about a subject, in the order of their planning."""

    def plan_summary(self, job_id: str, effect: PlannedEffect, *, now: datetime) -> None:
        """Plan an effect that no job waits for; a refused one is planned again."""


def summarize(
    month: CalendarMonth,
    sinks: Sequence[SummarySink],
    ledger: MonthLedger,
    artifacts: Artifacts,
    *,
    now: datetime,
    zone: tzinfo | None,
    of: Callable[[ScannerMonth], bool] = lambda _: True,
    again: bool = False,
) -> tuple[PlannedEffect, ...]:
    """Plan the summaries of a month of the scanners ``of`` picks, and return those that say something new.

    ``again`` plans those anew that a receiver refused; what was sent stays sent.
    """
    since, until = month.span(zone)
    planned: list[PlannedEffect] = []
    for summary in filter(of, by_scanner(ledger.scanner_months(since, until))):
        for sink in sinks:
            told = ledger.told_of(sink.month_subject(summary, month))
            last = artifacts.get(told[-1].payload_sha256) if told else None
            effect = sink.plan_month(summary, month, last, turn=len(told), at=now.astimezone(zone))
            if effect is None:
                continue
            new = all(effect.dedupe_key != earlier.dedupe_key for earlier in told)
            if new or again:
                ledger.plan_summary(summary.job_id, effect, now=now)
            if new:
                planned.append(effect)
                log.info("month.planned", sink=sink.name, month=str(month))
    return tuple(planned)
