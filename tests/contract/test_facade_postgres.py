"""The FHIR API for reading over PostgreSQL: what differs from SQLite, and many writers at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.facade_samples import api, reports
from tests.postgres_server import postgres_server

pytestmark = pytest.mark.postgres
RUNS = 12


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with postgres_server() as server, api(tmp_path_factory.mktemp("facade"), server.new_database()) as made:
        yield made


@pytest.fixture(scope="module")
def filled(running):
    """Keep each run four times, many at once: they share scanners and the algorithm."""
    with ThreadPoolExecutor(8) as pool:
        changed = list(pool.map(lambda run: running.keep(*run), [*reports(RUNS)] * 4))
    assert sum(changed) == RUNS * 4 + 5
    return running


def bundle(running, address):
    answer = running.client.get(f"/fhir/{address}")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


def test_many_writers_at_once_leave_each_resource_once(filled):
    counts = {
        kind: bundle(filled, f"{kind}?_summary=count")["total"] for kind in ("Observation", "Device", "Provenance")
    }
    assert counts == {"Observation": RUNS, "Device": 5, "Provenance": RUNS}
    versions = {entry["resource"]["meta"]["versionId"] for entry in bundle(filled, "Observation")["entry"]}
    assert versions == {"1"}


def test_searches_pages_and_includes_are_those_of_sqlite(filled):
    first = bundle(filled, "Observation?_count=5&_sort=date&_include=Observation:subject&_include=Observation:device")
    modes = [entry["search"]["mode"] for entry in first["entry"]]
    assert (modes.count("match"), modes.count("include")) == (5, 3)
    days = [entry["resource"]["effectiveDateTime"] for entry in first["entry"][:5]]
    follow = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = bundle(filled, follow.partition("/fhir/")[2])
    days += [entry["resource"]["effectiveDateTime"] for entry in second["entry"] if entry["search"]["mode"] == "match"]
    assert days == [f"2026-01-{day:02}" for day in range(1, 11)]
    assert bundle(filled, "Observation?combo-code=mr-snr&date=ge2026-01-11&_summary=count")["total"] == 2


def test_an_export_is_of_one_moment(filled):
    filled.moment += timedelta(minutes=1)
    kicked = filled.client.get("/fhir/$export", headers={"Prefer": "respond-async"})
    filled.context.exports.work()
    place = kicked.headers["Content-Location"].removeprefix("http://localhost")
    while (answer := filled.client.get(place)).status_code == 202:
        filled.context.exports.work()
    assert {output["type"]: output["count"] for output in answer.json["output"]} == {
        "Observation": RUNS, "DiagnosticReport": RUNS, "ImagingStudy": RUNS, "Provenance": RUNS, "Device": 5
    }  # fmt: skip
