"""Deliveries to a real FHIR R4 server (sekmet-fhir), and the life of that server."""

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from aiqa_integration.errors import ConfigurationError, EhrRefused
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import BASE
from aiqa_integration.fhir.embedded_store import EmbeddedFhirStore
from aiqa_integration.fhir.identity import REPORT, RESULT, result_uuid, run_uuid
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.fhir_flows import as_effect
from tests.fhir_reports import LENGTH_OK, MIXED, SCANNER, phantom_report, refused_report

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("sekmet") is None, reason="sekmet-fhir is not installed (pip install '.[demo]')"
)
TYPES = ("Device", "ImagingStudy", "Observation", "DiagnosticReport", "Provenance")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with EmbeddedFhirStore(tmp_path_factory.mktemp("fhir")) as running:
        yield running


@pytest.fixture
def client(store):
    made = FhirClient(store.base_url)
    yield made
    made.close()


@pytest.fixture
def report(request):
    """A report of a study and a scanner that no other test has."""
    name = f"{zlib.crc32(request.node.name.encode())}"
    ref = SeriesRef(study_instance_uid=f"1.2.826.0.1.999.{name}", series_instance_uid=f"1.2.9.{name}")
    return phantom_report(ref=ref, device=replace(SCANNER, serial=name))


def deliver(client, report):
    sink = FhirSink(client)
    (planned,) = sink.plan(report, None)
    return sink.deliver(as_effect(planned), planned.payload)


def counts(client):
    return {kind: len(client.search(kind, {"_count": "1000"})) for kind in TYPES}


def observation(client, report):
    (found,) = client.search("Observation", {"identifier": f"{RESULT}|{run_uuid(report)}"})
    return found


def test_the_server_speaks_r4(client):
    assert client.capability()["fhirVersion"] == "4.0.1"


@pytest.mark.parametrize("refused", [False, True], ids=["scored", "refused"])
def test_delivering_again_adds_nothing(client, report, refused):
    sent = refused_report(ref=report.ref, device=report.device) if refused else report
    first = deliver(client, sent)
    once = counts(client)
    assert deliver(client, sent).remote_id == first.remote_id
    assert deliver(client, sent).remote_id == first.remote_id
    assert counts(client) == once


def test_what_was_sent_is_what_is_stored(client, report):
    deliver(client, report)
    stored = observation(client, report)
    assert [found["code"]["coding"][0]["code"] for found in stored["component"][1:]] == [
        judgement.measurement.metric.id for judgement in MIXED
    ]
    (scanner,) = client.search("Device", {"_id": stored["subject"]["reference"].partition("/")[2]})
    (study,) = client.search("ImagingStudy", {"_id": stored["partOf"][0]["reference"].partition("/")[2]})
    assert scanner["serialNumber"] == report.device.serial
    assert study["series"][0]["uid"] == report.ref.series_instance_uid
    (text,) = client.search("DiagnosticReport", {"identifier": f"{REPORT}|{result_uuid(report, 'report')}"})
    assert text["result"][0]["reference"] == f"Observation/{stored['id']}"


def test_a_corrected_result_replaces_the_same_resource_and_adds_its_provenance(client, report):
    first = deliver(client, report)
    before = counts(client)
    corrected = replace(report, judgements=(LENGTH_OK,), revision=2, predecessor=report.version)
    assert deliver(client, corrected).remote_id == first.remote_id
    assert counts(client) == {**before, "Provenance": before["Provenance"] + 1}
    stored = observation(client, report)
    assert stored["status"] == "corrected"
    assert len(stored["component"]) == 2
    assert stored["valueCodeableConcept"]["text"] == "PASS"


@pytest.mark.parametrize("code", ["AIQA-PIU", f"{BASE}/CodeSystem/qa-metric|mr-percent-image-uniformity"])
def test_a_run_is_found_by_the_code_of_a_metric(client, report, code):
    deliver(client, report)
    scanner = observation(client, report)["subject"]["reference"]
    (found,) = client.search("Observation", {"component-code": code, "subject": scanner})
    assert found["id"] == observation(client, report)["id"]


def test_a_study_lists_every_series_that_was_reported_once(client, report):
    series = [f"{report.ref.series_instance_uid}.{number}" for number in (3, 1, 2)]
    for uid in [*series, series[0]]:
        deliver(client, replace(report, ref=replace(report.ref, series_instance_uid=uid)))
    token = f"urn:dicom:uid|urn:oid:{report.ref.study_instance_uid}"
    (study,) = client.search("ImagingStudy", {"identifier": token})
    assert [listed["uid"] for listed in study["series"]] == sorted(series)
    assert len({listed["performer"][0]["actor"]["reference"] for listed in study["series"]}) == 1


def test_series_of_one_study_delivered_at_once_share_study_and_devices(client, report):
    before = counts(client)
    series = [replace(report, ref=replace(report.ref, series_instance_uid=f"1.2.8.{n}")) for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: deliver(FhirClient(client.base_url), one), series))
    added = {kind: count - before[kind] for kind, count in counts(client).items()}
    assert {kind: added[kind] for kind in TYPES[1:]} == {
        "ImagingStudy": 1, "Observation": 8, "DiagnosticReport": 8, "Provenance": 8,
    }  # fmt: skip
    assert added["Device"] in {2, 3}
    token = f"urn:dicom:uid|urn:oid:{report.ref.study_instance_uid}"
    assert len(client.search("ImagingStudy", {"identifier": token})[0]["series"]) == 8


def test_what_r4_forbids_is_refused_with_the_outcome_and_nothing_of_it_stored(client):
    before = counts(client)
    good = {"resource": {"resourceType": "Device"}, "request": {"method": "POST", "url": "Device"}}
    without_code = {"resourceType": "Observation", "status": "final"}
    bad = {"resource": without_code, "request": {"method": "POST", "url": "Observation"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [good, bad]}
    with pytest.raises(EhrRefused) as raised:
        client.transact(json.dumps(bundle).encode())
    assert "OperationOutcome" in (raised.value.outcome or "")
    assert counts(client) == before


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def gone_within(port: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not listening(port):
            return True
        time.sleep(0.1)
    return False


def test_what_was_stored_is_there_after_a_restart(tmp_path, report):
    with EmbeddedFhirStore(tmp_path) as first:
        deliver(FhirClient(first.base_url), report)
        first_port = urlsplit(first.base_url).port or 0
    assert gone_within(first_port, 1)
    with EmbeddedFhirStore(tmp_path) as second:
        second.start()
        assert observation(FhirClient(second.base_url), report)["status"] == "final"
        assert (tmp_path / "server.log").stat().st_size > 0


def test_the_store_dies_with_a_parent_that_is_killed(tmp_path):
    script = (
        "import sys, time; from pathlib import Path\n"
        "from aiqa_integration.fhir.embedded_store import EmbeddedFhirStore\n"
        "store = EmbeddedFhirStore(Path(sys.argv[1])); store.start(); print(store.base_url, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        port = urlsplit(parent.stdout.readline().strip()).port or 0
        assert listening(port)
        with contextlib.suppress(ProcessLookupError):
            os.kill(parent.pid, signal.SIGKILL)
    assert gone_within(port, 15)


def test_a_port_that_is_taken_is_a_configuration_error(store, tmp_path):
    with pytest.raises(ConfigurationError, match=r"server\.log"):
        EmbeddedFhirStore(tmp_path, port=urlsplit(store.base_url).port or 0).start()


def test_a_missing_package_names_the_fix(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"aiqa-integration\[demo\]"):
        EmbeddedFhirStore(tmp_path).start()
