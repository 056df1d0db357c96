"""How far the polling of archives is."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from aiqa_integration.ledger.tables.base import Base


class PollCursor(Base):
    """How far the polling of an archive is."""

    __tablename__ = "poll_cursor"

    archive: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    announced_at: Mapped[datetime | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    reconciled_at: Mapped[datetime | None] = mapped_column(default=None)
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")


class StudySeen(Base):
    """At which instance count every series of a study was last observed."""

    __tablename__ = "study_seen"

    archive: Mapped[str] = mapped_column(primary_key=True)
    study_instance_uid: Mapped[str] = mapped_column(primary_key=True)
    instance_count: Mapped[int]
