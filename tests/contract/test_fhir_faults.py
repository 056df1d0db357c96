"""Deliveries through faults and kills: nothing is lost, nothing is there twice."""

import importlib.util
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aiqa_integration.errors import EhrUnavailable
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.embedded_store import EmbeddedFhirStore
from aiqa_integration.fhir.identity import RESULT, Identifier, result_uuid, run_uuid
from aiqa_integration.fhir.task import TASK
from aiqa_integration.sinks.fhir_server import FhirSink
from tests.contract.delivering import ASKING, PATIENT
from tests.fhir_faults import FAULTS, FaultyServer
from tests.fhir_flows import DIRECTORY, FULL, counts, deliver, named, patient_resource, write
from tests.fhir_reports import LENGTH_OK, loaded, phantom_report

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("sekmet") is None, reason="sekmet-fhir is not installed (pip install '.[demo]')"
)
ROOT = Path(__file__).parents[2]
REPORTS = 6
KILLS = 4


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with EmbeddedFhirStore(tmp_path_factory.mktemp("fhir")) as running:
        yield running


@pytest.fixture
def client(store):
    made = FhirClient(store.base_url)
    yield made
    made.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_result_gets_through_a_fault_once(store, client, fault):
    report = named(phantom_report(), f"fault {fault}")
    before = counts(client)
    with FaultyServer(store.base_url, itertools.chain([fault], itertools.repeat(None))) as faulty:
        sink = FhirSink(FhirClient(faulty.base_url, timeouts_s=(2.0, 2.0)), style=FULL, directory=DIRECTORY)
        (planned,) = sink.plan(report, loaded(report))
        for attempt in range(1, 5):
            try:
                deliver(sink, planned, attempts=attempt)
            except EhrUnavailable:
                continue
            break
        else:
            raise AssertionError("never delivered")
        assert faulty.met == [fault]
    added = {kind: count - before[kind] for kind, count in counts(client).items()}
    assert (added["Observation"], added["DiagnosticReport"]) == (1 + len(report.judgements), 1)
    assert (added["ImagingStudy"], added["Provenance"], added["AuditEvent"], added["DocumentReference"]) == (1, 1, 1, 1)
    assert added["Device"] in {2, 3}


def test_a_longer_wait_than_a_call_has_is_left_to_the_outbox(store):
    class Busy(FaultyServer):
        def answer(self, handler, root, body, fault):
            self._send(handler, 429, b"{}", {"Retry-After": "120"})

    with Busy(store.base_url, iter(())) as busy:
        sink = FhirSink(FhirClient(busy.base_url))
        (planned,) = sink.plan(phantom_report(), None)
        begun = time.monotonic()
        with pytest.raises(EhrUnavailable) as raised:
            deliver(sink, planned)
        assert raised.value.retry_after_s == 120.0
        assert time.monotonic() - begun < 5


def test_killed_deliveries_that_are_made_again_leave_each_result_once_and_a_human_s_task_untouched(store, client):
    write(client, patient_resource(PATIENT))
    sink = FhirSink(client, style=FULL, directory=DIRECTORY)
    (asking,) = sink.plan(ASKING, loaded(ASKING, PATIENT))
    deliver(sink, asking)
    task_key = Identifier(system=TASK, value=str(result_uuid(ASKING, "task")))
    (task,) = client.find("Task", task_key)
    client.update({**task, "status": "completed"}, version=task["meta"]["versionId"])
    before = counts(client)
    rng = random.Random(7)
    command = [sys.executable, "-m", "tests.contract.delivering", store.base_url, str(REPORTS)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(KILLS):
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "begins"
            time.sleep(rng.uniform(0.05, 1.0))
            os.kill(process.pid, signal.SIGKILL)
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=300)
    added = {kind: count - before[kind] for kind, count in counts(client).items()}
    results = 1 + len(phantom_report(LENGTH_OK).judgements)
    assert {kind: added[kind] for kind in ("ImagingStudy", "Observation", "DiagnosticReport", "Provenance")} == {
        "ImagingStudy": REPORTS, "Observation": REPORTS * results, "DiagnosticReport": REPORTS, "Provenance": REPORTS,
    }  # fmt: skip
    assert {kind: added[kind] for kind in ("Task", "ServiceRequest", "Patient")} == {
        "Task": 0, "ServiceRequest": 0, "Patient": 0
    }  # fmt: skip
    (answered,) = client.find("Task", task_key)
    assert (answered["status"], answered["meta"]["versionId"]) == ("completed", "2")
    for number in range(REPORTS):
        key = str(run_uuid(named(phantom_report(LENGTH_OK), f"killed {number}")))
        assert len(client.find("Observation", Identifier(system=RESULT, value=key))) == 1
