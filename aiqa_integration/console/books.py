"""What the pages read: the ledger's read models, and bytes by their digest."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from aiqa_integration.artifact_detection.states import CalibrationEvent
from aiqa_integration.ledger.views import (
    Counts,
    JobDetail,
    KnownCalibration,
    Notice,
    OpenDrift,
    Parked,
    Place,
    PollStatus,
    QueueRow,
    ReviewCase,
    ScreenedFamily,
    ToReview,
)
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import ArtifactCalibration
from aiqa_integration.model.finding import Severity
from aiqa_integration.model.job import JobState
from aiqa_integration.model.notice import NoticeState
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.recommendations.learning import Repeat


class ConsoleBooks(Protocol):
    """The ledger as the console reads it; all methods raise TransientError where the database cannot be used."""

    def queue(self, limit: int, offset: int, *, state: JobState | None = None, text: str = "") -> tuple[QueueRow, ...]:
        """Return jobs, the last changed first; ``text`` is looked for in what a person sees of them."""

    def job_detail(self, job_id: str) -> JobDetail | None:
        """Return one job with all that happened to it, None where there is none."""

    def counts(self) -> Counts:
        """Return how many jobs are in each state, and how many results have each verdict."""

    def polls(self) -> tuple[PollStatus, ...]:
        """Return how the polling of each archive goes."""

    def open_notices(self, now: datetime) -> tuple[Notice, ...]:
        """Return the notices that wait for an answer, the most pressing first."""

    def ended_notices(self, now: datetime, limit: int) -> tuple[Notice, ...]:
        """Return the newest notices that have ended."""

    def open_notice_count(self, now: datetime) -> int:
        """Return how many notices wait for an answer."""

    def parked(self, limit: int) -> tuple[Parked, ...]:
        """Return the newest deliveries that wait for a person."""

    def repeats(self) -> tuple[Repeat, ...]:
        """Return what became of every told series that was repeated."""


class Answers(Protocol):
    """What the console writes: answers, and that something is to be sent again."""

    def answer_notice(self, notice_id: str, *, accepted: bool, who: str, now: datetime) -> NoticeState:
        """Record a person's answer and return the notice's state; raises LedgerError where there is none."""

    def replay(self, job_id: str, *, who: str, why: str, now: datetime) -> JobState:
        """Send what was refused of a HELD job again, or work a FAILED one again; raises LedgerError for any other."""

    def replay_effect(self, effect_id: str, *, who: str, why: str, now: datetime) -> None:
        """Send again what was refused and no job waits for; raises LedgerError where it is not parked."""


class Reviews(Protocol):
    """Series that wait for a reader, and how far alerts of artifacts are trusted, read and written.

    What writes raises LedgerError where it cannot be done.
    """

    def to_review(self, limit: int) -> Sequence[ToReview]:
        """Return series that wait for a reviewer, the oldest first."""

    def to_review_count(self) -> int:
        """Return how many series wait for a reviewer."""

    def review_case(self, job_id: str) -> ReviewCase | None:
        """Return the screened series of a job with all that a reviewer needs; None where it was not screened."""

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
        """Record what a reviewer saw in a screened series."""

    def screened(self) -> Sequence[ScreenedFamily]:
        """Return for which scanners and protocol families artifacts were looked for."""

    def all_calibrations(self) -> Sequence[KnownCalibration]:
        """Return every calibration."""

    def change(self, place: Place, event: CalibrationEvent, *, who: str, why: str, at: datetime) -> ArtifactCalibration:
        """Let a person suspend or resume a calibration."""

    def adopt(self, place: Place, bundle: BundleVersion, *, who: str, why: str, at: datetime) -> ArtifactCalibration:
        """Let a person set alerts going without answers of this scanner."""

    def open_drifts(self) -> Sequence[OpenDrift]:
        """Return the changes that nobody has looked at yet, oldest first."""

    def close_drift(self, drift_id: str, *, who: str, why: str, at: datetime) -> None:
        """Record that a person looked at a change."""


class StoredBytes(Protocol):
    """Artifacts by their SHA-256."""

    def get(self, sha256: str) -> bytes:
        """Return the bytes; raises LedgerError where they are gone or damaged."""


class PublishedKeys(Protocol):
    """The public keys by which others verify what AIQA signs."""

    def published(self, now: datetime) -> tuple[dict[str, str], ...]:
        """Return them as JSON Web Keys; raises ConfigurationError where they cannot be read."""
