"""A scanner's month, from the results in the ledger to façade and EHR: told once, and again when it changed."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from fhir.resources.R4B.measurereport import MeasureReport

from aiqa_integration.bootstrap import summary_sinks
from aiqa_integration.cli import aiqa
from aiqa_integration.errors import EhrRefused
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.month import CalendarMonth
from aiqa_integration.pipeline.deliver import Dispatch, deliver
from aiqa_integration.pipeline.ports import SummarySink
from aiqa_integration.pipeline.retries import RetryPolicy
from aiqa_integration.pipeline.summarize import summarize
from aiqa_integration.settings import Settings
from aiqa_integration.sinks.facade import FacadeSink
from aiqa_integration.sinks.fhir_server import FhirSink
from aiqa_integration.sinks.pacs import PacsSink
from tests.facade_samples import api
from tests.ledger_cases import LEASE, measure, settle
from tests.unit.test_fhir_sending import Recorder

MARCH = CalendarMonth.read("2026-03")
APRIL = datetime(2026, 4, 1, 6, 0, tzinfo=UTC)


class System:
    """A ledger with results of a scanner in March 2026, a façade, and an EHR that is a table."""

    def __init__(self, running, folder):
        self.api = running
        self.api.moment = APRIL
        self.artifacts = FileArtifacts(folder / "artifacts")
        self.ledger = SqlLedger(running.context.resources._engine, self.artifacts)
        self.ehr = FhirSink(Recorder())
        self.facade = FacadeSink(running.context.resources, self)
        self.sinks = {sink.name: sink for sink in (self.ehr, self.facade)}

    def now(self):
        return self.api.moment

    def summarize(self, **options):
        self.api.moment += timedelta(seconds=1)
        sinks = list(self.sinks.values())
        return summarize(MARCH, sinks, self.ledger, self.artifacts, now=self.now(), zone=UTC, **options)

    def send(self):
        retry = RetryPolicy()
        dispatch = Dispatch(
            sinks=self.sinks, artifacts=self.artifacts, ledger=self.ledger, clock=self, retry=retry, lease=LEASE
        )
        for effect_id in self.ledger.due_effects(self.now(), 10):
            deliver(effect_id, dispatch, owner="sender")

    def reports(self, query=""):
        answer = self.api.client.get(f"/fhir/MeasureReport?{query}")
        assert answer.status_code == 200, answer.text
        found = [entry["resource"] for entry in json.loads(answer.text).get("entry", [])]
        for resource in found:
            MeasureReport.model_validate(resource)
        return found


@pytest.fixture
def system(tmp_path):
    with api(tmp_path) as running:
        yield System(running, tmp_path)


def counts(report):
    return [row["count"] for row in report["group"][0]["population"]]


def test_a_month_is_planned_for_both_once_and_read_in_the_facade_by_scanner_measure_period_and_date(system):
    measure(system.ledger, series="1.2.3.5")
    measure(system.ledger, series="1.2.3.6")
    planned = system.summarize()
    assert {effect.sink for effect in planned} == {"ehr", "facade"}
    assert system.summarize() == ()
    system.send()
    (report,) = system.reports()
    assert (counts(report), report["status"], report["meta"]["versionId"]) == ([2, 2], "complete", "1")
    assert report["period"] == {"start": "2026-03-01", "end": "2026-03-31"}
    measure_url = report["measure"].partition("|")[0]
    for query in (
        f"subject={report['subject']['reference']}", f"measure={measure_url}", f"measure={report['measure']}",
        "period=2026-03", "period=ge2026-03-01&period=le2026-03-31", "period=2026", "date=2026-04-01",
        "date=ge2026-04-01T06:00:00Z", "date=lt2026-04-02", "status=complete", "_lastUpdated=ge2026-04-01",
        f"identifier={report['identifier'][0]['system']}|{report['identifier'][0]['value']}", "_sort=-period",
    ):  # fmt: skip
        assert system.reports(query) == [report], query
    for query in (f"measure={measure_url}|9", "measure=x", "period=2026-04", "date=2026-03", "date=gt2026-04-01"):
        assert system.reports(query) == [], query
    included = json.loads(system.api.client.get("/fhir/MeasureReport?_include=MeasureReport:subject").text)["entry"]
    assert [entry["resource"]["resourceType"] for entry in included] == ["MeasureReport", "Device"]


def test_numbers_that_change_are_the_next_version_and_numbers_that_go_back_too(system):
    measure(system.ledger, series="1.2.3.5")
    told = []
    for start, instances in ((1000, 11), (2000, 12), (3000, 13)):
        if instances == 12:
            settle(system.ledger, "1.2.3.6", instances=12, start=start)  # it grew: its result no longer counts
        else:
            measure(system.ledger, series="1.2.3.6", instances=instances, start=start)
        assert len(system.summarize()) == 2
        assert system.summarize() == ()
        system.send()
        (report,) = system.reports()
        told.append((counts(report)[0], report["meta"]["versionId"]))
    assert told == [(2, "1"), (1, "2"), (2, "3")]


def test_a_month_of_which_nothing_is_left_says_so_where_it_was_told(system):
    measure(system.ledger, series="1.2.3.6")
    system.summarize()
    system.send()
    settle(system.ledger, "1.2.3.6", instances=12, start=1000)
    assert len(system.summarize()) == 2
    system.send()
    (report,) = system.reports()
    assert (counts(report), report["meta"]["versionId"]) == ([0, 0], "2")
    assert "measureScore" not in report["group"][0]


def test_no_series_waits_for_a_month_and_one_that_was_refused_goes_by_hand(system, monkeypatch):
    job_id = measure(system.ledger, series="1.2.3.5")

    def refuse(*_):
        raise EhrRefused("no", status=422)

    planned = {effect.sink: effect for effect in system.summarize()}
    with monkeypatch.context() as patched:
        patched.setattr(system.ehr, "deliver", refuse)
        system.send()
    subject = planned["ehr"].subject_key
    assert system.summarize() == ()
    assert system.ledger.due_effects(system.now(), 9) == ()
    assert system.summarize(again=True) == ()
    assert len(system.ledger.due_effects(system.now(), 9)) == 1
    assert [effect.job_id for effect in system.ledger.told_of(subject)] == [job_id]


def test_who_gets_a_month_is_the_site_s_choice(system):
    sinks = {**system.sinks, "pacs": PacsSink(object())}  # type: ignore[arg-type]
    assert not isinstance(sinks["pacs"], SummarySink)
    assert summary_sinks(Settings(), sinks) == [system.ehr, system.facade]
    assert summary_sinks(Settings(ehr={"monthly_summaries": False}), sinks) == [system.facade]


@pytest.fixture
def site(tmp_path, monkeypatch):
    for name, value in {"DATA_FOLDER": str(tmp_path), "ARCHIVE__FOLDER": str(tmp_path / "archive"),
                        "RECOMMENDATIONS__TIME_ZONE": "UTC"}.items():  # fmt: skip
        monkeypatch.setenv(f"AIQA_{name}", value)
    monkeypatch.chdir(tmp_path)
    with api(tmp_path) as running:
        yield System(running, tmp_path)


def run(*arguments):
    return CliRunner().invoke(aiqa, ["report", *arguments], catch_exceptions=False)


def test_the_command_prints_a_month_and_plans_it_once(site):
    measure(site.ledger, series="1.2.3.5")
    dry = run("month", "2026-03", "--dry-run")
    assert (dry.exit_code, "nothing planned" in dry.output, "1 of 1" in dry.output) == (0, True, True)
    first = run("month", "2026-03", "--scanner", "mr2", "--json")
    (line,) = [line for line in first.output.splitlines() if line.startswith("{")]
    assert json.loads(line)["measure"].endswith("/Measure/phantom-pass-rate|1.0.0")
    assert "planned for facade" in first.output
    assert "planned before" in run("month", "2026-03").output
    site.api.moment = datetime.now(tz=UTC)
    site.send()
    assert counts(site.reports()[0]) == [1, 1]


def test_the_command_says_which_scanners_there_are_and_what_a_month_is(site):
    measure(site.ledger, series="1.2.3.5")
    unknown = CliRunner().invoke(aiqa, ["report", "month", "2026-03", "--scanner", "CT9"])
    assert (unknown.exit_code, "Maker M 7 MR2" in unknown.output) == (1, True)
    wrong = CliRunner().invoke(aiqa, ["report", "month", "March"])
    assert (wrong.exit_code, "YYYY-MM" in wrong.output) == (2, True)


def test_a_job_s_report_is_still_asked_for_by_the_job_alone(site):
    job_id = measure(site.ledger, series="1.2.3.5")
    assert job_id in run().output
    assert json.loads(run("--json").output)["job"] == job_id
    shown = run(job_id, "--json")
    assert json.loads(shown.output) == {"schema": "aiqa-report/1"}
