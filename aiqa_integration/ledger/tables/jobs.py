"""Series as jobs, and each change of a job's state."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from aiqa_integration.ledger.columns import RowNumber
from aiqa_integration.ledger.tables.base import Base, Leased, partial_index
from aiqa_integration.model.job import JobEvent, JobState
from aiqa_integration.model.judgement import Verdict


class JobRow(Leased, Base, kw_only=True):
    """One revision of one series; ``stable_since`` is the poll that first saw the present count.

    ``verdict`` and ``refused`` repeat what the report says, so that a million jobs are counted from one index.
    """

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("archive", "study_instance_uid", "series_instance_uid", "revision"),
        partial_index(
            "uq_job_living_series",
            "archive",
            "study_instance_uid",
            "series_instance_uid",
            where="state <> 'SUPERSEDED'",
            unique=True,
        ),
        partial_index("ix_job_wake_at", "wake_at", where="wake_at IS NOT NULL"),
        partial_index("ix_job_announced_at", "announced_at", where="announced_at IS NOT NULL"),
        Index("ix_job_state_updated_at", "state", "updated_at"),
        Index("ix_job_study_instance_uid", "study_instance_uid"),
        Index("ix_job_updated_at", "updated_at"),
        Index("ix_job_state_verdict", "state", "verdict", "refused"),
    )

    job_id: Mapped[str] = mapped_column(primary_key=True)
    archive: Mapped[str]
    study_instance_uid: Mapped[str]
    series_instance_uid: Mapped[str]
    revision: Mapped[int]
    modality: Mapped[str] = mapped_column(default="")
    manufacturer: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    instance_count: Mapped[int | None] = mapped_column(default=None)
    state: Mapped[JobState]
    reason: Mapped[str] = mapped_column(default="")
    rule_revision: Mapped[str] = mapped_column(default="")
    report_id: Mapped[str | None] = mapped_column(default=None)
    verdict: Mapped[Verdict | None] = mapped_column(default=None)
    refused: Mapped[bool] = mapped_column(default=False)
    stable_since: Mapped[datetime]
    complete_at: Mapped[datetime | None] = mapped_column(default=None)
    """From when on a SETTLED series counts as complete; NULL where it is."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class JobEventRow(Base):
    """Append-only: one row per change of a job's state, with who and why."""

    __tablename__ = "job_event"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, init=False)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.job_id"), index=True)
    at: Mapped[datetime]
    event: Mapped[JobEvent | None]
    from_state: Mapped[JobState | None]
    to_state: Mapped[JobState]
    revision: Mapped[int]
    who: Mapped[str]
    why: Mapped[str]
