"""Write a transaction to a server as far as the server can: whole, entry by entry, without what it has no place for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aiqa_integration.errors import EhrRefused
from aiqa_integration.fhir.capability import Capability
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import Element
from aiqa_integration.fhir.json_text import json_bytes
from aiqa_integration.fhir.references import logical, names_in, with_references

ESSENTIAL = frozenset({"Observation"})
"""Types without which there is no delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Where the entries ended up (``Type/id`` by name, where the server told), and why some were left out."""

    places: dict[str, str]
    left_out: tuple[str, ...] = ()


def send(entries: Sequence[Element], client: FhirClient) -> Sent:
    """Write entries that refer to each other by name. Raises EhrRefused where an essential type has no place."""
    capability = client.abilities()
    kept, left_out = _fitted(entries, capability)
    if capability.transactions and all(_is_conditional(entry, capability) for entry in kept):
        bundle: Element = {"resourceType": "Bundle", "type": "transaction", "entry": kept}
        places = [_place(response) for response in client.transact(json_bytes(bundle))]
    else:
        kept = _in_order(kept)
        places = _one_by_one(kept, client, capability)
    named = {entry["fullUrl"]: place for entry, place in zip(kept, places, strict=True) if place}
    return Sent(places=named, left_out=left_out)


def _fitted(entries: Sequence[Element], capability: Capability) -> tuple[list[Element], tuple[str, ...]]:
    """Return the entries that the server has a place for, and why others are left out.

    References to what is left out become references by identifier.
    """
    kept, gone, why = [], {}, []
    for entry in entries:
        resource_type, parameter = _condition(entry)
        lack = capability.lacks(_method(entry), resource_type, parameter)
        if lack and resource_type in ESSENTIAL:
            raise EhrRefused(lack, fix="a server that takes results (docs/fhir.md), or no EHR in the rules' sinks")
        if lack:
            gone[entry["fullUrl"]] = (logical(entry),)
            why.append(lack)
        else:
            kept.append(entry)
    return ([with_references(entry, gone) for entry in kept] if gone else kept), tuple(dict.fromkeys(why))


def _one_by_one(entries: Sequence[Element], client: FhirClient, capability: Capability) -> list[str]:
    """Send each entry when all that it refers to is there; sending again finds what is there already."""
    places: dict[str, tuple[Element, ...]] = {}
    for entry in entries:
        resource = with_references(entry["resource"], places)
        if entry["request"]["method"] == "POST":
            place = client.create(resource, if_none_exist=entry["request"]["ifNoneExist"])
        else:
            place = _update(resource, entry, client, capability)
        places[entry["fullUrl"]] = ({"reference": place},)
    return [str(places[entry["fullUrl"]][0]["reference"]) for entry in entries]


def _update(resource: Element, entry: Element, client: FhirClient, capability: Capability) -> str:
    resource_type, condition = str(entry["request"]["url"]).split("?", 1)
    if capability.types[resource_type].conditional_update:
        return client.update_where(resource, condition)
    place = client.create(resource, if_none_exist=condition)
    found = client.read(place)
    client.update({**resource, "id": found["id"]}, version=found["meta"]["versionId"])
    return place


def _in_order(entries: Sequence[Element]) -> list[Element]:
    """Return the entries so that each comes after those that it refers to; raises EhrRefused for a circle."""
    waiting, placed = list(entries), list[Element]()
    known = {entry["fullUrl"] for entry in entries}
    while waiting:
        done = {entry["fullUrl"] for entry in placed}
        ready = [entry for entry in waiting if known.intersection(names_in(entry["resource"])) <= done]
        if not ready:
            raise EhrRefused("the resources of the result refer to each other in a circle")
        placed += ready
        waiting = [entry for entry in waiting if entry not in ready]
    return placed


def _is_conditional(entry: Element, capability: Capability) -> bool:
    return _method(entry) == "POST" or capability.types[_condition(entry)[0]].conditional_update


def _condition(entry: Element) -> tuple[str, str]:
    request = entry["request"]
    query = request.get("ifNoneExist") or str(request["url"]).partition("?")[2]
    return str(request["url"]).partition("?")[0], str(query).partition("=")[0]


def _method(entry: Element) -> Literal["POST", "PUT"]:
    return "POST" if entry["request"]["method"] == "POST" else "PUT"


def _place(response: Element) -> str:
    """Return ``Type/id`` of an answer's location, empty where it does not tell."""
    parts = str(response.get("location", "")).partition("/_history")[0].split("/")
    return "/".join(parts[-2:]) if len(parts) >= 2 else ""
