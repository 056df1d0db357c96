"""What each scanner came to in a span of time, from the results that count."""

from datetime import datetime

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from aiqa_integration.ledger.tables import JobRow, NoticeSeriesRow, ReportRow
from aiqa_integration.model.identity import Device
from aiqa_integration.model.job import JobState
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.month import ScannerMonth

_SCANNER = (ReportRow.manufacturer, ReportRow.model, ReportRow.serial, ReportRow.station, ReportRow.simulated)


def scanner_months(session: Session, since: datetime, until: datetime) -> tuple[ScannerMonth, ...]:
    """Return every scanner with a result made in the span; superseded results do not count, nor refused ones.

    A run that lacks a value counts as a run that has not passed. A scanner of which nothing counts any more has zeros.
    """
    stands = and_(JobRow.report_id == ReportRow.report_id, JobRow.state != JobState.SUPERSEDED)
    of_phantom, of_patient = (and_(stands, ReportRow.subject == subject) for subject in ("phantom", "patient"))
    repeated = (
        select(NoticeSeriesRow.job_id)
        .where(NoticeSeriesRow.job_id == JobRow.job_id, NoticeSeriesRow.repeated_by.is_not(None))
        .exists()
    )
    statement = (
        select(
            *_SCANNER,
            func.sum(case((of_phantom, 1), else_=0)),
            func.sum(case((and_(of_phantom, ReportRow.verdict == Verdict.PASS), 1), else_=0)),
            func.sum(case((of_patient, 1), else_=0)),
            func.sum(case((and_(of_patient, repeated), 1), else_=0)),
            func.max(JobRow.job_id),
        )
        .join(JobRow, JobRow.job_id == ReportRow.job_id)
        .where(ReportRow.created_at >= since, ReportRow.created_at < until, ReportRow.refused_code.is_(None))
        .group_by(*_SCANNER)
        .order_by(*_SCANNER)
    )
    return tuple(
        ScannerMonth(
            device=Device(manufacturer=manufacturer, model=model, serial=serial, station=station),
            simulated=bool(simulated),
            runs=int(runs),
            passed=int(passed),
            series=int(series),
            repeated=int(again),
            job_id=job_id,
        )
        for manufacturer, model, serial, station, simulated, runs, passed, series, again, job_id in session.execute(
            statement
        )
    )
