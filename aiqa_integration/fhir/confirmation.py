"""A person's confirmation of a result: preliminary becomes final, and who said so."""

from collections.abc import Sequence
from datetime import datetime

from aiqa_integration.fhir.codes import BASE, MADE_BY_AIQA_TAG, VERIFIER, Element
from aiqa_integration.fhir.identity import PROVENANCE, Identifier, Node
from aiqa_integration.fhir.status_change import StatusChange
from aiqa_integration.model.identity import Person, identity

_CONFIRMED = ("Observation", "DiagnosticReport")


def confirmation(entries: Sequence[Element], person: Person, at: datetime, *, revision: int) -> Element:
    """Return what a confirmation writes: a change of each preliminary resource, and a Provenance of the verifier.

    A first result becomes ``final``, a later one ``amended``. What is final already stays so: the Provenance alone says
    that a person agrees.
    """
    moment = at.isoformat(timespec="seconds")
    resources = [entry["resource"] for entry in entries if entry["resource"]["resourceType"] in _CONFIRMED]
    changes = [
        StatusChange(
            resource_type=resource["resourceType"],
            system=resource["identifier"][0]["system"],
            value=resource["identifier"][0]["value"],
            status="final" if revision == 1 else "amended",
            only_from=("preliminary",),
            at=moment,
        )
        for resource in resources
    ]
    words = [person.name, person.organization, *(change.value for change in changes), str(revision)]
    key = Identifier(system=PROVENANCE, value=str(identity("fhir", "verified", *words)))
    node = Node(resource_type="Provenance", key=key)
    request = {"method": "POST", "url": "Provenance", "ifNoneExist": key.query("_tag")}
    return {
        "changes": [change.document for change in changes],
        "provenance": {"fullUrl": node.full_url, "resource": _provenance(key, person, moment), "request": request},
    }


def _provenance(key: Identifier, person: Person, moment: str) -> Element:
    """Return the Provenance without its targets, which are known only where the result is."""
    return {
        "resourceType": "Provenance",
        "meta": {
            "profile": [f"{BASE}/StructureDefinition/aiqa-confirmation"],
            "tag": [{"system": key.system, "code": key.value}, MADE_BY_AIQA_TAG],
        },
        "occurredDateTime": moment,
        "recorded": moment,
        "agent": [
            {
                "type": VERIFIER,
                "who": {"display": person.name.replace("^", " ").strip()},
                "onBehalfOf": {"type": "Organization", "display": person.organization},
            }
        ],
    }
