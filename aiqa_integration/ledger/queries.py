"""What console and command line read: rows without any patient's identity."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, func, or_, select
from sqlalchemy.orm import Session

from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger.engine import read
from aiqa_integration.ledger.tables import EffectRow, JobEffect, JobEventRow, JobRow, PollCursor, ReportRow
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.model.job import EffectState, JobEvent, JobState
from aiqa_integration.model.judgement import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A job in the list of jobs; device, analysis and verdict are empty until it has a result."""

    job_id: str
    archive: str
    ref: SeriesRef
    revision: int
    modality: str
    description: str
    instance_count: int | None
    device: str
    station: str
    state: JobState
    analysis: str
    phantom: str | None
    verdict: Verdict | None
    refused_code: str | None
    simulated: bool
    reason: str
    last_error: str
    attempts: int
    next_at: datetime | None
    updated_at: datetime
    effects: Mapping[EffectState, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEntry:
    """A change of a job's state."""

    at: datetime
    event: JobEvent | None
    from_state: JobState | None
    to_state: JobState
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectEntry:
    """A delivery of a job."""

    effect_id: str
    sink: str
    target: str
    kind: str
    dedupe_key: str
    state: EffectState
    attempts: int
    last_error: str
    next_at: datetime | None
    sent_at: datetime | None
    remote_id: str
    receipt_detail: str
    media_type: str
    payload_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetail:
    """A job with its history; the digests find report and preview in the artifacts."""

    row: QueueRow
    rule_revision: str
    report_uid: str | None
    report_json_sha256: str | None
    preview_png_sha256: str | None
    events: tuple[EventEntry, ...]
    effects: tuple[EffectEntry, ...]

    @property
    def state(self) -> JobState:
        """Where the job stands."""
        return self.row.state

    @property
    def reason(self) -> str:
        """Why it stands there."""
        return self.row.reason

    @property
    def last_error(self) -> str:
        """What went wrong last, empty if nothing did."""
        return self.row.last_error


@dataclass(frozen=True, slots=True, kw_only=True)
class PollEntry:
    """How the polling of an archive goes."""

    archive: str
    started_at: datetime | None
    ended_at: datetime | None
    next_at: datetime | None
    failures: int
    last_error: str


def queue(
    engine: Engine, *, limit: int = 50, offset: int = 0, state: JobState | None = None, text: str = ""
) -> tuple[QueueRow, ...]:
    """Return jobs, the last changed first; ``text`` is looked for in UIDs, description, station and reason."""
    return read(engine, lambda session: _rows(session, _matching(state, text), limit=limit, offset=offset))


def queue_length(engine: Engine, *, state: JobState | None = None, text: str = "") -> int:
    """Return how many jobs ``queue`` has in all."""
    statement = select(func.count()).select_from(JobRow)
    if text:
        statement = statement.outerjoin(ReportRow, ReportRow.report_id == JobRow.report_id)
    statement = statement.where(*_matching(state, text))
    return read(engine, lambda session: session.scalar(statement) or 0)


def counts_by_state(engine: Engine) -> Mapping[JobState, int]:
    """Return how many jobs are in each state."""
    statement = select(JobRow.state, func.count()).group_by(JobRow.state)
    found = read(engine, lambda session: dict(session.execute(statement).tuples().all()))
    return {state: found.get(state, 0) for state in JobState}


def effects_by_state(engine: Engine) -> Mapping[EffectState, int]:
    """Return how many effects are in each state."""
    statement = select(EffectRow.state, func.count()).group_by(EffectRow.state)
    found = read(engine, lambda session: dict(session.execute(statement).tuples().all()))
    return {state: found.get(state, 0) for state in EffectState}


def polls(engine: Engine) -> tuple[PollEntry, ...]:
    """Return how the polling of each archive goes."""
    statement = select(PollCursor).order_by(PollCursor.archive)
    return read(
        engine,
        lambda session: tuple(
            PollEntry(
                archive=row.archive,
                started_at=row.started_at,
                ended_at=row.ended_at,
                next_at=row.next_at,
                failures=row.failures,
                last_error=row.last_error,
            )
            for row in session.scalars(statement)
        ),
    )


def job_detail(engine: Engine, job_id: str) -> JobDetail:
    """Return one job with all that happened to it; raises LedgerError where there is no such job."""
    return read(engine, lambda session: _detail(session, job_id))


def _matching(state: JobState | None, text: str) -> tuple[ColumnElement[bool], ...]:
    conditions: list[ColumnElement[bool]] = []
    if state is not None:
        conditions.append(JobRow.state == state)
    if text:
        columns = (
            JobRow.study_instance_uid,
            JobRow.series_instance_uid,
            JobRow.description,
            JobRow.reason,
            ReportRow.station,
        )
        conditions.append(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    return tuple(conditions)


def _rows(
    session: Session, conditions: tuple[ColumnElement[bool], ...], *, limit: int, offset: int
) -> tuple[QueueRow, ...]:
    statement = (
        select(JobRow, ReportRow)
        .outerjoin(ReportRow, ReportRow.report_id == JobRow.report_id)
        .where(*conditions)
        .order_by(JobRow.updated_at.desc(), JobRow.job_id)
        .limit(limit)
        .offset(offset)
    )
    found = session.execute(statement).all()
    effects = _effect_counts(session, [job.job_id for job, _ in found])
    return tuple(_queue_row(job, report, effects.get(job.job_id, {})) for job, report in found)


def _effect_counts(session: Session, job_ids: list[str]) -> dict[str, dict[EffectState, int]]:
    statement = (
        select(JobEffect.job_id, EffectRow.state, func.count())
        .join(EffectRow, EffectRow.effect_id == JobEffect.effect_id)
        .where(JobEffect.job_id.in_(job_ids))
        .group_by(JobEffect.job_id, EffectRow.state)
    )
    counts: dict[str, dict[EffectState, int]] = {}
    for job_id, state, count in session.execute(statement):
        counts.setdefault(job_id, {})[state] = count
    return counts


def _queue_row(job: JobRow, report: ReportRow | None, effects: Mapping[EffectState, int]) -> QueueRow:
    return QueueRow(
        job_id=job.job_id,
        archive=job.archive,
        ref=SeriesRef(study_instance_uid=job.study_instance_uid, series_instance_uid=job.series_instance_uid),
        revision=job.revision,
        modality=job.modality,
        description=job.description,
        instance_count=job.instance_count,
        device=" ".join(filter(None, (report.manufacturer, report.model))) if report else job.manufacturer,
        station=report.station if report else "",
        state=job.state,
        analysis=report.analysis if report else "",
        phantom=report.phantom if report else None,
        verdict=report.verdict if report else None,
        refused_code=report.refused_code if report else None,
        simulated=report.simulated if report else False,
        reason=job.reason,
        last_error=job.last_error,
        attempts=job.attempts,
        next_at=job.next_at,
        updated_at=job.updated_at,
        effects={state: effects.get(state, 0) for state in EffectState},
    )


def _detail(session: Session, job_id: str) -> JobDetail:
    rows = _rows(session, (JobRow.job_id == job_id,), limit=1, offset=0)
    if not rows:
        raise LedgerError(f"there is no job {job_id}")
    job = session.get_one(JobRow, job_id)
    report = session.get(ReportRow, job.report_id) if job.report_id else None
    return JobDetail(
        row=rows[0],
        rule_revision=job.rule_revision,
        report_uid=report.report_uid if report else None,
        report_json_sha256=report.report_json_sha256 if report else None,
        preview_png_sha256=report.preview_png_sha256 if report else None,
        events=_events(session, job_id),
        effects=_effects(session, job_id),
    )


def _events(session: Session, job_id: str) -> tuple[EventEntry, ...]:
    statement = select(JobEventRow).where(JobEventRow.job_id == job_id).order_by(JobEventRow.number)
    return tuple(
        EventEntry(
            at=row.at, event=row.event, from_state=row.from_state, to_state=row.to_state, who=row.who, why=row.why
        )
        for row in session.scalars(statement)
    )


def _effects(session: Session, job_id: str) -> tuple[EffectEntry, ...]:
    statement = (
        select(EffectRow)
        .join(JobEffect, JobEffect.effect_id == EffectRow.effect_id)
        .where(JobEffect.job_id == job_id)
        .order_by(EffectRow.planned_at, EffectRow.sink, EffectRow.kind, EffectRow.effect_id)
    )
    return tuple(
        EffectEntry(
            effect_id=row.effect_id,
            sink=row.sink,
            target=row.target,
            kind=row.kind,
            dedupe_key=row.dedupe_key,
            state=row.state,
            attempts=row.attempts,
            last_error=row.last_error,
            next_at=row.next_at,
            sent_at=row.sent_at,
            remote_id=row.remote_id,
            receipt_detail=row.receipt_detail,
            media_type=row.media_type,
            payload_sha256=row.payload_sha256,
        )
        for row in session.scalars(statement)
    )
