"""Times in FHIR: an instant has a zone; a dateTime without a zone is a date."""

from datetime import datetime

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
