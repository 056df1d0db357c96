"""What is asked of a server that can do less, what references become, and how what is stale is taken back."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aiqa_integration.errors import EhrRefused
from aiqa_integration.fhir.bundle import report_bundle
from aiqa_integration.fhir.capability import Capability, TypeSupport
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.identity import Identifier
from aiqa_integration.fhir.references import names_in, with_references
from aiqa_integration.fhir.sending import send
from aiqa_integration.fhir.status_change import StatusChange, apply, withdrawals
from aiqa_integration.fhir.style import Style
from aiqa_integration.model.identity import Person
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_flows import FULL, as_effect
from tests.fhir_reports import EVERYTHING, LENGTH_OK, header, loaded, patient_report, phantom_report

NOW = datetime(2026, 11, 20, 6, 50, tzinfo=UTC)
STATEMENT = {
    "resourceType": "CapabilityStatement", "fhirVersion": "4.0.1",
    "rest": [
        {"mode": "client"},
        {
            "mode": "server", "interaction": [{"code": "transaction"}], "searchParam": [{"name": "_tag"}],
            "resource": [
                {
                    "type": "Observation", "conditionalCreate": True, "conditionalUpdate": True,
                    "interaction": [{"code": "create"}, {"code": "update"}, {"code": "search-type"}],
                    "searchParam": [{"name": "identifier"}],
                },
                {"type": "Device", "interaction": [{"code": "search-type"}], "searchParam": [{"name": "identifier"}]},
                {"type": "Task", "conditionalCreate": True, "interaction": [{"code": "create"}]},
            ],
        },
    ],
}  # fmt: skip


class Recorder(FhirClient):
    """Answers as a server that can do what it is told to; remembers what it was asked."""

    def __init__(self, capability=EVERYTHING):
        super().__init__("http://ehr.invalid/fhir")
        self.capability_ = capability
        self.asked = []
        self.stored = {}

    def abilities(self):
        return self.capability_

    def transact(self, bundle):
        self.asked.append(("transaction", json.loads(bundle)))
        return [{"status": "201", "location": f"{entry['resource']['resourceType']}/{number}/_history/1"}
                for number, entry in enumerate(json.loads(bundle)["entry"])]  # fmt: skip

    def create(self, resource, *, if_none_exist):
        self.asked.append(("create", resource, if_none_exist))
        return f"{resource['resourceType']}/{len(self.asked)}"

    def update_where(self, resource, condition):
        self.asked.append(("update", resource, condition))
        return f"{resource['resourceType']}/{len(self.asked)}"

    def search(self, resource_type, parameters):
        return [
            found for found in self.stored.get(resource_type, []) if found["identifier"][0]["value"] in str(parameters)
        ]

    def update(self, resource, *, version):
        self.asked.append(("versioned", resource, version))
        return resource

    def read(self, place):
        return {"id": place.partition("/")[2], "meta": {"versionId": "1"}}


def without(*types, **changes):
    kept = {kind: replace(support, **changes) for kind, support in EVERYTHING.types.items() if kind not in types}
    return replace(EVERYTHING, types=kept)


def entries(report=None, style=None):
    made = report or phantom_report(LENGTH_OK)
    return report_bundle(made, header(made), style or Style())["entry"]


def test_a_statement_tells_what_each_type_can():
    read = Capability.of(STATEMENT)
    assert read.transactions
    assert read.searches("Observation", "_tag")
    assert read.lacks("PUT", "Observation", "identifier") == ""
    assert read.lacks("POST", "Device", "identifier") == "the server does not create Device conditionally"
    assert read.lacks("POST", "Task", "identifier") == "the server does not search Task by identifier"
    assert read.lacks("POST", "Provenance", "_tag") == "the server has no Provenance"
    assert Capability.of({}) == Capability()


def test_an_update_without_conditions_is_made_of_a_search_and_a_versioned_update():
    client = Recorder(without(conditional_update=False))
    send(entries(), client)
    words = [asked[0] for asked in client.asked]
    assert "transaction" not in words
    assert words.count("versioned") == 2
    assert words.count("create") == len(entries())


def test_without_transactions_each_entry_comes_after_what_it_refers_to():
    client = Recorder(replace(EVERYTHING, transactions=False))
    sent = send(entries(style=FULL), client)
    assert len(sent.places) == len(entries(style=FULL))
    assert [asked for asked in client.asked if list(names_in(asked[1]))] == []
    types = [asked[1]["resourceType"] for asked in client.asked]
    assert types.index("Provenance") > types.index("DiagnosticReport") > types.index("Observation")


def test_what_a_server_has_no_place_for_is_left_out_and_named_by_identifier():
    client = Recorder(without("Device", "Provenance"))
    sent = send(entries(), client)
    ((_, bundle),) = client.asked
    assert {entry["resource"]["resourceType"] for entry in bundle["entry"]} == {
        "ImagingStudy", "Observation", "DiagnosticReport",
    }  # fmt: skip
    assert sent.left_out == ("the server has no Device", "the server has no Provenance")
    (observation,) = (e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Observation")
    assert observation["device"]["identifier"]["system"].endswith("/sid/algorithm")


def test_a_server_without_observations_is_refused():
    with pytest.raises(EhrRefused, match="the server has no Observation"):
        send(entries(), Recorder(without("Observation")))


def test_a_circle_of_references_is_refused():
    circle = [
        {
            "fullUrl": f"urn:uuid:{one}", "request": {"method": "PUT", "url": "Observation?identifier=1"},
            "resource": {"resourceType": "Observation", "hasMember": [{"reference": f"urn:uuid:{other}"}]},
        }
        for one, other in (("a", "b"), ("b", "a"))
    ]  # fmt: skip
    with pytest.raises(EhrRefused, match="circle"):
        send(circle, Recorder(replace(EVERYTHING, transactions=False)))


def test_references_stand_for_one_for_several_or_for_none():
    value = {"subject": {"reference": "u:1", "display": "who"}, "basedOn": [{"reference": "u:2"}], "kept": [], "n": 1}
    one, two = {"reference": "Patient/1"}, {"reference": "ServiceRequest/2"}
    assert with_references(value, {"u:1": (one,), "u:2": (two, two)}) == {
        "subject": {"display": "who", **one}, "basedOn": [two, two], "kept": [], "n": 1,
    }  # fmt: skip
    assert with_references(value, {"u:1": (), "u:2": ()}) == {"kept": [], "n": 1}


def test_a_token_escapes_what_separates_tokens():
    assert Identifier(system="s", value="a|b,c$d\\e").token == "s|a\\|b\\,c\\$d\\\\e"


@pytest.mark.parametrize(("status", "after"), [("requested", "cancelled"), ("completed", None), ("cancelled", None)])
def test_a_status_is_changed_from_the_right_ones_only(status, after):
    client = Recorder()
    client.stored = {"Task": [{
        "resourceType": "Task", "id": "1", "status": status, "meta": {"versionId": "7"},
        "identifier": [{"system": "s", "value": "v"}], "note": [{"text": "by a person"}],
    }]}  # fmt: skip
    change = StatusChange(
        resource_type="Task", system="s", value="v", status="cancelled", only_from=("requested",), note="why", at="t"
    )
    assert apply(change, client).status == (after or status)
    assert [(asked[1]["status"], asked[2]) for asked in client.asked] == ([(after, "7")] if after else [])
    assert StatusChange.read(json.loads(json.dumps(change.document))) == change
    for asked in client.asked:
        assert [note["text"] for note in asked[1]["note"]] == ["by a person", "why"]


def test_a_status_that_a_person_changed_meanwhile_is_read_again_and_kept():
    class Overtaken(Recorder):
        def update(self, resource, *, version):
            self.asked.append(("versioned", resource, version))
            self.stored["Task"][0] |= {"status": "completed", "meta": {"versionId": "8"}}
            raise EhrRefused("stale", status=412)

    client = Overtaken()
    client.stored = {"Task": [{
        "resourceType": "Task", "id": "1", "status": "requested", "meta": {"versionId": "7"},
        "identifier": [{"system": "s", "value": "v"}],
    }]}  # fmt: skip
    change = StatusChange(resource_type="Task", system="s", value="v", status="cancelled", only_from=("requested",))
    assert apply(change, client).status == "completed"
    assert [asked[2] for asked in client.asked] == ["7"]


def test_two_resources_of_one_identifier_are_not_changed():
    client = Recorder()
    same = {"resourceType": "Task", "id": "1", "status": "requested", "identifier": [{"system": "s", "value": "v"}]}
    client.stored = {"Task": [same, same]}
    with pytest.raises(EhrRefused, match="2 resources"):
        apply(StatusChange(resource_type="Task", system="s", value="v", status="cancelled"), client)


def test_shared_things_and_records_are_not_taken_back():
    made = entries(patient_report(), FULL)
    assert {change.resource_type: change.status for change in withdrawals(made, at="t")} == {
        "Observation": "entered-in-error", "DiagnosticReport": "entered-in-error", "DocumentReference": "superseded",
        "Task": "cancelled", "ServiceRequest": "revoked",
    }  # fmt: skip


def test_a_result_that_differs_only_in_when_it_was_made_is_the_same_delivery():
    sink = FhirSink(Recorder())
    report = phantom_report()
    later = replace(report, provenance=replace(report.provenance, created_at="2026-11-21T00:00:00+00:00"))
    assert sink.plan(report, None)[0].dedupe_key == sink.plan(later, None)[0].dedupe_key
    assert sink.plan(report, None)[0].payload != sink.plan(later, None)[0].payload


def test_only_results_are_confirmed_and_only_phantom_runs_taken_back_with_their_images():
    sink, kim = FhirSink(Recorder(), style=FULL), Person(name="Kim^Lee", organization="Hospital")
    phantom, patient = phantom_report(), patient_report()
    (run,), (quality,) = sink.plan(phantom, loaded(phantom)), sink.plan(patient, loaded(patient))
    confirmed = sink.plan_confirmed(as_effect(quality), quality.payload, kim, NOW)
    again = sink.plan_confirmed(as_effect(quality), quality.payload, kim, NOW.replace(hour=9))
    assert confirmed is not None
    assert again is not None
    assert confirmed.dedupe_key == again.dedupe_key
    assert confirmed.subject_key == quality.subject_key
    assert sink.plan_confirmed(as_effect(confirmed), confirmed.payload, kim, NOW) is None
    assert sink.plan_rejected(as_effect(run), run.payload, kim, NOW) is not None
    assert sink.plan_rejected(as_effect(quality), quality.payload, kim, NOW) is None


def test_what_a_later_result_says_again_is_not_taken_back():
    sink, report = FhirSink(Recorder(), style=FULL), phantom_report()
    (first,) = sink.plan(report, loaded(report))
    fewer = replace(report, judgements=report.judgements[:2], revision=2, predecessor=report.version)
    (second,) = sink.plan(fewer, loaded(fewer))
    (withdrawn,) = sink.plan_withdrawn([(as_effect(first), first.payload)], (second,), NOW)
    gone = [(change["resource_type"], change["status"]) for change in json.loads(withdrawn.payload)["changes"]]
    assert sorted(gone) == [("DocumentReference", "superseded"), *[("Observation", "entered-in-error")] * 3]
    assert sink.plan_withdrawn([(as_effect(first), first.payload)], (first,), NOW) == ()


def test_type_support_of_a_server_that_says_nothing_is_nothing():
    assert TypeSupport().parameters == frozenset()
