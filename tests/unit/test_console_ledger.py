"""The pages over the real ledger: what was committed is what a person sees."""

from datetime import timedelta

import pytest

from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.console.server import serving
from aiqa_integration.errors import ArchiveRefused, ConfigurationError
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.job import JobState
from aiqa_integration.model.report_json import report_bytes
from aiqa_integration.pipeline.ports import JobResult, PlannedEffect, Receipt, SeriesListing
from tests.console_samples import LENGTH, NO_RULE, NOW, THICKNESS, picture, report

QUIET, LEASE = timedelta(seconds=90), timedelta(minutes=5)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ledger")
    url = f"sqlite:///{folder / 'ledger.sqlite'}"
    schema.upgrade(url)
    ledger = SqlLedger(url, FileArtifacts(folder / "artifacts"))
    yield ledger
    ledger.close()


@pytest.fixture(scope="module")
def client(ledger):
    return create_app(
        ConsoleContext(books=Books(ledger.engine), artifacts=ledger.artifacts, now=lambda: NOW)
    ).test_client()


def settled(ledger, ref, description):
    listing = SeriesListing(ref=ref, modality="MR", instance_count=11, manufacturer="TESTCO", description=description)
    for minutes in (20, 15):
        sighting = ledger.observe("pacs", listing, at=NOW - timedelta(minutes=minutes), quiet=QUIET)
    assert sighting.state is JobState.SETTLED
    return sighting.job_id


def claimed(ledger, job_id):
    job = ledger.claim_job(job_id, owner="worker/1", now=NOW - timedelta(minutes=10), lease=LEASE)
    assert job is not None
    return job


def planned(kind):
    return PlannedEffect(
        sink="pacs",
        target="pacs",
        kind=kind,
        dedupe_key=f"key-{kind}",
        subject_key=f"subject-{kind}",
        media_type="application/dicom",
        payload=kind.encode(),
    )


@pytest.fixture(scope="module")
def measured(ledger):
    made = report("measured", LENGTH, THICKNESS)
    job = claimed(ledger, settled(ledger, made.ref, "ACR axial T1"))
    result = JobResult(
        state=JobState.MEASURED,
        reason="rule acr-mri",
        rule_revision="r1",
        report=made,
        report_json=report_bytes(made),
        preview_png=picture(),
        effects=(planned("report-sr"), planned("seg")),
    )
    ledger.finish_job(job, result, now=NOW - timedelta(minutes=9))
    sent, refused = (ledger.claim_effect(e, owner="worker/2", now=NOW, lease=LEASE) for e in ledger.due_effects(NOW, 9))
    ledger.effect_sent(sent, Receipt(remote_id="2.25.1", detail="found again by QIDO"), now=NOW)
    ledger.effect_refused(refused, ArchiveRefused("409, failure reason A900"), now=NOW)
    return job.job_id


@pytest.fixture(scope="module")
def ignored(ledger):
    job = claimed(ledger, settled(ledger, report("ignored").ref, "T2 FLAIR"))
    ledger.finish_job(job, JobResult(state=JobState.IGNORED, reason=NO_RULE, rule_revision="r1"), now=NOW)
    return job.job_id


def test_queue_shows_what_was_committed(client, measured, ignored):
    page = client.get("/").text
    for words in (
        "ACR axial T1",
        "T2 FLAIR",
        "TESTCO Quiet 3",
        "1 sent, 1 refused",
        "A900",
        "no rule wants this series",
    ):
        assert words in page


def test_report_shows_what_was_committed(client, measured):
    page = client.get(f"/series/{measured}/").text
    for words in (
        "189.4 ± 0.4 mm",
        "limit 187–193 mm",
        "5.83 ± 0.11 mm",
        "2.25.1",
        "A900",
        "by poller",
        "result stored",
    ):
        assert words in page
    assert client.get(f"/series/{measured}/preview.png").data == picture()


def test_ignored_series_says_why(client, ignored):
    page = client.get(f"/series/{ignored}/").text
    assert "Ignored: no rule wants this series" in page
    assert "revision r1" in page


def test_filters_ask_the_ledger(client, measured, ignored):
    held = client.get("/?state=HELD").text
    assert (measured in held, ignored in held) == (True, False)
    by_text = client.get("/?text=flair").text
    assert (measured in by_text, ignored in by_text) == (False, True)


def test_database_that_is_gone_is_said(tmp_path):
    away = SqlLedger(f"sqlite:///{tmp_path / 'no-such-folder' / 'ledger.sqlite'}", FileArtifacts(tmp_path))
    client = create_app(ConsoleContext(books=Books(away.engine), artifacts=away.artifacts)).test_client()
    assert client.get("/healthz").status_code == 503
    assert "The ledger cannot be reached" in client.get("/").text
    away.close()


def test_settings_alone_make_a_console(tmp_path, monkeypatch):
    schema.upgrade(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    monkeypatch.setenv("AIQA_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("AIQA_SITE_NAME", "Site of the settings")
    monkeypatch.chdir(tmp_path)
    page = create_app().test_client().get("/")
    assert page.status_code == 200
    assert "Site of the settings" in page.text


def test_port_that_is_taken_is_a_configuration_error(client):
    with (
        serving(client.application, "127.0.0.1", 0) as address,
        pytest.raises(ConfigurationError, match="cannot listen on"),
        serving(client.application, "127.0.0.1", int(address.rstrip("/").rpartition(":")[2])),
    ):
        pytest.fail("a second server cannot listen there")
