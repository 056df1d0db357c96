"""What resources are searched by: the R4 search parameters that the façade serves, as a table, and their values.

Source: FHIR R4 4.0.1, search-parameter registry; paths are the elements of their expressions. ``imaging-study`` of
DiagnosticReport is our own (fhir_profiles/SearchParameter), as IHE RAD IMR has it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from aiqa_integration.fhir.codes import Element
from aiqa_integration.fhir.times import fhir_range

Kind = Literal["token", "reference", "date", "string", "canonical"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter: its elements; ``system`` is the code system of an element of type code.

    ``same_as`` names parameters whose values it has too, instead of elements of its own; ``only`` keeps a reference
    parameter to one type; ``second`` is the date parameter of a type beside the one that it is sorted by.
    """

    kind: Kind
    paths: tuple[str, ...] = ()
    system: str = ""
    same_as: tuple[str, ...] = ()
    only: str = ""
    second: bool = False


def _token(*paths: str, system: str = "") -> Parameter:
    return Parameter("token", paths, system)


def _reference(*paths: str) -> Parameter:
    return Parameter("reference", paths)


def _status(name: str) -> Parameter:
    return _token("status", system=f"http://hl7.org/fhir/{name}")


_IDENTIFIER = _token("identifier")
_OF_ALL = {"_tag": _token("meta.tag"), "_security": _token("meta.security")}

PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    "Observation": {
        "identifier": _IDENTIFIER,
        "subject": _reference("subject"),
        "patient": Parameter("reference", same_as=("subject",), only="Patient"),
        "device": _reference("device"),
        "code": _token("code"),
        "category": _token("category"),
        "component-code": _token("component.code"),
        "combo-code": Parameter("token", same_as=("code", "component-code")),
        "value-concept": _token("valueCodeableConcept"),
        "date": Parameter("date", ("effectiveDateTime", "effectivePeriod", "effectiveInstant")),
        "status": _status("observation-status"),
        "derived-from": _reference("derivedFrom"),
        "part-of": _reference("partOf"),
        "has-member": _reference("hasMember"),
        **_OF_ALL,
    },
    "DiagnosticReport": {
        "identifier": _IDENTIFIER,
        "subject": _reference("subject"),
        "patient": Parameter("reference", same_as=("subject",), only="Patient"),
        "code": _token("code"),
        "category": _token("category"),
        "conclusion": _token("conclusionCode"),
        "date": Parameter("date", ("effectiveDateTime", "effectivePeriod")),
        "status": _status("diagnostic-report-status"),
        "result": _reference("result"),
        "imaging-study": _reference("imagingStudy"),
        **_OF_ALL,
    },
    "Device": {
        "identifier": _IDENTIFIER,
        "type": _token("type"),
        "status": _status("device-status"),
        "device-name": Parameter("string", ("deviceName.name",)),
        **_OF_ALL,
    },
    "ImagingStudy": {
        "identifier": _IDENTIFIER,
        "subject": _reference("subject"),
        "patient": Parameter("reference", same_as=("subject",), only="Patient"),
        "modality": _token("series.modality"),
        "series": _token("series.uid"),
        "performer": _reference("series.performer.actor"),
        "started": Parameter("date", ("started",)),
        "status": _status("imagingstudy-status"),
        **_OF_ALL,
    },
    "Task": {
        "identifier": _IDENTIFIER,
        "subject": _reference("for"),
        "patient": Parameter("reference", same_as=("subject",), only="Patient"),
        "focus": _reference("focus"),
        "based-on": _reference("basedOn"),
        "owner": _reference("owner"),
        "code": _token("code"),
        "authored-on": Parameter("date", ("authoredOn",)),
        "status": _status("task-status"),
        **_OF_ALL,
    },
    "MeasureReport": {
        "identifier": _IDENTIFIER,
        "subject": _reference("subject"),
        "measure": Parameter("canonical", ("measure",)),
        "period": Parameter("date", ("period",)),
        "date": Parameter("date", ("date",), second=True),
        "status": _status("measure-report-status"),
        **_OF_ALL,
    },
    "Provenance": {
        "target": _reference("target"),
        "agent": _reference("agent.who"),
        "entity": _reference("entity.what"),
        "recorded": Parameter("date", ("recorded",)),
        **_OF_ALL,
    },
}
"""Resource type -> its parameters; two date parameters at most. A type that is not listed is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchValues:
    """What a resource is found by: (parameter, system or type, code or id), the time that it is about, its name.

    ``second_from_at`` and ``second_until_at`` are of its second date parameter.
    """

    tokens: frozenset[tuple[str, str, str]]
    from_at: datetime | None
    until_at: datetime | None
    name: str
    second_from_at: datetime | None = None
    second_until_at: datetime | None = None


def date_parameter(resource_type: str) -> str:
    """Return the name of the date parameter that a type is sorted by; empty where it has none."""
    found = PARAMETERS[resource_type].items()
    return next((name for name, parameter in found if parameter.kind == "date" and not parameter.second), "")


def search_values(resource: Element) -> SearchValues:
    """Return what a resource of a listed type is found by."""
    tokens: set[tuple[str, str, str]] = set()
    from_at = until_at = second_from_at = second_until_at = None
    name = ""
    for parameter_name, parameter in PARAMETERS[resource["resourceType"]].items():
        for value in (value for path in parameter.paths for value in at_path(resource, path)):
            match parameter.kind:
                case "token":
                    tokens |= {(parameter_name, *token) for token in _tokens(value, parameter.system)}
                case "reference":
                    tokens |= set(_references(parameter_name, value))
                case "canonical":
                    tokens.add((parameter_name, *canonical(str(value))))
                case "date" if parameter.second:
                    second_from_at, second_until_at = _period(value)
                case "date":
                    from_at, until_at = _period(value)
                case "string":
                    name = name or str(value)
    return SearchValues(
        tokens=frozenset(tokens),
        from_at=from_at,
        until_at=until_at,
        name=name,
        second_from_at=second_from_at,
        second_until_at=second_until_at,
    )


def canonical(text: str) -> tuple[str, str]:
    """Return version and URL of a canonical (R4 references.html#canonical); without a version, of any."""
    url, _, version = text.partition("|")
    return version, url


def at_path(element: object, path: str) -> Iterator[object]:
    """Yield everything at a path of element names, through lists."""
    if isinstance(element, list):
        for item in element:
            yield from at_path(item, path)
    elif not path:
        yield element
    elif isinstance(element, dict):
        first, _, rest = path.partition(".")
        if first in element:
            yield from at_path(element[first], rest)


def _tokens(value: object, system: str) -> Iterator[tuple[str, str]]:
    """Yield (system, code) of a code, Coding, CodeableConcept or Identifier."""
    if isinstance(value, str):
        yield system, value
    elif isinstance(value, dict):
        for coding in value.get("coding", [value]):
            code = coding.get("code", coding.get("value"))
            if isinstance(code, str):
                yield str(coding.get("system", "")), code


def _references(name: str, value: object) -> Iterator[tuple[str, str, str]]:
    """Yield the target of a relative reference, and of one by identifier under ``name:identifier``."""
    if not isinstance(value, dict):
        return
    parts = str(value.get("reference", "")).split("/")
    if len(parts) == 2:
        yield name, parts[0], parts[1]
    identifier = value.get("identifier")
    if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
        yield f"{name}:identifier", str(identifier.get("system", "")), identifier["value"]


_LONG_AGO, _FAR_AHEAD = datetime(1801, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Open ends of a Period."""


def _period(value: object) -> tuple[datetime | None, datetime | None]:
    """Return the ends of a dateTime or Period; an open end is far away."""
    if isinstance(value, str):
        return fhir_range(value)
    if not isinstance(value, dict) or not {"start", "end"} & value.keys():
        return None, None
    start = fhir_range(value["start"])[0] if "start" in value else _LONG_AGO
    end = fhir_range(value["end"])[1] if "end" in value else _FAR_AHEAD
    return start, end
