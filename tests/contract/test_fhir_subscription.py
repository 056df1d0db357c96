"""An answer in the EHR, told by a Subscription (rest-hook) of sekmet-fhir; and without one, found by looking."""

import importlib.util
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.console.server import serving
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.embedded_store import EmbeddedFhirStore
from aiqa_integration.fhir.identity import Identifier, result_uuid
from aiqa_integration.fhir.subscription import LIVES_FOR, PROLONGED_BEFORE, Ear, keep_subscribed
from aiqa_integration.fhir.task import TASK
from aiqa_integration.fhir.task_board import FhirTaskBoard
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.identity import PatientKey, SeriesRef
from aiqa_integration.model.notice import NoticeState
from aiqa_integration.pipeline.chore import EHR_TASKS, Chore, do_when_due
from aiqa_integration.pipeline.follow_up import Hook, follow_up
from aiqa_integration.sinks.fhir_server import FhirSink
from fhir_profiles.tools import missing_node
from tests.fhir_flows import DIRECTORY, deliver, patient_resource, write
from tests.fhir_reports import loaded, patient_report, repeat_proposal
from tests.ledger_cases import LEASE, at
from tests.notice_cases import SCANNER, assess, ended, motion
from tests.servers import MedplumServer, free_port

SECRET = "only the EHR and we know it"
FOLLOW_EVERY = timedelta(minutes=5)
"""Far longer than a test waits: what is recorded sooner was told."""

PATIENCE_S = 20.0
NOW = datetime.now(tz=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    if importlib.util.find_spec("sekmet") is None:
        pytest.skip("sekmet-fhir is not installed (pip install '.[demo]')")
    with EmbeddedFhirStore(tmp_path_factory.mktemp("fhir")) as running:
        yield running


class System:
    """A ledger with a notice, its Task in an EHR, and the periodic work that follows Tasks."""

    def __init__(self, client, folder, name):
        schema.upgrade(f"sqlite:///{folder / 'ledger.sqlite'}")
        self.client, self.moment = client, at(150)
        self.artifacts = FileArtifacts(folder / "artifacts")
        self.ledger = SqlLedger(f"sqlite:///{folder / 'ledger.sqlite'}", self.artifacts)
        study = f"1.2.{zlib.crc32(name.encode())}"
        assess(self.ledger, motion(), series=f"{study}.1", study=study)
        until = (at(0) + timedelta(days=1)).isoformat()
        self.report = patient_report(
            ref=SeriesRef(study_instance_uid=study, series_instance_uid=f"{study}.1"), device=SCANNER,
            analysis="acr-mri-phantom", recommendation=replace(repeat_proposal(), until=until),
        )  # fmt: skip
        patient = PatientKey(patient_id=f"P-{name}", birth_date="1970-01-02", sex="F")
        write(client, patient_resource(patient))
        sink = FhirSink(client, directory=DIRECTORY)
        (planned,) = sink.plan(self.report, loaded(self.report, patient))
        deliver(sink, planned)
        self.looks = 0
        self.turn()

    def now(self):
        return self.moment

    def follow(self):
        self.looks += 1
        follow_up(FhirTaskBoard(self.client), self.ledger, now=self.moment)

    def turn(self):
        """Do what a dispatcher and a worker do."""
        for _ in self.ledger.due_polls([EHR_TASKS], self.moment):
            do_when_due(Chore(name=EHR_TASKS, every=FOLLOW_EVERY, work=self.follow, lease=LEASE), self.ledger, self)

    def answer(self, status):
        (task,) = self.client.find("Task", Identifier(system=TASK, value=str(result_uuid(self.report, "task"))))
        self.client.update(
            {**task, "status": status, "owner": {"display": "Pat Tech"}}, version=task["meta"]["versionId"]
        )

    def recorded(self, within_s=PATIENCE_S):
        """Return the notice's end and who ended it; None where nothing was recorded within the time."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            self.turn()
            for notice in ended(self.ledger, 200):
                return notice.state, notice.ended_by
            time.sleep(0.05)
        return None


@pytest.fixture
def client(store):
    made = FhirClient(store.base_url)
    yield made
    for left in made.search("Subscription", {"_count": "100"}):
        made._call("DELETE", f"Subscription/{left['id']}")
    made.close()


@pytest.fixture
def system(client, tmp_path, request):
    return System(client, tmp_path, request.node.name)


def console_of(system, port=0):
    hook = Hook(secret=SECRET, look=lambda _now: system.ledger.look_now(EHR_TASKS, system.moment))
    app = create_app(ConsoleContext(books=Books(system.ledger.engine), artifacts=system.artifacts, hook=hook))
    return serving(app, "127.0.0.1", port)


def subscriptions(client, url):
    return client.search("Subscription", {"url": url})


def await_status(client, url, status):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        (found,) = subscriptions(client, url)
        if found["status"] == status:
            return found
        time.sleep(0.1)
    raise AssertionError(f"the Subscription is {found['status']}, not {status}")


@pytest.mark.parametrize(("status", "state"), [("completed", NoticeState.ACCEPTED), ("rejected", NoticeState.DECLINED)])
def test_an_answer_in_the_ehr_is_told_and_recorded_at_once(client, system, status, state):
    with console_of(system) as address:
        assert keep_subscribed(client, Ear(url=f"{address}ehr-hook", secret=SECRET), now=NOW) == "created"
        await_status(client, f"{address}ehr-hook", "active")
        looked = system.looks
        system.answer(status)
        recorded = system.recorded()
    assert recorded == (state, "Pat Tech")
    assert system.looks == looked + 1


def test_a_wrong_secret_makes_nobody_look_and_is_mended_by_the_right_one(client, system):
    with console_of(system) as address:
        url = f"{address}ehr-hook"
        keep_subscribed(client, Ear(url=url, secret="another"), now=NOW)
        looked = system.looks
        system.answer("accepted")
        await_status(client, url, "error")
        assert system.recorded(within_s=0.5) is None
        assert system.looks == looked
        assert keep_subscribed(client, Ear(url=url, secret=SECRET), now=NOW) == "mended"
        await_status(client, url, "active")
        system.answer("completed")
        recorded = system.recorded()
    assert recorded == (NoticeState.ACCEPTED, "Pat Tech")


def test_what_nobody_was_told_of_is_found_by_looking_and_telling_goes_on_after(client, system):
    port = free_port()
    url = f"http://127.0.0.1:{port}/ehr-hook"
    keep_subscribed(client, Ear(url=url, secret=SECRET), now=NOW)
    system.answer("rejected")
    await_status(client, url, "error")
    assert system.recorded(within_s=0.5) is None
    system.moment += FOLLOW_EVERY
    recorded = system.recorded()
    assert recorded == (NoticeState.DECLINED, "Pat Tech")
    assert keep_subscribed(client, Ear(url=url, secret=SECRET), now=NOW) == "mended"
    await_status(client, url, "active")


def test_one_that_is_lost_is_made_again_and_of_several_one_is_kept(client):
    ear = Ear(url="http://127.0.0.1:9/ehr-hook", secret=SECRET)
    assert keep_subscribed(client, ear, now=NOW) == "created"
    assert keep_subscribed(client, ear, now=NOW) == "there"
    (found,) = subscriptions(client, ear.url)
    assert SECRET not in found["reason"]
    client._call("DELETE", f"Subscription/{found['id']}")
    assert keep_subscribed(client, ear, now=NOW) == "created"
    (one,) = subscriptions(client, ear.url)
    twin = {key: value for key, value in one.items() if key not in {"id", "meta"}}
    write(client, twin)
    assert keep_subscribed(client, ear, now=NOW) == "there"
    assert sorted(found["status"] for found in subscriptions(client, ear.url)) == ["active", "off"]
    assert keep_subscribed(client, ear, now=NOW) == "there"


def test_it_is_prolonged_in_time_and_ends_by_itself(client):
    ear = Ear(url="http://127.0.0.1:9/ehr-hook", secret=SECRET)
    keep_subscribed(client, ear, now=NOW)
    (first,) = subscriptions(client, ear.url)
    assert datetime.fromisoformat(first["end"]) - NOW.replace(microsecond=0) == LIVES_FOR
    early = NOW + LIVES_FOR - PROLONGED_BEFORE - timedelta(seconds=2)
    assert keep_subscribed(client, ear, now=early) == "there"
    later = NOW + LIVES_FOR - PROLONGED_BEFORE + timedelta(seconds=2)
    assert keep_subscribed(client, ear, now=later) == "mended"
    (second,) = subscriptions(client, ear.url)
    assert datetime.fromisoformat(second["end"]) > datetime.fromisoformat(first["end"])


def test_a_server_without_subscriptions_is_only_looked_at(tmp_path, request):
    why = missing_node()
    if why is not None:
        pytest.skip(why)
    with MedplumServer(tmp_path / "medplum") as running:
        client = FhirClient(running.base_url)
        assert keep_subscribed(client, Ear(url="http://127.0.0.1:9/ehr-hook", secret=SECRET), now=NOW) == "none"
        system = System(client, tmp_path, request.node.name)
        system.answer("completed")
        assert system.recorded(within_s=0.5) is None
        system.moment += FOLLOW_EVERY
        recorded = system.recorded()
        client.close()
    assert recorded == (NoticeState.ACCEPTED, "Pat Tech")
