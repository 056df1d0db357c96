"""Bulk export of the FHIR API: kicked off, polled, downloaded, taken over, given up; memory stays small."""

import json
import threading
import tracemalloc
from datetime import timedelta

import pytest

from aiqa_integration.console.facade.export_work import KEPT_FOR, LEASE, SETTLED_AFTER, WAITING_AT_MOST, ExportWork
from aiqa_integration.errors import TransientError
from tests.facade_samples import api, reports
from tests.fhir_reports import LENGTH_OK, phantom_report

ASYNC = {"Prefer": "respond-async"}
RUNS = 6


@pytest.fixture
def running(tmp_path):
    with api(tmp_path) as made:
        for report, acquired_at in reports(RUNS):
            made.keep(report, acquired_at)
        made.moment += timedelta(minutes=1)
        yield made


@pytest.fixture
def asleep(running, monkeypatch):
    """No thread works by itself: the test does."""
    monkeypatch.setattr(running.context.exports, "wake", lambda: None)
    return running


def local(url):
    return url.removeprefix("http://localhost")


def kick_off(running, query=""):
    answer = running.client.get(f"/fhir/$export{query}", headers=ASYNC)
    assert answer.status_code == 202, answer.text
    return local(answer.headers["Content-Location"])


def finished(running, place):
    running.context.exports.work()
    answer = running.client.get(place)
    assert answer.status_code == 200, answer.text
    return answer


def lines(running, manifest):
    found = {}
    for output in manifest["output"]:
        with running.client.get(local(output["url"])) as file:
            assert file.content_type.startswith("application/fhir+ndjson")
            found[output["type"]] = [json.loads(line) for line in file.text.splitlines()]
    return found


def test_a_thread_of_its_own_writes_what_was_asked_for(running):
    place = kick_off(running)
    for thread in [thread for thread in threading.enumerate() if thread.name == "fhir-export"]:
        thread.join(60)
    answer = running.client.get(place)
    assert answer.status_code == 200
    found = lines(running, answer.json)
    assert {name: len(resources) for name, resources in found.items()} == {
        "Observation": RUNS, "DiagnosticReport": RUNS, "ImagingStudy": RUNS, "Provenance": RUNS, "Device": 5
    }  # fmt: skip
    one = found["Observation"][0]
    assert one == json.loads(running.client.get(f"/fhir/Observation/{one['id']}").text)


def test_it_is_in_progress_first_and_the_manifest_says_what_a_client_needs(asleep):
    place = kick_off(asleep, "?_type=Observation,Device")
    answer = asleep.client.get(place)
    assert (answer.status_code, answer.headers["Retry-After"]) == (202, "5")
    done = finished(asleep, place)
    manifest = done.json
    assert manifest["request"].endswith("/fhir/$export?_type=Observation,Device")
    assert manifest["requiresAccessToken"] is True
    assert manifest["error"] == []
    assert [(output["type"], output["count"]) for output in manifest["output"]] == [
        ("Observation", RUNS),
        ("Device", 5),
    ]
    assert manifest["transactionTime"] == (asleep.moment - SETTLED_AFTER).isoformat(timespec="milliseconds")
    assert done.headers["Expires"]


def test_one_after_another_by_transaction_time_nothing_is_missed_or_doubled(asleep):
    first = finished(asleep, kick_off(asleep, "?_type=Observation")).json
    asleep.keep(phantom_report(LENGTH_OK))
    asleep.moment += timedelta(minutes=1)
    since = first["transactionTime"].replace("+", "%2B")
    second = lines(asleep, finished(asleep, kick_off(asleep, f"?_type=Observation&_since={since}")).json)
    assert len(second["Observation"]) == 1
    again = finished(asleep, kick_off(asleep, f"?_since={asleep.moment:%Y-%m-%dT%H:%M:%SZ}")).json
    assert again["output"] == []


def test_what_a_dead_process_left_is_taken_over(asleep):
    place = kick_off(asleep, "?_type=Device")
    taken = asleep.context.exports.exports.next(now=asleep.moment, lease=LEASE)
    assert taken is not None
    asleep.context.exports.work()
    assert asleep.client.get(place).status_code == 202
    asleep.moment += LEASE + timedelta(seconds=1)
    assert finished(asleep, place).json["output"][0]["count"] == 5


def test_a_stop_waits_for_who_writes_and_another_process_takes_over(asleep, tmp_path, monkeypatch):
    place = kick_off(asleep, "?_type=Device")
    exports, bodies, begun = asleep.context.exports, asleep.context.resources.bodies, threading.Event()

    def slow(*args, **kwargs):
        for found in bodies(*args, **kwargs):
            begun.set()
            assert exports._stopped.wait(60)
            yield found

    with monkeypatch.context() as patched:
        patched.setattr(asleep.context.resources, "bodies", slow)
        writer = threading.Thread(target=exports.work)
        writer.start()
        assert begun.wait(60)
        exports.stop()
        assert list((tmp_path / "exports").iterdir()) == []
        writer.join(60)
    asleep.moment += LEASE + timedelta(seconds=1)
    exports.work()
    assert asleep.client.get(place).status_code == 202
    ExportWork(exports.exports, asleep.context.resources, tmp_path / "exports", lambda: asleep.moment).work()
    assert asleep.client.get(place).json["output"][0]["count"] == 5


def test_an_export_that_is_given_up_is_gone_with_its_files(asleep, tmp_path):
    place = kick_off(asleep)
    file = local(finished(asleep, place).json["output"][0]["url"])
    assert asleep.client.delete(place).status_code == 202
    assert asleep.client.get(place).status_code == 404
    assert asleep.client.get(file).status_code == 404
    assert list((tmp_path / "exports").iterdir()) == []


def test_old_ones_are_cleared_away_and_too_many_have_to_wait(asleep, tmp_path):
    finished(asleep, kick_off(asleep))
    asleep.moment += KEPT_FOR + timedelta(seconds=1)
    for _ in range(WAITING_AT_MOST):
        kick_off(asleep)
    answer = asleep.client.get("/fhir/$export", headers=ASYNC)
    assert (answer.status_code, answer.json["issue"][0]["code"]) == (429, "throttled")
    asleep.context.exports.work()
    assert len(list((tmp_path / "exports").iterdir())) == WAITING_AT_MOST


def test_an_export_belongs_to_who_asked(asleep):
    place = kick_off(asleep)
    file = local(finished(asleep, place).json["output"][0]["url"])
    other = {"Authorization": f"Bearer {asleep.context.tokens.add('other', who='me', now=asleep.moment)}"}
    for address in (place, file):
        assert asleep.app.test_client().get(address, headers=other).status_code == 404
        assert asleep.app.test_client().get(address).status_code == 401


@pytest.mark.parametrize(
    "query", ["?_type=Patient", "?_since=yesterday", "?_outputFormat=csv", "?_typeFilter=Observation%3Fcode=x"]
)
def test_what_is_not_understood_is_refused(asleep, query):
    answer = asleep.client.get(f"/fhir/$export{query}", headers=ASYNC)
    assert (answer.status_code, answer.json["resourceType"]) == (400, "OperationOutcome")


def test_a_disk_that_refuses_is_told_and_a_database_that_is_away_only_stops_it(asleep, tmp_path, monkeypatch):
    (tmp_path / "exports").write_text("in the way")
    place = kick_off(asleep)
    asleep.context.exports.work()
    answer = asleep.client.get(place)
    assert (answer.status_code, answer.json["resourceType"]) == (500, "OperationOutcome")
    (tmp_path / "exports").unlink()
    place = kick_off(asleep)

    def away(*_args, **_kwargs):
        raise TransientError("away")

    with monkeypatch.context() as patched:
        patched.setattr(asleep.context.resources, "bodies", away)
        asleep.context.exports.work()
    asleep.moment += LEASE + timedelta(seconds=1)
    assert finished(asleep, place).json["output"]


def test_memory_does_not_grow_with_the_number_of_resources(asleep):
    def peak(place):
        tracemalloc.start()
        finished(asleep, place)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(kick_off(asleep))
    few = peak(kick_off(asleep))
    engine = asleep.context.resources._engine
    columns = "resource_type, {}, version_id, last_updated, from_at, name, content_sha256, body"
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
    one = "(SELECT * FROM fhir_resource WHERE resource_type = 'Observation' LIMIT 1)"
    copied = f"{numbers} SELECT {columns.format('resource_id || i')} FROM n, {one}"  # noqa: S608 - names of our own
    copies = f"INSERT INTO fhir_resource ({columns.format('resource_id')}) {copied}"
    with engine.begin() as connection:
        connection.exec_driver_sql(copies)
    many = peak(kick_off(asleep))
    assert many < few + 8_000_000
