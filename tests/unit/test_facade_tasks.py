"""Tasks of the façade stand as the ledger says: answered, repeated, expired, withdrawn."""

import json
from datetime import timedelta

import pytest

from aiqa_integration.fhir.bundle import report_bundle_bytes
from aiqa_integration.fhir.local import taken_back
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.pipeline.chore import FACADE_TASKS
from aiqa_integration.pipeline.follow_up import BEGUN_FOLLOWED_FOR, tell
from aiqa_integration.sinks.facade import FacadeTasks, keep_transaction
from tests.facade_samples import api
from tests.fhir_reports import header, patient_report
from tests.ledger_cases import LEASE, STUDY, at
from tests.notice_cases import SCANNER, assess, board, motion

SERIES = "1.1"


class System:
    """A ledger and a façade in one database, and the Task of a patient's series of which somebody is told."""

    def __init__(self, running, ledger):
        self.api, self.ledger = running, ledger
        self.tasks = FacadeTasks(running.context.resources)
        assess(ledger, motion(), series=SERIES)
        self.report = patient_report(
            ref=SeriesRef(study_instance_uid=STUDY, series_instance_uid=SERIES), analysis="acr-mri-phantom",
            device=SCANNER,
        )  # fmt: skip
        self.api.moment = at(101)
        self.api.keep(self.report)

    def tell(self, seconds):
        tell(self.tasks, self.ledger, now=at(seconds))
        return self.task

    def answer(self, seconds, *, accepted):
        (notice,) = board(self.ledger, seconds)
        self.ledger.answer_notice(notice.notice_id, accepted=accepted, who="Kim", now=at(seconds))

    def found(self, query):
        answer = self.api.client.get(f"/fhir/Task?{query}")
        return [entry["resource"] for entry in json.loads(answer.text).get("entry", [])]

    @property
    def task(self):
        (task,) = self.found("")
        return task


@pytest.fixture
def system(tmp_path):
    with api(tmp_path) as running:
        ledger = SqlLedger(running.context.resources._engine, FileArtifacts(tmp_path / "artifacts"))
        yield System(running, ledger)


def test_nothing_changes_while_nobody_has_answered(system):
    before = system.task
    assert before["status"] == "requested"
    assert system.tell(150) == before


def test_an_answer_is_the_next_version_with_who_gave_it_and_found_by_its_status(system):
    before = system.task
    system.answer(150, accepted=True)
    after = system.tell(151)
    assert (after["id"], after["status"], after["meta"]["versionId"]) == (before["id"], "accepted", "2")
    assert after["meta"]["lastUpdated"] == "2026-03-01T12:02:31.000Z" != before["meta"]["lastUpdated"]
    assert after["note"][-1]["authorString"] == "Kim"
    assert system.tell(152) == after
    assert (system.found("status=requested"), system.found("status=accepted")) == ([], [after])
    assert system.found(f"_lastUpdated=ge{at(151):%Y-%m-%dT%H:%M:%SZ}") == [after]


def test_a_repeat_completes_it_with_the_new_series(system):
    system.answer(150, accepted=True)
    system.tell(151)
    assess(system.ledger, motion(severity=1), series="1.2", start=200)
    after = system.tell(302)
    assert (after["status"], after["meta"]["versionId"]) == ("completed", "3")
    assert [output["valueString"] for output in after["output"]] == ["1.2"]


@pytest.mark.parametrize(("word", "status"), [("declined", "rejected"), ("expired", "cancelled")])
def test_what_does_not_come_to_a_repeat_ends_it_with_the_reason(system, word, status):
    seconds = 150 if word == "declined" else 100_000
    if word == "declined":
        system.answer(seconds, accepted=False)
    after = system.tell(seconds)
    assert (after["status"], after["statusReason"]["coding"][0]["code"]) == (status, word)
    assert after["meta"]["versionId"] == "2"
    assert system.tell(seconds + 1) == after


def test_what_is_taken_back_later_leaves_an_answered_one_alone(system):
    payload = _transaction(system.report)
    system.answer(150, accepted=True)
    answered = system.tell(151)
    back = taken_back([payload], [], at=at(200).isoformat())
    assert back is not None
    keep_transaction(system.api.context.resources, back, now=at(200))
    keep_transaction(system.api.context.resources, payload, now=at(201))
    assert system.task == answered


def test_one_that_nobody_answered_is_taken_back_once(system):
    back = taken_back([_transaction(system.report)], [], at=at(200).isoformat())
    assert back is not None
    for seconds in (200, 201):
        keep_transaction(system.api.context.resources, back, now=at(seconds))
    assert (system.task["status"], system.task["meta"]["versionId"]) == ("cancelled", "2")


def test_an_answer_makes_the_tasks_be_looked_at_at_once(system):
    system.ledger.next_poll(FACADE_TASKS, at(120), LEASE)
    system.ledger.poll_done(FACADE_TASKS, now=at(120), next_at=at(900), error=None)
    assert system.ledger.due_polls([FACADE_TASKS], at(149)) == ()
    system.answer(150, accepted=True)
    assert system.ledger.due_polls([FACADE_TASKS], at(150)) == (FACADE_TASKS,)


def test_one_that_was_taken_on_long_ago_is_looked_at_no_longer(system):
    system.answer(150, accepted=True)
    system.tell(151)
    later = at(151) + BEGUN_FOLLOWED_FOR
    assert len(system.tasks.unfinished(now=later)) == 1
    assert system.tasks.unfinished(now=later + timedelta(seconds=1)) == ()


def _transaction(report):
    return report_bundle_bytes(report, header(report))
