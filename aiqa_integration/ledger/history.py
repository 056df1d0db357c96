"""What the recommendations need of the past: a study's assessed series and notices, a scanner's faults and failures."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from aiqa_integration.ledger.tables import (
    FindingRow,
    JobRow,
    MeasurementRow,
    NoticeRow,
    RecommendationRow,
    ReportRow,
)
from aiqa_integration.model.finding import Severity
from aiqa_integration.model.identity import Device, SeriesRef, device_key
from aiqa_integration.model.job import JobState
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.notice import CLOSED, FOLLOWED, Flag, NoticeKind, NoticeState
from aiqa_integration.pipeline.ports import StudyHistory
from aiqa_integration.recommendations.context import AssessedSeries, Fault, Offer, ScannerContext
from aiqa_integration.recommendations.repeat_scan import OVER_BUDGET

NEWEST = 200
"""How many ends and delays of the newest are told; a policy counts fewer."""

_BUDGET_SPAN = timedelta(days=30)
_ON_TABLE = (NoticeKind.REPEAT_NOW, NoticeKind.CHANGE_PROTOCOL)
_SEVERITIES: tuple[Severity, ...] = (0, 1, 2, 3)

_LIVING = and_(
    JobRow.job_id == ReportRow.job_id, JobRow.report_id == ReportRow.report_id, JobRow.state != JobState.SUPERSEDED
)


def study_history(session: Session, ref: SeriesRef, *, now: datetime) -> StudyHistory:
    """Return the other assessed series of a patient's study, and the states of the notices about it."""
    statement = (
        select(RecommendationRow, JobRow.series_instance_uid)
        .join(ReportRow, ReportRow.report_id == RecommendationRow.report_id)
        .join(JobRow, _LIVING)
        .where(
            JobRow.study_instance_uid == ref.study_instance_uid,
            JobRow.series_instance_uid != ref.series_instance_uid,
            ReportRow.subject == "patient",
        )
    )
    series = tuple(_assessed(session, row, uid) for row, uid in session.execute(statement))
    notices = select(NoticeRow).where(NoticeRow.scope == "study", NoticeRow.subject == ref.study_instance_uid)
    return StudyHistory(series=series, notices=tuple(state_at(row, now) for row in session.scalars(notices)))


def scanner_history(
    session: Session, device: Device, analysis: str, *, since: datetime, now: datetime
) -> ScannerContext:
    """Return the alerting faults of a scanner since then, what its last run failed, and how notices fared."""
    key = device_key(device)
    return ScannerContext(
        faults=_faults(session, key, since),
        failed_before=_failed_before(session, key, analysis),
        followed=_followed(session, now),
        delays_s=_delays_s(session),
        offers=_offers(session, now),
    )


def state_at(notice: NoticeRow, now: datetime) -> NoticeState:
    """Return the state of a notice now: one whose time is over has expired, though nobody wrote it down yet."""
    over = notice.state is NoticeState.PROPOSED and notice.until is not None and notice.until <= now
    return NoticeState.EXPIRED if over else notice.state


def _assessed(session: Session, row: RecommendationRow, series_instance_uid: str) -> AssessedSeries:
    found = select(FindingRow).where(FindingRow.report_id == row.report_id, FindingRow.alerts)
    return AssessedSeries(
        series_instance_uid=series_instance_uid,
        protocol=row.protocol,
        likeness=row.likeness,
        contrast_given=row.contrast_given,
        acquired_at=row.acquired_at,
        arrived_at=row.arrived_at,
        minutes=row.minutes,
        severities={artifact: _SEVERITIES[severity] for artifact, severity in row.severities.items()},
        flags=tuple(
            Flag(artifact=flag.artifact, severity=_SEVERITIES[flag.severity], probability=flag.probability)
            for flag in session.scalars(found.order_by(FindingRow.position))
        ),
    )


def _faults(session: Session, key: str, since: datetime) -> tuple[Fault, ...]:
    statement = (
        select(FindingRow.artifact, JobRow.study_instance_uid, RecommendationRow.acquired_at)
        .join(ReportRow, ReportRow.report_id == FindingRow.report_id)
        .join(RecommendationRow, RecommendationRow.report_id == FindingRow.report_id)
        .join(JobRow, _LIVING)
        .where(
            ReportRow.device_key == key,
            ReportRow.created_at > since,
            FindingRow.alerts,
            RecommendationRow.acquired_at > since,
        )
    )
    return tuple(
        Fault(artifact=artifact, study_instance_uid=study, at=at)
        for artifact, study, at in session.execute(statement)
        if at is not None
    )


def _failed_before(session: Session, key: str, analysis: str) -> frozenset[str]:
    last = (
        select(ReportRow.report_id)
        .join(JobRow, _LIVING)
        .where(
            ReportRow.device_key == key,
            ReportRow.analysis == analysis,
            ReportRow.subject == "phantom",
            ReportRow.refused_code.is_(None),
        )
        .order_by(ReportRow.created_at.desc())
        .limit(1)
    )
    failed = select(MeasurementRow.metric).where(
        MeasurementRow.report_id == last.scalar_subquery(), MeasurementRow.verdict == Verdict.ACTION
    )
    return frozenset(session.scalars(failed))


def _followed(session: Session, now: datetime) -> tuple[bool, ...]:
    """Return whether each ended notice about a patient was followed, newest first, since the rule last ran again."""
    resumed = select(func.max(NoticeRow.ended_at)).where(
        NoticeRow.scope == "site", NoticeRow.state == NoticeState.ACCEPTED
    )
    ended = func.coalesce(NoticeRow.ended_at, NoticeRow.until)
    since = session.scalar(resumed)
    statement = (
        select(NoticeRow)
        .where(
            NoticeRow.scope == "study",
            NoticeRow.kind.in_(_ON_TABLE),
            or_(NoticeRow.state.in_(CLOSED), _over(now)),
            *((ended > since,) if since else ()),
        )
        .order_by(ended.desc(), NoticeRow.notice_id)
        .limit(NEWEST)
    )
    return tuple(state_at(notice, now) in FOLLOWED for notice in session.scalars(statement))


def _over(now: datetime) -> ColumnElement[bool]:
    return and_(NoticeRow.state == NoticeState.PROPOSED, NoticeRow.until <= now)


def _delays_s(session: Session) -> tuple[float, ...]:
    statement = (
        select(RecommendationRow.arrived_at, RecommendationRow.decided_at)
        .join(ReportRow, ReportRow.report_id == RecommendationRow.report_id)
        .where(ReportRow.subject == "patient")
        .order_by(RecommendationRow.decided_at.desc())
        .limit(50)
    )
    return tuple((decided - arrived).total_seconds() for arrived, decided in session.execute(statement))


def _offers(session: Session, now: datetime) -> tuple[tuple[Offer, ...], ...]:
    """Return of each of the newest studies of patients, newest first, the series that a notice on the table was worth.

    Told ones and those that the budget kept back; the findings of a series in the order of the report's decision are
    not kept, so the one of the highest chance leads.
    """
    decided = func.max(RecommendationRow.decided_at)
    studies = (
        select(JobRow.study_instance_uid)
        .join(ReportRow, _LIVING)
        .join(RecommendationRow, RecommendationRow.report_id == ReportRow.report_id)
        .where(ReportRow.subject == "patient", RecommendationRow.decided_at > now - _BUDGET_SPAN)
        .group_by(JobRow.study_instance_uid)
        .order_by(decided.desc(), JobRow.study_instance_uid)
        .limit(NEWEST)
    )
    newest = session.scalars(studies).all()
    statement = (
        select(JobRow.study_instance_uid, RecommendationRow, FindingRow)
        .join(ReportRow, _LIVING)
        .join(RecommendationRow, RecommendationRow.report_id == ReportRow.report_id)
        .join(FindingRow, FindingRow.report_id == ReportRow.report_id)
        .where(
            JobRow.study_instance_uid.in_(newest),
            FindingRow.alerts,
            or_(RecommendationRow.urgency == "now", RecommendationRow.reason == OVER_BUDGET),
        )
        .order_by(FindingRow.severity.desc(), FindingRow.probability.desc(), FindingRow.position)
    )
    minutes: dict[tuple[str, str], float | None] = {}
    flags: dict[tuple[str, str], list[Flag]] = {}
    for study, advised, found in session.execute(statement):
        minutes[study, advised.report_id] = advised.minutes
        flags.setdefault((study, advised.report_id), []).append(
            Flag(artifact=found.artifact, severity=_SEVERITIES[found.severity], probability=found.probability)
        )
    offers: dict[str, list[Offer]] = {}
    for (study, report_id), flagged in flags.items():
        offers.setdefault(study, []).append(Offer(flags=tuple(flagged), minutes=minutes[study, report_id]))
    return tuple(tuple(offers.get(study, ())) for study in newest)
