"""Notices: opened, merged and ended with the results of jobs; answered by persons. One is open for each subject."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import audit
from aiqa_integration.ledger.tables import JobRow, NoticeRow, NoticeSeriesRow
from aiqa_integration.model.identity import identity
from aiqa_integration.model.notice import NOTICE_TRANSITIONS, PRESSING, NoticeEvent, NoticeState, PlannedNotice
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import JobResult
from aiqa_integration.recommendations.context import AssessedSeries


def settle(session: Session, job: JobRow, result: JobResult, *, now: datetime) -> None:
    """Write what a job's result means for notices, in the transaction that writes the result."""
    expire(session, now=now)
    withdraw_of(session, job.job_id, now=now, keep={notice.subject for notice in result.notices})
    if result.report is None or result.assessed is None:
        return
    _mark_repeated(session, result.report, result.assessed, now=now)
    for planned in result.notices:
        _tell(session, job, planned, result.report, result.assessed, now=now)


def withdraw_of(session: Session, job_id: str, *, now: datetime, keep: Collection[str] = ()) -> None:
    """Take a job's series out of open notices, but for those about the subjects in ``keep``; empty ones end."""
    for notice in session.scalars(
        select(NoticeRow)
        .join(NoticeSeriesRow)
        .where(NoticeSeriesRow.job_id == job_id, NoticeRow.state == NoticeState.PROPOSED)
        .with_for_update(of=NoticeRow)
    ).all():
        if notice.subject in keep:
            continue
        for row in _series_of(session, notice):
            if row.job_id == job_id:
                session.delete(row)
        session.flush()
        if not _series_of(session, notice):
            move(notice, NoticeEvent.SERIES_REPLACED, at=now)
    session.flush()


def expire(session: Session, *, now: datetime) -> None:
    """End the notices whose time is over."""
    over = select(NoticeRow).where(NoticeRow.state == NoticeState.PROPOSED, NoticeRow.until <= now)
    for notice in session.scalars(over.with_for_update()):
        move(notice, NoticeEvent.TIME_OVER, at=notice.until or now)
    session.flush()


def answer(session: Session, notice_id: str, *, accepted: bool, who: str, now: datetime) -> NoticeState:
    """Record a person's answer and return the notice's state; one that has ended stays as it is.

    Raises LedgerError for a notice that is not there. Written to the audit trail.
    """
    notice = session.get(NoticeRow, notice_id, with_for_update=True)
    if notice is None:
        raise LedgerError(f"there is no notice {notice_id}")
    expire(session, now=now)
    if notice.state is NoticeState.PROPOSED:
        move(notice, NoticeEvent.ACCEPT if accepted else NoticeEvent.DECLINE, at=now, who=who)
        audit.append(session, at=now, who=who, action=f"notice {notice.state.lower()}", subject=notice_id, detail="")
    return notice.state


def move(notice: NoticeRow, event: NoticeEvent, *, at: datetime, who: str = "") -> None:
    """Change a notice's state along the transition table; raises LedgerError off the table."""
    after = NOTICE_TRANSITIONS.get((notice.state, event))
    if after is None:
        raise LedgerError(f"a notice that is {notice.state} cannot take {event}")
    notice.state = after
    if notice.ended_at is None:
        notice.ended_at, notice.ended_by = at, who


def _tell(
    session: Session, job: JobRow, planned: PlannedNotice, report: QaReport, assessed: AssessedSeries, *, now: datetime
) -> None:
    """Add the series to the open notice about the subject; open one if there is none and none has just ended."""
    found = session.scalars(
        select(NoticeRow).where(NoticeRow.subject == planned.subject).order_by(NoticeRow.created_at).with_for_update()
    ).all()
    notice = next((row for row in found if row.state is NoticeState.PROPOSED), None)
    if notice is None:
        ends = [row.ended_at for row in found if row.ended_at and row.state is not NoticeState.WITHDRAWN]
        if any(now - end < planned.again_after for end in ends):
            return
        notice = _open(session, job, planned, report, number=len(found), now=now)
    notice.kind = min(notice.kind, planned.kind, key=PRESSING.index)
    notice.until = max(notice.until, planned.until) if notice.until and planned.until else None
    flag = planned.flags[0] if planned.flags else None
    session.merge(
        NoticeSeriesRow(
            notice_id=notice.notice_id,
            series_instance_uid=job.series_instance_uid,
            job_id=job.job_id,
            kind=planned.kind,
            text=planned.text,
            change=planned.change,
            artifact=flag.artifact if flag else None,
            severity=flag.severity if flag else 0,
            protocol=assessed.protocol,
            acquired_at=assessed.acquired_at,
            arrived_at=assessed.arrived_at,
        )
    )
    session.flush()


def _open(
    session: Session, job: JobRow, planned: PlannedNotice, report: QaReport, *, number: int, now: datetime
) -> NoticeRow:
    device = report.device
    notice = NoticeRow(
        notice_id=str(identity("notice", planned.subject, job.job_id, str(number))),
        scope=planned.scope,
        subject=planned.subject,
        kind=planned.kind,
        state=NoticeState.PROPOSED,
        manufacturer=device.manufacturer,
        model=device.model,
        serial=device.serial,
        station=device.station,
        simulated=report.simulated,
        created_at=now,
        until=planned.until,
    )
    session.add(notice)
    session.flush()
    return notice


def _mark_repeated(session: Session, report: QaReport, assessed: AssessedSeries, *, now: datetime) -> None:
    """Write down, at each series of the study that was told of, that this later one of its protocol repeated it."""
    uid = assessed.series_instance_uid
    rows = session.execute(
        select(NoticeRow, NoticeSeriesRow)
        .join(NoticeSeriesRow)
        .where(
            NoticeRow.scope == "study",
            NoticeRow.subject == report.ref.study_instance_uid,
            NoticeSeriesRow.protocol == assessed.protocol,
            NoticeSeriesRow.series_instance_uid != uid,
            or_(NoticeSeriesRow.repeated_by.is_(None), NoticeSeriesRow.repeated_by == uid),
        )
        .with_for_update(of=NoticeRow)
    ).all()
    for notice, row in rows:
        if assessed.acquired_at and row.acquired_at and assessed.acquired_at <= row.acquired_at:
            continue
        row.repeated_by, row.repeated_at = uid, now
        row.severity_after = assessed.severities.get(row.artifact or "", 0)
        session.flush()
        all_repeated = all(series.repeated_by for series in _series_of(session, notice))
        if all_repeated and (notice.state, NoticeEvent.SERIES_REPEATED) in NOTICE_TRANSITIONS:
            move(notice, NoticeEvent.SERIES_REPEATED, at=now)
    session.flush()


def _series_of(session: Session, notice: NoticeRow) -> list[NoticeSeriesRow]:
    return list(session.scalars(select(NoticeSeriesRow).where(NoticeSeriesRow.notice_id == notice.notice_id)))


def open_count(session: Session, now: datetime) -> int:
    """Return how many notices wait for an answer."""
    waiting = select(func.count()).select_from(NoticeRow).where(NoticeRow.state == NoticeState.PROPOSED)
    return session.scalar(waiting.where(or_(NoticeRow.until.is_(None), NoticeRow.until > now))) or 0
