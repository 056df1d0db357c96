"""Notices as the board shows them, and what became of repeats."""

from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger.history import state_at
from aiqa_integration.ledger.tables import JobRow, NoticeRow, NoticeSeriesRow
from aiqa_integration.ledger.views import Notice, NoticeLine
from aiqa_integration.model.identity import Device
from aiqa_integration.model.notice import PRESSING, NoticeState, Scope
from aiqa_integration.recommendations.learning import Repeat

_SCOPES: tuple[Scope, ...] = get_args(Scope)


def open_notices(session: Session, now: datetime) -> tuple[Notice, ...]:
    """Return the notices that wait for an answer, the most pressing first, then the newest."""
    rows = session.scalars(select(NoticeRow).where(NoticeRow.state == NoticeState.PROPOSED)).all()
    waiting = [row for row in rows if state_at(row, now) is NoticeState.PROPOSED]
    waiting.sort(key=lambda row: (PRESSING.index(row.kind), -row.created_at.timestamp()))
    return _with_lines(session, waiting, now)


def ended_notices(session: Session, now: datetime, limit: int) -> tuple[Notice, ...]:
    """Return the notices that were opened last and have ended, the newest first."""
    ended = select(NoticeRow).where((NoticeRow.state != NoticeState.PROPOSED) | (NoticeRow.until <= now))
    rows = session.scalars(ended.order_by(NoticeRow.created_at.desc(), NoticeRow.notice_id).limit(limit)).all()
    return _with_lines(session, rows, now)


def repeats(session: Session) -> tuple[Repeat, ...]:
    """Return every told series that was repeated, with the severity of its leading artifact before and after."""
    statement = select(NoticeSeriesRow).where(
        NoticeSeriesRow.severity_after.is_not(None), NoticeSeriesRow.artifact.is_not(None)
    )
    return tuple(
        Repeat(artifact=row.artifact or "", severity_before=row.severity, severity_after=row.severity_after or 0)
        for row in session.scalars(statement)
    )


def _with_lines(session: Session, rows: Sequence[NoticeRow], now: datetime) -> tuple[Notice, ...]:
    lines: dict[str, list[NoticeLine]] = {row.notice_id: [] for row in rows}
    statement = (
        select(NoticeSeriesRow, JobRow)
        .join(JobRow, JobRow.job_id == NoticeSeriesRow.job_id)
        .where(NoticeSeriesRow.notice_id.in_(lines))
        .order_by(NoticeSeriesRow.arrived_at, NoticeSeriesRow.series_instance_uid)
    )
    for series, job in session.execute(statement):
        lines[series.notice_id].append(_line(series, job))
    return tuple(_notice(row, tuple(lines[row.notice_id]), now) for row in rows)


def _notice(row: NoticeRow, lines: tuple[NoticeLine, ...], now: datetime) -> Notice:
    scope = next((scope for scope in _SCOPES if scope == row.scope), None)
    if scope is None:
        raise LedgerError(f"notice {row.notice_id} has the scope {row.scope}")
    state = state_at(row, now)
    return Notice(
        notice_id=row.notice_id,
        scope=scope,
        kind=row.kind,
        state=state,
        device=Device(manufacturer=row.manufacturer, model=row.model, serial=row.serial, station=row.station),
        simulated=row.simulated,
        created_at=row.created_at,
        until=row.until,
        ended_at=row.until if state is NoticeState.EXPIRED else row.ended_at,
        ended_by=row.ended_by,
        lines=lines,
    )


def _line(series: NoticeSeriesRow, job: JobRow) -> NoticeLine:
    return NoticeLine(
        job_id=job.job_id,
        modality=job.modality,
        description=job.description,
        kind=series.kind,
        text=series.text,
        change=series.change,
        artifact=series.artifact,
        severity=series.severity,
        acquired_at=series.acquired_at,
        arrived_at=series.arrived_at,
        repeated_at=series.repeated_at,
        severity_after=series.severity_after,
    )
