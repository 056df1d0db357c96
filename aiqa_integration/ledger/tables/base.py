"""What tables share: names of constraints, column types, leases, partial indexes."""

from datetime import datetime

from sqlalchemy import JSON, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from aiqa_integration.ledger.columns import CleanText, UtcDateTime, Word
from aiqa_integration.model.job import EffectState, JobEvent, JobState
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.notice import NoticeKind, NoticeState

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Base of all rows."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012 — read by SQLAlchemy, which types it so
        datetime: UtcDateTime(),
        str: CleanText(),
        JobState: Word(JobState),
        JobEvent: Word(JobEvent),
        EffectState: Word(EffectState),
        Verdict: Word(Verdict),
        NoticeKind: Word(NoticeKind),
        NoticeState: Word(NoticeState),
        dict[str, str]: JSON(),
        dict[str, int]: JSON(),
        dict[str, float]: JSON(),
    }


class Leased(MappedAsDataclass, kw_only=True):
    """What a row needs to be worked on by one worker at a time.

    ``wake_at`` is the earliest moment at which the dispatcher has to look at the row: the latest of ``next_at``,
    the end of the lease, and the end of an announcement. It is null where there is nothing to do, so that its index
    holds only what waits: SETTLED jobs and PLANNED effects have one, others have none.
    """

    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    wake_at: Mapped[datetime | None] = mapped_column(default=None)
    announced_at: Mapped[datetime | None] = mapped_column(default=None)
    lease_owner: Mapped[str | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index over the rows where a condition (SQL) holds, on either database."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
