"""Series that wait for a reviewer, and what reviewers said.

Chosen are those in which the network saw something, the random sample of the others, and the newest ones of a scanner
and protocol family whose images or scores have changed: what the change means, only a look at them tells.
"""

from collections.abc import Collection, Sequence
from typing import cast

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from aiqa_integration.artifact_detection.gate import worth_a_look
from aiqa_integration.ledger import calibrations, scanners
from aiqa_integration.ledger.tables import ArtifactAnswerRow, CalibrationRow, DriftRow, JobRow, ScreeningRow
from aiqa_integration.ledger.views import GivenAnswer, ReviewCase, ToReview, WhyReview
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import Severity
from aiqa_integration.model.job import JobState

OF_A_DRIFT = 3
"""Series of a scanner and family that are looked at for an open drift."""


def waiting(session: Session, limit: int) -> list[ToReview]:
    """Return series that wait for a reviewer, the oldest first."""
    found = session.execute(_waiting().order_by(ScreeningRow.at, ScreeningRow.report_id).limit(limit)).all()
    return to_review(session, [(row, job_id) for row, job_id in found])


def waiting_count(session: Session) -> int:
    """Return how many series wait for a reviewer."""
    return session.scalar(select(func.count()).select_from(_waiting().subquery())) or 0


def case(session: Session, job_id: str) -> ReviewCase | None:
    """Return the screened series of a job with all that a reviewer needs; None where it was not screened."""
    statement = select(ScreeningRow).join(JobRow, JobRow.report_id == ScreeningRow.report_id)
    row = session.scalars(statement.where(JobRow.job_id == job_id)).one_or_none()
    if row is None:
        return None
    return ReviewCase(
        series=to_review(session, [(row, job_id)])[0],
        calibrations=calibrations.known(session, row.device_key, row.family, row.bundle),
        answers=answers_to(session, row),
    )


def answers_to(session: Session, row: ScreeningRow) -> tuple[GivenAnswer, ...]:
    """Return what was answered to a series as this bundle saw it, the newest first."""
    statement = (
        select(ArtifactAnswerRow)
        .join(ScreeningRow, ScreeningRow.report_id == ArtifactAnswerRow.report_id)
        .where(ScreeningRow.series_instance_uid == row.series_instance_uid, ScreeningRow.bundle == row.bundle)
        .order_by(ArtifactAnswerRow.number.desc())
    )
    return tuple(
        GivenAnswer(
            artifact=ArtifactId(given.artifact),
            present=given.present,
            severity=cast("Severity | None", given.severity),
            comment=given.comment,
            who=given.who,
            at=given.at,
        )
        for given in session.scalars(statement)
    )


def to_review(session: Session, rows: Sequence[tuple[ScreeningRow, str]]) -> list[ToReview]:
    """Return screenings, each with the job that it is of, as a reviewer sees them."""
    names = scanners.names(session, {row.device_key for row, _ in rows})
    descriptions = _descriptions(session, [job_id for _, job_id in rows])
    suspended, drifting = _suspended(session), _drifting(session)
    return [
        ToReview(
            job_id=job_id,
            series_instance_uid=row.series_instance_uid,
            report_id=row.report_id,
            device_key=row.device_key,
            scanner=names[row.device_key],
            family=row.family,
            description=descriptions[job_id],
            at=row.at,
            raw={ArtifactId(artifact): probability for artifact, probability in row.raw.items()},
            why=_why(row, suspended, drifting),
            simulated=row.simulated,
        )
        for row, job_id in rows
    ]


def _waiting() -> Select[ScreeningRow, str]:
    """Return the chosen screenings of living jobs whose series nobody has answered for, as this bundle saw it."""
    same = aliased(ScreeningRow)
    answered = (
        exists()
        .where(ArtifactAnswerRow.report_id == same.report_id)
        .where(same.series_instance_uid == ScreeningRow.series_instance_uid, same.bundle == ScreeningRow.bundle)
    )
    return (
        select(ScreeningRow, JobRow.job_id)
        .join(JobRow, JobRow.report_id == ScreeningRow.report_id)
        .where(
            JobRow.state != JobState.SUPERSEDED,
            ScreeningRow.flagged | ScreeningRow.audit | ScreeningRow.report_id.in_(_of_drifts()),
            ~answered,
        )
    )


def _of_drifts() -> Select[str]:
    """Return the newest screenings of each scanner and family with an open drift."""
    rows = (
        select(
            ScreeningRow.report_id,
            func.row_number()
            .over(partition_by=(ScreeningRow.device_key, ScreeningRow.family), order_by=ScreeningRow.at.desc())
            .label("place"),
        )
        .where(_is_drifting())
        .subquery()
    )
    return select(rows.c.report_id).where(rows.c.place <= OF_A_DRIFT)


def _is_drifting() -> ColumnElement[bool]:
    return (
        exists()
        .where(DriftRow.device_key == ScreeningRow.device_key, DriftRow.family == ScreeningRow.family)
        .where(DriftRow.closed_at.is_(None))
    )


def _why(
    row: ScreeningRow, suspended: Collection[tuple[str, str, str]], drifting: Collection[tuple[str, str]]
) -> tuple[WhyReview, ...]:
    place = (row.device_key, row.family)
    seen = worth_a_look({ArtifactId(artifact): probability for artifact, probability in row.raw.items()})
    holds: dict[WhyReview, bool] = {
        "flagged": row.flagged,
        "suspended": any((*place, artifact.value) in suspended for artifact in seen),
        "drift": place in drifting,
        "sample": row.audit,
    }
    return tuple(reason for reason, is_so in holds.items() if is_so)


def _suspended(session: Session) -> frozenset[tuple[str, str, str]]:
    statement = select(CalibrationRow.device_key, CalibrationRow.family, CalibrationRow.artifact)
    rows = session.execute(statement.where(CalibrationRow.state == "suspended"))
    return frozenset((device, family, artifact) for device, family, artifact in rows)


def _drifting(session: Session) -> frozenset[tuple[str, str]]:
    statement = select(DriftRow.device_key, DriftRow.family).where(DriftRow.closed_at.is_(None))
    return frozenset((device, family) for device, family in session.execute(statement))


def _descriptions(session: Session, job_ids: Sequence[str]) -> dict[str, str]:
    rows = session.scalars(select(JobRow).where(JobRow.job_id.in_(job_ids)))
    return {row.job_id: row.description for row in rows}
