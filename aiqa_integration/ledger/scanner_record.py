"""What is known of each scanner: calibrations, usual values, reviewers' answers, drift; a method is a transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast, get_args

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from aiqa_integration.artifact_detection.recalibration import Answer, recalibrated
from aiqa_integration.artifact_detection.states import CalibrationEvent, next_state
from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import audit, screenings
from aiqa_integration.ledger.engine import read, write
from aiqa_integration.ledger.tables import ArtifactAnswerRow, CalibrationRow, DriftRow, ReportRow, ScreeningRow
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import UNCALIBRATED, ArtifactCalibration
from aiqa_integration.model.finding import Calibration
from aiqa_integration.model.identity import Device, device_key
from aiqa_integration.model.report import BundleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a calibration holds for."""

    device_key: str
    family: str
    artifact: ArtifactId


@dataclass(frozen=True, slots=True, kw_only=True)
class ToReview:
    """A screened series that waits for a reviewer: which artifacts to answer for, and why it was chosen."""

    series_instance_uid: str
    report_id: str
    scanner: str
    family: str
    at: datetime
    raw: Mapping[str, float]
    audit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDrift:
    """A change that a person has not looked at yet."""

    drift_id: str
    scanner: str
    family: str
    detail: str
    opened_at: datetime


class SqlScannerRecord:
    """Fulfils ``pipeline.ports.ScannerRecord`` from the ledger's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def calibrations(
        self, device: Device, family: str, bundle: BundleVersion
    ) -> Mapping[ArtifactId, ArtifactCalibration]:
        """Return the calibration of each artifact that has one for this bundle."""
        statement = select(CalibrationRow).where(
            CalibrationRow.device_key == device_key(device),
            CalibrationRow.family == family,
            CalibrationRow.bundle == bundle.key,
        )
        rows = read(self._engine, lambda session: session.scalars(statement).all())
        return {ArtifactId(row.artifact): _calibration(row) for row in rows}

    def usual(self, device: Device, family: str) -> Mapping[str, float]:
        """Return the median of each image-quality metric; empty where too few series are known."""
        return read(self._engine, lambda session: screenings.usual(session, device_key(device), family))

    def all_calibrations(self) -> Sequence[tuple[Place, str, ArtifactCalibration]]:
        """Return every calibration with where it holds and the scanner's name."""

        def look(session: Session) -> list[tuple[Place, str, ArtifactCalibration]]:
            rows = session.scalars(
                select(CalibrationRow).order_by(
                    CalibrationRow.device_key, CalibrationRow.family, CalibrationRow.artifact
                )
            ).all()
            return [(_place(row), _scanner(session, row.device_key), _calibration(row)) for row in rows]

        return read(self._engine, look)

    def to_review(self, limit: int) -> Sequence[ToReview]:
        """Return screened series that were flagged or belong to the audit sample and have no answer, oldest first."""
        answered = select(ArtifactAnswerRow.number).where(ArtifactAnswerRow.report_id == ScreeningRow.report_id)
        statement = (
            select(ScreeningRow)
            .where((ScreeningRow.flagged | ScreeningRow.audit), ~answered.exists())
            .order_by(ScreeningRow.at)
            .limit(limit)
        )

        def look(session: Session) -> list[ToReview]:
            return [
                ToReview(
                    series_instance_uid=row.series_instance_uid,
                    report_id=row.report_id,
                    scanner=_scanner(session, row.device_key),
                    family=row.family,
                    at=row.at,
                    raw=row.raw,
                    audit=row.audit,
                )
                for row in session.scalars(statement)
            ]

        return read(self._engine, look)

    def answer(
        self, series_instance_uid: str, present: Mapping[ArtifactId, bool], *, who: str, at: datetime
    ) -> Mapping[ArtifactId, ArtifactCalibration]:
        """Record what a reviewer saw in a screened series and calibrate anew; return the calibrations concerned.

        A change of state or threshold is written to the audit. Raises LedgerError where the series was not screened or
        an artifact does not apply to it.
        """

        def write_down(session: Session) -> dict[ArtifactId, ArtifactCalibration]:
            row = _screening(session, series_instance_uid)
            missing = sorted(artifact for artifact in present if artifact.value not in row.raw)
            if missing:
                raise LedgerError(f"{', '.join(missing)}: not looked for in a {row.family} series")
            for artifact, is_present in present.items():
                session.add(
                    ArtifactAnswerRow(
                        report_id=row.report_id, artifact=artifact.value, present=is_present, at=at, who=who
                    )
                )
            session.flush()
            return {artifact: _recalibrate(session, row, artifact, who=who, at=at) for artifact in present}

        return write(self._engine, write_down)

    def change(self, place: Place, event: CalibrationEvent, *, who: str, why: str, at: datetime) -> ArtifactCalibration:
        """Let a person suspend or resume a calibration; raises LedgerError where its state does not allow that."""

        def move(session: Session) -> ArtifactCalibration:
            row = session.get(CalibrationRow, (place.device_key, place.family, place.artifact.value))
            if row is None:
                raise LedgerError(f"no calibration of {place.artifact} on this scanner and family")
            try:
                state = next_state(_calibration(row).state, event)
            except ValueError as error:
                raise LedgerError(str(error)) from error
            _audit(session, row, f"{row.state} -> {state}: {why}", who=who, at=at)
            row.state, row.revision, row.updated_at = state, row.revision + 1, at
            return _calibration(row)

        return write(self._engine, move)

    def open_drifts(self) -> Sequence[OpenDrift]:
        """Return the changes that nobody has looked at yet, oldest first."""

        def look(session: Session) -> list[OpenDrift]:
            rows = session.scalars(select(DriftRow).where(DriftRow.closed_at.is_(None)).order_by(DriftRow.opened_at))
            return [
                OpenDrift(
                    drift_id=row.drift_id,
                    scanner=_scanner(session, row.device_key),
                    family=row.family,
                    detail=row.detail,
                    opened_at=row.opened_at,
                )
                for row in rows
            ]

        return read(self._engine, look)

    def close_drift(self, drift_id: str, *, who: str, why: str, at: datetime) -> None:
        """Record that a person looked at a change; what comes after it is the new reference."""

        def close(session: Session) -> None:
            row = session.get(DriftRow, drift_id)
            if row is None or row.closed_at is not None:
                raise LedgerError(f"there is no open drift {drift_id}")
            row.closed_at, row.closed_by = at, who
            audit.append(session, at=at, who=who, action="close-drift", subject=drift_id, detail=why)

        write(self._engine, close)


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


def _recalibrate(
    session: Session, row: ScreeningRow, artifact: ArtifactId, *, who: str, at: datetime
) -> ArtifactCalibration:
    """Calibrate an artifact anew from all answers of this scanner, family and bundle."""
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


def _place(row: CalibrationRow) -> Place:
    return Place(device_key=row.device_key, family=row.family, artifact=ArtifactId(row.artifact))


def _scanner(session: Session, key: str) -> str:
    """Return a scanner's name as its last report has it."""
    statement = select(ReportRow).where(ReportRow.device_key == key).order_by(ReportRow.created_at.desc()).limit(1)
    row = session.scalars(statement).one_or_none()
    return " ".join(part for part in (row.manufacturer, row.model, row.station) if part) if row else key


def _audit(session: Session, row: CalibrationRow, detail: str, *, who: str, at: datetime) -> None:
    subject = f"{row.device_key} {row.family} {row.artifact}"
    audit.append(session, at=at, who=who, action="calibration", subject=subject, detail=detail)
