"""What a scanner came to in a month."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Self

from aiqa_integration.model.identity import Device, scanner_key


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A month by its first day; ``end`` is the first day after it."""

    start: date

    @classmethod
    def before(cls, day: date) -> Self:
        """Return the month before that of a day."""
        return cls((day.replace(day=1) - timedelta(days=1)).replace(day=1))

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the month of ``2026-11``; raises ValueError for what is none."""
        return cls(datetime.strptime(text, "%Y-%m").date())  # noqa: DTZ007 - a month has no zone

    @property
    def end(self) -> date:
        """The first day of the next month."""
        return (self.start + timedelta(days=31)).replace(day=1)

    def span(self, zone: tzinfo | None) -> tuple[datetime, datetime]:
        """Return when it begins and ends in a zone; None = that of this machine."""
        begins, ends = (datetime.combine(day, time.min, tzinfo=zone) for day in (self.start, self.end))
        return begins.astimezone(zone), ends.astimezone(zone)

    def __str__(self) -> str:
        return f"{self.start:%Y-%m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerMonth:
    """Phantom runs and how many met all limits; patients' series assessed and how many were repeated after a notice.

    ``simulated``: made by a simulator. ``job_id`` is one of the jobs that are counted or were.
    """

    device: Device
    runs: int = 0
    passed: int = 0
    series: int = 0
    repeated: int = 0
    simulated: bool = False
    job_id: str = ""


def by_scanner(months: Iterable[ScannerMonth]) -> tuple[ScannerMonth, ...]:
    """Return one row a scanner: a station may be renamed within a month. What no image names is left out."""
    found: dict[str, ScannerMonth] = {}
    for month in months:
        key = scanner_key(month.device)
        if key is not None:
            found[key] = _sum(found[key], month) if key in found else month
    return tuple(found.values())


def _sum(one: ScannerMonth, other: ScannerMonth) -> ScannerMonth:
    return replace(
        one,
        runs=one.runs + other.runs,
        passed=one.passed + other.passed,
        series=one.series + other.series,
        repeated=one.repeated + other.repeated,
        simulated=one.simulated or other.simulated,
        job_id=max(one.job_id, other.job_id),
    )
