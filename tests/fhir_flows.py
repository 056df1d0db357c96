"""Deliveries of whole results to a FHIR server, as the outbox makes them; for tests, kills and benchmarks."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import Element
from aiqa_integration.fhir.matching import Directory
from aiqa_integration.fhir.style import Audit, Style
from aiqa_integration.model.identity import PatientKey, SeriesRef
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import Effect, PlannedEffect, Receipt
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_reports import MRN, ORDER, SCANNER

TYPES = (
    "Device", "Endpoint", "ImagingStudy", "Observation", "DiagnosticReport", "DocumentReference", "Provenance",
    "AuditEvent", "ServiceRequest", "Task", "MeasureReport", "Patient",
)  # fmt: skip

DIRECTORY = Directory(patient_system=MRN)

FULL = Style(
    observations="expanded",
    organization="Imaging physics",
    archive_url="https://pacs.invalid/dicom-web",
    audit=Audit(client_host="aiqa-host", server_url="https://ehr.invalid/fhir"),
)
"""Everything that a target can be sent."""


def as_effect(planned: PlannedEffect, *, attempts: int = 1) -> Effect:
    return Effect(
        effect_id=planned.dedupe_key, job_id="1", sink=planned.sink, target=planned.target, kind=planned.kind,
        dedupe_key=planned.dedupe_key, media_type=planned.media_type, payload_sha256="0" * 64,
        attributes=planned.attributes, attempts=attempts, lease_owner="test", subject_key=planned.subject_key,
    )  # fmt: skip


def deliver(sink: FhirSink, planned: PlannedEffect, *, attempts: int = 1) -> Receipt:
    return sink.deliver(as_effect(planned, attempts=attempts), planned.payload)


def named(report: QaReport, name: str) -> QaReport:
    """Return a report of a study and a scanner that no other test has."""
    number = zlib.crc32(name.encode())
    ref = SeriesRef(study_instance_uid=f"1.2.826.0.1.999.{number}", series_instance_uid=f"1.2.9.{number}")
    return replace(report, ref=ref, device=replace(SCANNER, serial=str(number)))


def counts(client: FhirClient, types: Sequence[str] = TYPES) -> dict[str, int]:
    found = {}
    for kind in types:
        if kind in client.abilities().types:
            found[kind] = len(client.search(kind, {"_count": "1000"}))
    return found


def write(client: FhirClient, *resources: Element) -> list[str]:
    """Put resources into the EHR as its own; return their places."""
    places = []
    for resource in resources:
        written: dict[str, Any] = client._call(
            "POST", resource["resourceType"], data=json.dumps(resource).encode(),
            headers={"Content-Type": "application/fhir+json", "Prefer": "return=representation"},
        )  # fmt: skip
        places.append(f"{resource['resourceType']}/{written['id']}")
    return places


def patient_resource(patient: PatientKey, **changes: object) -> Element:
    told = {"birthDate": patient.birth_date, "gender": "female"}
    return {
        "resourceType": "Patient", "identifier": [{"system": MRN, "value": patient.patient_id}], **told, **changes,
    }  # fmt: skip


def study_resource(report: QaReport, patient: str) -> Element:
    uid = f"urn:oid:{report.ref.study_instance_uid}"
    return {
        "resourceType": "ImagingStudy", "status": "available", "subject": {"reference": patient},
        "identifier": [{"system": "urn:dicom:uid", "value": uid}],
    }  # fmt: skip


def order_resource(patient: str, number: str = ORDER.accession_number) -> Element:
    return {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": patient},
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.19.5.99.3", "value": number}],
    }  # fmt: skip
