"""The ledger as console and command line read it: queue, one job with all that happened to it, counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, func, or_, select
from sqlalchemy.orm import Session

from aiqa_integration.ledger import board, notices, parked
from aiqa_integration.ledger.engine import read
from aiqa_integration.ledger.outbox import OUTCOME
from aiqa_integration.ledger.tables import EffectRow, JobEffect, JobEventRow, JobRow, PollCursor, ReportRow
from aiqa_integration.ledger.views import (
    Counts,
    Delivery,
    HistoryEntry,
    JobDetail,
    Notice,
    Parked,
    PollStatus,
    QueueRow,
    ResultSummary,
)
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.job import EffectState, JobState
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.recommendations.learning import Repeat


class Books:
    """Read models; all methods raise TransientError where the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """The database that is read."""
        return self._engine

    def queue(self, limit: int, offset: int, *, state: JobState | None = None, text: str = "") -> tuple[QueueRow, ...]:
        """Return jobs, last changed first; ``text`` is looked for in description, scanner, analysis, reason, UIDs."""
        return read(self._engine, lambda session: _rows(session, _matching(state, text), limit=limit, offset=offset))

    def job_detail(self, job_id: str) -> JobDetail | None:
        """Return one job with all that happened to it, None where there is none."""
        return read(self._engine, lambda session: _detail(session, job_id))

    def counts(self) -> Counts:
        """Return how many jobs that were not superseded are in each state, and their verdicts."""
        return read(self._engine, _counts)

    def polls(self) -> tuple[PollStatus, ...]:
        """Return how the polling of each archive goes."""
        return read(self._engine, _polls)

    def open_notices(self, now: datetime) -> tuple[Notice, ...]:
        """Return the notices that wait for an answer, the most pressing first."""
        return read(self._engine, lambda session: board.open_notices(session, now))

    def ended_notices(self, now: datetime, limit: int) -> tuple[Notice, ...]:
        """Return the newest notices that have ended."""
        return read(self._engine, lambda session: board.ended_notices(session, now, limit))

    def open_notice_count(self, now: datetime) -> int:
        """Return how many notices wait for an answer."""
        return read(self._engine, lambda session: notices.open_count(session, now))

    def parked(self, limit: int) -> tuple[Parked, ...]:
        """Return the newest deliveries that wait for a person."""
        return read(self._engine, lambda session: parked.parked(session, limit))

    def repeats(self) -> tuple[Repeat, ...]:
        """Return what became of every told series that was repeated."""
        return read(self._engine, board.repeats)


def _matching(state: JobState | None, text: str) -> tuple[ColumnElement[bool], ...]:
    conditions: list[ColumnElement[bool]] = []
    if state is not None:
        conditions.append(JobRow.state == state)
    if text:
        columns = (
            JobRow.study_instance_uid,
            JobRow.series_instance_uid,
            JobRow.description,
            JobRow.manufacturer,
            JobRow.reason,
            ReportRow.station,
            ReportRow.model,
            ReportRow.serial,
            ReportRow.analysis,
        )
        conditions.append(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    return tuple(conditions)


def _rows(
    session: Session, conditions: Sequence[ColumnElement[bool]], *, limit: int, offset: int
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
    deliveries = _delivery_counts(session, [job.job_id for job, _ in found])
    return tuple(_queue_row(job, report, deliveries.get(job.job_id, {})) for job, report in found)


def _delivery_counts(session: Session, job_ids: Sequence[str]) -> dict[str, dict[EffectState, int]]:
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


def _queue_row(job: JobRow, report: ReportRow | None, deliveries: Mapping[EffectState, int]) -> QueueRow:
    return QueueRow(
        job_id=job.job_id,
        archive=job.archive,
        ref=SeriesRef(study_instance_uid=job.study_instance_uid, series_instance_uid=job.series_instance_uid),
        revision=job.revision,
        modality=job.modality,
        description=job.description,
        instance_count=job.instance_count,
        device=_device(job, report),
        state=job.state,
        reason=job.reason,
        attempts=job.attempts,
        last_error=job.last_error,
        next_at=job.next_at,
        created_at=job.created_at,
        updated_at=job.updated_at,
        result=_result(report) if report else None,
        deliveries={state: deliveries.get(state, 0) for state in EffectState},
    )


def _device(job: JobRow, report: ReportRow | None) -> Device:
    if report is None:
        return Device(manufacturer=job.manufacturer)
    return Device(manufacturer=report.manufacturer, model=report.model, serial=report.serial, station=report.station)


def _result(report: ReportRow) -> ResultSummary:
    return ResultSummary(
        verdict=report.verdict,
        analysis=report.analysis,
        phantom=report.phantom,
        refused_code=report.refused_code,
        refused_detail=report.refused_detail,
        simulated=report.simulated,
        report_sha256=report.report_json_sha256,
        preview_sha256=report.preview_png_sha256,
    )


def _detail(session: Session, job_id: str) -> JobDetail | None:
    rows = _rows(session, (JobRow.job_id == job_id,), limit=1, offset=0)
    if not rows:
        return None
    return JobDetail(
        job=rows[0],
        rule_revision=session.get_one(JobRow, job_id).rule_revision,
        deliveries=_deliveries(session, job_id),
        history=_history(session, job_id),
    )


def _history(session: Session, job_id: str) -> tuple[HistoryEntry, ...]:
    statement = select(JobEventRow).where(JobEventRow.job_id == job_id).order_by(JobEventRow.number)
    return tuple(
        HistoryEntry(at=row.at, event=row.event, to_state=row.to_state, who=row.who, why=row.why)
        for row in session.scalars(statement)
    )


def _deliveries(session: Session, job_id: str) -> tuple[Delivery, ...]:
    statement = (
        select(EffectRow)
        .join(JobEffect, JobEffect.effect_id == EffectRow.effect_id)
        .where(JobEffect.job_id == job_id)
        .order_by(EffectRow.planned_at, EffectRow.sink, EffectRow.kind, EffectRow.effect_id)
    )
    return tuple(
        Delivery(
            effect_id=row.effect_id,
            sink=row.sink,
            target=row.target,
            kind=row.kind,
            dedupe_key=row.dedupe_key,
            state=row.state,
            attempts=row.attempts,
            remote_id=row.remote_id,
            receipt=row.receipt_detail,
            last_error=row.last_error,
            next_at=row.next_at,
            updated_at=row.updated_at,
            media_type=row.media_type,
            payload_sha256=row.payload_sha256,
            outcome_sha256=row.attributes.get(OUTCOME, ""),
        )
        for row in session.scalars(statement)
    )


def _counts(session: Session) -> Counts:
    states = dict.fromkeys(JobState, 0)
    verdicts = dict.fromkeys(Verdict, 0)
    refused = 0
    statement = select(JobRow.state, JobRow.verdict, JobRow.refused, func.count()).group_by(
        JobRow.state, JobRow.verdict, JobRow.refused
    )
    for state, verdict, was_refused, count in session.execute(statement):
        states[state] += count
        if state is not JobState.SUPERSEDED and verdict is not None:
            verdicts[verdict] += count
            refused += count if was_refused else 0
    return Counts(states=states, verdicts=verdicts, refused=refused)


def _polls(session: Session) -> tuple[PollStatus, ...]:
    return tuple(
        PollStatus(
            archive=row.archive,
            started_at=row.started_at,
            ended_at=row.ended_at,
            next_at=row.next_at,
            failures=row.failures,
            last_error=row.last_error,
        )
        for row in session.scalars(select(PollCursor).order_by(PollCursor.archive))
    )
