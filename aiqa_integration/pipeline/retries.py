"""When what failed is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from aiqa_integration.errors import AiqaError, TransientError, Unforeseen


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Slow retries across calls: first delay, doubled each time up to ``longest``, for ``give_up_after`` attempts."""

    first: timedelta = timedelta(seconds=15)
    longest: timedelta = timedelta(minutes=30)
    give_up_after: int = 60
    give_up_unforeseen_after: int = 5

    def next_at(self, attempts: int, now: datetime, error: AiqaError) -> datetime | None:
        """Return when to try again after ``attempts`` tries that ended with ``error``; None = give up."""
        limit = self.give_up_unforeseen_after if isinstance(error, Unforeseen) else self.give_up_after
        if attempts >= limit or not isinstance(error, TransientError):
            return None
        delay = min(self.first * float(2 ** min(attempts, 20)), self.longest)
        wished = timedelta(seconds=error.retry_after_s or 0.0)
        return now + max(delay, min(wished, timedelta(days=1)))
