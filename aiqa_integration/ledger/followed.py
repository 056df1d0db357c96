"""Notices as the follow-up of the EHR's Tasks needs them: series by series."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from aiqa_integration.ledger.history import state_at
from aiqa_integration.ledger.tables import JobRow, NoticeRow, NoticeSeriesRow, ReportRow
from aiqa_integration.model.identity import SeriesRef, result_identity
from aiqa_integration.model.notice import NoticeState
from aiqa_integration.pipeline.follow_up import TASK_KIND, NoticedSeries

_AT_A_TIME = 500


def noticed_series(session: Session, series_instance_uids: Sequence[str], now: datetime) -> tuple[NoticedSeries, ...]:
    """Return what is known of these series, the newest notice last."""
    found: list[NoticedSeries] = []
    for start in range(0, len(series_instance_uids), _AT_A_TIME):
        some = series_instance_uids[start : start + _AT_A_TIME]
        found += _rows(session, NoticeSeriesRow.series_instance_uid.in_(some), now)
    return tuple(found)


def awaited_series(session: Session, now: datetime) -> tuple[NoticedSeries, ...]:
    """Return the series of notices that wait for an answer."""
    rows = _rows(session, NoticeRow.state == NoticeState.PROPOSED, now)
    return tuple(series for series in rows if series.state is NoticeState.PROPOSED)


def _rows(session: Session, which: ColumnElement[bool], now: datetime) -> list[NoticedSeries]:
    statement = (
        select(NoticeRow, NoticeSeriesRow, JobRow, ReportRow.analysis)
        .join(NoticeSeriesRow, NoticeSeriesRow.notice_id == NoticeRow.notice_id)
        .join(JobRow, JobRow.job_id == NoticeSeriesRow.job_id)
        .join(ReportRow, ReportRow.report_id == JobRow.report_id)
        .where(which)
        .order_by(NoticeRow.created_at, NoticeRow.notice_id)
    )
    return [
        NoticedSeries(
            task_key=str(result_identity(_ref(job), analysis, TASK_KIND)),
            notice_id=notice.notice_id,
            kind=series.kind,
            state=state_at(notice, now),
            ended_by=notice.ended_by,
            repeated_by=series.repeated_by or "",
        )
        for notice, series, job, analysis in session.execute(statement)
    ]


def _ref(job: JobRow) -> SeriesRef:
    return SeriesRef(study_instance_uid=job.study_instance_uid, series_instance_uid=job.series_instance_uid)
