"""How far the polling of archives is, and which studies need no closer look."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from aiqa_integration.ledger import leases
from aiqa_integration.ledger.tables import JobRow, PollCursor, StudySeen
from aiqa_integration.model.job import JobState


def due(session: Session, archives: Sequence[str], now: datetime, announced_for: timedelta) -> tuple[str, ...]:
    """Return the archives to be polled now that are not being polled and were not announced."""
    rows = session.scalars(select(PollCursor).where(PollCursor.archive.in_(archives)))
    known = {row.archive: row for row in rows}
    return tuple(name for name in archives if name not in known or _is_due(known[name], now, announced_for))


def announce(session: Session, archives: Sequence[str], now: datetime, announced_for: timedelta) -> tuple[str, ...]:
    """Mark the due ones of the archives announced and return them."""
    announced = []
    for name in sorted(archives):
        row = _cursor(session, name)
        if _is_due(row, now, announced_for):
            row.announced_at = now
            announced.append(name)
    return tuple(announced)


def begin(session: Session, archive: str, now: datetime, lease: timedelta) -> bool:
    """Take the polling of an archive for ``lease``; False if it is not due or another polls."""
    row = _cursor(session, archive)
    if not _is_due(row, now, None):
        return False
    if row.lease_until is not None:
        _forget_reconcile(row)
    row.announced_at, row.started_at, row.lease_until = None, now, now + lease
    return True


def extend(session: Session, archive: str, until: datetime) -> None:
    """Keep the polling of an archive until then; a poll that has ended stays ended."""
    row = _cursor(session, archive)
    if row.lease_until is not None:
        row.lease_until = until


def end(session: Session, archive: str, *, now: datetime, next_at: datetime, error: Exception | None) -> None:
    """Write down the end of a poll; a wide poll that failed stays due."""
    row = _cursor(session, archive)
    row.lease_until, row.ended_at, row.next_at = None, now, next_at
    row.failures = row.failures + 1 if error else 0
    row.last_error = leases.described(error) if error else ""
    if error is not None:
        _forget_reconcile(row)


def look_now(session: Session, name: str, now: datetime) -> None:
    """Make a periodic work due at once; what has never run is due anyway."""
    row = session.get(PollCursor, name, with_for_update=True)
    if row is not None and row.next_at is not None:
        row.next_at = min(row.next_at, now)


def reconcile_due(session: Session, archive: str, now: datetime, every: timedelta) -> bool:
    """Return whether the wide poll is due, and note that it runs."""
    row = _cursor(session, archive)
    if row.reconciled_at is not None and row.reconciled_at > now - every:
        return False
    row.reconciled_at = now
    return True


def unchanged_studies(session: Session, archive: str, counts: Mapping[str, int]) -> frozenset[str]:
    """Return the studies whose count is the recorded one and that have no DISCOVERED job."""
    discovered = select(JobRow.study_instance_uid).where(
        JobRow.archive == archive,
        JobRow.study_instance_uid.in_(counts),
        JobRow.state == JobState.DISCOVERED,
    )
    seen = select(StudySeen.study_instance_uid, StudySeen.instance_count).where(
        StudySeen.archive == archive, StudySeen.study_instance_uid.in_(counts)
    )
    unchanged = {uid for uid, count in session.execute(seen) if counts[uid] == count}
    return frozenset(unchanged.difference(session.scalars(discovered)))


def study_seen(session: Session, archive: str, study_instance_uid: str, instance_count: int) -> None:
    """Record the count at which a study was observed."""
    session.merge(StudySeen(archive=archive, study_instance_uid=study_instance_uid, instance_count=instance_count))


def _is_due(row: PollCursor, now: datetime, announced_for: timedelta | None) -> bool:
    announced = announced_for is not None and row.announced_at is not None and row.announced_at > now - announced_for
    waits = row.next_at is not None and row.next_at > now
    polled = row.lease_until is not None and row.lease_until > now
    return not (announced or waits or polled)


def _cursor(session: Session, archive: str) -> PollCursor:
    row = session.get(PollCursor, archive, with_for_update=True)
    if row is None:
        row = PollCursor(archive=archive)
        session.add(row)
        session.flush()
    return row


def _forget_reconcile(row: PollCursor) -> None:
    if row.reconciled_at is not None and row.started_at is not None and row.reconciled_at >= row.started_at:
        row.reconciled_at = None
