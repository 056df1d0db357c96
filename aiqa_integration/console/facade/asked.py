"""A search as it was asked for, understood or refused: FHIR R4 search (http.html#search, search.html)."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, cast, get_args

from aiqa_integration.console.facade.outcomes import Refusal
from aiqa_integration.fhir.search_parameters import PARAMETERS, Parameter, canonical, date_parameter
from aiqa_integration.fhir.times import fhir_range
from aiqa_integration.ledger.facade_values import Moments, Order, Place, ResourceQuery, TokenPattern

USUAL_COUNT = 50
MOST_COUNT = 200
MOST_VALUES = 100
LONGEST_VALUE = 500

Prefix = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]
_PREFIXES = get_args(Prefix)
_JSON_FORMATS = {"json", "application/json", "application/fhir+json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """Further resources to be sent: what a parameter refers to, of one type where it is named."""

    parameter: str
    resource_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for; ``used`` are the parameters that the answer honours, ``ignored`` those it does not."""

    query: ResourceQuery
    includes: tuple[Include, ...] = ()
    total: bool = False
    only_count: bool = False
    used: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gathered:
    resource_type: str
    base: str
    tokens: list[tuple[TokenPattern, ...]] = field(default_factory=list)
    moments: list[tuple[Moments, ...]] = field(default_factory=list)
    names: list[tuple[str, ...]] = field(default_factory=list)
    ids: list[tuple[str, ...]] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    order: Order = "newest"
    after: Place | None = None
    count: int = USUAL_COUNT
    total: bool = False
    only_count: bool = False


def understand(resource_type: str, arguments: Sequence[tuple[str, str]], *, base: str, lenient: bool) -> Asked:
    """Return what a search asks for; raises Refusal for what is not understood.

    ``lenient`` (Prefer: handling=lenient) passes over parameters that are not known; modifiers never.
    """
    gathered = _Gathered(resource_type, base)
    used, ignored = [], []
    if sum(len(_split(value, ",")) for _, value in arguments) > MOST_VALUES:
        raise Refusal(400, f"more than {MOST_VALUES} values", issue="too-costly")
    for name, value in arguments:
        if len(value) > LONGEST_VALUE:
            raise Refusal(400, f"the value of {name[:50]} is too long")
        if not value or name == "_pretty":
            continue
        if _gather(gathered, name, value):
            used.append((name, value))
        elif lenient:
            ignored.append(name[:50])
        else:
            raise Refusal(400, f"{resource_type} is not searched by {name[:50]}", issue="not-supported")
    query = ResourceQuery(
        resource_type=resource_type,
        tokens=tuple(gathered.tokens),
        moments=tuple(gathered.moments),
        names=tuple(gathered.names),
        ids=tuple(gathered.ids),
        order=gathered.order,
        after=gathered.after,
        limit=gathered.count,
    )
    if query.after is not None and (query.after.at is None) != (query.sorted_by == "number"):
        raise Refusal(400, "the page belongs to another order")
    return Asked(
        query=query,
        includes=tuple(gathered.includes),
        total=gathered.total,
        only_count=gathered.only_count or gathered.count == 0,
        used=tuple(used),
        ignored=tuple(ignored),
    )


def page_mark(place: Place) -> str:
    """Return the value of ``_page`` for what follows a place."""
    at = place.at.isoformat() if place.at else None
    return base64.urlsafe_b64encode(json.dumps([place.number, at]).encode()).decode().rstrip("=")


def one_more(asked: Asked) -> ResourceQuery:
    """Return a search with one resource more than the page holds, which tells whether there is a next page."""
    return replace(asked.query, limit=asked.query.limit + 1)


def _gather(gathered: _Gathered, name: str, value: str) -> bool:
    """Take a parameter in; return False for one that is not known."""
    plain, _, modifier = name.partition(":")
    if plain in _CONTROLS:
        if modifier:
            raise Refusal(400, f"{plain} takes no modifier here", issue="not-supported")
        _CONTROLS[plain](gathered, value)
        return True
    if plain == "_lastUpdated":
        _no_modifier(plain, modifier)
        gathered.moments.append(tuple(_moment("last-updated", part) for part in _split(value, ",")))
        return True
    parameter = PARAMETERS[gathered.resource_type].get(plain)
    if parameter is None:
        return False
    parts = _split(value, ",")
    if parameter.kind == "date":
        _no_modifier(plain, modifier)
        of: Literal["date", "second-date"] = "second-date" if parameter.second else "date"
        gathered.moments.append(tuple(_moment(of, part) for part in parts))
    elif parameter.kind == "string":
        _no_modifier(plain, modifier)
        gathered.names.append(tuple(_plain(part) for part in parts))
    elif parameter.kind == "canonical":
        _no_modifier(plain, modifier)
        gathered.tokens.append(tuple(_canonical(plain, part) for part in parts))
    elif parameter.kind == "token" or modifier == "identifier":
        if modifier not in {"", "identifier"} or (modifier and parameter.kind == "token"):
            raise Refusal(400, f"{plain} is not searched with :{modifier[:50]}", issue="not-supported")
        names = tuple(f"{own}:identifier" if modifier else own for own in parameter.same_as or (plain,))
        gathered.tokens.append(tuple(_token(names, part) for part in parts))
    else:
        gathered.tokens.append(tuple(_reference(gathered, plain, parameter, modifier, part) for part in parts))
    return True


def _no_modifier(name: str, modifier: str) -> None:
    if modifier:
        raise Refusal(400, f"{name} is not searched with :{modifier[:50]}", issue="not-supported")


def _token(names: tuple[str, ...], text: str) -> TokenPattern:
    """Return the pattern of ``code``, ``system|code``, ``|code`` or ``system|``."""
    parts = [_plain(part) for part in _split(text, "|")]
    if len(parts) == 1:
        return TokenPattern(parameters=names, system=None, code=parts[0])
    if len(parts) > 2 or not any(parts):
        raise Refusal(400, "a token is code, system|code, |code or system|")
    return TokenPattern(parameters=names, system=parts[0], code=parts[1] or None)


def _reference(gathered: _Gathered, name: str, parameter: Parameter, modifier: str, text: str) -> TokenPattern:
    """Return the pattern of ``id``, ``Type/id`` or a URL of this server."""
    names, value = parameter.same_as or (name,), _plain(text).removeprefix(f"{gathered.base}/")
    kind, _, code = value.rpartition("/")
    wanted = parameter.only or modifier
    if modifier and not re.fullmatch(r"[A-Z][A-Za-z]+", modifier):
        raise Refusal(400, f"{name} is not searched with :{modifier[:50]}", issue="not-supported")
    if wanted and kind and kind != wanted:
        raise Refusal(400, f"{name} refers to a {wanted} here")
    return TokenPattern(parameters=names, system=kind or wanted or None, code=code)


def _canonical(name: str, text: str) -> TokenPattern:
    """Return the pattern of ``url`` or ``url|version``."""
    version, url = canonical(_plain(text))
    return TokenPattern(parameters=(name,), system=version or None, code=url)


def _moment(of: Literal["date", "second-date", "last-updated"], text: str) -> Moments:
    prefix, rest = (text[:2], text[2:]) if text[:2] in _PREFIXES else ("eq", text)
    try:
        # A plus that was not escaped in the address has become a blank.
        start, end = fhir_range(rest.replace(" ", "+"))
    except ValueError as error:
        raise Refusal(400, f"not a date, or a prefix other than {', '.join(_PREFIXES)}: {text[:50]}") from error
    return Moments(of=of, prefix=cast("Prefix", prefix), start=start, end=end)


def _split(text: str, separator: str) -> list[str]:
    """Return the parts between separators that no backslash escapes."""
    return re.split(rf"(?<!\\){re.escape(separator)}", text)


def _plain(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text)


def _count(gathered: _Gathered, value: str) -> None:
    if not value.isdecimal():
        raise Refusal(400, "_count is a number")
    gathered.count = min(int(value[:9]), MOST_COUNT)


def _sort(gathered: _Gathered, value: str) -> None:
    plain = value.removeprefix("-")
    falling = value.startswith("-")
    if plain == "_lastUpdated":
        gathered.order = "newest" if falling else "oldest"
    elif plain == date_parameter(gathered.resource_type):
        gathered.order = "latest-date" if falling else "earliest-date"
    else:
        raise Refusal(400, "sorted by _lastUpdated or by the date, one of them", issue="not-supported")


def _total(gathered: _Gathered, value: str) -> None:
    if value not in {"none", "estimate", "accurate"}:
        raise Refusal(400, "_total is none, estimate or accurate")
    gathered.total = value != "none"


def _summary(gathered: _Gathered, value: str) -> None:
    if value not in {"count", "false"}:
        raise Refusal(400, "_summary is count or false here", issue="not-supported")
    gathered.only_count = value == "count"


def _format(_gathered: _Gathered, value: str) -> None:
    if value.replace(" ", "+") not in _JSON_FORMATS:
        raise Refusal(406, "only JSON is spoken here")


def _id(gathered: _Gathered, value: str) -> None:
    gathered.ids.append(tuple(_plain(part) for part in _split(value, ",")))


def _include(gathered: _Gathered, value: str) -> None:
    source, _, rest = value.partition(":")
    name, _, kind = rest.partition(":")
    parameter = PARAMETERS.get(source, {}).get(name)
    if source != gathered.resource_type or parameter is None or parameter.kind != "reference":
        raise Refusal(400, f"not a reference of {gathered.resource_type}: {value[:50]}")
    gathered.includes += [
        Include(parameter=own, resource_type=parameter.only or kind) for own in parameter.same_as or (name,)
    ]


def _page(gathered: _Gathered, value: str) -> None:
    try:
        number, at = json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
        place = Place(int(number), datetime.fromisoformat(at).astimezone(UTC) if at else None)
    except (ValueError, TypeError, binascii.Error, OverflowError) as error:
        raise Refusal(400, "not a page of this server") from error
    gathered.after = place


_CONTROLS = {
    "_count": _count,
    "_sort": _sort,
    "_total": _total,
    "_summary": _summary,
    "_format": _format,
    "_id": _id,
    "_include": _include,
    "_page": _page,
}
