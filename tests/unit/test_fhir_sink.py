"""What the FHIR sink plans, and how it reads the answer, against a server that is a list of answers."""

import json
from dataclasses import replace

import pytest

from aiqa_integration.errors import EhrRefused, EhrUnavailable
from aiqa_integration.fhir.bundle import report_bundle_bytes
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.identity import RESULT, run_uuid
from aiqa_integration.model.identity import Device
from aiqa_integration.pipeline.ports import Sink
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_flows import as_effect
from tests.fhir_reports import EVERYTHING, LENGTH_OK, phantom_report, refused_report

URL = "http://ehr.invalid/fhir"
OBSERVATION = {
    "resourceType": "Observation", "id": "17", "status": "final", "issued": "2026-11-20T06:47:02.250Z",
    "identifier": [{"system": RESULT, "value": str(run_uuid(phantom_report()))}],
}  # fmt: skip


class ScriptedClient(FhirClient):
    """Answers each search from a table and remembers what was sent."""

    def __init__(self, found, *, conflicts=0):
        super().__init__(URL)
        self.found = found
        self.conflicts = conflicts
        self.updated = []

    def abilities(self):
        return EVERYTHING

    def transact(self, bundle):
        return [{"status": "200", "location": f"{entry['request']['url'].partition('?')[0]}/9/_history/1"}
                for entry in json.loads(bundle)["entry"]]  # fmt: skip

    def search(self, resource_type, parameters):
        return self.found.get(resource_type, [])

    def update(self, resource, *, version):
        if self.conflicts:
            self.conflicts -= 1
            raise EhrRefused("stale", status=412)
        self.updated.append((resource, version))
        return resource


def deliver(client, report=None):
    sink = FhirSink(client)
    (planned,) = sink.plan(report or phantom_report(), None)
    return sink.deliver(as_effect(planned), planned.payload)


def test_it_is_a_sink():
    sink: Sink = FhirSink(FhirClient(URL))
    assert sink.name == "ehr"


def test_equal_reports_plan_the_same_delivery_and_changed_ones_another_of_the_same_subject():
    sink = FhirSink(FhirClient(URL))
    (first,), (again,), (other,) = (
        sink.plan(report, None) for report in (phantom_report(), phantom_report(), phantom_report(LENGTH_OK))
    )
    assert first == again
    assert first.payload == report_bundle_bytes(phantom_report())
    assert first.dedupe_key != other.dedupe_key
    assert first.subject_key == other.subject_key


def test_series_and_targets_do_not_wait_for_each_other():
    def subject(url, report):
        return FhirSink(FhirClient(url)).plan(report, None)[0].subject_key

    assert subject(URL, phantom_report()) != subject(URL, phantom_report(series="5"))
    assert subject(URL, phantom_report()) != subject("http://other.invalid/fhir", phantom_report())


def test_the_receipt_names_the_observation_as_read_back():
    receipt = deliver(ScriptedClient({"Observation": [OBSERVATION]}))
    assert receipt.remote_id == "Observation/17"


@pytest.mark.parametrize(
    ("found", "error"),
    [
        ([], EhrUnavailable),
        ([{**OBSERVATION, "status": "amended"}], EhrUnavailable),
        ([{**OBSERVATION, "issued": "2026-11-20T06:47:03Z"}], EhrUnavailable),
        ([OBSERVATION, OBSERVATION], EhrRefused),
    ],
    ids=["nothing", "another status", "an earlier result", "two"],
)
def test_an_accepted_transaction_that_is_not_found_again_is_no_delivery(found, error):
    with pytest.raises(error):
        deliver(ScriptedClient({"Observation": found}))


def study(*series, made_by_aiqa=True):
    tag = [{"code": "made-by-aiqa"}] if made_by_aiqa else []
    return {
        "resourceType": "ImagingStudy", "id": "3", "meta": {"versionId": "8", "tag": tag},
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{phantom_report().ref.study_instance_uid}"}],
        "series": [{"uid": uid} for uid in series],
    }  # fmt: skip


def test_a_study_gains_the_series_it_lacks_with_its_scanner_and_keeps_the_others():
    client = ScriptedClient({"Observation": [OBSERVATION], "ImagingStudy": [study("1.9")]}, conflicts=7)
    deliver(client)
    ((resource, version),) = client.updated
    assert [series["uid"] for series in resource["series"]] == ["1.2.826.0.1.999.1.4", "1.9"]
    assert resource["series"][0]["performer"] == [{"actor": {"reference": "Device/9"}}]
    assert version == "8"


@pytest.mark.parametrize(
    "found", [study("1.2.826.0.1.999.1.4"), study("1.9", made_by_aiqa=False)], ids=["has", "theirs"]
)
def test_a_study_that_lists_the_series_or_that_others_made_is_left_alone(found):
    client = ScriptedClient({"Observation": [OBSERVATION], "ImagingStudy": [found]})
    deliver(client)
    assert client.updated == []


def test_a_series_of_an_unnamed_scanner_is_listed_without_one():
    client = ScriptedClient({"Observation": [OBSERVATION], "ImagingStudy": [study()]})
    deliver(client, phantom_report(device=Device()))
    assert "performer" not in client.updated[0][0]["series"][0]


def test_a_study_that_keeps_changing_is_tried_again_later():
    with pytest.raises(EhrUnavailable):
        deliver(ScriptedClient({"Observation": [OBSERVATION], "ImagingStudy": [study("1.9")]}, conflicts=8))


def test_a_server_that_keeps_its_studies_to_itself_still_has_the_result():
    class Guarded(ScriptedClient):
        def update(self, resource, *, version):
            raise EhrRefused("PUT ImagingStudy/3: HTTP 403", status=403)

    receipt = deliver(Guarded({"Observation": [OBSERVATION], "ImagingStudy": [study("1.9")]}))
    assert receipt.remote_id == "Observation/17"
    assert "not listed in its ImagingStudy: PUT ImagingStudy/3: HTTP 403" in receipt.detail


def test_a_refused_report_is_delivered_without_a_study():
    report = replace(refused_report(), revision=1)
    client = ScriptedClient({"Observation": [OBSERVATION], "ImagingStudy": [study("1.9")]})
    deliver(client, report)
    assert client.updated == []
