"""The life of a job, from the first sighting of a series to its end; each change of state writes one job_event."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import leases, notices, outbox
from aiqa_integration.ledger.tables import JobEventRow, JobRow
from aiqa_integration.model.identity import SeriesRef, identity
from aiqa_integration.model.job import TRANSITIONS, EffectState, JobEvent, JobState
from aiqa_integration.pipeline.ports import SeriesListing, Sighting

POLLER = "poller"
"""Who sees series."""


class Change(enum.Enum):
    """What a sighting means for a job."""

    NONE = enum.auto()
    COUNTED = enum.auto()
    STABLE = enum.auto()
    GREW = enum.auto()


def move(session: Session, row: JobRow, event: JobEvent, *, at: datetime, who: str, why: str) -> None:
    """Change a job's state along the transition table and write the event; raises LedgerError off the table."""
    before = row.state
    after = TRANSITIONS.get((before, event))
    if after is None:
        raise LedgerError(f"a job that is {before} cannot take {event}")
    row.state, row.reason, row.updated_at = after, why, at
    _record(session, row, event, before, who=who)


def living(session: Session, archive: str, ref: SeriesRef, *, locked: bool = False) -> JobRow | None:
    """Return the job of a series that is not SUPERSEDED."""
    statement = select(JobRow).where(
        JobRow.archive == archive,
        JobRow.study_instance_uid == ref.study_instance_uid,
        JobRow.series_instance_uid == ref.series_instance_uid,
        JobRow.state != JobState.SUPERSEDED,
    )
    return session.scalars(statement.with_for_update() if locked else statement).one_or_none()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a series has to be quiet: until it is looked at, and until it counts as complete."""

    look: timedelta
    quiet: timedelta

    @classmethod
    def of(cls, quiet: timedelta, look: timedelta | None) -> "Patience":
        """Return it; without ``look``, or with one that is longer, a series is looked at when it is complete."""
        return cls(look=quiet if look is None else min(look, quiet), quiet=quiet)

    def needed(self, row: JobRow) -> timedelta:
        """Return how long this job's series has to be quiet before it is looked at.

        The full time where it grew after a look, and where the archive tells no count by which growth would be seen.
        """
        return self.look if row.revision == 1 and row.instance_count is not None else self.quiet


def change(row: JobRow, count: int | None, *, at: datetime, patience: Patience) -> Change:
    """Return what a poll at ``at`` that lists ``count`` instances (None: the archive does not tell) means for a job."""
    known = row.instance_count
    if row.state is JobState.DISCOVERED:
        if count is not None and count != known:
            return Change.COUNTED
        stable = at - row.stable_since
        return Change.STABLE if stable >= patience.needed(row) and stable > timedelta(0) else Change.NONE
    if count is None or (known is not None and count <= known):
        return Change.NONE
    return Change.COUNTED if known is None else Change.GREW


def seen_unchanged(
    session: Session, archive: str, listing: SeriesListing, *, at: datetime, patience: Patience
) -> Sighting | None:
    """Return the sighting if it changes nothing, None if there is something to write."""
    row = living(session, archive, listing.ref)
    if row is None or change(row, listing.instance_count, at=at, patience=patience) is not Change.NONE:
        return None
    return _sighting(row)


def see(session: Session, archive: str, listing: SeriesListing, *, at: datetime, patience: Patience) -> Sighting:
    """Write down what a sighting changes."""
    row = living(session, archive, listing.ref, locked=True)
    if row is None:
        return _sighting(_discover(session, archive, listing, revision=1, at=at))
    match change(row, listing.instance_count, at=at, patience=patience):
        case Change.COUNTED:
            if row.state is JobState.DISCOVERED:
                row.stable_since = row.updated_at = at
            row.instance_count = listing.instance_count
        case Change.STABLE:
            why = f"{_counted(row.instance_count)} unchanged since {row.stable_since:%Y-%m-%d %H:%M:%S} UTC"
            move(session, row, JobEvent.COUNT_STABLE, at=at, who=POLLER, why=why)
            row.complete_at = row.stable_since + patience.quiet
            leases.release(row, next_at=at)
        case Change.GREW:
            supersede(session, row, count=listing.instance_count, at=at)
            row = _discover(session, archive, listing, revision=row.revision + 1, at=at)
        case Change.NONE:
            pass
    return _sighting(row)


def supersede(session: Session, row: JobRow, *, count: int | None, at: datetime) -> None:
    """End a job whose series grew: what it has not sent, and what nobody has answered, is withdrawn."""
    why = f"the series grew from {_counted(row.instance_count)} to {_counted(count)}"
    move(session, row, JobEvent.SERIES_GREW, at=at, who=POLLER, why=why)
    leases.release(row)
    outbox.withdraw_of(session, row.job_id, now=at)
    notices.withdraw_of(session, row.job_id, now=at)
    session.flush()  # the next revision may be inserted only once this one has left the index of living series


def postpone(session: Session, row: JobRow, error: Exception, *, now: datetime, until: datetime | None) -> None:
    """Give a job back after an error; ``until`` None: FAILED."""
    who = leases.worker_of(row.lease_owner or "")
    row.last_error, row.updated_at = leases.described(error), now
    leases.release(row, next_at=until)
    if until is None:
        move(session, row, JobEvent.GAVE_UP, at=now, who=who, why=row.last_error)


def conclude(session: Session, row: JobRow, *, now: datetime, who: str) -> None:
    """Bring a MEASURED job to its end where no effect of it waits any more."""
    if row.state is not JobState.MEASURED:
        return
    states = outbox.states_of(session, row.job_id)
    if EffectState.PLANNED in states:
        return
    if EffectState.REFUSED in states:
        move(session, row, JobEvent.EFFECT_REFUSED, at=now, who=who, why=outbox.refusal_of(session, row.job_id))
        return
    move(session, row, JobEvent.EFFECTS_SENT, at=now, who=who, why=row.reason)


def conclude_all(session: Session, rows: Sequence[JobRow], *, now: datetime, who: str) -> None:
    """Bring those of the jobs that are ready to their end."""
    session.flush()
    for row in rows:
        conclude(session, row, now=now, who=who)


def replay(session: Session, row: JobRow, *, now: datetime, who: str, why: str) -> None:
    """Work a FAILED or IGNORED job again from the images; send what was refused of a HELD one again."""
    move(session, row, JobEvent.REPLAYED, at=now, who=who, why=why)
    row.last_error = ""
    if row.state is JobState.SETTLED:
        row.attempts = 0
        leases.release(row, next_at=now)
        return
    row.reason = _measured_because(session, row.job_id)
    outbox.plan_refused_again(session, row.job_id, now=now)
    session.flush()
    conclude(session, row, now=now, who=who)


def _discover(session: Session, archive: str, listing: SeriesListing, *, revision: int, at: datetime) -> JobRow:
    ref = listing.ref
    row = JobRow(
        job_id=str(identity("job", archive, ref.study_instance_uid, ref.series_instance_uid, str(revision))),
        archive=archive,
        study_instance_uid=ref.study_instance_uid,
        series_instance_uid=ref.series_instance_uid,
        revision=revision,
        modality=listing.modality,
        manufacturer=listing.manufacturer,
        description=listing.description,
        instance_count=listing.instance_count,
        state=JobState.DISCOVERED,
        reason=f"{_counted(listing.instance_count)} listed",
        stable_since=at,
        created_at=at,
        updated_at=at,
    )
    session.add(row)
    session.flush()
    _record(session, row, None, None, who=POLLER)
    return row


def _measured_because(session: Session, job_id: str) -> str:
    stored = select(JobEventRow.why).where(
        JobEventRow.job_id == job_id, JobEventRow.event == JobEvent.MEASUREMENT_STORED
    )
    return session.scalars(stored.order_by(JobEventRow.number.desc()).limit(1)).one()


def _record(session: Session, row: JobRow, event: JobEvent | None, before: JobState | None, *, who: str) -> None:
    session.add(
        JobEventRow(
            job_id=row.job_id,
            at=row.updated_at,
            event=event,
            from_state=before,
            to_state=row.state,
            revision=row.revision,
            who=who,
            why=row.reason,
        )
    )


def _sighting(row: JobRow) -> Sighting:
    return Sighting(job_id=row.job_id, state=row.state, revision=row.revision)


def _counted(count: int | None) -> str:
    return "an untold number of instances" if count is None else f"{count} instances"
