"""The time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time, in UTC."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware, UTC."""
