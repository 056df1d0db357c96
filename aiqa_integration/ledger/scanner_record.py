"""What is known of each scanner: calibrations, usual values, reviewers' answers, drift; a method is a transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Engine

from aiqa_integration.artifact_detection.states import CalibrationEvent
from aiqa_integration.ledger import answers, calibrations, drifts, reviews, scanners, screenings
from aiqa_integration.ledger.engine import read, write
from aiqa_integration.ledger.views import KnownCalibration, OpenDrift, Place, ReviewCase, ScreenedFamily, ToReview
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import ArtifactCalibration
from aiqa_integration.model.finding import Severity
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
        return read(self._engine, lambda session: calibrations.known(session, device_key(device), family, bundle.key))

    def usual(self, device: Device, family: str) -> Mapping[str, float]:
        """Return the median of each image-quality metric; empty where too few series are known."""
        return read(self._engine, lambda session: screenings.usual(session, device_key(device), family))

    def all_calibrations(self) -> Sequence[KnownCalibration]:
        """Return every calibration."""
        return read(self._engine, calibrations.all_known)

    def screened(self) -> Sequence[ScreenedFamily]:
        """Return for which scanners and protocol families artifacts were looked for, the scanners by name."""
        return read(self._engine, scanners.screened)

    def to_review(self, limit: int) -> Sequence[ToReview]:
        """Return series that wait for a reviewer, the oldest first (``reviews``)."""
        return read(self._engine, lambda session: reviews.waiting(session, limit))

    def to_review_count(self) -> int:
        """Return how many series wait for a reviewer."""
        return read(self._engine, reviews.waiting_count)

    def review_case(self, job_id: str) -> ReviewCase | None:
        """Return the screened series of a job with all that a reviewer needs; None where it was not screened."""
        return read(self._engine, lambda session: reviews.case(session, job_id))

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
        return write(
            self._engine,
            lambda session: answers.write_down(
                session, series_instance_uid, present, severities=severities, comment=comment, who=who, at=at
            ),
        )

    def change(self, place: Place, event: CalibrationEvent, *, who: str, why: str, at: datetime) -> ArtifactCalibration:
        """Let a person suspend or resume a calibration; raises LedgerError where its state does not allow that."""
        return write(self._engine, lambda session: calibrations.change(session, place, event, who=who, why=why, at=at))

    def adopt(self, place: Place, bundle: BundleVersion, *, who: str, why: str, at: datetime) -> ArtifactCalibration:
        """Let a person set alerts of an artifact going without answers of this scanner, by the bundle's own figures.

        Raises LedgerError where the calibration is active or suspended.
        """
        return write(self._engine, lambda session: calibrations.adopt(session, place, bundle, who=who, why=why, at=at))

    def open_drifts(self) -> Sequence[OpenDrift]:
        """Return the changes that nobody has looked at yet, oldest first."""
        return read(self._engine, drifts.open_drifts)

    def close_drift(self, drift_id: str, *, who: str, why: str, at: datetime) -> None:
        """Record that a person looked at a change; what comes after it is the new reference."""
        write(self._engine, lambda session: drifts.close(session, drift_id, who=who, why=why, at=at))
