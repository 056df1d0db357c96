"""One of everything that AIQA writes as FHIR, by name: what is sent, and what a server has after it was changed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiqa_integration.fhir.bundle import report_bundle
from aiqa_integration.fhir.capability import Capability
from aiqa_integration.fhir.codes import Element
from aiqa_integration.fhir.confirmation import confirmation
from aiqa_integration.fhir.ct_dose import CtDoseImageQuality, ct_dose_observations
from aiqa_integration.fhir.demo_ehr import register
from aiqa_integration.fhir.identity import Identifier
from aiqa_integration.fhir.json_text import json_bytes
from aiqa_integration.fhir.measure_report import measure_reports
from aiqa_integration.fhir.status_change import StatusChange, apply, withdrawals
from aiqa_integration.fhir.style import PLAIN, Style
from aiqa_integration.fhir.task import TASK
from aiqa_integration.fhir.task_board import FhirTaskBoard, subscribe
from aiqa_integration.model.artifact import ARTIFACTS
from aiqa_integration.model.identity import Person, SeriesRef
from aiqa_integration.model.month import ScannerMonth
from aiqa_integration.model.recommendation import RecommendationKind
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.follow_up import Ending, RemoteTask
from tests.facade_samples import api
from tests.fhir_flows import FULL
from tests.fhir_reports import (
    EVERYTHING,
    GHOST,
    MOTION,
    ORDER,
    PATIENT,
    SCANNER,
    header,
    patient_report,
    phantom_report,
    refused_report,
    repeat_proposal,
)

AT = datetime(2026, 11, 20, 6, 50, tzinfo=UTC)
CT_EXAM = CtDoseImageQuality(
    ref=SeriesRef(study_instance_uid="1.2", series_instance_uid="1.2.3"), category="LA31753-9",
    global_noise_hu=Decimal("17.40"), size_adjusted_dose_mgy_cm=Decimal(412), subject="Patient/1",
    report="DiagnosticReport/2", effective="2026-11-20T10:11:00+01:00", issued="2026-11-20T10:20:00+01:00",
    device="AIQA",
)  # fmt: skip
MONTH = ScannerMonth(device=SCANNER, runs=22, passed=21, series=100, repeated=3)
ENDINGS = ("accepted", "done", "repeated", "declined", "expired", "withdrawn")


class KeptResources:
    """Some resources as a server holds them, with as much of ``FhirClient`` as changing them needs."""

    def __init__(self, *resources: Element) -> None:
        self._kept = {f"{resource['resourceType']}/{resource['id']}": resource for resource in resources}
        self.changed: dict[str, Element] = {}

    def abilities(self) -> Capability:
        return EVERYTHING

    def find(self, resource_type: str, key: Identifier) -> list[Element]:
        found = [resource for resource in self._kept.values() if resource["resourceType"] == resource_type]
        return [resource for resource in found if key.element in resource.get("identifier", [])]

    def read(self, place: str) -> Element:
        return self._kept[place]

    def update(self, resource: Element, *, version: str) -> Element:
        place = f"{resource['resourceType']}/{resource['id']}"
        assert version == "1"
        self._kept[place] = self.changed[place] = resource
        return resource

    def create(self, resource: Element, *, if_none_exist: str) -> str:
        assert if_none_exist
        self.changed[resource["resourceType"]] = resource
        return str(resource["resourceType"])


def plain(value: Any) -> Any:
    """Return what goes over the wire, read again."""
    return json.loads(json_bytes(value))


def sent(report: QaReport, style: Style = FULL) -> Element:
    """Return the transaction of a report."""
    of_patient = report.subject == "patient" and report.refused is None
    told = header(report, patient=PATIENT, order=ORDER) if of_patient else header(report)
    made: Element = plain(report_bundle(report, told, style))
    return made


def as_kept(bundle: Element) -> list[Element]:
    """Return the resources of a transaction as a server holds them: with ids, version, and references to those ids."""
    written = [entry for entry in bundle["entry"] if entry["request"]["method"] != "GET"]
    text = json.dumps([entry["resource"] for entry in written])
    for entry in bundle["entry"]:
        place = f"{entry['resource']['resourceType']}/{entry['fullUrl'].removeprefix('urn:uuid:')}"
        text = text.replace(json.dumps(entry["fullUrl"]), json.dumps(place))
    kept: list[Element] = json.loads(text)
    for entry, resource in zip(written, kept, strict=True):
        resource["id"] = entry["fullUrl"].removeprefix("urn:uuid:")
        resource["meta"]["versionId"] = "1"
    return kept


def transactions() -> dict[str, Element]:
    """Return what is sent: every kind of report in every style, and a scanner's month."""
    found = {
        "phantom, plain": sent(phantom_report(), PLAIN),
        "phantom, expanded": sent(phantom_report()),
        "phantom, amended": sent(phantom_report(revision=2, predecessor=phantom_report().version)),
        "phantom, simulated": sent(phantom_report(simulated=True)),
        "refused": sent(refused_report()),
        "refused, perhaps a patient": sent(refused_report(subject="patient")),
        "patient, amended": sent(patient_report(MOTION, GHOST, revision=2, predecessor=patient_report().version)),
        "patient, plain": sent(patient_report(MOTION, GHOST), PLAIN),
        "patient, every artifact": sent(
            patient_report(
                *(replace(MOTION, artifact=artifact.id) for artifact in ARTIFACTS),
                recommendation=replace(repeat_proposal(), artifacts=tuple(artifact.id for artifact in ARTIFACTS)),
            )
        ),
    }
    for kind in RecommendationKind:
        for make in (patient_report, phantom_report):
            found[f"{make.__name__}, {kind}"] = sent(make(recommendation=repeat_proposal(kind)))
    span = (date(2026, 11, 1), date(2026, 12, 1))
    entries = measure_reports(MONTH, *span, made_on="2026-12-01T00:05:00+01:00", style=FULL)
    found["month"] = plain({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    return found


def single_resources() -> dict[str, Element]:
    """Return what is written on its own: CT dose, a confirmation, a subscription, patients of the demo's EHR."""
    found = {
        f"CT dose, {shape}, {number}": plain(resource)
        for shape in ("components", "single")
        for number, resource in enumerate(ct_dose_observations(CT_EXAM, shape))
    }
    person = Person(name="Kim^Lee", organization="Hospital")
    said = confirmation(sent(patient_report())["entry"], person, AT, revision=1)["provenance"]["resource"]
    found["confirmation"] = {**said, "target": [{"reference": "Observation/1"}, {"reference": "DiagnosticReport/2"}]}
    server = KeptResources()
    subscribe(server, "https://aiqa.invalid/ehr-hook", "secret")  # type: ignore[arg-type]
    register(server, [PATIENT])  # type: ignore[arg-type]
    return found | plain(server.changed)  # type: ignore[no-any-return]


def changed_resources() -> dict[str, Element]:
    """Return what stands at a server after each ending of a Task, a withdrawal, and a confirmation."""
    found: dict[str, Element] = {}
    proposed = sent(patient_report(MOTION, GHOST))
    for word in ENDINGS:
        server = KeptResources(*as_kept(proposed))
        (task,) = (entry["resource"] for entry in proposed["entry"] if entry["resource"]["resourceType"] == "Task")
        (key,) = (item["value"] for item in task["identifier"] if item["system"] == TASK)
        asked = RemoteTask(key=key, series_instance_uid="1.2.3", answer=None, ended=False)
        ending = Ending(word=word, who="Kim Lee", repeated_by="1.2.3.9" if word == "repeated" else "")  # type: ignore[arg-type]
        FhirTaskBoard(server).end(asked, ending, at=AT)  # type: ignore[arg-type]
        found |= {f"{word}: {place}": resource for place, resource in server.changed.items()}
    for name, bundle in (("patient", proposed), ("phantom", sent(phantom_report()))):
        changes = withdrawals(bundle["entry"], at=AT.isoformat())
        found |= _after(f"withdrawn {name}", bundle, changes)
    person = Person(name="Kim^Lee", organization="Hospital")
    told = confirmation(proposed["entry"], person, AT, revision=1)["changes"]
    return found | _after("confirmed", proposed, tuple(StatusChange.read(row) for row in told))


def _after(name: str, bundle: Element, changes: tuple[StatusChange, ...]) -> dict[str, Element]:
    server = KeptResources(*as_kept(bundle))
    for change in changes:
        apply(change, server)  # type: ignore[arg-type]
    return {f"{name}: {place}": resource for place, resource in server.changed.items()}


@contextmanager
def _facade(folder: Path) -> Iterator[Any]:
    with api(folder) as running:
        running.keep(phantom_report())
        running.keep(refused_report(ref=SeriesRef(study_instance_uid="1.9", series_instance_uid="1.9.1")))
        yield running.client


FACADE_ADDRESSES = (
    "metadata", "Observation?_include=Observation:subject", "DiagnosticReport", "Device?_count=1", "ImagingStudy",
    "Provenance", "Task", "Observation?_summary=count", "Observation?colour=red", "Patient/1", "Observation/none",
)  # fmt: skip


def facade_answers(folder: Path) -> dict[str, Element]:
    """Return what the façade answers, errors too."""
    with _facade(folder) as client:
        return {address: json.loads(client.get(f"/fhir/{address}").text) for address in FACADE_ADDRESSES}


def emitted(folder: Path) -> dict[str, Element]:
    """Return all of it; ``folder`` is for the façade's ledger."""
    return transactions() | single_resources() | changed_resources() | facade_answers(folder)
