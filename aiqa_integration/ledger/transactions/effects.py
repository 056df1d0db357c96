"""Effects: planned, found due, taken, sent or given back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_
from sqlalchemy.orm import Session

from aiqa_integration.errors import EhrRefused
from aiqa_integration.ledger import audit, jobs, leases, outbox, parked, results
from aiqa_integration.ledger.engine import read, write
from aiqa_integration.ledger.tables import EffectRow
from aiqa_integration.ledger.transactions.base import Transactions
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.model.job import EffectState, JobEvent, JobState
from aiqa_integration.pipeline.ports import Effect, PlannedEffect, Receipt, Signature

OUTCOME_TYPE = "application/fhir+json"


class EffectTransactions(Transactions):
    """The ledger as those use it who deliver and sign."""

    def due_effects(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return PLANNED effects to be sent now, ``limit`` in the queue at most; mark them announced."""
        due = and_(EffectRow.wake_at <= now, ~outbox.blocked(now))
        return self._due(EffectRow.effect_id, due, now=now, limit=limit)

    def claim_effect(self, effect_id: str, *, owner: str, now: datetime, lease: timedelta) -> Effect | None:
        """Take a due effect whose subject is not in flight."""

        def claim(session: Session) -> Effect | None:
            outbox.lock_subject(session, effect_id)
            free = and_(EffectRow.effect_id == effect_id, EffectRow.state == EffectState.PLANNED, ~outbox.blocked(now))
            row = leases.take(session, EffectRow, free, owner=owner, now=now, lease=lease)
            if row is None:
                outbox.look_again(session, effect_id, now)
                return None
            return _effect(row)

        return write(self.engine, claim)

    def extend_effect(self, effect: Effect, *, now: datetime, lease: timedelta) -> None:
        """Keep a claimed effect; raises LeaseLost."""

        def keep(session: Session) -> None:
            leases.extend(leases.held(session, EffectRow, effect.effect_id, effect.lease_owner), now + lease)

        write(self.engine, keep)

    def effect_sent(self, effect: Effect, receipt: Receipt, *, now: datetime) -> None:
        """Record a delivery; the last one makes its jobs DELIVERED."""

        def settle(session: Session) -> None:
            waiting = outbox.jobs_of(session, [effect.effect_id])
            row = leases.held(session, EffectRow, effect.effect_id, effect.lease_owner)
            outbox.sent(row, receipt, now=now)
            outbox.send_next(session, row.subject_key)
            jobs.conclude_all(session, waiting, now=now, who=leases.worker_of(effect.lease_owner))

        write(self.engine, settle)

    def effect_refused(self, effect: Effect, error: Exception, *, now: datetime) -> None:
        """Record a refusal; jobs that wait for the effect are HELD."""
        words = error.outcome.encode() if isinstance(error, EhrRefused) and error.outcome else b""
        kept = self.artifacts.put(words) if words else ""

        def close(session: Session) -> None:
            if kept:
                results.write_artifacts(session, {kept: (OUTCOME_TYPE, len(words))}, now)
            _close(session, effect, error, JobEvent.EFFECT_REFUSED, now, outcome_sha256=kept)

        write(self.engine, close)

    def postpone_effect(self, effect: Effect, error: Exception, *, now: datetime, until: datetime | None) -> None:
        """Give an effect back to be tried again; None = REFUSED, jobs that wait for it FAILED."""
        if until is None:
            write(self.engine, lambda session: _close(session, effect, error, JobEvent.GAVE_UP, now))
            return

        def postpone(session: Session) -> None:
            row = leases.held(session, EffectRow, effect.effect_id, effect.lease_owner)
            outbox.postponed(row, error, now=now, until=until)

        write(self.engine, postpone)

    def replay_effect(self, effect_id: str, *, who: str, why: str, now: datetime) -> None:
        """Send again what was refused and no series waits for; raises LedgerError. Written to the audit trail."""

        def again(session: Session) -> None:
            parked.replay(session, effect_id, now=now)
            audit.append(session, at=now, who=who, action="replay", subject=effect_id, detail=why)

        write(self.engine, again)

    def told_before(self, ref: SeriesRef, sink: str) -> tuple[Effect, ...]:
        """Return every effect that results of a series have planned at a sink, in the order of their planning."""
        rows = read(self.engine, lambda session: outbox.told_before(session, ref, sink))
        return tuple(_effect(row) for row in rows)

    def documents_of(self, report_uid: str) -> tuple[Effect, ...]:
        """Return the effects of a result that sent or will send documents, in the order of their planning."""
        rows = read(self.engine, lambda session: outbox.documents_of(session, report_uid))
        return tuple(_effect(row) for row in rows)

    def told_of(self, subject_key: str) -> tuple[Effect, ...]:
        """Return every effect about a subject, in the order of their planning."""
        rows = read(self.engine, lambda session: outbox.told_of(session, subject_key))
        return tuple(_effect(row) for row in rows)

    def add_effects(self, job_id: str, effects: Sequence[PlannedEffect], signature: Signature) -> None:
        """Plan what a person wants to be sent beside a job's result; the bytes are kept before a row speaks of them."""
        kept = results.keep_payloads(effects, self.artifacts)
        write(self.engine, lambda session: results.add(session, job_id, effects, kept, signature))

    def plan_summary(self, job_id: str, effect: PlannedEffect, *, now: datetime) -> None:
        """Plan an effect that a job gave rise to and that no job waits for; a refused one is planned again."""
        kept = results.keep_payloads([effect], self.artifacts)
        write(self.engine, lambda session: results.add_unawaited(session, job_id, effect, kept, now=now))


def _close(
    session: Session, effect: Effect, error: Exception, event: JobEvent, now: datetime, *, outcome_sha256: str = ""
) -> None:
    waiting = outbox.jobs_of(session, [effect.effect_id])
    row = leases.held(session, EffectRow, effect.effect_id, effect.lease_owner)
    outbox.refused(row, error, now=now, outcome_sha256=outcome_sha256)
    outbox.send_next(session, row.subject_key)
    who = leases.worker_of(effect.lease_owner)
    if row.state is EffectState.REFUSED:
        for job in waiting:
            if job.state is JobState.MEASURED:
                why = f"{row.sink} {row.kind}: {row.last_error}"
                jobs.move(session, job, event, at=now, who=who, why=why)


def _effect(row: EffectRow) -> Effect:
    return Effect(
        effect_id=row.effect_id,
        job_id=row.job_id,
        sink=row.sink,
        target=row.target,
        kind=row.kind,
        dedupe_key=row.dedupe_key,
        media_type=row.media_type,
        payload_sha256=row.payload_sha256,
        attributes=row.attributes,
        attempts=row.attempts,
        lease_owner=row.lease_owner or "",
        subject_key=row.subject_key,
    )
