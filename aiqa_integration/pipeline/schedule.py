"""When archives are polled."""

from dataclasses import dataclass
from datetime import timedelta

from aiqa_integration.pipeline.ports.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSchedule:
    """How an archive is polled; ``lease`` is how long after a poller's death nobody else polls.

    ``look`` is after how long without a new image a series is analysed, ``quiet`` after how long it counts as complete;
    None = the same.
    """

    archive: Archive
    every: timedelta
    quiet: timedelta
    window_days: int | None
    look: timedelta | None = None
    reconcile_window_days: int | None = 7
    lease: timedelta = timedelta(minutes=1)

    @property
    def while_arriving(self) -> timedelta:
        """How often it is polled while series arrive: twice in the time after which they are looked at."""
        return min(self.every, (self.quiet if self.look is None else min(self.look, self.quiet)) / 2)
