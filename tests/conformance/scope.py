"""What the elements of a resource may refer to, and what a reference refers to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.definitions import Definitions
from tests.conformance.invariants import Invariants

_LITERAL = re.compile(
    r"(https?://\S+/)?(?P<type>[A-Z][A-Za-z]+)(/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?|\?\S+)"
)


@dataclass
class Scope:
    """The invariants of one resource, and what stands around it."""

    invariants: Invariants
    full_urls: dict[str, str] = field(default_factory=dict)
    """Type of each resource of the Bundle by its fullUrl."""

    in_bundle: bool = False
    contained: dict[str, str] = field(default_factory=dict)
    """Type of each contained resource by its id."""


def target_of(value: dict[str, Any], scope: Scope, definitions: Definitions) -> tuple[str | None, str | None]:
    """Return the type that a Reference refers to, None where nothing says it, and what is wrong with it."""
    said, literal = value.get("type"), value.get("reference")
    if not isinstance(literal, str):
        return (said if isinstance(said, str) else None), None
    found, wrong = _target_of_literal(literal, scope, definitions)
    if wrong is None and isinstance(said, str) and found not in {None, said}:
        wrong = f"says {said}, is {found}"
    return found, wrong


def _target_of_literal(literal: str, scope: Scope, definitions: Definitions) -> tuple[str | None, str | None]:
    if literal in scope.full_urls:
        return scope.full_urls[literal], None
    if literal.startswith("#"):
        known = literal == "#" or literal[1:] in scope.contained
        return scope.contained.get(literal[1:]), None if known else f"{literal} is not contained"
    if literal.startswith("urn:"):
        return None, f"{literal} is not in the Bundle" if scope.in_bundle else None
    form = _LITERAL.fullmatch(literal)
    if form is None or definitions.type_root(form["type"]) is None:
        return None, f"{literal} names no resource"
    return form["type"], None


def scope_of(resource: dict[str, Any], around: Scope) -> Scope:
    """Return the scope of a resource that stands in another one, or alone."""
    parts = objects(resource.get("contained"))
    contained = {str(part.get("id")): str(part.get("resourceType")) for part in parts}
    if resource.get("resourceType") != "Bundle":
        return Scope(Invariants(resource), around.full_urls, around.in_bundle, contained or around.contained)
    entries = [entry for entry in objects(resource.get("entry")) if isinstance(entry.get("resource"), dict)]
    urls = {str(entry.get("fullUrl")): str(entry["resource"].get("resourceType")) for entry in entries}
    return Scope(Invariants(resource), urls, in_bundle=True)


def references(value: Any) -> Iterator[str]:
    """Yield every literal reference below a value."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the JSON objects of what should be an array of them."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
