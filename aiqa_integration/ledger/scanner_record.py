"""What is known of each scanner: calibrations, usual values, reviewers' answers, drift; a method is a transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import cast, get_args

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from aiqa_integration.artifact_detection.recalibration import Answer, recalibrated
from aiqa_integration.artifact_detection.states import CalibrationEvent, next_state
from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import audit, reviews, screenings
from aiqa_integration.ledger.engine import read, write
from aiqa_integration.ledger.tables import ArtifactAnswerRow, CalibrationRow, DriftRow, ScreeningRow
from aiqa_integration.ledger.views import KnownCalibration, OpenDrift, Place, ReviewCase, ScreenedFamily, ToReview
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import UNCALIBRATED, ArtifactCalibration
from aiqa_integration.model.finding import ALERTED_SEVERITY, Calibration, Severity
from aiqa_integration.model.identity import Device, device_key
from aiqa_integration.model.report import BundleVersion


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

    def all_calibrations(self) -> Sequence[KnownCalibration]:
        """Return every calibration."""

        def look(session: Session) -> list[KnownCalibration]:
            rows = session.scalars(
                select(CalibrationRow).order_by(
                    CalibrationRow.device_key, CalibrationRow.family, CalibrationRow.artifact
                )
            ).all()
            names = reviews.scanner_names(session, {row.device_key for row in rows})
            return [
                KnownCalibration(
                    place=_place(row),
                    scanner=names[row.device_key],
                    bundle=row.bundle,
                    calibration=_calibration(row),
                )
                for row in rows
            ]

        return read(self._engine, look)

    def screened(self) -> Sequence[ScreenedFamily]:
        """Return for which scanners and protocol families artifacts were looked for, the scanners by name."""
        statement = select(
            ScreeningRow.device_key, ScreeningRow.family, func.count(), func.max(ScreeningRow.at)
        ).group_by(ScreeningRow.device_key, ScreeningRow.family)

        def look(session: Session) -> list[ScreenedFamily]:
            rows = session.execute(statement).all()
            names = reviews.scanner_names(session, {key for key, *_ in rows})
            found = [
                ScreenedFamily(device_key=key, scanner=names[key], family=family, series=count, last_at=last)
                for key, family, count, last in rows
            ]
            return sorted(found, key=lambda one: (one.scanner, one.device_key, one.family))

        return read(self._engine, look)

    def to_review(self, limit: int) -> Sequence[ToReview]:
        """Return series that wait for a reviewer, the oldest first (``reviews``)."""
        return read(self._engine, lambda session: reviews.waiting(session, limit))

    def to_review_count(self) -> int:
        """Return how many series wait for a reviewer."""
        return read(self._engine, reviews.waiting_count)

    def review_case(self, job_id: str) -> ReviewCase | None:
        """Return the screened series of a job with all that a reviewer needs; None where it was not screened."""

        def look(session: Session) -> ReviewCase | None:
            row = reviews.screening_of(session, job_id)
            if row is None:
                return None
            known = session.scalars(
                select(CalibrationRow).where(
                    CalibrationRow.device_key == row.device_key,
                    CalibrationRow.family == row.family,
                    CalibrationRow.bundle == row.bundle,
                )
            )
            return ReviewCase(
                series=reviews.to_review(session, [(row, job_id)])[0],
                calibrations={ArtifactId(one.artifact): _calibration(one) for one in known},
                answers=reviews.answers_to(session, row),
            )

        return read(self._engine, look)

    def answer(
        self,
        series_instance_uid: str,
        present: Mapping[ArtifactId, bool],
        *,
        who: str,
        at: datetime,
        severities: Mapping[ArtifactId, Severity] = MappingProxyType({}),
        comment: str = "",
    ) -> Mapping[ArtifactId, ArtifactCalibration]:
        """Record what a reviewer saw in a screened series and calibrate anew; return the calibrations concerned.

        Present is what limits reading: of severity 2 or more, where that is said. Answers and changes of state or
        threshold are written to the audit; the comment is not, for it is free text. Raises LedgerError where the series
        was not screened, an artifact does not apply to it, or a severity says another thing than the answer.
        """
        wrong = sorted(a for a, severity in severities.items() if present.get(a) != (severity >= ALERTED_SEVERITY))
        if wrong:
            raise LedgerError(f"{', '.join(wrong)}: present is what has severity {ALERTED_SEVERITY} or more")

        def write_down(session: Session) -> dict[ArtifactId, ArtifactCalibration]:
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
            audit.append(
                session,
                at=at,
                who=who,
                action="review",
                subject=series_instance_uid,
                detail="; ".join(_said(artifact, present, severities) for artifact in present),
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
            return _move(session, row, event, who=who, why=why, at=at)

        return write(self._engine, move)

    def adopt(self, place: Place, bundle: BundleVersion, *, who: str, why: str, at: datetime) -> ArtifactCalibration:
        """Let a person set alerts of an artifact going without answers of this scanner, by the bundle's own figures.

        Raises LedgerError where the calibration is active or suspended.
        """

        def set_going(session: Session) -> ArtifactCalibration:
            key = (place.device_key, place.family, place.artifact.value)
            row = session.get(CalibrationRow, key) or _blank(place)
            if row.bundle != bundle.key:
                row = session.merge(_blank(place, revision=row.revision))
            row.bundle = bundle.key
            session.add(row)
            return _move(session, row, CalibrationEvent.ADOPTED_BY_PERSON, who=who, why=why, at=at)

        return write(self._engine, set_going)

    def open_drifts(self) -> Sequence[OpenDrift]:
        """Return the changes that nobody has looked at yet, oldest first."""

        def look(session: Session) -> list[OpenDrift]:
            rows = session.scalars(
                select(DriftRow).where(DriftRow.closed_at.is_(None)).order_by(DriftRow.opened_at)
            ).all()
            names = reviews.scanner_names(session, {row.device_key for row in rows})
            return [
                OpenDrift(
                    drift_id=row.drift_id,
                    device_key=row.device_key,
                    scanner=names[row.device_key],
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


def _place(row: CalibrationRow) -> Place:
    return Place(device_key=row.device_key, family=row.family, artifact=ArtifactId(row.artifact))


def _said(artifact: ArtifactId, present: Mapping[ArtifactId, bool], severities: Mapping[ArtifactId, Severity]) -> str:
    word = f"{artifact} {'present' if present[artifact] else 'absent'}"
    return f"{word}, severity {severities[artifact]}" if artifact in severities else word


def _audit(session: Session, row: CalibrationRow, detail: str, *, who: str, at: datetime) -> None:
    subject = f"{row.device_key} {row.family} {row.artifact}"
    audit.append(session, at=at, who=who, action="calibration", subject=subject, detail=detail)
