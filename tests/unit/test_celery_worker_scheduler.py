import os

import pytest

from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.sql_ledger import SqlLedger
from celery_worker import scheduler, steps, tasks
from celery_worker.app import app, configuration, make_app
from celery_worker.scheduler import Dispatcher, LedgerScheduler
from tests.ledger_cases import at, claimed, measured_result, planned, settle


class RecordingApp:
    """Takes messages instead of a broker."""

    def __init__(self):
        self.sent = []
        self.away = False

    def send_task(self, name, *, args, expires):
        if self.away:
            raise ConnectionError("the broker is away")
        self.sent.append((name, *args, expires))

    @property
    def names(self):
        return sorted(name for name, *_ in self.sent)


class Services:
    archive_names = ("pacs",)

    def __init__(self, ledger):
        self.ledger = ledger
        self.clock = self
        self.calls = []
        self.seconds = 200.0

    def now(self):
        return at(self.seconds)

    def poll(self, archive):
        self.calls.append(("poll", archive))

    def advance(self, job_id):
        self.calls.append(("advance", job_id))

    def deliver(self, effect_id):
        self.calls.append(("deliver", effect_id))


@pytest.fixture
def services(tmp_path):
    schema.upgrade(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", FileArtifacts(tmp_path))
    yield Services(ledger)
    ledger.close()


@pytest.fixture(autouse=True)
def no_services_left():
    yield
    steps.configure(steps.from_settings)


def test_what_is_due_is_sent_once_with_an_end(services):
    waiting = settle(services.ledger, "1")
    measured = claimed(services.ledger, settle(services.ledger, "2"))
    services.ledger.finish_job(measured, measured_result(measured, planned("a")), now=at(101))
    broker = RecordingApp()
    dispatcher = Dispatcher(broker, services)
    assert dispatcher.tick() == 3
    assert broker.names == [tasks.ADVANCE, tasks.DELIVER, tasks.POLL]
    assert (tasks.ADVANCE, waiting, 30.0) in broker.sent
    assert dispatcher.tick() == 0


def test_two_beats_send_each_hint_once(services):
    for n in range(5):
        settle(services.ledger, str(n))
    brokers = RecordingApp(), RecordingApp()
    for _ in range(3):
        for broker in brokers:
            Dispatcher(broker, services).tick()
    assert len(brokers[0].sent) + len(brokers[1].sent) == 6


def test_what_was_lost_is_announced_again(services):
    settle(services.ledger)
    broker = RecordingApp()
    dispatcher = Dispatcher(broker, services)
    broker.away = True
    assert dispatcher.pause_s() == scheduler.AFTER_FAILURE_S
    broker.away = False
    assert dispatcher.pause_s() == scheduler.TICK_S
    services.seconds += 31
    dispatcher.tick()
    assert broker.names == [tasks.ADVANCE, tasks.POLL]


def test_beat_asks_the_ledger_and_has_no_schedule(services, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    steps.configure(lambda: services)
    broker = RecordingApp()
    beat = LedgerScheduler(app=make_app(lambda: "memory://localhost/"), schedule_filename="schedule", lazy=False)
    beat.app = broker
    assert beat.tick() == scheduler.TICK_S
    assert broker.names == [tasks.POLL]
    beat.close()
    assert not [path for path in set(tmp_path.iterdir()) - before if path.name.startswith("schedule")]


def test_tasks_call_the_steps(services):
    steps.configure(lambda: services)
    tasks.poll("pacs")
    tasks.advance("job")
    tasks.deliver("effect")
    assert services.calls == [("poll", "pacs"), ("advance", "job"), ("deliver", "effect")]


def test_services_are_built_once_and_again_in_a_child(services, monkeypatch):
    built = []

    def build():
        built.append(1)
        return services

    steps.configure(build)
    assert steps.services() is steps.services() is services
    assert len(built) == 1
    real = os.getpid()
    monkeypatch.setattr("celery_worker.steps.os.getpid", lambda: real + 1)
    steps.services()
    assert len(built) == 2


def test_every_task_has_a_queue_that_is_consumed():
    conf = configuration("amqp://localhost//")
    assert set(conf["task_routes"]) == {tasks.POLL, tasks.ADVANCE, tasks.DELIVER}
    assert {route["queue"] for route in conf["task_routes"].values()} == set(conf["task_queues"])


def test_nothing_but_json_and_nothing_is_lost_with_a_worker():
    made = make_app(lambda: "memory://localhost/").conf
    assert made.accept_content == ["json"]
    assert made.task_acks_late
    assert made.task_reject_on_worker_lost
    assert made.worker_prefetch_multiplier == 1
    assert made.task_ignore_result
    assert made.result_backend is None
    assert not made.worker_hijack_root_logger
    assert not made.worker_enable_remote_control
    assert configuration("amqp://x//")["worker_enable_remote_control"]


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("memory://localhost/", {"polling_interval": 0.05}),
        ("redis://localhost/0", {"visibility_timeout": 3600}),
        ("amqp://localhost//", {}),
    ],
)
def test_brokers_that_cannot_push_are_asked_often(url, options):
    assert configuration(url)["broker_transport_options"] == options


def test_the_app_reads_no_settings_before_it_needs_a_broker(monkeypatch):
    monkeypatch.setenv("AIQA_WORKER__BROKER_URL", "redis://queue.test/1")
    assert set(tasks.QUEUES) <= set(app.tasks)
    assert app.conf.broker_url == "redis://queue.test/1"
