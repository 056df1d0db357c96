"""Rows that are worked on by one worker at a time: announced, taken for a while, given back.

Every change goes through a row lock (PostgreSQL) or the one writer (SQLite), so that of two workers one wins.
"""

import uuid
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from aiqa_integration.errors import AiqaError, LeaseLost
from aiqa_integration.ledger.tables import EffectRow, JobRow, PollCursor

Row = TypeVar("Row", JobRow, EffectRow)


def room(
    session: Session, key: InstrumentedAttribute[str], due: ColumnElement[bool], since: datetime, limit: int
) -> int:
    """Return how many due rows may be announced: none if none is due, else ``limit`` less those that wait for a worker.

    Announcements of before ``since`` do not count: their messages are gone.
    """
    kind = key.class_
    if session.scalar(select(kind.wake_at).where(due).limit(1)) is None:
        return 0
    waiting = select(func.count()).select_from(kind).where(kind.announced_at > since)
    return max(0, limit - (session.scalar(waiting) or 0))


def announce(
    session: Session,
    key: InstrumentedAttribute[str],
    due: ColumnElement[bool],
    *,
    now: datetime,
    limit: int,
    timeout: timedelta,
) -> tuple[str, ...]:
    """Mark the first ``limit`` due rows announced until ``timeout`` has passed, and return their keys, oldest first."""
    kind = key.class_
    chosen = select(key).where(due).order_by(kind.wake_at).limit(limit).with_for_update(skip_locked=True)
    keys = tuple(session.scalars(chosen))
    session.execute(
        update(kind).where(key.in_(keys)).values(announced_at=now, wake_at=now + timeout),
        execution_options={"synchronize_session": False},
    )
    return keys


def forget_announcements(session: Session) -> None:
    """Make due again what is announced and not yet taken: the messages about it are gone."""
    for kind in (JobRow, EffectRow):
        waiting = update(kind).where(kind.announced_at.is_not(None), kind.wake_at.is_not(None))
        session.execute(
            waiting.values(announced_at=None, wake_at=kind.next_at), execution_options={"synchronize_session": False}
        )
    session.execute(update(PollCursor).values(announced_at=None), execution_options={"synchronize_session": False})


def take(
    session: Session, kind: type[Row], free: ColumnElement[bool], *, owner: str, now: datetime, lease: timedelta
) -> Row | None:
    """Take the row for ``lease`` where it is ``free``, due and not taken: one conditional UPDATE.

    The owner that is written is new for each taking, so that a worker that lost its lease cannot pass for its own
    successor.
    """
    unleased = (kind.lease_until.is_(None)) | (kind.lease_until <= now)
    taken = (
        update(kind)
        .where(free, kind.next_at <= now, unleased)
        .values(
            attempts=kind.attempts + 1,
            announced_at=None,
            lease_owner=f"{owner}/{uuid.uuid4().hex[:8]}",
            lease_until=now + lease,
            wake_at=now + lease,
        )
        .returning(kind)
    )
    return session.scalars(taken, execution_options={"synchronize_session": False}).one_or_none()


def held(session: Session, kind: type[Row], key: str, owner: str) -> Row:
    """Return the row, locked, if this owner still has it; raises LeaseLost."""
    row = session.get(kind, key, with_for_update=True)
    if row is None or row.lease_owner != owner:
        raise LeaseLost(f"{key} is no longer leased to {owner}")
    return row


def extend(row: JobRow | EffectRow, until: datetime) -> None:
    """Keep the row until then; one that was withdrawn wakes nobody."""
    row.lease_until = until
    if row.wake_at is not None:
        row.wake_at = until


def release(row: JobRow | EffectRow, *, next_at: datetime | None = None) -> None:
    """Give the row back: to be worked on at ``next_at``, or never again."""
    row.lease_owner = row.lease_until = row.announced_at = None
    row.next_at = row.wake_at = next_at


def described(error: Exception) -> str:
    """Return an error as it is kept in a row: code and message."""
    code = error.code if isinstance(error, AiqaError) else type(error).__name__
    return f"{code}: {error}"


def worker_of(lease_owner: str) -> str:
    """Return who a lease was given to."""
    return lease_owner.rpartition("/")[0]
