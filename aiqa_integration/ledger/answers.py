"""What a reviewer says of a screened series, and the calibrations that follow from it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import audit, calibrations
from aiqa_integration.ledger.tables import ArtifactAnswerRow, ScreeningRow
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import ArtifactCalibration
from aiqa_integration.model.finding import ALERTED_SEVERITY, Severity


def write_down(
    session: Session,
    series_instance_uid: str,
    present: Mapping[ArtifactId, bool],
    *,
    severities: Mapping[ArtifactId, Severity],
    comment: str,
    who: str,
    at: datetime,
) -> dict[ArtifactId, ArtifactCalibration]:
    """Record an answer, in the audit too but for the comment, and return the calibrations made anew.

    Raises LedgerError where the series was not screened, an artifact does not apply to it, or a severity says another
    thing than the answer.
    """
    wrong = sorted(a for a, severity in severities.items() if present.get(a) != (severity >= ALERTED_SEVERITY))
    if wrong:
        raise LedgerError(f"{', '.join(wrong)}: present is what has severity {ALERTED_SEVERITY} or more")
    row = _screening(session, series_instance_uid)
    missing = sorted(artifact for artifact in present if artifact.value not in row.raw)
    if missing:
        raise LedgerError(f"{', '.join(missing)}: not looked for in a {row.family} series")
    for artifact, is_present in present.items():
        session.add(
            ArtifactAnswerRow(
                report_id=row.report_id,
                artifact=artifact.value,
                present=is_present,
                severity=severities.get(artifact),
                comment=comment,
                at=at,
                who=who,
            )
        )
    said = "; ".join(_said(artifact, present, severities) for artifact in present)
    audit.append(session, at=at, who=who, action="review", subject=series_instance_uid, detail=said)
    session.flush()
    return {artifact: calibrations.recalibrate(session, row, artifact, who=who, at=at) for artifact in present}


def _screening(session: Session, series_instance_uid: str) -> ScreeningRow:
    statement = (
        select(ScreeningRow)
        .where(ScreeningRow.series_instance_uid == series_instance_uid)
        .order_by(ScreeningRow.at.desc())
        .limit(1)
    )
    row = session.scalars(statement).one_or_none()
    if row is None:
        raise LedgerError(f"no artifacts were looked for in series {series_instance_uid}")
    return row


def _said(artifact: ArtifactId, present: Mapping[ArtifactId, bool], severities: Mapping[ArtifactId, Severity]) -> str:
    word = f"{artifact} {'present' if present[artifact] else 'absent'}"
    return f"{word}, severity {severities[artifact]}" if artifact in severities else word
