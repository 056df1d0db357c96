"""Every flow of results, against two servers that differ: one atomic (sekmet-fhir), one not (Medplum's router).

The second one also says, in a third run, that it has no transactions at all.
"""

import importlib.util
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aiqa_integration.errors import EhrUnmatched
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.embedded_store import EmbeddedFhirStore
from aiqa_integration.fhir.identity import REPORT, RESULT, Identifier, result_uuid, run_uuid
from aiqa_integration.fhir.task import REPEAT, TASK
from aiqa_integration.fhir.task_board import FhirTaskBoard
from aiqa_integration.model.identity import OrderKey, PatientKey, Person
from aiqa_integration.model.month import CalendarMonth, ScannerMonth
from aiqa_integration.model.notice import NoticeKind, NoticeState
from aiqa_integration.pipeline.follow_up import NoticedSeries, follow_up
from aiqa_integration.sinks.fhir_server import FhirSink
from fhir_profiles.tools import missing_node
from tests.fhir_flows import (
    DIRECTORY,
    FULL,
    as_effect,
    counts,
    deliver,
    named,
    order_resource,
    patient_resource,
    study_resource,
    write,
)
from tests.fhir_reports import GHOST, LENGTH_OK, MOTION, MRN, loaded, patient_report, phantom_report
from tests.servers import MedplumServer

NOW = datetime(2026, 11, 20, 6, 50, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
NOVEMBER, DECEMBER = CalendarMonth.read("2026-11"), datetime(2026, 12, 1, 0, 5, tzinfo=UTC)
KIM = Person(name="Kim^Lee", organization="Hospital")


@pytest.fixture(scope="module", params=["sekmet", "medplum", "medplum without transactions"])
def store(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fhir")
    if request.param == "sekmet":
        if importlib.util.find_spec("sekmet") is None:
            pytest.skip("sekmet-fhir is not installed (pip install '.[demo]')")
        with EmbeddedFhirStore(folder) as running:
            yield running
        return
    why = missing_node()
    if why is not None:
        pytest.skip(why)
    with MedplumServer(folder, single="without" in request.param) as running:
        yield running


@pytest.fixture
def client(store):
    made = FhirClient(store.base_url)
    yield made
    made.close()


@pytest.fixture
def sink(client):
    return FhirSink(client, style=FULL, directory=DIRECTORY)


class Case:
    """A patient, his study and his order in the EHR, and a report that proposes to repeat a series of it."""

    def __init__(self, client, name, *findings):
        self.report = named(patient_report(*findings), name)
        self.patient = PatientKey(patient_id=f"P-{name}", birth_date="1970-01-02", sex="F")
        self.order = OrderKey(accession_number=f"A-{name}")
        self.series = loaded(self.report, self.patient, self.order)
        (self.place,) = write(client, patient_resource(self.patient))
        self.study, self.ordered = write(
            client, study_resource(self.report, self.place), order_resource(self.place, self.order.accession_number)
        )

    def task(self, client):
        (found,) = client.find("Task", Identifier(system=TASK, value=str(result_uuid(self.report, "task"))))
        return found

    def proposal(self, client):
        (found,) = client.find(
            "ServiceRequest", Identifier(system=REPEAT, value=str(result_uuid(self.report, "repeat")))
        )
        return found


@pytest.fixture
def case(client, request):
    return Case(client, request.node.name, MOTION, GHOST)


def result(client, report):
    (found,) = client.find("Observation", Identifier(system=RESULT, value=str(run_uuid(report))))
    return found


def conclusion(client, report):
    (found,) = client.find("DiagnosticReport", Identifier(system=REPORT, value=str(result_uuid(report, "report"))))
    return found


def test_a_phantom_run_sent_three_times_is_there_once(client, sink, request):
    report = named(phantom_report(), request.node.name)
    before = counts(client)
    (planned,) = sink.plan(report, loaded(report))
    places = [deliver(sink, planned, attempts=attempt).remote_id for attempt in (1, 2, 1)]
    added = {kind: count - before[kind] for kind, count in counts(client).items()}
    assert len(set(places)) == 1
    assert (added.pop("Device"), added.pop("Endpoint")) in {(3, 1), (3, 0), (2, 0)}  # those of the site are shared
    assert {kind: count for kind, count in added.items() if count} == {
        "ImagingStudy": 1, "Observation": 1 + len(report.judgements), "DiagnosticReport": 1, "DocumentReference": 1,
        "Provenance": 1, "AuditEvent": 1,
    }  # fmt: skip


def test_an_unchanged_result_that_is_tried_again_makes_no_new_version(client, sink, request):
    report = named(phantom_report(), request.node.name)
    (planned,) = sink.plan(report, loaded(report))
    deliver(sink, planned)
    version = result(client, report)["meta"]["versionId"]
    deliver(sink, planned, attempts=2)
    assert result(client, report)["meta"]["versionId"] == version


def test_a_patient_s_result_names_patient_study_and_order_of_the_ehr(client, sink, case):
    (planned,) = sink.plan(case.report, case.series)
    before = counts(client)
    for attempt in (1, 2, 3):
        deliver(sink, planned, attempts=attempt)
    stored = result(client, case.report)
    assert stored["subject"]["reference"] == case.place
    assert stored["partOf"][0]["reference"] == case.study
    assert stored["basedOn"] == [{"reference": case.ordered}]
    assert len(stored["hasMember"]) == 2
    assert conclusion(client, case.report)["subject"]["reference"] == case.place
    assert case.task(client)["for"]["reference"] == case.place
    added = {kind: count - before[kind] for kind, count in counts(client).items()}
    assert (added["Observation"], added["Task"], added["ServiceRequest"], added["Patient"]) == (3, 1, 1, 0)
    assert added["ImagingStudy"] == 0


@pytest.mark.parametrize("why", ["missing", "two", "birth date", "sex", "merged", "no patient id", "another's study"])
def test_what_cannot_be_matched_waits_with_its_reason_and_goes_by_a_replay(client, sink, why, request):
    report = named(patient_report(), request.node.name)
    patient = PatientKey(patient_id=f"P-{request.node.name}", birth_date="1970-01-02", sex="F")
    right = patient_resource(patient)
    wrong = {
        "missing": [], "two": [right, right], "birth date": [{**right, "birthDate": "1971-01-02"}],
        "sex": [{**right, "gender": "male"}], "merged": [{**right, "active": False}], "no patient id": [right],
        "another's study": [right],
    }[why]  # fmt: skip
    places = write(client, *wrong)
    if why == "another's study":
        (other,) = write(client, patient_resource(PatientKey(patient_id="other", birth_date="1960-01-01")))
        write(client, study_resource(report, other))
    (planned,) = sink.plan(report, loaded(report, None if why == "no patient id" else patient))
    before = counts(client)
    with pytest.raises(EhrUnmatched) as raised:
        deliver(sink, planned)
    assert counts(client) == before
    assert patient.patient_id not in str(raised.value)
    if why == "missing":
        places = write(client, right)
        deliver(sink, planned)
        assert result(client, report)["subject"]["reference"] == places[0]


def test_a_series_that_turns_out_well_takes_its_proposal_back(client, sink, case):
    (planned,) = sink.plan(case.report, case.series)
    deliver(sink, planned)
    earlier = [(as_effect(planned), planned.payload)]
    (withdrawn,) = sink.plan_withdrawn(earlier, (), NOW)
    for _ in range(3):
        receipt = deliver(sink, withdrawn)
    assert "entered-in-error" in receipt.detail
    stored = result(client, case.report)
    assert (stored["status"], stored["subject"]["reference"]) == ("entered-in-error", case.place)
    assert conclusion(client, case.report)["status"] == "entered-in-error"
    assert case.task(client)["status"] == "cancelled"
    assert case.task(client)["statusReason"]["coding"][0]["code"] == "withdrawn"
    assert case.proposal(client)["status"] == "revoked"


def test_a_finding_that_a_later_result_lacks_is_taken_back_alone(client, sink, case):
    (first,) = sink.plan(case.report, case.series)
    later = replace(case.report, findings=(MOTION,), revision=2, predecessor=case.report.version)
    (second,) = sink.plan(later, case.series)
    (withdrawn,) = sink.plan_withdrawn([(as_effect(first), first.payload)], (second,), NOW)
    for effect in (first, second, withdrawn):
        deliver(sink, effect)
    (motion, ghost) = (
        client.find("Observation", Identifier(system=RESULT, value=str(result_uuid(case.report, f"finding-{name}"))))
        for name in ("motion", "ghost")
    )
    assert (motion[0]["status"], ghost[0]["status"]) == ("preliminary", "entered-in-error")
    assert result(client, case.report)["status"] == "preliminary"


def test_what_was_never_sent_is_not_taken_back(client, sink, case):
    (planned,) = sink.plan(case.report, case.series)
    before = counts(client)
    (withdrawn,) = sink.plan_withdrawn([(as_effect(planned), planned.payload)], (), NOW)
    assert deliver(sink, withdrawn).detail == "nothing there to be changed"
    assert counts(client) == before


def test_a_confirmed_result_is_final_and_names_who_said_so(client, sink, case):
    (planned,) = sink.plan(case.report, case.series)
    deliver(sink, planned)
    confirmed = sink.plan_confirmed(as_effect(planned), planned.payload, KIM, NOW)
    before = counts(client)
    for _ in range(3):
        deliver(sink, confirmed)
    assert counts(client) == {**before, "Provenance": before["Provenance"] + 1}
    assert result(client, case.report)["status"] == conclusion(client, case.report)["status"] == "final"


def test_a_phantom_run_of_rejected_images_is_entered_in_error(client, sink, request):
    report = named(phantom_report(), request.node.name)
    (planned,) = sink.plan(report, loaded(report))
    deliver(sink, planned)
    rejected = sink.plan_rejected(as_effect(planned), planned.payload, KIM, NOW)
    deliver(sink, rejected)
    assert result(client, report)["status"] == conclusion(client, report)["status"] == "entered-in-error"


class Board:
    """Notices of one series, and the answers that were taken over."""

    def __init__(self, case, state=NoticeState.PROPOSED, repeated_by=""):
        key = str(result_uuid(case.report, "task"))
        self.series = NoticedSeries(
            task_key=key,
            notice_id="n",
            kind=NoticeKind.REPEAT_NOW,
            state=state,
            ended_by="Kim",
            repeated_by=repeated_by,
        )
        self.answers = []

    def noticed_series(self, series_instance_uids, now):
        return (self.series,)

    def awaited_series(self, now):
        return (self.series,) if self.series.state is NoticeState.PROPOSED else ()

    def answer_notice(self, notice_id, *, accepted, who, now):
        self.answers.append((accepted, who))
        self.series = replace(self.series, state=NoticeState.ACCEPTED if accepted else NoticeState.DECLINED)
        return self.series.state


@pytest.fixture
def told(client, sink, case):
    (planned,) = sink.plan(case.report, case.series)
    deliver(sink, planned)
    return case


@pytest.mark.parametrize(
    ("state", "status", "proposal"),
    [
        (NoticeState.PROPOSED, "requested", "draft"),
        (NoticeState.ACCEPTED, "accepted", "draft"),
        (NoticeState.DECLINED, "rejected", "revoked"),
        (NoticeState.EXPIRED, "cancelled", "revoked"),
        (NoticeState.WITHDRAWN, "cancelled", "revoked"),
    ],
)
def test_an_answer_on_the_board_is_written_into_the_task(client, told, state, status, proposal):
    for _ in range(3):
        follow_up(FhirTaskBoard(client), Board(told, state), now=NOW)
    task = told.task(client)
    assert (task["status"], told.proposal(client)["status"]) == (status, proposal)
    assert len(task.get("note", [])) == (0 if status == "requested" else 1)
    assert told.proposal(client)["intent"] == "proposal"


def test_a_repeated_series_completes_the_task_with_the_new_series(client, told):
    board = Board(told, NoticeState.ACCEPTED)
    follow_up(FhirTaskBoard(client), board, now=NOW)
    follow_up(FhirTaskBoard(client), Board(told, NoticeState.REPEATED, "1.2.3.9"), now=NOW)
    task = told.task(client)
    assert task["status"] == "completed"
    assert [output["valueString"] for output in task["output"]] == ["1.2.3.9"]
    assert told.proposal(client)["status"] == "completed"


@pytest.mark.parametrize(("status", "accepted"), [("completed", True), ("in-progress", True), ("rejected", False)])
def test_an_answer_in_the_ehr_closes_the_notice_and_stays_as_it_is(client, told, status, accepted):
    task = told.task(client)
    answered = {**task, "status": status, "owner": {"display": "Pat Tech"}}
    client.update(answered, version=task["meta"]["versionId"])
    board = Board(told)
    for _ in range(2):
        follow_up(FhirTaskBoard(client), board, now=NOW)
    assert board.answers == [(accepted, "Pat Tech")]
    assert told.task(client)["status"] == status
    follow_up(FhirTaskBoard(client), Board(told, NoticeState.EXPIRED), now=LATER)
    assert told.task(client)["status"] == status


def test_a_human_s_completed_task_survives_resend_amendment_withdrawal_and_repeat(client, sink, told):
    task = told.task(client)
    client.update({**task, "status": "completed"}, version=task["meta"]["versionId"])
    (planned,) = sink.plan(told.report, told.series)
    amended = replace(told.report, revision=2, predecessor=told.report.version)
    (again,) = sink.plan(amended, told.series)
    (withdrawn,) = sink.plan_withdrawn([(as_effect(planned), planned.payload)], (), NOW)
    for effect in (planned, again, withdrawn):
        deliver(sink, effect)
    follow_up(FhirTaskBoard(client), Board(told, NoticeState.REPEATED, "1.2.3.9"), now=LATER)
    after = told.task(client)
    assert after["status"] == "completed"
    assert "output" not in after


def test_a_proposal_without_a_notice_ends_with_its_time(client, told):
    nobody = Board(told, NoticeState.DECLINED)
    nobody.series = replace(nobody.series, task_key="another")
    follow_up(FhirTaskBoard(client), nobody, now=NOW)
    assert told.task(client)["status"] == "requested"
    follow_up(FhirTaskBoard(client), nobody, now=LATER)
    assert (told.task(client)["status"], told.proposal(client)["status"]) == ("cancelled", "revoked")


def test_a_month_is_written_once_and_again_only_when_its_numbers_change(client, sink, request):
    if "MeasureReport" not in client.abilities().types:
        pytest.skip("this server has no MeasureReport")
    device = named(phantom_report(), request.node.name).device
    month = ScannerMonth(device=device, runs=22, passed=21, series=100, repeated=3)
    before = counts(client)
    last = None
    for turn, number in enumerate((month, month, replace(month, passed=20), month, replace(month, passed=20))):
        planned = sink.plan_month(number, NOVEMBER, last, turn=turn, at=DECEMBER)
        receipts = [deliver(sink, planned).detail for _ in range(3)]
        assert receipts[1:] == ["there already with the same numbers"] * 2
        last = planned.payload
    added = {kind: count - before[kind] for kind, count in counts(client).items() if count != before[kind]}
    assert added == {"Device": 1, "MeasureReport": 2}
    scores = [found["group"][0]["measureScore"]["value"] for found in client.search("MeasureReport", {"_count": "100"})]
    assert sorted(map(float, scores)) == [0.03, 0.9091]


def test_a_server_without_a_place_for_what_matters_is_refused_and_one_for_the_rest_gets_less(
    client, request, monkeypatch
):
    report = named(phantom_report(LENGTH_OK), request.node.name)
    sink = FhirSink(client, style=FULL, directory=DIRECTORY)
    whole = client.abilities()
    fewer = {kind: support for kind, support in whole.types.items() if kind in {"Observation", "DiagnosticReport"}}
    monkeypatch.setattr(client, "abilities", lambda: replace(whole, types=fewer))
    (planned,) = sink.plan(report, loaded(report))
    receipt = deliver(sink, planned)
    assert "left out: the server has no Device" in receipt.detail
    stored = result(client, report)
    assert stored["subject"]["identifier"]["system"].endswith("/sid/scanner")
    assert "reference" not in stored["subject"]
    assert MRN not in str(stored)
