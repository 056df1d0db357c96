"""Take back what earlier results of a series told, where the new result does not say it again."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from aiqa_integration.pipeline.ports import Artifacts, Job, JobResult, Ledger, PlannedEffect, RetractingSink, Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Where it is written what was sent before, with the bytes."""

    ledger: Ledger
    artifacts: Artifacts


def with_withdrawals(result: JobResult, job: Job, sinks: Iterable[Sink], past: Past, *, now: datetime) -> JobResult:
    """Return a result with what is to be taken back; raises LedgerError where stored bytes are gone."""
    retracting = [sink for sink in sinks if isinstance(sink, RetractingSink)]
    if not retracting:
        return result
    planned: tuple[PlannedEffect, ...] = ()
    for sink in retracting:
        told = past.ledger.told_before(job.ref, sink.name)
        if told:
            earlier = [(effect, past.artifacts.get(effect.payload_sha256)) for effect in told]
            planned += sink.plan_withdrawn(earlier, result.effects, now)
    return replace(result, effects=(*result.effects, *planned)) if planned else result
