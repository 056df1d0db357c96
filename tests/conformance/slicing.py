"""Which slice an item of a list belongs to."""

from typing import Any

from tests.conformance.definitions import Element

Value = Any
"""Any FHIR value as JSON."""


def fits(value: Value, pattern: Value) -> bool:
    """Return whether a value has all that a pattern has (R4 ElementDefinition.pattern)."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and fits(value[name], part) for name, part in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(fits(item, part) for item in value) for part in pattern)
    return bool(value == pattern)


def has(item: Value, part: Element, by: list[dict[str, Value]]) -> bool:
    """Return whether an item has what sets a slice apart: value, pattern or presence at the discriminators' paths."""
    return all(_at(item, part, rule["path"], rule["type"]) for rule in by)


def _at(item: Value, part: Element, path: str, kind: str) -> bool:
    steps = [] if path == "$this" else path.split(".")
    node: Element | None = part
    wanted = _wanted(part)
    if wanted is None and steps == ["url"]:
        wanted = {"url": next(iter(part.types[0].get("profile", [])), None)}
    for step in steps:
        node = node.children.get(step) if node else None
        below = _below(wanted, step)
        wanted = _wanted(node) if node and _wanted(node) is not None else below
    found = _values(item, steps)
    if kind == "exists":
        least = node.definition.get("min", 0) if node else 0
        return bool(found) == bool(least)
    return any(fits(value, wanted) for value in found)


def _wanted(node: Element) -> Value:
    fixed = node.must_have("fixed")
    return node.must_have("pattern") if fixed is None else fixed


def _below(wanted: Value, step: str) -> Value:
    if isinstance(wanted, list):
        wanted = wanted[0] if wanted else None
    return wanted.get(step) if isinstance(wanted, dict) else None


def _values(item: Value, steps: list[str]) -> list[Value]:
    found = [item]
    for step in steps:
        below = [value[step] for value in found if isinstance(value, dict) and step in value]
        found = [part for value in below for part in (value if isinstance(value, list) else [value])]
    return found
