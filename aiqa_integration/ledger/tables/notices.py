"""What persons are told."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from aiqa_integration.ledger.tables.base import Base, partial_index
from aiqa_integration.model.notice import NoticeKind, NoticeState


class NoticeRow(Base):
    """What a person is told: one open notice for each subject (a study, a fault of a scanner, the rule itself).

    ``until`` null: until somebody answers. ``ended_by`` is who answered, as they said it.
    """

    __tablename__ = "notice"
    __table_args__ = (
        partial_index("uq_notice_open_subject", "subject", where="state = 'PROPOSED'", unique=True),
        Index("ix_notice_subject", "subject"),
        Index("ix_notice_scope_ended_at", "scope", "ended_at"),
    )

    notice_id: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str]
    subject: Mapped[str]
    kind: Mapped[NoticeKind]
    state: Mapped[NoticeState]
    manufacturer: Mapped[str]
    model: Mapped[str]
    serial: Mapped[str]
    station: Mapped[str]
    simulated: Mapped[bool]
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_by: Mapped[str] = mapped_column(default="")


class NoticeSeriesRow(Base):
    """A series that a notice speaks of, and which series repeated it with what result for the leading artifact."""

    __tablename__ = "notice_series"

    notice_id: Mapped[str] = mapped_column(ForeignKey("notice.notice_id"), primary_key=True)
    series_instance_uid: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.job_id"), index=True)
    kind: Mapped[NoticeKind]
    text: Mapped[str]
    change: Mapped[str | None]
    artifact: Mapped[str | None]
    severity: Mapped[int]
    protocol: Mapped[str]
    acquired_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime]
    repeated_by: Mapped[str | None] = mapped_column(default=None)
    repeated_at: Mapped[datetime | None] = mapped_column(default=None)
    severity_after: Mapped[int | None] = mapped_column(default=None)
