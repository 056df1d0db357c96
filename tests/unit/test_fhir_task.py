"""What is proposed, in FHIR: a proposal with a decision, or a review; never an order."""

from dataclasses import replace
from typing import Any

import pytest

from aiqa_integration.errors import EncodingError
from aiqa_integration.fhir.bundle import report_bundle
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_reports import MOTION, UNTIL, header, phantom_report, refused_report


def recommendation(kind=RecommendationKind.REPEAT_NOW, urgency="now", artifacts=("motion",)):
    until = UNTIL if urgency == "now" else None
    return Recommendation(
        kind=kind, reason="worth-a-repeat", text="Motion, severe.", urgency=urgency, change="coach the patient",
        artifacts=artifacts, until=until,
    )  # fmt: skip


def patient(**changes):
    told = {"subject": "patient", "phantom": None, "judgements": (), "findings": (MOTION,)}
    return replace(phantom_report(), **{**told, "recommendation": recommendation(), **changes})


def resources(report):
    bundle = report_bundle(report, header(report))
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in bundle["entry"]:
        found.setdefault(entry["resource"]["resourceType"], []).append(entry)
    return found


def test_a_repeat_is_a_draft_proposal_with_a_decision_about_it():
    found = resources(patient())
    (request,), (task,) = found["ServiceRequest"], found["Task"]
    proposal = request["resource"]
    assert (proposal["status"], proposal["intent"], proposal["priority"]) == ("draft", "proposal", "stat")
    assert proposal["occurrencePeriod"] == {"start": "2026-11-20T06:47:02.250+00:00", "end": UNTIL}
    assert proposal["reasonCode"][0]["coding"][0]["code"] == "128553"
    assert proposal["reasonCode"][0]["coding"][1] == {
        "system": "http://radlex.org", "code": "RID11423", "display": "Motion related artifact"}  # fmt: skip
    assert proposal["orderDetail"][0]["coding"][0]["code"] == "repeat-series"
    decision = task["resource"]
    assert decision["focus"] == {"reference": request["fullUrl"]}
    assert (decision["status"], decision["intent"]) == ("requested", "proposal")
    assert decision["code"]["coding"][0]["code"] == "approve"
    assert decision["restriction"] == {"repetitions": 1, "period": {"end": UNTIL}}
    assert decision["input"][0]["valueString"] == patient().ref.series_instance_uid
    for entry in (request, task):
        assert entry["request"]["method"] == "POST"
        assert entry["request"]["ifNoneExist"].startswith("identifier=https://w3id.org/aiqa/fhir/sid/")


def test_a_patient_s_series_is_rated_preliminarily_and_names_no_patient():
    found = resources(patient())
    observation, report = found["Observation"][0]["resource"], found["DiagnosticReport"][0]["resource"]
    assert observation["status"] == report["status"] == "preliminary"
    assert observation["valueCodeableConcept"]["coding"][0]["code"] == "RID14"
    assert observation["subject"] == {"type": "Patient", "display": "Patient whom the images do not name"}
    assert report["conclusion"].endswith("Proposed: REPEAT NOW: Motion, severe. What to change: coach the patient.")
    assert "ImagingStudy" not in found
    assert "Patient" not in found


def test_a_clear_artifact_limits_a_severe_one_prevents_reading():
    clear = patient(findings=(replace(MOTION, severity=2),))
    assert resources(clear)["Observation"][0]["resource"]["valueCodeableConcept"]["coding"][0]["code"] == "RID13"
    shadow = replace(MOTION, artifact="ghost", calibration="uncalibrated")
    both = patient(findings=(replace(MOTION, severity=2), shadow))
    assert resources(both)["Observation"][0]["resource"]["valueCodeableConcept"]["coding"][0]["code"] == "RID13"


def test_another_protocol_is_a_proposal_too():
    found = resources(patient(recommendation=recommendation(RecommendationKind.CHANGE_PROTOCOL)))
    assert found["ServiceRequest"][0]["resource"]["orderDetail"][0]["coding"][0]["code"] == "change-protocol"


@pytest.mark.parametrize(
    ("report", "code", "about"),
    [
        (phantom_report(recommendation=recommendation(RecommendationKind.REVIEW, "today")), "physics-review", "Device"),
        (phantom_report(recommendation=recommendation(RecommendationKind.SERVICE, "today")), "service", "Device"),
        (patient(recommendation=recommendation(RecommendationKind.SERVICE, "today", ("zipper",))), "service", "Device"),
        (patient(recommendation=recommendation(RecommendationKind.REVIEW, "today")), "image-review", "Patient"),
    ],
)  # fmt: skip
def test_everything_else_is_a_task_to_look(report, code, about):
    found = resources(report)
    assert "ServiceRequest" not in found
    task = found["Task"][0]["resource"]
    assert task["code"]["coding"][0]["code"] == code
    assert task["focus"] == {"reference": found["DiagnosticReport"][0]["fullUrl"]}
    devices = {entry["fullUrl"] for entry in found["Device"]}
    assert (task["for"].get("reference") in devices) is (about == "Device")
    assert task["intent"] == "proposal"


def test_what_is_only_to_be_read_makes_no_task():
    quiet = recommendation(RecommendationKind.ACCEPT, "none", ())
    found = resources(phantom_report(recommendation=quiet))
    assert "Task" not in found
    assert "ACCEPT" in found["DiagnosticReport"][0]["resource"]["conclusion"]
    assert "Task" not in resources(refused_report())


def test_a_patient_s_series_that_calls_nobody_is_not_sent():
    quiet = patient(recommendation=recommendation(RecommendationKind.REVIEW, "none"))
    assert FhirSink(FhirClient("http://ehr.invalid/fhir")).plan(quiet, None) == ()
    with pytest.raises(EncodingError):
        report_bundle(quiet)


def test_a_rescore_asks_no_second_time():
    first, again = resources(patient()), resources(patient(revision=2))
    for kind in ("ServiceRequest", "Task"):
        assert first[kind][0]["request"] == again[kind][0]["request"]


def test_no_resource_is_ever_an_order():
    for kind in RecommendationKind:
        for urgency in ("now", "today"):
            for entries in resources(patient(recommendation=recommendation(kind, urgency))).values():
                assert all(entry["resource"].get("intent", "proposal") == "proposal" for entry in entries)
