"""Times in FHIR: an instant has a zone; a dateTime without a zone is a date."""

import re
from datetime import UTC, datetime, timedelta

import structlog

from aiqa_integration.errors import EncodingError

_LOG = structlog.get_logger(__name__)


def fhir_instant(text: str) -> str:
    """Return a FHIR instant of an ISO 8601 time; raises EncodingError where it has no zone or is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise EncodingError(f"not an ISO 8601 time: {text!r}") from error
    if time.tzinfo is None:
        raise EncodingError(f"a FHIR instant needs a time zone: {text!r}")
    return _with_zone(time)


def fhir_date_time(text: str | None) -> str | None:
    """Return a FHIR dateTime of an acquisition time, the date alone where it has no zone; None if it is no time."""
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        _LOG.warning("fhir.acquisition_time_unreadable", length=len(text))
        return None
    return time.date().isoformat() if time.tzinfo is None else _with_zone(time)


def _with_zone(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds" if time.microsecond else "seconds")


_DATE_TIME = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)(T(?P<time>\d\d:\d\d(:\d\d(\.\d{1,6})?\d*)?)(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?"
)


def fhir_range(text: str) -> tuple[datetime, datetime]:
    """Return the time [start, end) that a FHIR date, dateTime or instant means by its precision, in UTC.

    A time without a zone is taken for UTC. Raises ValueError for what is no such time.
    """
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        raise ValueError("not a FHIR date or time")
    year, month, day, time = int(found["year"]), found["month"], found["day"], found["time"]
    if time is not None:
        zone = "+00:00" if found["zone"] in {None, "Z"} else found["zone"]
        digits = time if "." not in time else f"{time.partition('.')[0]}.{time.partition('.')[2][:6]:0<6}"
        start = datetime.fromisoformat(f"{text[:10]}T{digits}{zone}").astimezone(UTC)
        seconds, fraction = time.count(":") == 2, "." in time
        step = timedelta(milliseconds=1) if fraction else timedelta(seconds=1) if seconds else timedelta(minutes=1)
        return start, start + step
    start = datetime(year, int(month or 1), int(day or 1), tzinfo=UTC)
    if day is not None:
        return start, start + timedelta(days=1)
    if month is not None:
        return start, datetime(year + int(month) // 12, int(month) % 12 + 1, 1, tzinfo=UTC)
    return start, datetime(year + 1, 1, 1, tzinfo=UTC)
