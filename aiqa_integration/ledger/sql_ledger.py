"""The ledger in SQLite or PostgreSQL: fulfils ``pipeline.ports.Ledger``, every method one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from aiqa_integration.errors import EhrRefused, LeaseLost, LedgerError
from aiqa_integration.ledger import (
    audit,
    followed,
    history,
    jobs,
    leases,
    months,
    notices,
    outbox,
    parked,
    polls,
    results,
)
from aiqa_integration.ledger.engine import make_engine, read, write
from aiqa_integration.ledger.tables import EffectRow, JobRow, OwnSeries
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.job import EffectState, JobEvent, JobState
from aiqa_integration.model.month import ScannerMonth
from aiqa_integration.model.notice import NoticeState
from aiqa_integration.model.report import Version
from aiqa_integration.pipeline.chore import EHR_TASKS, FACADE_TASKS
from aiqa_integration.pipeline.follow_up import NoticedSeries
from aiqa_integration.pipeline.ports import (
    Artifacts,
    Effect,
    Job,
    JobResult,
    PlannedEffect,
    Receipt,
    SeriesListing,
    Sighting,
    Signature,
    StudyHistory,
)
from aiqa_integration.recommendations.context import ScannerContext

OUTCOME_TYPE = "application/fhir+json"

ANNOUNCED_FOR = timedelta(seconds=30)
"""How long an announcement counts; after that the message is taken for lost."""


class SqlLedger:
    """The truth about jobs and effects, for any number of threads and processes.

    ``artifacts`` keeps the bytes; the schema must be up to date (``schema.upgrade``). All methods raise TransientError
    where the database cannot be used now.
    """

    def __init__(self, engine: Engine | str, artifacts: Artifacts, *, announced_for: timedelta = ANNOUNCED_FOR) -> None:
        self.engine = make_engine(engine) if isinstance(engine, str) else engine
        self.artifacts = artifacts
        self.announced_for = announced_for

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def observe(
        self, archive: str, listing: SeriesListing, *, at: datetime, quiet: timedelta, look: timedelta | None = None
    ) -> Sighting:
        """Record that a poll saw a series; writes nothing where nothing changed."""
        patience = jobs.Patience.of(quiet, look)
        seen = read(
            self.engine, lambda session: jobs.seen_unchanged(session, archive, listing, at=at, patience=patience)
        )
        return seen or write(self.engine, lambda session: jobs.see(session, archive, listing, at=at, patience=patience))

    def is_own_series(self, series_instance_uid: str) -> bool:
        """Return whether AIQA itself made this series."""
        return read(self.engine, lambda session: session.get(OwnSeries, series_instance_uid) is not None)

    def unchanged_studies(self, archive: str, counts: Mapping[str, int]) -> frozenset[str]:
        """Return those studies that need no closer look."""
        return read(self.engine, lambda session: polls.unchanged_studies(session, archive, counts))

    def study_seen(self, archive: str, study_instance_uid: str, instance_count: int) -> None:
        """Record that every series of a study was observed at this count."""
        write(self.engine, lambda session: polls.study_seen(session, archive, study_instance_uid, instance_count))

    def due_polls(self, archives: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Return the archives to be polled now; mark them announced."""
        found = read(self.engine, lambda session: polls.due(session, archives, now, self.announced_for))
        if not found:
            return ()
        return write(self.engine, lambda session: polls.announce(session, found, now, self.announced_for))

    def due_jobs(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return SETTLED jobs to work on now, ``limit`` in the queue at most; mark them announced."""
        return self._due(JobRow.job_id, JobRow.wake_at <= now, now=now, limit=limit)

    def due_effects(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return PLANNED effects to be sent now, ``limit`` in the queue at most; mark them announced."""
        due = and_(EffectRow.wake_at <= now, ~outbox.blocked(now))
        return self._due(EffectRow.effect_id, due, now=now, limit=limit)

    def forget_announcements(self) -> None:
        """Make due again what was announced and not yet taken, for a broker that lost its messages."""
        write(self.engine, leases.forget_announcements)

    def claim_job(self, job_id: str, *, owner: str, now: datetime, lease: timedelta) -> Job | None:
        """Take a due job."""

        def claim(session: Session) -> Job | None:
            free = and_(JobRow.job_id == job_id, JobRow.state == JobState.SETTLED)
            row = leases.take(session, JobRow, free, owner=owner, now=now, lease=lease)
            if row is None:
                return None
            return _job(row, results.predecessor(session, row))

        return write(self.engine, claim)

    def extend_job(self, job: Job, *, now: datetime, lease: timedelta) -> None:
        """Keep a claimed job."""

        def keep(session: Session) -> None:
            leases.extend(self._held_job(session, job), now + lease)

        write(self.engine, keep)

    def finish_job(self, job: Job, result: JobResult, *, now: datetime) -> None:
        """Write the result; the bytes are on disk before any row speaks of them."""
        kept = results.keep(result, self.artifacts)
        write(self.engine, lambda session: results.finish(session, job, result, kept, now=now))

    def study_history(self, ref: SeriesRef, *, now: datetime) -> StudyHistory:
        """Return the other assessed series of a study, and where the notices about it stand."""
        return read(self.engine, lambda session: history.study_history(session, ref, now=now))

    def scanner_history(self, device: Device, analysis: str, *, since: datetime, now: datetime) -> ScannerContext:
        """Return the alerting faults of a scanner since then, what its last run failed, and how notices fared."""
        return read(
            self.engine, lambda session: history.scanner_history(session, device, analysis, since=since, now=now)
        )

    def answer_notice(self, notice_id: str, *, accepted: bool, who: str, now: datetime) -> NoticeState:
        """Record a person's answer and return the notice's state; raises LedgerError where there is none.

        Tasks that tell of the notice are brought up to date at once.
        """

        def record(session: Session) -> NoticeState:
            state = notices.answer(session, notice_id, accepted=accepted, who=who, now=now)
            for name in (EHR_TASKS, FACADE_TASKS):
                polls.look_now(session, name, now)
            return state

        return write(self.engine, record)

    def noticed_series(self, series_instance_uids: Sequence[str], now: datetime) -> tuple[NoticedSeries, ...]:
        """Return what is known of these series, the newest notice last."""
        return read(self.engine, lambda session: followed.noticed_series(session, series_instance_uids, now))

    def awaited_series(self, now: datetime) -> tuple[NoticedSeries, ...]:
        """Return the series of notices that wait for an answer."""
        return read(self.engine, lambda session: followed.awaited_series(session, now))

    def scanner_months(self, since: datetime, until: datetime) -> tuple[ScannerMonth, ...]:
        """Return what each scanner came to in a span of time."""
        return read(self.engine, lambda session: months.scanner_months(session, since, until))

    def look_now(self, name: str, now: datetime) -> None:
        """Make a periodic work due at once, unless it runs."""
        write(self.engine, lambda session: polls.look_now(session, name, now))

    def postpone_job(self, job: Job, error: Exception, *, now: datetime, until: datetime | None) -> None:
        """Give a job back to be tried again; None = FAILED."""

        def postpone(session: Session) -> None:
            jobs.postpone(session, self._held_job(session, job), error, now=now, until=until)

        write(self.engine, postpone)

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

    def next_poll(self, archive: str, now: datetime, lease: timedelta) -> bool:
        """Return whether this caller is to poll the archive now."""
        return write(self.engine, lambda session: polls.begin(session, archive, now, lease))

    def extend_poll(self, archive: str, *, now: datetime, lease: timedelta) -> None:
        """Keep polling an archive; does nothing where the poll has ended."""
        write(self.engine, lambda session: polls.extend(session, archive, now + lease))

    def poll_done(self, archive: str, *, now: datetime, next_at: datetime, error: Exception | None) -> None:
        """Record the end of a poll."""
        write(self.engine, lambda session: polls.end(session, archive, now=now, next_at=next_at, error=error))

    def reconcile_due(self, archive: str, now: datetime, every: timedelta) -> bool:
        """Return whether the wide poll is due, and note that it runs now."""
        return write(self.engine, lambda session: polls.reconcile_due(session, archive, now, every))

    def idle(self) -> bool:
        """Return whether no job or effect waits or is in work."""
        open_states = (JobState.DISCOVERED, JobState.SETTLED, JobState.MEASURED)
        waiting = (
            select(JobRow.job_id).where(JobRow.state.in_(open_states)).exists()
            | select(EffectRow.effect_id).where(EffectRow.wake_at.is_not(None)).exists()
        )
        return not read(self.engine, lambda session: session.scalar(select(waiting)))

    def replay(self, job_id: str, *, who: str, why: str, now: datetime) -> JobState:
        """Work a FAILED or IGNORED job again, or send what was refused of a HELD one; return the new state.

        Raises LedgerError for a job that is not there or in no such state. Written to the audit trail.
        """

        def again(session: Session) -> JobState:
            row = session.get(JobRow, job_id, with_for_update=True)
            if row is None:
                raise LedgerError(f"there is no job {job_id}")
            jobs.replay(session, row, now=now, who=who, why=why)
            audit.append(session, at=now, who=who, action="replay", subject=job_id, detail=why)
            return row.state

        return write(self.engine, again)

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

    def add_effects(self, job_id: str, effects: Sequence[PlannedEffect], signature: Signature) -> None:
        """Plan what a person wants to be sent beside a job's result; the bytes are kept before a row speaks of them."""
        kept = results.keep_payloads(effects, self.artifacts)
        write(self.engine, lambda session: results.add(session, job_id, effects, kept, signature))

    def told_of(self, subject_key: str) -> tuple[Effect, ...]:
        """Return every effect about a subject, in the order of their planning."""
        rows = read(self.engine, lambda session: outbox.told_of(session, subject_key))
        return tuple(_effect(row) for row in rows)

    def plan_summary(self, job_id: str, effect: PlannedEffect, *, now: datetime) -> None:
        """Plan an effect that a job gave rise to and that no job waits for; a refused one is planned again."""
        kept = results.keep_payloads([effect], self.artifacts)
        write(self.engine, lambda session: results.add_unawaited(session, job_id, effect, kept, now=now))

    def keep_rules(self, revision: str, rules: str, *, at: datetime) -> None:
        """Keep the text of a rule revision, once."""
        write(self.engine, lambda session: audit.keep_rules(session, revision=revision, rules=rules, at=at))

    def audit(self, *, who: str, action: str, subject: str, detail: str, at: datetime) -> None:
        """Write down what a person did."""
        write(
            self.engine,
            lambda session: audit.append(session, at=at, who=who, action=action, subject=subject, detail=detail),
        )

    def audit_broken_at(self) -> int | None:
        """Return the first row of the audit trail that was tampered with, None if there is none."""
        return read(self.engine, audit.first_broken)

    def _due(
        self, key: InstrumentedAttribute[str], due: ColumnElement[bool], *, now: datetime, limit: int
    ) -> tuple[str, ...]:
        timeout = self.announced_for
        room = read(self.engine, lambda session: leases.room(session, key, due, now - timeout, limit))
        if room == 0:
            return ()
        return write(
            self.engine, lambda session: leases.announce(session, key, due, now=now, limit=room, timeout=timeout)
        )

    @staticmethod
    def _held_job(session: Session, job: Job) -> JobRow:
        row = leases.held(session, JobRow, job.job_id, job.lease_owner)
        if row.state is not JobState.SETTLED:
            raise LeaseLost(f"job {job.job_id} is {row.state} now")
        return row


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


def _job(row: JobRow, predecessor: Version | None) -> Job:
    return Job(
        job_id=row.job_id,
        archive=row.archive,
        ref=SeriesRef(study_instance_uid=row.study_instance_uid, series_instance_uid=row.series_instance_uid),
        revision=row.revision,
        modality=row.modality,
        instance_count=row.instance_count,
        state=row.state,
        attempts=row.attempts,
        lease_owner=row.lease_owner or "",
        arrived_at=row.stable_since,
        predecessor=predecessor,
    )


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
