"""The FHIR API for reading: what it finds, how it pages, what it refuses, who may read."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B import get_fhir_model_class

from aiqa_integration.errors import LedgerError
from aiqa_integration.fhir.bundle import report_bundle_bytes
from aiqa_integration.fhir.codes import QA_METRIC
from aiqa_integration.fhir.identity import PROVENANCE, RESULT, SCANNER, run_uuid
from aiqa_integration.fhir.local import local_resources
from aiqa_integration.fhir.search_parameters import PARAMETERS, search_values
from aiqa_integration.fhir.times import fhir_range
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind
from aiqa_integration.sinks.facade import FacadeSink
from tests.facade_samples import NOW, api, reports
from tests.fhir_reports import LENGTH_OK, phantom_report, refused_report

FHIR_JSON = "application/fhir+json"
PROFILES = Path(__file__).parents[2] / "fhir_profiles"
RUNS = 12


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with api(tmp_path_factory.mktemp("facade")) as running:
        for report, acquired_at in reports(RUNS):
            running.keep(report, acquired_at)
        yield running


@pytest.fixture
def empty(tmp_path):
    with api(tmp_path) as running:
        yield running


def ask(running, address, status=200, **headers):
    answer = running.client.get(f"/fhir/{address}", headers=headers)
    assert answer.status_code == status, answer.text[:500]
    assert answer.content_type == FHIR_JSON
    body = json.loads(answer.text)
    get_fhir_model_class(body["resourceType"]).model_validate(body)
    if status >= 400:
        assert body["resourceType"] == "OperationOutcome"
    return body


def found(running, address, **headers):
    entries = ask(running, address, **headers).get("entry", [])
    return [entry["resource"] for entry in entries if entry["search"]["mode"] == "match"]


def total(running, address):
    return ask(running, f"{address}{'&' if '?' in address else '?'}_summary=count")["total"]


def test_every_resource_of_the_transaction_is_there_with_every_digit_and_references_that_lead_somewhere(empty):
    report = phantom_report()
    empty.keep(report)
    sent = {entry["resource"]["resourceType"] for entry in json.loads(report_bundle_bytes(report))["entry"]}
    assert sent <= PARAMETERS.keys()
    for kind in sent:
        for resource in found(empty, kind):
            for kind_of, target in re.findall(r'"reference": ?"(\w+)/([^"]+)"', json.dumps(resource)):
                assert ask(empty, f"{kind_of}/{target}")["id"] == target
            assert "urn:uuid" not in json.dumps(resource)
    assert '"value":190.0,' in empty.client.get("/fhir/Observation").text
    assert found(empty, "Observation")[0]["meta"]["versionId"] == "1"


def test_a_result_again_changes_nothing_and_a_revision_is_the_next_version_of_the_same(empty):
    first = phantom_report()
    assert empty.keep(first) == 7
    assert empty.keep(first) == 0
    (before,) = found(empty, "Observation")
    assert empty.keep(replace(phantom_report(LENGTH_OK), revision=2)) == 3
    (after,) = found(empty, "Observation")
    assert (after["id"], after["meta"]["versionId"], after["status"]) == (before["id"], "2", "amended")
    assert after["meta"]["lastUpdated"] > before["meta"]["lastUpdated"]
    assert total(empty, "Provenance") == 2
    assert total(empty, "Device") == 3
    assert found(empty, f"Observation?component-code={QA_METRIC}|mr-percent-image-uniformity") == []


def test_a_study_lists_every_series_that_was_measured(empty):
    for series in ("4", "5", "4"):
        empty.keep(phantom_report(series=series))
    (study,) = found(empty, "ImagingStudy")
    assert [listed["uid"][-1] for listed in study["series"]] == ["4", "5"]
    assert study["meta"]["versionId"] == "2"
    assert total(empty, "ImagingStudy?series=1.2.826.0.1.999.1.5") == 1


def test_a_refused_series_is_there_and_a_result_about_a_patient_passes_by(empty):
    empty.keep(refused_report())
    assert found(empty, "Observation")[0]["dataAbsentReason"]
    sink = FacadeSink(empty.context.resources, clock=None)  # type: ignore[arg-type]
    assert sink.plan(phantom_report(subject="patient", phantom=None), None) == ()
    (planned,) = sink.plan(phantom_report(), None)
    assert planned.payload == report_bundle_bytes(phantom_report())


def test_a_decision_about_a_patients_series_is_a_task_that_names_its_proposal_and_no_patient(empty):
    told = Recommendation(
        kind=RecommendationKind.REPEAT_NOW, reason="worth-a-repeat", text="Motion, severe.", urgency="now",
        change="coach the patient", artifacts=("motion",), until="2026-11-20T06:57:00+00:00",
    )  # fmt: skip
    changes = {"subject": "patient", "phantom": None, "judgements": (), "recommendation": told}
    empty.keep(replace(phantom_report(), **changes))  # type: ignore[arg-type]
    (task,) = found(empty, "Task?code=approve&status=requested&authored-on=2026-11-20")
    assert task["focus"]["type"] == "ServiceRequest"
    assert "reference" not in task["focus"]
    assert found(empty, f"Task?focus:identifier=|{task['focus']['identifier']['value']}") == []
    assert found(empty, f"Task?focus:identifier={task['focus']['identifier']['value']}") == [task]
    assert total(empty, "Observation?category=clinical-image-quality") == 1
    assert total(empty, "ImagingStudy") == 0
    ask(empty, "ServiceRequest", 404)


def scanner_id(running, number=0):
    return next(d["id"] for d in found(running, "Device") if d.get("serialNumber") == f"S{number}")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", RUNS),
        ("status=final", RUNS),
        ("status=amended", 0),
        ("status=amended,final", RUNS),
        ("category=phantom-qa&category=imaging", RUNS),
        ("category=phantom-qa&category=laboratory", 0),
        (f"component-code={QA_METRIC}|mr-snr", RUNS),
        ("component-code=mr-snr", RUNS),
        ("component-code=|mr-snr", 0),
        (f"code={QA_METRIC}|mr-snr", 0),
        (f"combo-code={QA_METRIC}|mr-snr", RUNS),
        (f"combo-code={QA_METRIC}|acr-mri-run", RUNS),
        (f"combo-code={QA_METRIC}|", RUNS),
        ("combo-code=nothing", 0),
        ("date=2026-01-03", 1),
        ("date=ge2026-01-03", RUNS - 2),
        ("date=gt2026-01-03", RUNS - 3),
        ("date=le2026-01-03", 3),
        ("date=lt2026-01-03", 2),
        ("date=ge2026-01-03&date=lt2026-01-05", 2),
        ("date=2026-01", RUNS),
        ("date=2026-01-01,2026-01-02", 2),
        ("date=ne2026-01-03", RUNS - 1),
        ("date=sa2026-01-03T12:00", RUNS - 3),
        ("date=eb2026-01-03T12:00:00Z", 2),
        ("_lastUpdated=ge2026-11-26T12:00:11Z", 2),
        ("_lastUpdated=gt2026-11-26T12:00:11Z", 1),
        ("_lastUpdated=lt2026-11-26", 0),
        ("value-concept=fail", RUNS),
        ("_tag=made-by-aiqa", RUNS),
    ],
)
def test_observations_are_found_by(filled, query, count):
    assert total(filled, f"Observation?{query}") == count
    assert len(found(filled, f"Observation?{query}")) == count


def test_they_are_found_by_scanner_algorithm_identifier_and_study(filled):
    scanner = scanner_id(filled)
    for subject in (f"Device/{scanner}", scanner, f"http://localhost/fhir/Device/{scanner}"):
        assert total(filled, f"Observation?subject={subject}") == RUNS / 2
    assert total(filled, f"Observation?subject:Device={scanner}") == RUNS / 2
    assert total(filled, f"Observation?subject=Device/{scanner}&date=ge2026-01-03") == RUNS / 2 - 1
    assert total(filled, f"Observation?subject=Device/{scanner_id(filled, 1)},Device/{scanner}") == RUNS
    assert total(filled, f"Observation?patient={scanner}") == 0
    (observation,) = found(filled, "Observation?date=2026-01-05")
    algorithm, study = observation["device"]["reference"], observation["derivedFrom"][0]["reference"]
    assert total(filled, f"Observation?device={algorithm}") == RUNS
    assert found(filled, f"Observation?derived-from={study}") == [observation]
    report = next(report for report, at in reports(RUNS) if at.startswith("2026-01-05"))
    assert found(filled, f"Observation?identifier={RESULT}|{run_uuid(report)}") == [observation]
    assert found(filled, f"Observation?_id={observation['id']},nothing") == [observation]
    assert total(filled, f"Provenance?target=Observation/{observation['id']}") == 1
    assert total(filled, f"Provenance?_tag={PROVENANCE}|") == RUNS
    assert total(filled, f"DiagnosticReport?result=Observation/{observation['id']}&status=final") == 1
    assert total(filled, f"DiagnosticReport?imaging-study={study}") == 1
    assert total(filled, f"Device?identifier={SCANNER}|&type=MR") == 2
    assert total(filled, "Device?device-name=siemens") == 2
    assert total(filled, "Task") == 0


@pytest.mark.parametrize(
    "order",
    ["", "_sort=date", "_sort=-date", "_sort=_lastUpdated", "_sort=-_lastUpdated", "_lastUpdated=ge2026-11-26"],
)
def test_pages_hold_each_resource_once_and_in_order(filled, order):
    address, dates = f"Observation?_count=5&status=final&{order}", []
    for size in (5, 5, 2):
        bundle = ask(filled, address)
        dates += [entry["resource"]["effectiveDateTime"] for entry in bundle["entry"]]
        assert len(bundle["entry"]) == size
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert "status=final" in links["self"]
        address = urlsplit(links.get("next", "")).path[6:] + "?" + urlsplit(links.get("next", "")).query
    assert "next" not in links
    assert dates == sorted(set(dates), reverse=order not in {"_sort=date", "_sort=_lastUpdated"})
    assert len(dates) == RUNS


@pytest.mark.parametrize("order", ["", "&_sort=date", "&_sort=-date", "&_sort=_lastUpdated"])
def test_results_that_come_in_between_two_pages_shift_and_repeat_nothing(empty, order):
    known = [result_id(report) for report, at in reports(9) if empty.keep(report, at)]
    address, seen = f"Observation?_count=3{order}", []
    for turn in range(20):
        bundle = ask(empty, address)
        seen += [entry["resource"]["identifier"][0]["value"] for entry in bundle.get("entry", [])]
        following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        if not following:
            break
        address = urlsplit(following[0]).path[6:] + "?" + urlsplit(following[0]).query
        if turn < 3:
            new, at = list(reports(20))[9 + turn]
            empty.keep(new, at)
    assert len(seen) == len(set(seen))
    assert set(known) <= set(seen)


def result_id(report):
    return str(run_uuid(report))


def test_what_is_referred_to_comes_along_once(filled):
    bundle = ask(
        filled,
        "Observation?_count=4&_include=Observation:subject&_include=Observation:device"
        "&_include=Observation:derived-from:ImagingStudy&_total=accurate",
    )
    modes = [(entry["search"]["mode"], entry["resource"]["resourceType"]) for entry in bundle["entry"]]
    assert modes.count(("match", "Observation")) == 4
    assert modes.count(("include", "Device")) == 3
    assert modes.count(("include", "ImagingStudy")) == 4
    assert bundle["total"] == RUNS
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == len(bundle["entry"])
    assert len(ask(filled, "Observation?_include=Observation:subject:Patient")["entry"]) == RUNS


@pytest.mark.parametrize(
    ("address", "status", "issue"),
    [
        ("Patient", 404, "not-supported"),
        ("ServiceRequest", 404, "not-supported"),
        ("Observation/nothing", 404, "not-found"),
        ("Observation/a/b/c", 404, "not-found"),
        ("Observation?colour=red", 400, "not-supported"),
        ("Observation?code:in=x", 400, "not-supported"),
        ("Observation?date:missing=true", 400, "not-supported"),
        ("Observation?subject.name=x", 400, "not-supported"),
        ("Observation?date=yesterday", 400, "invalid"),
        ("Observation?date=ap2026", 400, "invalid"),
        ("Observation?date=2026-13-01", 400, "invalid"),
        ("Observation?code=a|b|c", 400, "invalid"),
        ("Observation?_count=many", 400, "invalid"),
        ("Observation?_sort=code", 400, "not-supported"),
        ("Observation?_page=xyz", 400, "invalid"),
        ("Observation?_page=WzEsICIyMDI2LTAxLTAxIl0", 400, "invalid"),
        ("Observation?_include=DiagnosticReport:result", 400, "invalid"),
        ("Observation?_include=Observation:code", 400, "invalid"),
        ("Observation?_format=xml", 406, "not-supported"),
        ("Observation?code=" + ",".join("x" * 150), 400, "too-costly"),
        ("Observation?code=" + "x" * 501, 400, "invalid"),
        ("$export", 400, "invalid"),
    ],
)
def test_what_is_not_understood_is_refused_with_an_outcome(filled, address, status, issue):
    assert ask(filled, address, status)["issue"][0]["code"] == issue


def test_a_lenient_client_is_told_what_was_passed_over(filled):
    bundle = ask(filled, "Observation?colour=red&status=final&_count=1", Prefer="handling=lenient")
    assert bundle["entry"][-1]["search"]["mode"] == "outcome"
    assert "colour" in bundle["entry"][-1]["resource"]["issue"][0]["diagnostics"]
    assert "colour" not in bundle["link"][0]["url"]


def test_other_formats_and_methods_are_refused_with_an_outcome(filled):
    ask(filled, "Observation", 406, Accept="application/fhir+xml")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = filled.client.open("/fhir/Observation", method=method)
        assert (answer.status_code, answer.json["resourceType"]) == (405, "OperationOutcome")


def test_a_database_that_is_away_is_an_outcome_that_says_when_to_come_back(tmp_path):
    with api(tmp_path) as running:
        running.context.resources._engine.dispose()
        (tmp_path / "ledger.sqlite").unlink()
        (tmp_path / "ledger.sqlite").mkdir()
        for file in tmp_path.glob("ledger.sqlite-*"):
            file.unlink()
        answer = running.client.get("/fhir/Observation")
    assert (answer.status_code, json.loads(answer.text)["issue"][0]["code"]) == (503, "transient")
    assert answer.headers["Retry-After"]


def test_the_capability_statement_lists_what_is_served(filled):
    statement = ask(filled, "metadata")
    listed = {r["type"]: {p["name"] for p in r["searchParam"]} for r in statement["rest"][0]["resource"]}
    assert {
        "identifier",
        "subject",
        "device",
        "code",
        "category",
        "component-code",
        "combo-code",
        "date",
        "status",
    } <= (listed["Observation"])
    assert listed.keys() == PARAMETERS.keys()
    promised = json.loads((PROFILES / "CapabilityStatement/aiqa-facade.json").read_text())
    does = {r["type"]: {i["code"] for i in r["interaction"]} for r in statement["rest"][0]["resource"]}
    for resource in promised["rest"][0]["resource"]:
        assert {parameter["name"] for parameter in resource["searchParam"]} <= listed[resource["type"]]
        assert {interaction["code"] for interaction in resource["interaction"]} <= does[resource["type"]]
    for kind, names in listed.items():
        for name in names - {"_id"}:
            value = "2026" if name in {"_lastUpdated", "date", "started", "recorded", "authored-on", "period"} else "x"
            ask(filled, f"{kind}?{name}={value}")


def test_a_read_has_its_version_and_is_not_sent_twice(filled):
    (observation,) = found(filled, "Observation?date=2026-01-05")
    address = f"/fhir/Observation/{observation['id']}"
    answer = filled.client.get(address)
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"]
    assert filled.client.get(address, headers={"If-None-Match": 'W/"1"'}).status_code == 304


def routes(running):
    rules = [rule for rule in running.app.url_map.iter_rules() if rule.rule.startswith("/fhir")]
    known = {"resource_type": "Observation", "resource_id": "x", "export_id": "0" * 8 + "-0000-4000-8000-" + "0" * 12}
    return [re.sub(r"<(?:\w+:)?(\w+)>", lambda match: known[match[1]], rule.rule) for rule in rules]


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", "Basic YTpi", "bearer"])
def test_every_route_but_metadata_needs_a_token(filled, header):
    headers = {"Authorization": header} if header else {}
    statuses = {}
    for address in routes(filled):
        answer = filled.app.test_client().get(address, headers=headers)
        statuses[address] = answer.status_code
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.json["issue"][0]["code"] == "login"
    assert {address for address, status in statuses.items() if status != 401} == {"/fhir/metadata"}
    assert len(statuses) >= 6


def test_tokens_end_when_revoked_or_old_and_are_kept_as_digests(tmp_path):
    with api(tmp_path) as running:
        tokens = running.context.tokens
        short = tokens.add("short", who="me", now=NOW, expires_at=NOW + timedelta(days=1))
        assert tokens.holder(short, NOW) == "short"
        assert tokens.holder(short, NOW + timedelta(days=1)) is None
        assert ask(running, "Device")["resourceType"] == "Bundle"
        tokens.revoke("dashboard", who="me", now=NOW)
        assert ask(running, "Device", 401)["issue"][0]["code"] == "login"
        for refused in (
            lambda: tokens.revoke("dashboard", who="me", now=NOW),
            lambda: tokens.add("a b", who="", now=NOW),
        ):
            with pytest.raises(LedgerError):
                refused()
        with pytest.raises(LedgerError):
            tokens.add("short", who="me", now=NOW)
        assert {token.name: token.state(NOW) for token in tokens.all()} == {"dashboard": "revoked", "short": "valid"}
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("ledger.sqlite*"))
    assert short.encode() not in stored
    assert running.token.encode() not in stored


def test_without_a_facade_there_is_nothing():
    from aiqa_integration.console.app import create_app
    from aiqa_integration.console.context import ConsoleContext

    answer = create_app(ConsoleContext(books=object(), artifacts=object())).test_client().get("/fhir/metadata")  # type: ignore[arg-type]
    assert (answer.status_code, json.loads(answer.text)["resourceType"]) == (404, "OperationOutcome")


def test_a_reference_to_a_patient_keeps_no_name_and_one_to_what_is_not_shown_becomes_logical():
    entry = {
        "fullUrl": "urn:uuid:1",
        "request": {"method": "PUT", "url": "Task?identifier=a|b"},
        "resource": {
            "resourceType": "Task",
            "for": {"reference": "Patient/7", "display": "Doe^Jane"},
            "requester": {"type": "Patient", "identifier": {"system": "s", "value": "7"}, "display": "Doe^Jane"},
            "focus": {"reference": "urn:uuid:2", "display": "Repeat"},
            "authoredOn": "2026-11-20T06:47:02+01:00",
        },
    }
    other = {
        "fullUrl": "urn:uuid:2",
        "request": {"method": "POST", "url": "ServiceRequest"},
        "resource": {"resourceType": "ServiceRequest", "identifier": [{"system": "s", "value": "v"}]},
    }
    (task,) = local_resources(json.dumps({"entry": [entry, other]}).encode())
    assert "Doe" not in json.dumps(task.resource)
    assert task.resource["focus"] == {
        "type": "ServiceRequest", "identifier": {"system": "s", "value": "v"}, "display": "Repeat"
    }  # fmt: skip
    values = search_values(task.resource)
    assert {("subject", "Patient", "7"), ("focus:identifier", "s", "v")} <= values.tokens
    assert values.from_at is not None
    assert values.from_at.isoformat() == "2026-11-20T05:47:02+00:00"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-12", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-02", "2026-02-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"),
        ("2026-02-28", "2026-02-28T00:00:00+00:00", "2026-03-01T00:00:00+00:00"),
        ("2026-02-28T10:30", "2026-02-28T10:30:00+00:00", "2026-02-28T10:31:00+00:00"),
        ("2026-02-28T10:30:05+02:00", "2026-02-28T08:30:05+00:00", "2026-02-28T08:30:06+00:00"),
        ("2026-02-28T10:30:05.25Z", "2026-02-28T10:30:05.250000+00:00", "2026-02-28T10:30:05.251000+00:00"),
    ],
)
def test_a_time_means_as_much_as_its_digits_say(text, start, end):
    assert [at.isoformat() for at in fhir_range(text)] == [start, end]


@pytest.mark.parametrize(
    "text", ["", "26", "2026-1", "2026-00", "2026-02-30", "2026-01-01T25:00", "2026-01-01Z", "now"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        fhir_range(text)
