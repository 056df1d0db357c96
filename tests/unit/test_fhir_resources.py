"""What a report becomes in FHIR, field by field."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from aiqa_integration.dicom.uids import Role
from aiqa_integration.errors import EncodingError
from aiqa_integration.fhir.bundle import check, report_bundle, report_bundle_bytes
from aiqa_integration.fhir.codes import (
    BASE,
    DCM,
    UCUM,
    UNCERTAINTY,
    absent_because,
    interpretation,
    outcome,
    phantom_name,
)
from aiqa_integration.fhir.identity import observation_uid, report_sr_uid, result_uuid, run_uuid
from aiqa_integration.fhir.json_text import json_bytes
from aiqa_integration.metrics import all_metrics
from aiqa_integration.model.codes import VERDICTS
from aiqa_integration.model.identity import Device
from aiqa_integration.model.judgement import Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.quantity import UNITS, Quantity
from aiqa_integration.phantoms import all_phantoms
from tests.fhir_reports import (
    GHOSTING,
    LENGTH,
    LENGTH_OK,
    SCANNER,
    SNR,
    SNR_FREE,
    THICKNESS,
    THICKNESS_MISSING,
    header,
    judged,
    phantom_report,
    refused_report,
)

QA_METRIC = f"{BASE}/CodeSystem/qa-metric"
TARGETS: dict[str, set[str | None]] = {
    "subject": {"Device"},
    "device": {"Device"},
    "actor": {"Device"},
    "who": {"Device"},
    "partOf": {"ImagingStudy"},
    "derivedFrom": {"ImagingStudy"},
    "imagingStudy": {"ImagingStudy"},
    "result": {"Observation"},
    "target": {"Observation", "DiagnosticReport"},
    "what": {"ImagingStudy", "DiagnosticReport", None},
}
"""Where a reference may point, of what R4 allows there."""

NAMELESS = Device()
NO_SERIAL = replace(SCANNER, serial="")
REPORTS = {
    "every verdict": phantom_report(),
    "passed": phantom_report(LENGTH_OK),
    "nothing judged": phantom_report(SNR_FREE),
    "incomplete": phantom_report(LENGTH_OK, THICKNESS_MISSING),
    "corrected": phantom_report(revision=2, predecessor=phantom_report().version),
    "amended": phantom_report(revision=2, predecessor=replace(phantom_report().version, instances_digest="ef" * 32)),
    "simulated": phantom_report(simulated=True),
    "without a bundle": phantom_report(bundle=None),
    "scanner without serial": phantom_report(device=NO_SERIAL),
    "scanner without a name": phantom_report(device=NAMELESS),
    "unknown phantom": phantom_report(phantom="other-test-object"),
    "refused": refused_report(),
    "refused, phantom recognised": refused_report(phantom="acr-mri-medium"),
    "refused, nothing known": refused_report(device=NAMELESS, bundle=None, modality=""),
    "refused, no study": refused_report(ref=replace(phantom_report().ref, study_instance_uid="")),
    "refused, perhaps a patient": refused_report(subject="patient", analysis="none"),
    "padding in the header": phantom_report(device=replace(SCANNER, manufacturer="GE\0", model=" Signa\x07 ")),
}


def resources(bundle, resource_type):
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == resource_type]


def one(report, resource_type, **kwargs):
    (found,) = resources(report_bundle(report, **kwargs), resource_type)
    return found


def component(report, metric):
    found = one(report, "Observation")["component"]
    (match,) = [item for item in found if item["code"]["coding"][0]["code"] == metric.id]
    return match


def walk(value, name="") -> Iterator[tuple[str, Any]]:
    yield name, value
    children = (
        value.items()
        if isinstance(value, dict)
        else ((name, item) for item in value)
        if isinstance(value, list)
        else ()
    )
    for child, item in children:
        yield from walk(item, child)


@pytest.fixture(params=list(REPORTS.values()), ids=list(REPORTS))
def report(request):
    return request.param


def test_no_emitted_value_is_empty_null_or_not_a_number(report):
    for name, value in walk(json.loads(report_bundle_bytes(report, header(report)))):
        assert value is not None, name
        assert value not in ("", [], {}), name
        assert not isinstance(value, float) or math.isfinite(value), name
        assert not isinstance(value, str) or (value == value.strip() and "\0" not in value), name


def test_every_reference_is_resolved_in_the_bundle_or_is_logical(report):
    bundle = report_bundle(report)
    types = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert len(types) == len(bundle["entry"])
    references = [(name, value) for name, value in walk(bundle) if name in TARGETS and isinstance(value, dict)]
    references = [(name, value) for name, value in references if {"reference", "identifier", "display"} & value.keys()]
    assert references
    for name, value in references:
        target = types[value["reference"]] if "reference" in value else value.get("type")
        assert target in TARGETS[name], name


def test_every_quantity_has_an_exact_ucum_code_of_the_closed_table(report):
    for _, value in walk(report_bundle(report)):
        if isinstance(value, dict) and value.get("system") == UCUM:
            assert value["code"] in UNITS
            assert isinstance(value["value"], Decimal)


def test_every_conditional_request_names_one_identifier_that_the_resource_carries(report):
    for entry in report_bundle(report)["entry"]:
        request, text = entry["request"], json.dumps(entry["resource"], default=str)
        query = request["ifNoneExist"] if request["method"] == "POST" else request["url"].partition("?")[2]
        parameter, _, token = query.partition("=")
        system, _, value = token.partition("|")
        assert parameter == ("_tag" if entry["resource"]["resourceType"] == "Provenance" else "identifier")
        assert f'"system": "{system}"' in text
        assert f'"{value}"' in text


def test_results_are_updated_and_what_others_may_own_is_only_created():
    methods = {
        entry["resource"]["resourceType"]: entry["request"]["method"]
        for entry in report_bundle(phantom_report())["entry"]
    }
    assert methods == {
        "Device": "POST", "ImagingStudy": "POST", "Provenance": "POST", "Observation": "PUT", "DiagnosticReport": "PUT",
    }  # fmt: skip


def test_a_run_is_about_the_scanner_made_by_the_algorithm_from_a_study_of_the_phantom():
    report = phantom_report()
    bundle = report_bundle(report)
    at = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    (run,) = resources(bundle, "Observation")
    scanner, algorithm = at[run["subject"]["reference"]], at[run["device"]["reference"]]
    study = at[run["derivedFrom"][0]["reference"]]
    assert scanner["serialNumber"] == "66123"
    assert {version["type"]["text"]: version["value"] for version in algorithm["version"]} == {
        "software": "0.1.0",
        "analysis": "1.0.0",
        "model mri_phantom_scoring": "0.3.0",
        "model weights SHA-256": "ab" * 32,
    }
    assert study["identifier"][0]["value"] == "urn:oid:1.2.826.0.1.999.1"
    assert study["series"][0]["uid"] == "1.2.826.0.1.999.1.4"
    assert at[study["subject"]["reference"]]["type"]["coding"][0]["code"] == "113683"
    assert run["partOf"] == run["derivedFrom"]


def test_the_run_carries_status_outcome_and_series():
    run = one(phantom_report(), "Observation")
    assert run["status"] == "final"
    assert [coding["code"] for coding in run["valueCodeableConcept"]["coding"]] == ["111236", "fail", "AIQA-V-ACTION"]
    assert run["interpretation"][0]["coding"][0]["code"] == "QCF"
    assert run["issued"] == "2026-11-20T06:47:02.250+00:00"
    assert run["component"][0]["valueString"] == "1.2.826.0.1.999.1.4"
    assert run["component"][0]["code"]["coding"][0] == {
        "system": DCM,
        "code": "112002",
        "display": "Series Instance UID",
    }
    assert run["extension"][0]["valueCanonical"] == f"{BASE}/PlanDefinition/acr-mri-large-2022|r3"


def test_a_measured_metric_keeps_its_digits_unit_limits_and_source():
    found = component(phantom_report(), LENGTH)
    assert found["valueQuantity"] | {"extension": None} == {
        "extension": None, "value": Decimal("190.0"), "unit": "mm", "system": UCUM, "code": "mm",
    }  # fmt: skip
    action, warning = found["referenceRange"]
    assert (action["low"]["value"], action["high"]["value"]) == (Decimal("187.0"), Decimal("193.0"))
    assert (warning["low"]["value"], warning["high"]["value"]) == (Decimal("188.0"), Decimal("192.0"))
    assert action["type"]["coding"][0]["code"] == "action-limit"
    assert warning["type"]["coding"][0]["code"] == "warning-limit"
    assert action["text"] == "187.0 to 193.0 mm (ACR MRI QC manual 2015, section 5, revision r3)"
    assert [coding["code"] for coding in found["code"]["coding"]] == ["mr-length-horizontal-slice5", "AIQA-LEN-H-S5"]
    assert found["code"]["coding"][1]["system"] == "urn:oid:2.25.213384237021484209190842339713268837121"


def test_uncertainty_is_the_standard_one_in_the_r4_extension():
    extension = component(phantom_report(), LENGTH)["valueQuantity"]["extension"]
    assert extension[0] == {"url": UNCERTAINTY, "valueDecimal": Decimal("0.25")}
    assert "extension" not in component(phantom_report(), GHOSTING)["valueQuantity"]


def test_trailing_zeros_reach_the_wire():
    assert b'"value":190.0,' in report_bundle_bytes(phantom_report())
    assert b'"value":2.20,' in report_bundle_bytes(phantom_report())


@pytest.mark.parametrize(
    ("value", "verdict", "code"),
    [
        (190.0, Verdict.PASS, "N"),
        (192.5, Verdict.TOLERANCE, "H"),
        (187.5, Verdict.TOLERANCE, "L"),
        (193.5, Verdict.ACTION, "HH"),
        (186.5, Verdict.ACTION, "LL"),
    ],
)
def test_interpretation_says_on_which_side_of_which_limit(value, verdict, code):
    judgement = replace(
        LENGTH_OK, measurement=Measured(metric=LENGTH, quantity=Quantity(value, LENGTH.unit)), verdict=verdict
    )
    assert component(phantom_report(judgement), LENGTH)["interpretation"][0]["coding"][0]["code"] == code


def test_a_metric_without_limits_has_a_value_and_no_opinion():
    found = component(phantom_report(), SNR)
    assert found["valueQuantity"] == {"value": Decimal(152), "system": UCUM, "code": "1"}
    assert "interpretation" not in found
    assert "referenceRange" not in found


def test_a_metric_that_was_not_measured_says_why_and_keeps_its_limits():
    found = component(phantom_report(), THICKNESS)
    assert "valueQuantity" not in found
    assert [coding["code"] for coding in found["dataAbsentReason"]["coding"]] == [
        "not-performed",
        "slice-missing",
        "AIQA-R-SLICE",
    ]
    assert found["dataAbsentReason"]["text"] == "slice 1 is not in the series"
    assert found["referenceRange"][0]["low"]["value"] == Decimal("4.3")


def test_a_value_just_outside_a_limit_is_not_rounded_onto_it():
    limits = Tolerance(action_high=193.0, source="x", revision="1")
    judgement = judged(LENGTH, 193.0004, limits, Verdict.ACTION)
    assert component(phantom_report(judgement), LENGTH)["valueQuantity"]["value"] == Decimal("193.0004")
    on_it = judged(LENGTH, 193.0, limits, Verdict.PASS)
    assert str(component(phantom_report(on_it), LENGTH)["valueQuantity"]["value"]) == "193.0"


def test_numbers_of_numpy_and_negative_zero_are_written_as_plain_numbers():
    judgement = judged(LENGTH, np.float64(-0.04), None, Verdict.NOT_ASSESSED, uncertainty=np.float64(0.1))
    text = report_bundle_bytes(phantom_report(judgement)).decode()
    assert '"value":0.0,' in text
    assert '"valueDecimal":0.05}' in text


@pytest.mark.parametrize(("images", "status"), [("other", "amended"), ("the same", "corrected")])
def test_a_later_revision_is_the_same_resource_amended_by_images_or_corrected_without(images, status):
    first = phantom_report()
    former = first.version if images == "the same" else replace(first.version, instances_digest="ef" * 32)
    second = phantom_report(revision=2, analysis_version="1.1.0", predecessor=former)
    before, after = one(first, "Observation"), one(second, "Observation")
    assert before["identifier"] == after["identifier"]
    assert (before["status"], after["status"]) == ("final", status)
    assert one(second, "DiagnosticReport")["status"] == status
    made_before, made_after = one(first, "Provenance"), one(second, "Provenance")
    assert made_before["meta"]["tag"] != made_after["meta"]["tag"]
    assert made_after["activity"]["coding"][0]["code"] == "UPDATE"
    assert [entity["role"] for entity in made_after["entity"]] == ["source", "source", "revision"]
    algorithms = [one_algorithm(report) for report in (first, second)]
    assert algorithms[0]["identifier"] != algorithms[1]["identifier"]


def one_algorithm(report):
    (found,) = [device for device in resources(report_bundle(report), "Device") if device.get("version")]
    return found


def test_results_of_two_series_differ_and_share_their_devices():
    ours, theirs = phantom_report(), phantom_report(series="5")
    assert run_uuid(ours) != run_uuid(theirs)
    assert run_uuid(ours) != result_uuid(ours, "report")
    assert resources(report_bundle(ours), "Device") == resources(report_bundle(theirs), "Device")


def test_sr_and_fhir_name_the_result_alike():
    report = phantom_report()
    assert one(report, "Observation")["identifier"][1]["value"] == f"urn:oid:{observation_uid(report)}"
    assert observation_uid(report) == f"2.25.{run_uuid(report).int}"
    assert report_sr_uid(report) == report.object_uid(Role.REPORT_SR)
    assert one(report, "DiagnosticReport")["identifier"][1]["value"] == f"urn:oid:{report.object_uid(Role.REPORT_SR)}"


def test_a_refused_series_is_a_final_observation_without_a_value():
    bundle = report_bundle(refused_report())
    (run,), (text,) = resources(bundle, "Observation"), resources(bundle, "DiagnosticReport")
    assert run["status"] == "final"
    assert "valueCodeableConcept" not in run
    assert [coding["code"] for coding in run["dataAbsentReason"]["coding"]] == ["error", "phantom-not-found"]
    assert [item["valueString"] for item in run["component"]] == ["1.2.826.0.1.999.1.4"]
    assert text["conclusionCode"][0]["coding"][0]["code"] == "not-evaluable"
    assert (
        "REFUSED, not evaluable. no slice looks like the ACR phantom. Reason code: phantom-not-found."
        in text["conclusion"]
    )


def test_a_refused_series_that_may_show_a_patient_says_nothing_of_a_phantom():
    bundle = report_bundle(refused_report(subject="patient", analysis="none"))
    (run,), text = resources(bundle, "Observation"), json.dumps(bundle)
    assert run["code"]["coding"][0]["code"] == "130550"
    assert run["category"][0]["coding"][0]["code"] == "clinical-image-quality"
    assert "hantom-" not in text.replace("phantom-not-found", "")
    assert "ImagingStudy" not in {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    phantom = refused_report(analysis="none")
    assert run_uuid(phantom) != run_uuid(refused_report(subject="patient", analysis="none"))


def test_every_phantom_that_is_scored_has_its_name_and_code():
    for phantom in all_phantoms():
        assert phantom_name(phantom.name).title == phantom.title
        assert phantom_name(phantom.name).type_coding is not None


@pytest.mark.parametrize("metric", all_metrics(), ids=lambda metric: metric.id)
def test_every_metric_of_the_catalogue_can_be_written(metric):
    report = phantom_report(judged(metric, 1.25, Tolerance(action_high=2.0, source="x", revision="1"), Verdict.PASS))
    found = component(report, metric)
    assert found["valueQuantity"]["code"] == metric.unit.ucum
    assert found["code"]["coding"][1]["code"] == metric.code.value


def test_nothing_is_claimed_of_a_study_in_which_no_phantom_was_recognised():
    bundle = report_bundle(refused_report())
    assert not resources(bundle, "ImagingStudy")
    study = {"type": "ImagingStudy", "identifier": {"system": "urn:dicom:uid", "value": "urn:oid:1.2.826.0.1.999.1"}}
    assert resources(bundle, "Observation")[0]["partOf"] == [study]


def test_the_conclusion_names_every_metric_that_needs_a_person():
    words = one(phantom_report(), "DiagnosticReport")["conclusion"]
    assert words == (
        "ACR MRI phantom, large on SIEMENS Prisma (MR2): ACTION. "
        "Outside action limits: Percent image uniformity 80.1 % (limit ≥ 82 %). "
        "Outside tolerance limits: Percent signal ghosting 2.20 % (tolerance ≤ 2 %, action ≤ 2.5 %). "
        "Not measured: Slice thickness (slice 1 is not in the series). "
        "1 of 5 metrics within limits. 1 measured, not judged."
    )


def test_a_remark_on_a_metric_is_a_note():
    judgement = replace(LENGTH_OK, note="within its uncertainty of a limit")
    notes = one(phantom_report(judgement), "Observation")["note"]
    assert notes[1]["text"] == "Length, horizontal, slice 5: within its uncertainty of a limit"


def test_text_in_the_narrative_is_escaped():
    detail = NotMeasured(metric=THICKNESS, reason=Reason.ANALYSIS_FAILED, detail="signal < 3 & falling")
    report = phantom_report(Judgement(measurement=detail, limits=None, verdict=Verdict.NOT_MEASURED))
    assert "signal &lt; 3 &amp; falling" in one(report, "Observation")["text"]["div"]


def test_simulated_data_are_marked_on_every_resource():
    for entry in report_bundle(phantom_report(simulated=True))["entry"]:
        meta = entry["resource"]["meta"]
        assert meta["security"][0]["code"] == "HTEST"
        assert "simulated" in [tag["code"] for tag in meta["tag"]]
    assert one(phantom_report(simulated=True), "Observation")["note"][1]["text"].startswith("Simulated images")
    assert b"HTEST" not in report_bundle_bytes(phantom_report())


@pytest.mark.parametrize(
    ("acquired_at", "effective"),
    [
        ("2026-11-20T06:41:10", "2026-11-20"),
        ("2026-11-20T06:41:10+01:00", "2026-11-20T06:41:10+01:00"),
        (None, None),
        ("20261", None),
    ],
)
def test_a_time_without_a_zone_is_a_date(acquired_at, effective):
    report = phantom_report()
    at = header(report, acquired_at)
    assert one(report, "Observation", header=at).get("effectiveDateTime") == effective
    assert one(report, "ImagingStudy", header=at).get("started") == effective


def test_equal_reports_give_equal_bytes():
    assert report_bundle_bytes(phantom_report()) == report_bundle_bytes(phantom_report())
    assert report_bundle_bytes(phantom_report()) != report_bundle_bytes(phantom_report(LENGTH_OK))


@pytest.mark.parametrize("serial", ["66123", ""])
def test_scanners_are_told_apart_by_serial_else_by_model_and_station(serial):
    device = replace(SCANNER, serial=serial)
    other = replace(device, station="MR3")
    keys = {one_scanner(phantom_report(device=item))["identifier"][0]["value"] for item in (device, other)}
    assert len(keys) == (1 if serial else 2)


def one_scanner(report):
    found = [device for device in resources(report_bundle(report), "Device") if "modelNumber" in device]
    return found[0]


@pytest.mark.parametrize(
    "broken",
    [
        phantom_report(subject="patient"),
        phantom_report(provenance=replace(phantom_report().provenance, created_at="2026-11-20T06:47:02")),
        phantom_report(provenance=replace(phantom_report().provenance, created_at="yesterday")),
        phantom_report(ref=replace(phantom_report().ref, series_instance_uid="")),
    ],
    ids=["patient", "no zone", "no time", "no series"],
)
def test_what_cannot_be_encoded_is_an_encoding_error(broken):
    with pytest.raises(EncodingError):
        report_bundle(broken)


def test_the_models_stop_what_r4_forbids():
    broken = {"resource": {"resourceType": "Observation", "status": "final"}, "fullUrl": "urn:uuid:1"}
    with pytest.raises(EncodingError, match="code"):
        check({"resourceType": "Bundle", "type": "transaction", "entry": [broken]})


@pytest.mark.parametrize("value", [math.nan, math.inf, Decimal("NaN"), np.float32(1), object()])
def test_json_refuses_what_has_no_place_in_it(value):
    with pytest.raises(EncodingError):
        json_bytes({"value": value})


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_an_r4_word(reason):
    assert absent_because(reason, "x")["coding"][1]["code"] == reason.value


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_an_outcome(verdict):
    assert outcome(verdict)["coding"][-1]["code"] == VERDICTS[verdict].value


def test_an_unknown_interpretation_is_refused():
    with pytest.raises(KeyError):
        interpretation("XX")
