"""The resources of a transaction as a server of our own would hold them: with ids, and references to those ids."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from aiqa_integration.errors import EncodingError
from aiqa_integration.fhir.codes import Element
from aiqa_integration.fhir.json_text import json_bytes
from aiqa_integration.fhir.lookup import is_looked_up
from aiqa_integration.fhir.references import with_references
from aiqa_integration.fhir.search_parameters import PARAMETERS
from aiqa_integration.fhir.status_change import changed, starts_from, withdrawals

_URN = "urn:uuid:"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalResource:
    """A resource with its id; ``replaces`` is False for one that is created only where there is none."""

    resource: Element
    replaces: bool

    @property
    def resource_type(self) -> str:
        """Its type."""
        return str(self.resource["resourceType"])

    @property
    def resource_id(self) -> str:
        """Its id."""
        return str(self.resource["id"])

    @property
    def sha256(self) -> str:
        """The digest of its content."""
        return hashlib.sha256(json_bytes(self.resource)).hexdigest()

    def written(self, version: int, at: datetime) -> str:
        """Return its JSON as a version that was made at a time, every digit kept."""
        instant = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        meta = {"versionId": str(version), "lastUpdated": instant, **self.resource.get("meta", {})}
        first = {name: self.resource[name] for name in ("resourceType", "id")}
        return json_bytes({**first, **self.resource, "meta": meta}).decode()


def local_id(full_url: str) -> str:
    """Return the id here of a resource that a transaction calls so."""
    return full_url.removeprefix(_URN)


def read_resource(body: str) -> Element:
    """Return a resource as it was before ``written``, without version and time."""
    resource: Element = json.loads(body, parse_float=Decimal)
    meta = {name: value for name, value in resource["meta"].items() if name not in {"versionId", "lastUpdated"}}
    return {**resource, "meta": meta}


def local_resources(transaction: bytes) -> tuple[LocalResource, ...]:
    """Return the resources of a transaction that the façade shows.

    A resource's id is that of its ``fullUrl``, a UUIDv5 of type and identifier (``identity.Node``), so that every
    transaction gives the same one. A reference to what is not shown becomes one by identifier; what a reference calls a
    patient is left out. Raises EncodingError for an entry without such a ``fullUrl``.
    """
    bundle: Element = json.loads(transaction, parse_float=Decimal)
    entries = {str(entry.get("fullUrl", "")): entry for entry in bundle["entry"]}
    names = {url: _name(url, entry["resource"]) for url, entry in entries.items()}
    return tuple(
        LocalResource(
            resource={**_referring(entry["resource"], names), "id": local_id(url)},
            replaces=entry["request"]["method"] == "PUT",
        )
        for url, entry in entries.items()
        if entry["resource"]["resourceType"] in PARAMETERS and not is_looked_up(entry)
    )


def taken_back(earlier: Sequence[bytes], again: Sequence[bytes], *, at: str) -> bytes | None:
    """Return a transaction that takes back what earlier ones wrote and later ones do not; None where there is nothing.

    What an earlier one has taken back already is left alone.
    """
    said_again = {entry["fullUrl"] for bundle in again for entry in _entries(bundle)}
    latest: dict[str, tuple[Element, dict[str, tuple[Element, ...]]]] = {}
    for bundle in earlier:
        entries = _entries(bundle)
        names: dict[str, tuple[Element, ...]] = {
            entry["fullUrl"]: (_name(entry["fullUrl"], entry["resource"]),) for entry in entries
        }
        latest |= {entry["fullUrl"]: (entry, names) for entry in entries}
    back = []
    for url, (entry, names) in latest.items():
        for change in withdrawals([entry], at=at) if url not in said_again else ():
            resource, status = with_references(entry["resource"], names), str(entry["resource"].get("status", ""))
            if starts_from(change, status):
                back.append({**entry, "resource": changed(resource, change), "request": {"method": "PUT", "url": url}})
    return json_bytes({"resourceType": "Bundle", "type": "transaction", "entry": back}) if back else None


def _entries(transaction: bytes) -> list[Element]:
    entries: list[Element] = json.loads(transaction, parse_float=Decimal)["entry"]
    return entries


def _name(url: str, resource: Element) -> Element:
    """Return how others refer to a resource."""
    if not url.startswith(_URN):
        raise EncodingError("an entry of the transaction has no urn:uuid")
    kind = str(resource["resourceType"])
    if kind in PARAMETERS:
        return {"reference": f"{kind}/{local_id(url)}"}
    identifiers = resource.get("identifier") or []
    return {"type": kind, **({"identifier": identifiers[0]} if identifiers else {})}


def _referring(value: object, names: Mapping[str, Element]) -> Element:
    """Return a resource with its references led to the names of this server."""
    changed = _changed(value, names)
    assert isinstance(changed, dict)  # noqa: S101 - told to mypy: a resource stays one
    return changed


def _changed(value: object, names: Mapping[str, Element]) -> object:
    if isinstance(value, list):
        return [_changed(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("reference")
    if not isinstance(reference, str):
        shown = {
            name: item for name, item in value.items() if not (name == "display" and value.get("type") == "Patient")
        }
        return {name: _changed(item, names) for name, item in shown.items()}
    rest = {name: item for name, item in value.items() if name != "reference"}
    named = {**(names.get(reference) or {"reference": reference}), **rest}
    if "Patient" in (named.get("type"), *str(named.get("reference", "")).split("/")[-2:-1]):
        named.pop("display", None)
    return named
