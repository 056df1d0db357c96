"""What the pipeline gathers for a decision, and that its result is shown everywhere a result is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pydicom
import pytest

from aiqa_integration.bootstrap import make_adviser
from aiqa_integration.console.document import read_document
from aiqa_integration.dicom.evidence import read_source
from aiqa_integration.dicom.sr import report_sr
from aiqa_integration.model.report_json import check_document, report_bytes, report_document
from aiqa_integration.pipeline.recommend import Adviser, CallHistory, assess, recommend
from aiqa_integration.settings import load_settings
from tests.fhir_reports import PIU_LOW, header, phantom_report, refused_report
from tests.notice_system import motion
from tests.unit.dicom_out_samples import report_over, tiny_series
from tests.unit.test_dicom_out_sr import items

NOW = datetime(2026, 11, 20, 6, 42, tzinfo=UTC)
IN_UTC = Adviser(zone=UTC)


def patient(series="4", *findings):
    return replace(phantom_report(series=series), subject="patient", phantom=None, judgements=(), findings=findings)


@pytest.mark.parametrize(
    ("zone", "hours"), [(UTC, 0), (ZoneInfo("Europe/Vienna"), -1), (ZoneInfo("America/New_York"), 5)]
)
def test_times_of_images_are_read_in_the_zone_of_the_site(zone, hours):
    report = patient()
    assessed = assess(report, header(report), Adviser(zone=zone), arrived_at=NOW)
    assert assessed.acquired_at == datetime(2026, 11, 20, 6, 41, 10, tzinfo=UTC) + timedelta(hours=hours)


@pytest.mark.parametrize("stamp", [None, "", "yesterday"])
def test_images_without_a_time_have_none(stamp):
    report = patient()
    assert assess(report, header(report, acquired_at=stamp), IN_UTC, arrived_at=NOW).acquired_at is None


def test_a_refused_report_stays_as_it_is():
    report = refused_report()
    advised = recommend(report, header(report), IN_UTC, history=CallHistory(), arrived_at=NOW, now=NOW)
    assert (advised.report, advised.assessed, advised.notices) == (report, None, ())


def test_series_of_one_call_know_of_each_other():
    history = CallHistory()
    first, second = patient("4", motion()), patient("5", motion())
    advised = [history.advise(report, header(report), IN_UTC, now=NOW).recommendation for report in (first, second)]
    assert [found.reason for found in advised if found] == ["worth-a-repeat", "repeated-once"]


def test_runs_of_one_call_know_of_each_other():
    history = CallHistory()
    reports = [phantom_report(PIU_LOW, series=series) for series in ("4", "5")]
    advised = [history.advise(report, header(report), IN_UTC, now=NOW).recommendation for report in reports]
    assert [found.reason for found in advised if found] == ["outside-limits", "outside-limits-again"]


def test_the_recommendation_is_in_document_console_and_sr(tmp_path: Path):
    series = tiny_series(tmp_path)
    report = report_over(series)
    advised = recommend(report, series.header, IN_UTC, history=CallHistory(), arrived_at=NOW, now=NOW).report
    assert advised.recommendation is not None
    document = report_document(advised)
    check_document(document)
    assert document["recommendation"]["kind"] == advised.recommendation.kind.value
    read = read_document(report_bytes(advised))
    assert read.recommendation is not None
    assert read.recommendation.text == advised.recommendation.text
    document_sr = pydicom.dcmread(BytesIO(report_sr(advised, series, read_source(series))))
    (said,) = [item for item in items(document_sr) if item.ConceptNameCodeSequence[0].CodeValue == "121075"]
    assert advised.recommendation.text in said.TextValue


def test_a_site_sets_its_own_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chosen = {
        "time_zone": "Europe/Vienna",
        "repeat_minutes": 4,
        "fixable": {"motion": 0.5},
        "notice_budget_s": 120,
        "alert_budget": 0.2,
    }
    adviser = make_adviser(load_settings(recommendations=chosen))
    assert adviser.zone == ZoneInfo("Europe/Vienna")
    assert adviser.policy.repeat_cost(None) == pytest.approx(4 * 592 / 60)
    assert adviser.policy.fixable == {"motion": 0.5}
    assert adviser.policy.notice_budget == timedelta(minutes=2)
    assert adviser.policy.alert_budget == 0.2
