"""Resources of every kind: checked by the R4B models, and compared in structure with worked examples where they are."""

import json
from dataclasses import replace
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aiqa_integration.fhir.bundle import check, report_bundle
from aiqa_integration.fhir.ct_dose import CATEGORIES, CtDoseImageQuality, ct_dose_observations
from aiqa_integration.fhir.json_text import json_bytes, read_json
from aiqa_integration.fhir.measure_report import measure_reports
from aiqa_integration.fhir.style import Style
from aiqa_integration.model.identity import Device
from aiqa_integration.model.month import CalendarMonth, ScannerMonth, by_scanner
from aiqa_integration.model.recommendation import RecommendationKind
from tests.fhir_emitted import CT_EXAM, MONTH
from tests.fhir_flows import FULL
from tests.fhir_reports import (
    GHOST,
    MOTION,
    ORDER,
    PATIENT,
    SCANNER,
    header,
    patient_report,
    phantom_report,
    repeat_proposal,
)

EXAMPLES = Path(__file__).parents[3] / "shared/fhir-examples"
NOVEMBER = CalendarMonth.read("2026-11")


def clinical(style=FULL):
    report = patient_report(MOTION, GHOST)
    return report_bundle(report, header(report, patient=PATIENT, order=ORDER), style)["entry"]


def phantom(style=FULL, **changes):
    report = phantom_report(**changes)
    return report_bundle(report, header(report), style)["entry"]


def of_type(entries, resource_type, method=None):
    return [e["resource"] for e in entries
            if e["resource"]["resourceType"] == resource_type and method in {None, e["request"]["method"]}]  # fmt: skip


def months():
    return measure_reports(MONTH, NOVEMBER, made_on="2026-12-01T00:05:00+01:00", style=FULL)


def test_a_patient_s_result_has_a_finding_for_each_artifact_and_asks_for_patient_study_and_order():
    entries = clinical()
    quality, motion, ghost = of_type(entries, "Observation")
    assert [entry["request"]["url"].partition("?")[0] for entry in entries if entry["request"]["method"] == "GET"] == [
        "Patient", "ImagingStudy", "ServiceRequest",
    ]  # fmt: skip
    assert len(quality["hasMember"]) == 2
    assert motion["valueCodeableConcept"]["coding"][0]["code"] == "RID11423"
    values = {part["code"]["coding"][0]["code"]: part for part in motion["component"]}
    assert values["111012"]["valueQuantity"]["value"] == Decimal(96)
    assert values["affected-slice-fraction"]["valueQuantity"]["value"] == Decimal(27)
    assert "affected-slice-fraction" not in {part["code"]["coding"][0]["code"] for part in ghost["component"]}
    assert {found["status"] for found in (quality, motion, ghost)} == {"preliminary"}
    assert of_type(entries, "AuditEvent")[0]["meta"]["profile"][0].endswith("PatientCreate")


def test_the_expanded_style_has_an_observation_for_each_metric_and_no_component_twice():
    run, *metrics = of_type(phantom(), "Observation")
    assert len(metrics) == len(run["hasMember"]) == 5
    assert [part["code"]["coding"][0]["code"] for part in run["component"]] == ["112002"]
    assert all(("valueQuantity" in metric) != ("dataAbsentReason" in metric) for metric in metrics)
    (panel,) = of_type(phantom(Style()), "Observation")
    assert len(panel["component"]) == 6


def test_what_is_written_without_a_style_is_the_result_alone():
    types = {entry["resource"]["resourceType"] for entry in phantom(Style())}
    assert types == {"Device", "ImagingStudy", "Observation", "DiagnosticReport", "Provenance"}


def test_a_later_sr_replaces_the_former():
    former = phantom_report()
    (document,) = of_type(phantom(revision=2, predecessor=former.version), "DocumentReference")
    assert document["relatesTo"][0]["code"] == "replaces"
    assert document["relatesTo"][0]["target"]["identifier"] != document["identifier"][0]
    assert document["content"][0]["attachment"]["url"].startswith("https://pacs.invalid/dicom-web/studies/")


@pytest.mark.parametrize(("shape", "count"), [("components", 1), ("single", 3)])
def test_ct_dose_is_written_as_receivers_take_it(shape, count):
    found = ct_dose_observations(CT_EXAM, shape)
    assert len(found) == count
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in found]}
    check(bundle)
    assert b"17.40" in json_bytes(bundle)
    assert len({one["identifier"][0]["value"] for one in found}) == count


@pytest.mark.parametrize(
    "wrong", [{"category": "LA1"}, {"global_noise_hu": Decimal("NaN")}, {"global_noise_hu": Decimal(0)}]
)
def test_ct_dose_refuses_what_cannot_be(wrong):
    with pytest.raises(ValueError, match=r"96914-7|positive"):
        CtDoseImageQuality(**{**{name: getattr(CT_EXAM, name) for name in CT_EXAM.__slots__}, **wrong})
    assert len(CATEGORIES) == 18


def test_a_month_counts_runs_and_repeats_and_names_no_scanner_that_has_no_name():
    _, passed, repeated = (entry["resource"] for entry in months())
    check({"resourceType": "Bundle", "type": "transaction", "entry": months()})
    assert passed["group"][0]["measureScore"]["value"] == Decimal("0.9545")
    assert passed["period"] == {"start": "2026-11-01", "end": "2026-11-30"}
    assert [row["count"] for row in repeated["group"][0]["population"]] == [100, 3]
    unnamed = ScannerMonth(device=Device(), runs=1)
    assert measure_reports(unnamed, NOVEMBER, made_on="2026-12-01T00:05:00Z", style=FULL) == []
    idle = ScannerMonth(device=SCANNER)
    assert measure_reports(idle, NOVEMBER, made_on="2026-12-01T00:05:00Z", style=FULL) == []


@pytest.mark.parametrize(("day", "month"), [(date(2026, 12, 1), "2026-11"), (date(2027, 1, 31), "2026-12")])
def test_the_month_before(day, month):
    before = CalendarMonth.before(day)
    assert (before, str(before)) == (CalendarMonth.read(month), month)


def test_a_month_begins_and_ends_in_the_site_s_zone_over_a_change_of_clocks():
    begins, ends = CalendarMonth.read("2026-03").span(ZoneInfo("Europe/Vienna"))
    assert (begins.astimezone(UTC).isoformat(), ends.astimezone(UTC).isoformat()) == (
        "2026-02-28T23:00:00+00:00",
        "2026-03-31T22:00:00+00:00",
    )


def test_a_scanner_whose_station_was_renamed_within_the_month_is_one():
    renamed = replace(MONTH, device=replace(MONTH.device, station="MR9"), runs=2, passed=1)
    (whole,) = by_scanner([MONTH, renamed, ScannerMonth(device=Device(), runs=1)])
    assert (whole.runs, whole.passed) == (MONTH.runs + 2, MONTH.passed + 1)


def test_a_measure_of_which_nothing_is_left_says_so_where_it_was_told_before():
    told = [entry["resource"]["identifier"][0]["value"] for entry in months()]
    empty = ScannerMonth(device=MONTH.device)
    _, *reports = measure_reports(empty, NOVEMBER, made_on="2026-12-01T00:05:00Z", style=FULL, told=told)
    assert [row["count"] for entry in reports for row in entry["resource"]["group"][0]["population"]] == [0, 0, 0, 0]
    assert all("measureScore" not in entry["resource"]["group"][0] for entry in reports)
    check({"resourceType": "Bundle", "type": "transaction", "entry": reports})


def test_decimals_stay_through_reading_and_writing():
    assert json_bytes({"kept": read_json(b"1.50")}) == b'{"kept":1.50}'


REVIEW = {"recommendation": repeat_proposal(RecommendationKind.REVIEW)}
COMPARED = {
    "ct-phantom/observation.json": lambda: of_type(
        phantom(Style(organization="x", archive_url="https://x")), "Observation"
    )[0],
    "ct-phantom/diagnosticreport.json": lambda: of_type(phantom(), "DiagnosticReport")[0],
    "ct-phantom/documentreference-sr.json": lambda: of_type(phantom(), "DocumentReference")[0],
    "ct-phantom/imagingstudy.json": lambda: of_type(phantom(), "ImagingStudy")[0],
    "ct-phantom/provenance.json": lambda: of_type(phantom(), "Provenance")[0],
    "ct-phantom/auditevent-balp.json": lambda: of_type(phantom(), "AuditEvent")[0],
    "ct-phantom/task-physics-review.json": lambda: of_type(phantom(**REVIEW), "Task")[0],
    "mr-clinical/observation-series-quality.json": lambda: of_type(clinical(), "Observation")[0],
    "mr-clinical/observation-motion-artifact.json": lambda: of_type(clinical(), "Observation")[1],
    "mr-clinical/diagnosticreport.json": lambda: of_type(clinical(), "DiagnosticReport")[0],
    "mr-clinical/documentreference-sr.json": lambda: of_type(clinical(), "DocumentReference")[0],
    "mr-clinical/provenance.json": lambda: of_type(clinical(), "Provenance")[0],
    "mr-clinical/auditevent-balp.json": lambda: of_type(clinical(), "AuditEvent")[0],
    "mr-clinical/servicerequest-repeat-proposal.json": lambda: of_type(clinical(), "ServiceRequest", "POST")[0],
    "mr-clinical/task-repeat-decision.json": lambda: of_type(clinical(), "Task")[0],
    "ct-clinical/observation-ct-dose-image-quality.json": lambda: ct_dose_observations(CT_EXAM, "components")[0],
    "common/measurereport-scanner.json": lambda: months()[1]["resource"],
    "common/endpoint-wado.json": lambda: of_type(phantom(), "Endpoint")[0],
}
"""Worked example -> what the emitters write of the same kind."""

NOT_OURS = {
    "id": "the server's", "text": "as the resource is for a program", "performer": "needs an organization",
    "bodySite": "not known to the analysis", "extension": "the limit set; findings have none",
    "owner": "whom a site assigns", "location": "asset management's", "numberOfSeries": "the PACS's",
    "numberOfInstances": "the PACS's", "description": "of the study, for persons", "focus": "of the EHR",
    "presentedForm": "the PDF lies in the PACS", "managingOrganization": "of the site", "note": "where there is one",
    "derivedFrom": "where there is a study", "interpretation": "where there is a verdict",
}  # fmt: skip
"""Elements of the examples that a result need not have, and why."""


@pytest.mark.parametrize("name", COMPARED)
def test_what_is_written_is_built_like_the_worked_example(name):
    if not EXAMPLES.is_dir():
        pytest.skip("no ../shared/fhir-examples here")
    example, ours = json.loads((EXAMPLES / name).read_text()), COMPARED[name]()
    check({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": ours}]})
    missing = {key for key in example if key not in ours and key not in NOT_OURS}
    assert missing == set()
    for key in example.keys() & ours.keys():
        assert type(example[key]) is type(ours[key]), key
    assert ours["meta"].get("profile") == example.get("meta", {}).get("profile") or name == "common/endpoint-wado.json"
