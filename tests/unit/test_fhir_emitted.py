"""Everything that AIQA writes as FHIR passes the gate, whatever writes it and whether or not the demo does."""

import json
import re
from typing import Any

import pytest

from aiqa_integration.fhir.audit_event import audit_node
from aiqa_integration.model.catalogue import catalogue
from fhir_profiles.tools import ROOT
from tests.conformance import check, definitions, missing_core
from tests.conformance.tools import by_fhirkit
from tests.fhir_emitted import ENDINGS, changed_resources, emitted
from tests.fhir_reports import phantom_report

NO_CORE = missing_core()
pytestmark = pytest.mark.skipif(NO_CORE is not None, reason=str(NO_CORE))
OWN = "https://w3id.org/aiqa/fhir"

NOT_WHOLE_IN_THE_GUIDE = {
    "http://dicom.nema.org/resources/ontology/DCM": "DICOM: a fragment in the guide; pydicom's dictionary has all",
    "http://unitsofmeasure.org": "UCUM: codes are checked by its grammar",
    "http://snomed.info/sct": "SNOMED CT: check digit, and pydicom's dictionary where DICOM uses the code",
    "http://loinc.org": "LOINC: check digit",
    "http://radlex.org": "RadLex: pydicom's dictionary",
    "urn:ietf:bcp:47": "languages (RFC 5646); SR only",
    "urn:oid:1.2.840.10008.2.6.1": "DICOM UIDs as a code system (PS3.6 annex A)",
    f"{OWN}/sid/provenance": "identifier in a tag: R4's Provenance has no identifier",
    f"{OWN}/sid/audit": "identifier in a tag: R4's AuditEvent has no identifier",
}
"""System -> why no code system of the guide or of R4 holds all its codes, and by what they are checked."""


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> dict[str, Any]:
    return emitted(tmp_path_factory.mktemp("facade"))


def parts(value: Any):
    """Yield every JSON object in a value."""
    if isinstance(value, dict):
        yield value
        for below in value.values():
            yield from parts(below)
    elif isinstance(value, list):
        for below in value:
            yield from parts(below)


def resources(written: dict[str, Any]):
    return [part for part in parts(list(written.values())) if "resourceType" in part]


def test_everything_that_is_written_passes(written):
    wrong = {name: check(item) + by_fhirkit(item) for name, item in written.items()}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_it_is_all_there(written):
    kinds = {resource["resourceType"] for resource in resources(written)}
    assert kinds == {
        "AuditEvent", "Bundle", "CapabilityStatement", "Device", "DiagnosticReport", "DocumentReference", "Endpoint",
        "ImagingStudy", "MeasureReport", "Observation", "OperationOutcome", "Patient", "Provenance", "ServiceRequest",
        "Subscription", "Task",
    }  # fmt: skip
    assert {name.partition(":")[0] for name in changed_resources()} >= set(ENDINGS)


def test_every_profile_of_the_guide_is_claimed_by_something(written):
    claimed = {name for resource in resources(written) for name in resource.get("meta", {}).get("profile", [])}
    modalities = {f"{OWN}/StructureDefinition/aiqa-{name}-phantom-run" for name in ("ct", "mg", "mr")}
    not_sent = {f"{OWN}/StructureDefinition/aiqa-limit-set"}
    others = {f"{OWN}/StructureDefinition/aiqa-audit-event"}
    assert set(definitions().profiles()) - claimed == modalities | not_sent | others


def test_an_audit_event_keeps_our_profile_beside_the_one_of_ihe_that_it_claims(written):
    events = [resource for resource in resources(written) if resource["resourceType"] == "AuditEvent"]
    assert len(events) > 4
    assert audit_node(phantom_report()).resource_type == "AuditEvent"
    assert [check(event, f"{OWN}/StructureDefinition/aiqa-audit-event") for event in events] == [[]] * len(events)


def test_every_code_system_is_defined_in_the_guide_or_in_r4_or_named_here(written):
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob("*/*.json")]
    guide = {part["system"] for text in texts for part in parts(json.loads(text)) if _is_coded(part)}
    used = {part["system"] for part in parts(list(written.values())) if _is_coded(part)}
    catalogued = {scheme.uri for scheme in catalogue().schemes.values()}
    undefined = {system for system in guide | used | catalogued if definitions().code_system(system) is None}
    assert undefined == set(NOT_WHOLE_IN_THE_GUIDE)


def _is_coded(part: dict[str, Any]) -> bool:
    return isinstance(part.get("system"), str) and ("code" in part or "concept" in part or "valueSet" in part)


def test_every_concept_of_the_catalogue_that_fhir_writes_has_its_code_and_word_in_the_guide():
    own = [row for row in catalogue().all_concepts if row.fhir and row.scheme.startswith("qa-")]
    assert len(own) > 20
    for row in own:
        system = definitions().code_system(catalogue().schemes[row.scheme].uri)
        assert system is not None, row.scheme
        assert row.meaning in system.displays[row.value], row


@pytest.mark.parametrize(("system", "code"), [("qa-decision-reason", "too-late"), ("qa-measure", "beauty")])
def test_a_code_that_a_system_of_ours_lacks_is_found(written, system, code):
    for name, item in written.items():
        found = re.sub(rf'("{OWN}/CodeSystem/{system}", "code": )"[a-z-]+"', rf'\1"{code}"', json.dumps(item))
        if found != json.dumps(item):
            assert any(finding.rule == "code" for finding in check(json.loads(found))), name
            return
    raise AssertionError(f"nothing uses {system}")


def test_no_system_of_ours_is_undefined():
    text = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("*/*.json"))
    named = set(re.findall(rf"{OWN}/(CodeSystem|ValueSet|StructureDefinition|Measure)/([A-Za-z0-9.-]+)", text))
    assert len(named) > 50
    assert [pair for pair in named if not (ROOT / pair[0] / f"{pair[1]}.json").is_file()] == []
