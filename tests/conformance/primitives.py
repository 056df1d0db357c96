"""Primitive values of R4 JSON: the JSON type and the form of each (R4 datatypes.html, section primitive types)."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

_YEAR = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_MONTH = r"(0[1-9]|1[0-2])"
_DAY = r"(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

_FORMS = {
    "base64Binary": r"(\s*([0-9a-zA-Z+/=]){4}\s*)+",
    "canonical": r"\S+",
    "code": r"[^\s]+(\s[^\s]+)*",
    "date": rf"{_YEAR}(-{_MONTH}(-{_DAY})?)?",
    "dateTime": rf"{_YEAR}(-{_MONTH}(-{_DAY}(T{_TIME}{_ZONE})?)?)?",
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "instant": rf"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}",
    "markdown": r"[ \r\n\t\S]+",
    "oid": r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+",
    "string": r"[ \r\n\t\S]+",
    "time": _TIME,
    "uri": r"\S+",
    "url": r"\S+",
    "uuid": r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
_WITH_DAY = frozenset({"date", "dateTime", "instant"})
_COMPILED = {name: re.compile(form) for name, form in _FORMS.items()}
_LOWEST = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_integer(value) or isinstance(value, float | Decimal)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


_JSON_TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "boolean": ("boolean", _is_boolean),
    "decimal": ("number", _is_number),
    **dict.fromkeys(_LOWEST, ("integer", _is_integer)),
}
PRIMITIVES = frozenset({*_FORMS, *_LOWEST, "boolean", "decimal", "xhtml"})

_XHTML = "{http://www.w3.org/1999/xhtml}"
_ALLOWED = frozenset({
    "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "dfn",
    "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "q",
    "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u",
    "ul", "var",
})  # fmt: skip
"""What R4 allows in a narrative (narrative.html, section 2.4.0.1): formatting, no forms, no active content."""


def wrong_primitive(value: Any, kind: str) -> str | None:
    """Return what is wrong with a primitive value; None where nothing is."""
    if kind in _JSON_TYPES:
        wanted, is_wanted = _JSON_TYPES[kind]
        if not is_wanted(value):
            return f"not a JSON {wanted}"
        return None if kind not in _LOWEST or _LOWEST[kind] <= value < 2**31 else "outside the range of the type"
    if not isinstance(value, str):
        return "not a JSON string"
    return wrong_narrative(value) if kind == "xhtml" else _wrong_text(value, kind)


def _wrong_text(value: str, kind: str) -> str | None:
    form = _COMPILED.get(kind)
    if form is not None and not form.fullmatch(value):
        return f"not the form of {kind}"
    return "no such day" if kind in _WITH_DAY and len(value) >= 10 and not _is_day(value[:10]) else None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def wrong_narrative(text: str) -> str | None:
    """Return what is wrong with the div of a narrative (invariants txt-1 and txt-2)."""
    if "<!" in text:
        return "a narrative has no declarations"
    try:
        root = ET.fromstring(text)  # noqa: S314 - declarations, so entities too, were refused above
    except ET.ParseError:
        return "not well-formed XHTML"
    if root.tag != f"{_XHTML}div":
        return "not a div of XHTML"
    for node in root.iter():
        if node.tag.removeprefix(_XHTML) not in _ALLOWED:
            return f"{node.tag.removeprefix(_XHTML)} is not allowed in a narrative"
        if any(name.lower().startswith("on") for name in node.attrib):
            return "events are not allowed in a narrative"
    shown = "".join(root.itertext()).strip() or root.find(f".//{_XHTML}img") is not None
    return None if shown else "an empty narrative"
