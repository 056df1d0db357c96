"""What a scanner came to in a month."""

from dataclasses import dataclass
from datetime import date

from aiqa_integration.model.identity import Device


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerMonth:
    """Phantom runs and how many met all limits; patients' series assessed and how many were repeated after a notice.

    ``simulated``: made by a simulator.
    """

    device: Device
    runs: int = 0
    passed: int = 0
    series: int = 0
    repeated: int = 0
    simulated: bool = False


def month_before(day: date) -> tuple[date, date]:
    """Return the first day of the month before that of ``day``, and the first day of the month after it."""
    end = day.replace(day=1)
    start = end.replace(year=end.year - 1, month=12) if end.month == 1 else end.replace(month=end.month - 1)
    return start, end
