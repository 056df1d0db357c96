"""What a poll sees, and when archives are polled."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from aiqa_integration.ledger import jobs, polls
from aiqa_integration.ledger.engine import read, write
from aiqa_integration.ledger.tables import OwnSeries
from aiqa_integration.ledger.transactions.base import Transactions
from aiqa_integration.pipeline.ports import SeriesListing, Sighting


class PollTransactions(Transactions):
    """The ledger as the poller uses it."""

    def observe(
        self, archive: str, listing: SeriesListing, *, at: datetime, quiet: timedelta, look: timedelta | None = None
    ) -> Sighting:
        """Record that a poll saw a series; writes nothing where nothing changed."""
        patience = jobs.Patience.of(quiet, look)
        seen = read(
            self.engine, lambda session: jobs.seen_unchanged(session, archive, listing, at=at, patience=patience)
        )
        return seen or write(self.engine, lambda session: jobs.see(session, archive, listing, at=at, patience=patience))

    def is_own_series(self, series_instance_uid: str) -> bool:
        """Return whether AIQA itself made this series."""
        return read(self.engine, lambda session: session.get(OwnSeries, series_instance_uid) is not None)

    def unchanged_studies(self, archive: str, counts: Mapping[str, int]) -> frozenset[str]:
        """Return those studies that need no closer look."""
        return read(self.engine, lambda session: polls.unchanged_studies(session, archive, counts))

    def study_seen(self, archive: str, study_instance_uid: str, instance_count: int) -> None:
        """Record that every series of a study was observed at this count."""
        write(self.engine, lambda session: polls.study_seen(session, archive, study_instance_uid, instance_count))

    def due_polls(self, archives: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Return the archives to be polled now; mark them announced."""
        found = read(self.engine, lambda session: polls.due(session, archives, now, self.announced_for))
        if not found:
            return ()
        return write(self.engine, lambda session: polls.announce(session, found, now, self.announced_for))

    def next_poll(self, archive: str, now: datetime, lease: timedelta) -> bool:
        """Return whether this caller is to poll the archive now."""
        return write(self.engine, lambda session: polls.begin(session, archive, now, lease))

    def extend_poll(self, archive: str, *, now: datetime, lease: timedelta) -> None:
        """Keep polling an archive; does nothing where the poll has ended."""
        write(self.engine, lambda session: polls.extend(session, archive, now + lease))

    def poll_done(self, archive: str, *, now: datetime, next_at: datetime, error: Exception | None) -> None:
        """Record the end of a poll."""
        write(self.engine, lambda session: polls.end(session, archive, now=now, next_at=next_at, error=error))

    def reconcile_due(self, archive: str, now: datetime, every: timedelta) -> bool:
        """Return whether the wide poll is due, and note that it runs now."""
        return write(self.engine, lambda session: polls.reconcile_due(session, archive, now, every))

    def look_now(self, name: str, now: datetime) -> None:
        """Make a periodic work due at once, unless it runs."""
        write(self.engine, lambda session: polls.look_now(session, name, now))
