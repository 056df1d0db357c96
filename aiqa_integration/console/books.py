"""What the pages read: the ledger's read models, and bytes by their digest."""

from datetime import datetime
from typing import Protocol

from aiqa_integration.ledger.views import Counts, JobDetail, Notice, Parked, PollStatus, QueueRow
from aiqa_integration.model.job import JobState
from aiqa_integration.model.notice import NoticeState
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


class StoredBytes(Protocol):
    """Artifacts by their SHA-256."""

    def get(self, sha256: str) -> bytes:
        """Return the bytes; raises LedgerError where they are gone or damaged."""


class PublishedKeys(Protocol):
    """The public keys by which others verify what AIQA signs."""

    def published(self, now: datetime) -> tuple[dict[str, str], ...]:
        """Return them as JSON Web Keys; raises ConfigurationError where they cannot be read."""
