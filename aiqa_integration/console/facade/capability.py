"""What the FHIR API can do: its CapabilityStatement, from the table of search parameters."""

from aiqa_integration import __version__
from aiqa_integration.fhir.codes import BASE, Element
from aiqa_integration.fhir.search_parameters import PARAMETERS

DATE = "2026-11-26"
"""Of the last change to what the API offers."""

_EXPORT = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"
_KINDS = {"canonical": "reference"}
"""What R4 calls a kind of parameter, where it has no word of its own for it."""

_OF_ALL = {"_id": "token", "_lastUpdated": "date"}


def capability_statement(base_url: str) -> Element:
    """Return the CapabilityStatement of the API at an address."""
    return {
        "resourceType": "CapabilityStatement",
        "name": "AIQAFacade",
        "title": "AIQA results for reading",
        "status": "active",
        "date": DATE,
        "kind": "instance",
        "instantiates": [f"{BASE}/CapabilityStatement/aiqa-facade"],
        "software": {"name": "AIQA", "version": __version__},
        "implementation": {"description": "Imaging QA results, read only", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Parameters that are not listed are refused, unless Prefer: handling=lenient is sent.",
                "security": {"cors": False, "description": "A bearer token that the site gives out (RFC 6750)."},
                "resource": [_resource(name) for name in PARAMETERS],
                "operation": [{"name": "export", "definition": _EXPORT}],
            }
        ],
    }


def _resource(resource_type: str) -> Element:
    parameters = PARAMETERS[resource_type]
    includes = [name for name, parameter in parameters.items() if parameter.kind == "reference"]
    return {
        "type": resource_type,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "versioned",
        "readHistory": False,
        **({"searchInclude": [f"{resource_type}:{name}" for name in includes]} if includes else {}),
        "searchParam": [
            *({"name": name, "type": kind} for name, kind in _OF_ALL.items()),
            *(
                {"name": name, "type": _KINDS.get(parameter.kind, parameter.kind)}
                for name, parameter in parameters.items()
            ),
        ],
    }
