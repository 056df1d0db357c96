"""What goes into the façade's store and what is asked of it, as values; what they mean in FHIR is not known here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

UNDATED = datetime(1800, 1, 1, tzinfo=UTC)
"""Stands in the order of dates for a resource without one: before all others."""

Order = Literal["newest", "oldest", "latest-date", "earliest-date"]
"""By last change or by date, from either end."""


@dataclass(frozen=True, slots=True)
class Token:
    """A value to be found by; of a reference, ``system`` is the type and ``code`` the id."""

    parameter: str
    system: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A resource on its way into the store.

    ``write`` gives its JSON for a version and time; ``meet`` is asked, with the JSON that is stored, what becomes of it
    where there is one already: what to write in its place, or None where that stays.
    """

    resource_type: str
    resource_id: str
    content_sha256: str
    write: Callable[[int, datetime], str]
    meet: Callable[[str], "Arrival | None"]
    tokens: frozenset[Token]
    from_at: datetime | None = None
    until_at: datetime | None = None
    second_from_at: datetime | None = None
    second_until_at: datetime | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResource:
    """A resource as it is kept; ``from_at`` is UNDATED where it has no date."""

    number: int
    resource_type: str
    resource_id: str
    version_id: int
    last_updated: datetime
    from_at: datetime
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPattern:
    """A value looked for under any of the parameters; None = any."""

    parameters: tuple[str, ...]
    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """A comparison with the range [start, end) that a date of limited precision means (FHIR R4 search, 3.1.1.4.7)."""

    of: Literal["date", "second-date", "last-updated"]
    prefix: Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the last resource's number, and the time by which they are sorted, if by one."""

    number: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceQuery:
    """A search: every condition holds; of the patterns in one tuple, any."""

    resource_type: str
    tokens: tuple[tuple[TokenPattern, ...], ...] = ()
    moments: tuple[tuple[Moments, ...], ...] = ()
    names: tuple[tuple[str, ...], ...] = ()
    ids: tuple[tuple[str, ...], ...] = ()
    order: Order = "newest"
    after: Place | None = None
    limit: int = 50

    @property
    def sorted_by(self) -> Literal["number", "last-updated", "date"]:
        """What the order goes by.

        Numbers grow with time and are the order in which values are listed; a search by last change goes by that.
        """
        if self.order in {"latest-date", "earliest-date"}:
            return "date"
        timed = any(moment.of == "last-updated" for moments in self.moments for moment in moments)
        return "last-updated" if timed else "number"

    def place(self, resource: StoredResource) -> Place:
        """Return where a page ends that ends with a resource."""
        at = {"date": resource.from_at, "last-updated": resource.last_updated}.get(self.sorted_by)
        return Place(resource.number, at)
