"""QIDO-RS answers (PS3.18 10.6): rows out of pages, values out of rows, whatever the server does with limits."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

import structlog

from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.pipeline.ports import SeriesListing, StudyListing

log = structlog.get_logger()

Row = Mapping[str, object]

STUDY_UID = "0020000D"
SERIES_UID = "0020000E"
SOP_UID = "00080018"
STUDY_DATE = "00080020"
MODALITY = "00080060"
MODALITIES_IN_STUDY = "00080061"
MANUFACTURER = "00080070"
SERIES_DESCRIPTION = "0008103E"
STUDY_INSTANCES = "00201208"
SERIES_INSTANCES = "00201209"

MAX_PAGES = 2000
"""Pages that one query may have: a server that never stops has a bound."""

LONGEST_DAY_BY_DAY = 100
"""Days that are asked one by one; a longer window costs too many queries."""

USABLE_UID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
"""UIDs that can stand in a URL; broken but harmless ones (leading zeros, letters) are taken as they are."""


def rows(
    fetch: Callable[[int, int], object], page_size: int, key: str, *, to_the_end: bool, most_rows: int | None = None
) -> Iterator[Row]:
    """Yield the rows of all pages, without repeats of the UID in attribute ``key``.

    ``fetch`` takes limit and offset. A page without a new row is the last; so is a short one, unless ``to_the_end``:
    servers have limits below the one asked for. A server that ignores offset repeats itself and thereby ends it. Rows
    beyond ``most_rows`` cannot be reached and are not asked for.
    """
    seen: set[str] = set()
    offset = 0
    for _ in range(MAX_PAGES):
        limit = page_size if most_rows is None else min(page_size, most_rows - offset)
        if limit <= 0:
            break
        page = fetch(limit, offset)
        found = mappings(page)
        fresh = 0
        for row in found:
            uid = first_text(row, key)
            if uid in seen or not USABLE_UID.fullmatch(uid):
                continue
            seen.add(uid)
            fresh += 1
            yield row
        if not fresh or (len(found) < limit and not to_the_end):
            return
        offset += len(found)
    log.warning("archive.query-cut-off", rows=len(seen))


def date_ranges(since: date | None, until: date | None, *, today: date | None) -> Iterator[str]:
    """Yield the StudyDate filters (PS3.4 C.2.2.2.5) that make a window; an empty one where it is open at both ends.

    With ``today`` given, one a day: the days up to today, or ``until``, then the open rest. A window of more than
    LONGEST_DAY_BY_DAY days, or without a begin, stays whole.
    """
    last = until or today
    if since is None and until is None:
        yield ""
    elif today is None or since is None or last is None or not 0 <= (last - since).days <= LONGEST_DAY_BY_DAY:
        yield "-".join(f"{end:%Y%m%d}" if end else "" for end in (since, until))
    else:
        for number in range((last - since).days + 1):
            yield f"{since + timedelta(days=number):%Y%m%d}"
        if until is None:
            yield f"{last + timedelta(days=1):%Y%m%d}-"


def values(row: Row, tag: str) -> list[object]:
    """Return an attribute's values from DICOM JSON (PS3.18 F.2); empty where it is absent or malformed."""
    element = row.get(tag)
    found = element.get("Value") if isinstance(element, Mapping) else None
    return found if isinstance(found, list) else []


def items(row: Row, tag: str) -> list[Row]:
    """Return the items of a sequence; empty where it is absent or malformed."""
    return mappings(values(row, tag))


def mappings(found: object) -> list[Row]:
    """Return those elements of a list that are data sets; none of what is no list."""
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def first_text(row: Row, tag: str) -> str:
    """Return an attribute's first value as text; empty where there is none."""
    found = next(iter(values(row, tag)), "")
    return str(found).strip() if isinstance(found, str | int | float) else ""


def first_count(row: Row, tag: str) -> int | None:
    """Return a count; None where the server does not tell, or tells nonsense."""
    digits = first_text(row, tag)
    return int(digits) if digits.isdecimal() and len(digits) < 10 else None


def study_listing(row: Row) -> StudyListing:
    """Return a study-level row as a listing."""
    return StudyListing(
        study_instance_uid=first_text(row, STUDY_UID),
        instance_count=first_count(row, STUDY_INSTANCES),
        modalities=tuple(str(modality) for modality in values(row, MODALITIES_IN_STUDY)),
    )


def series_listing(row: Row, study_instance_uid: str) -> SeriesListing:
    """Return a series-level row as a listing of the study that was asked about."""
    return SeriesListing(
        ref=SeriesRef(study_instance_uid=study_instance_uid, series_instance_uid=first_text(row, SERIES_UID)),
        modality=first_text(row, MODALITY),
        instance_count=first_count(row, SERIES_INSTANCES),
        manufacturer=first_text(row, MANUFACTURER),
        description=first_text(row, SERIES_DESCRIPTION),
    )
