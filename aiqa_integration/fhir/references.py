"""References inside a transaction, exchanged for what they stand for."""

from collections.abc import Iterator, Mapping
from typing import Any

from aiqa_integration.fhir.codes import Element

Found = Mapping[str, tuple[Element, ...]]
"""What the name of an entry (``fullUrl``) stands for: one resource, several (in a list), or none."""


def with_references(value: Any, found: Found) -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    """Return JSON in which every reference to a name of ``found`` is what it stands for; without what stands for none.

    What a person reads of the thing (``display``) stays.
    """
    if isinstance(value, list):
        return [item for each in value for item in _spread(each, found)]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        changed = _spread(item, found)[:1] if isinstance(item, dict) else [with_references(item, found)]
        if changed and (changed[0] != [] or item == []):
            kept[key] = changed[0]
    return kept


def names_in(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield the names of entries that JSON refers to."""
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and reference.startswith("urn:uuid:"):
            yield reference
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)


def logical(entry: Element) -> Element:
    """Return a reference by identifier to the resource of an entry that is not sent."""
    resource = entry["resource"]
    reference: Element = {"type": resource["resourceType"]}
    if resource.get("identifier"):
        first = resource["identifier"][0]
        reference["identifier"] = {key: first[key] for key in ("system", "value") if key in first}
    return reference


def _spread(item: Any, found: Found) -> list[Any]:  # noqa: ANN401
    if isinstance(item, dict) and isinstance(item.get("reference"), str) and item["reference"] in found:
        kept = {key: value for key, value in item.items() if key != "reference"}
        return [{**kept, **stands_for} for stands_for in found[item["reference"]]]
    return [with_references(item, found)]
