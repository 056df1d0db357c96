"""Later words about what was delivered: withdrawn, confirmed, cancelled. Read first, written under If-Match.

Only the status and what explains it are changed; whatever others added to the resource stays. A status that the change
does not start from (a person's decision) is left as it is.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

from aiqa_integration.errors import EhrRefused, EhrUnavailable
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import SERIES_INSTANCE_UID, Element, decision_reason
from aiqa_integration.fhir.identity import Identifier

UNDECIDED = ("draft", "requested", "received", "ready", "on-hold")
"""Task statuses (R4 task-status) in which nobody has answered yet."""

_TRIES = 8
_PRECONDITION_FAILED = 412


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A resource by its identifier, the statuses that the change starts from (none: any other), and the new one.

    ``note`` is added by ``author``; ``reason`` is a word of qa-decision-reason; ``output`` is a Series Instance UID
    that a Task led to.
    """

    resource_type: str
    system: str
    value: str
    status: str
    only_from: tuple[str, ...] = ()
    note: str = ""
    author: str = ""
    at: str = ""
    reason: str = ""
    output: str = ""

    @property
    def key(self) -> Identifier:
        """The identifier of the resource."""
        return Identifier(system=self.system, value=self.value)

    @property
    def document(self) -> Element:
        """The change as JSON."""
        return asdict(self)

    @classmethod
    def read(cls, document: Element) -> Self:
        """Return a change of its JSON."""
        return cls(**{**document, "only_from": tuple(document["only_from"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What became of a change: the resource's place, empty where it is not there, and its status now."""

    place: str = ""
    status: str = ""


def apply(change: StatusChange, client: FhirClient) -> Changed:
    """Change a resource; a second time changes nothing.

    Raises EhrRefused where several resources carry the identifier, EhrUnavailable where it keeps changing.
    """
    for _ in range(_TRIES):
        found = client.find(change.resource_type, change.key)
        if len(found) > 1:
            raise EhrRefused(f"{len(found)} resources of type {change.resource_type} carry one identifier of ours")
        if not found:
            return Changed()
        resource = found[0]
        place, status = f"{change.resource_type}/{resource['id']}", str(resource.get("status", ""))
        if not starts_from(change, status):
            return Changed(place=place, status=status)
        try:
            client.update(changed(resource, change), version=resource["meta"]["versionId"])
        except EhrRefused as error:
            if error.status != _PRECONDITION_FAILED:
                raise
        else:
            return Changed(place=place, status=change.status)
    raise EhrUnavailable(f"{change.resource_type} kept changing while its status was to be changed")


def starts_from(change: StatusChange, status: str) -> bool:
    """Return whether a change is to be made to a resource of this status."""
    return status != change.status and (not change.only_from or status in change.only_from)


def changed(resource: Element, change: StatusChange) -> Element:
    """Return a resource as read with its new status."""
    after = {**resource, "status": change.status}
    if resource["resourceType"] == "Task":
        after |= _task(resource, change)
    if change.note and resource["resourceType"] in {"Observation", "Task", "ServiceRequest"}:
        author = {"authorString": change.author} if change.author else {}
        after["note"] = [*resource.get("note", []), {**author, "time": change.at, "text": change.note}]
    if change.note and resource["resourceType"] == "DiagnosticReport":
        after["conclusion"] = f"{change.note} {resource.get('conclusion', '')}".strip()
    return after


def _task(resource: Element, change: StatusChange) -> Element:
    after: Element = {"lastModified": change.at} if change.at else {}
    if change.reason:
        after["statusReason"] = decision_reason(change.reason)
    if change.output:
        type_ = {**SERIES_INSTANCE_UID, "text": "Repeated series"}
        after["output"] = [*resource.get("output", []), {"type": type_, "valueString": change.output}]
    return after


def withdrawals(entries: Sequence[Element], *, at: str) -> tuple[StatusChange, ...]:
    """Return how the resources of a stored transaction are taken back; what is shared or a record of its own stays."""
    note = "Withdrawn: a later result of the same series takes its place, or the images were rejected."
    changes = []
    for entry in entries:
        resource = entry["resource"]
        status = _WITHDRAWN.get(resource["resourceType"])
        if status is not None and entry["request"]["method"] != "GET":
            identifier = resource["identifier"][0]
            changes.append(
                StatusChange(
                    resource_type=resource["resourceType"],
                    system=identifier["system"],
                    value=identifier["value"],
                    status=status,
                    only_from=_ONLY_FROM.get(resource["resourceType"], ()),
                    note=note,
                    at=at,
                    reason="withdrawn" if resource["resourceType"] == "Task" else "",
                )
            )
    return tuple(changes)


_WITHDRAWN = {
    "Observation": "entered-in-error",
    "DiagnosticReport": "entered-in-error",
    "DocumentReference": "superseded",
    "Task": "cancelled",
    "ServiceRequest": "revoked",
}
_ONLY_FROM = {"DocumentReference": ("current",), "Task": UNDECIDED, "ServiceRequest": ("draft",)}
