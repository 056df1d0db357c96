"""Calibrations of artifacts on scanners: known, made anew from answers, changed by persons; each change is audited."""

from datetime import UTC, datetime
from typing import cast, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from aiqa_integration.artifact_detection.recalibration import Answer, recalibrated
from aiqa_integration.artifact_detection.states import CalibrationEvent, next_state
from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import audit, scanners
from aiqa_integration.ledger.tables import ArtifactAnswerRow, CalibrationRow, ScreeningRow
from aiqa_integration.ledger.views import KnownCalibration, Place
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import UNCALIBRATED, ArtifactCalibration
from aiqa_integration.model.finding import Calibration
from aiqa_integration.model.report import BundleVersion


def known(session: Session, device: str, family: str, bundle: str) -> dict[ArtifactId, ArtifactCalibration]:
    """Return the calibration of each artifact that has one on a scanner and protocol family, for one bundle."""
    rows = session.scalars(
        select(CalibrationRow).where(
            CalibrationRow.device_key == device, CalibrationRow.family == family, CalibrationRow.bundle == bundle
        )
    )
    return {ArtifactId(row.artifact): _calibration(row) for row in rows}


def all_known(session: Session) -> list[KnownCalibration]:
    """Return every calibration."""
    rows = session.scalars(
        select(CalibrationRow).order_by(CalibrationRow.device_key, CalibrationRow.family, CalibrationRow.artifact)
    ).all()
    names = scanners.names(session, {row.device_key for row in rows})
    return [
        KnownCalibration(
            place=Place(device_key=row.device_key, family=row.family, artifact=ArtifactId(row.artifact)),
            scanner=names[row.device_key],
            bundle=row.bundle,
            calibration=_calibration(row),
        )
        for row in rows
    ]


def recalibrate(
    session: Session, row: ScreeningRow, artifact: ArtifactId, *, who: str, at: datetime
) -> ArtifactCalibration:
    """Calibrate an artifact anew from all answers of a screened series' scanner, family and bundle."""
    kept = session.get(CalibrationRow, (row.device_key, row.family, artifact.value), with_for_update=True)
    before = _calibration(kept) if kept is not None else UNCALIBRATED
    if kept is not None and kept.bundle != row.bundle:
        state = next_state(before.state, CalibrationEvent.BUNDLE_CHANGED)
        before = ArtifactCalibration(state=state, revision=before.revision + 1)
    after = recalibrated(_answers(session, row, artifact), before)
    kept = session.merge(
        CalibrationRow(
            device_key=row.device_key,
            family=row.family,
            artifact=artifact.value,
            bundle=row.bundle,
            state=after.state,
            slope=after.slope,
            intercept=after.intercept,
            threshold=after.threshold,
            reviewed=after.reviewed,
            positives=after.positives,
            ppv_low=after.ppv_low,
            revision=after.revision,
            updated_at=at,
        )
    )
    if after.revision != before.revision:
        detail = (
            f"{before.state} -> {after.state}; probability {before.slope:g} * logit {before.intercept:+g} -> "
            f"{after.slope:g} * logit {after.intercept:+g}; PPV at least {after.ppv_low}, {after.reviewed} reviewed"
        )
        _audit(session, kept, detail, who=who, at=at)
    return after


def change(
    session: Session, place: Place, event: CalibrationEvent, *, who: str, why: str, at: datetime
) -> ArtifactCalibration:
    """Let a person suspend or resume a calibration; raises LedgerError where its state does not allow that."""
    row = session.get(CalibrationRow, (place.device_key, place.family, place.artifact.value))
    if row is None:
        raise LedgerError(f"no calibration of {place.artifact} on this scanner and family")
    return _move(session, row, event, who=who, why=why, at=at)


def adopt(
    session: Session, place: Place, bundle: BundleVersion, *, who: str, why: str, at: datetime
) -> ArtifactCalibration:
    """Set alerts of an artifact going by the bundle's own figures; raises LedgerError where active or suspended."""
    key = (place.device_key, place.family, place.artifact.value)
    row = session.get(CalibrationRow, key) or _blank(place)
    if row.bundle != bundle.key:
        row = session.merge(_blank(place, revision=row.revision))
    row.bundle = bundle.key
    session.add(row)
    return _move(session, row, CalibrationEvent.ADOPTED_BY_PERSON, who=who, why=why, at=at)


def _answers(session: Session, row: ScreeningRow, artifact: ArtifactId) -> list[Answer]:
    """Return the last answer to each series, in the order of the series."""
    statement = (
        select(ScreeningRow, ArtifactAnswerRow.present)
        .join(ArtifactAnswerRow, ArtifactAnswerRow.report_id == ScreeningRow.report_id)
        .where(
            ScreeningRow.device_key == row.device_key,
            ScreeningRow.family == row.family,
            ScreeningRow.bundle == row.bundle,
            ArtifactAnswerRow.artifact == artifact.value,
        )
        .order_by(ScreeningRow.at, ScreeningRow.report_id, ArtifactAnswerRow.number)
    )
    last: dict[str, Answer] = {}
    for screened, present in session.execute(statement):
        raw = screened.raw.get(artifact.value)
        if raw is not None:
            only_sampled = screened.audit and not screened.flagged
            last[screened.report_id] = Answer(raw=raw, present=present, audit=only_sampled)
    return list(last.values())


def _move(
    session: Session, row: CalibrationRow, event: CalibrationEvent, *, who: str, why: str, at: datetime
) -> ArtifactCalibration:
    try:
        state = next_state(_calibration(row).state, event)
    except ValueError as error:
        raise LedgerError(str(error)) from error
    _audit(session, row, f"{row.state} -> {state}: {why}", who=who, at=at)
    row.state, row.revision, row.updated_at = state, row.revision + 1, at
    return _calibration(row)


def _blank(place: Place, *, revision: int = 0) -> CalibrationRow:
    """Return a row that says nothing yet."""
    return CalibrationRow(
        device_key=place.device_key,
        family=place.family,
        artifact=place.artifact.value,
        bundle="",
        state=UNCALIBRATED.state,
        slope=UNCALIBRATED.slope,
        intercept=UNCALIBRATED.intercept,
        threshold=UNCALIBRATED.threshold,
        reviewed=0,
        positives=0,
        ppv_low=None,
        revision=revision,
        updated_at=datetime.fromtimestamp(0, tz=UTC),
    )


def _calibration(row: CalibrationRow) -> ArtifactCalibration:
    if row.state not in get_args(Calibration):
        raise LedgerError(f"a calibration is {row.state!r}, which is no state of one")
    return ArtifactCalibration(
        state=cast("Calibration", row.state),
        slope=row.slope,
        intercept=row.intercept,
        threshold=row.threshold,
        reviewed=row.reviewed,
        positives=row.positives,
        ppv_low=row.ppv_low,
        revision=row.revision,
    )


def _audit(session: Session, row: CalibrationRow, detail: str, *, who: str, at: datetime) -> None:
    subject = f"{row.device_key} {row.family} {row.artifact}"
    audit.append(session, at=at, who=who, action="calibration", subject=subject, detail=detail)
