import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from celery_worker import scheduler
from celery_worker.embedded import EmbeddedWorker


class FakeLedger:
    """Announces each key once."""

    announced_for = timedelta(seconds=30)

    def __init__(self):
        self.polls, self.jobs, self.effects = [], [], []
        self.fail = 0

    def due_polls(self, archives, now):
        if self.fail:
            self.fail -= 1
            raise OSError("the database is away")
        return self._all(self.polls)

    def forget_announcements(self):
        pass

    def due_jobs(self, now, limit):
        return self._all(self.jobs)

    def due_effects(self, now, limit):
        return self._all(self.effects)

    @staticmethod
    def _all(keys):
        taken = tuple(keys)
        del keys[: len(taken)]
        return taken


class FakeSteps:
    def __init__(self):
        self.ledger = FakeLedger()
        self.clock = self
        self.archive_names = ("pacs",)
        self.done = []
        self.hold = threading.Event()
        self.hold.set()

    def now(self):
        return datetime.now(tz=UTC)

    def poll(self, archive):
        self.done.append(("poll", archive))

    def advance(self, job_id):
        self.hold.wait(20)
        if job_id == "bug":
            raise ZeroDivisionError
        self.done.append(("advance", job_id))

    def deliver(self, effect_id):
        self.done.append(("deliver", effect_id))

    def wait_for(self, count, within_s=20):
        deadline = time.monotonic() + within_s
        while len(self.done) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return sorted(self.done)


@pytest.fixture(scope="module")
def running():
    fake = FakeSteps()
    with EmbeddedWorker(fake, concurrency=2):
        yield fake


@pytest.fixture
def fake(running):
    running.done.clear()
    return running


def test_what_is_due_is_done(fake):
    fake.ledger.polls.append("pacs")
    fake.ledger.jobs.append("job")
    fake.ledger.effects.append("effect")
    assert fake.wait_for(3) == [("advance", "job"), ("deliver", "effect"), ("poll", "pacs")]


def test_a_hundred_hints_in_a_moment(fake):
    started = time.monotonic()
    fake.ledger.effects.extend(str(n) for n in range(100))
    assert len(fake.wait_for(100)) == 100
    assert time.monotonic() - started < 15  # the default polling interval of 1 s a message would need 100 s


def test_two_at_a_time(fake):
    fake.hold.clear()
    fake.ledger.jobs.append("slow")
    time.sleep(0.5)
    fake.ledger.effects.append("quick")
    assert fake.wait_for(1) == [("deliver", "quick")]
    fake.hold.set()
    assert len(fake.wait_for(2)) == 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_a_step_stops_nothing(fake):
    fake.ledger.jobs.append("bug")
    fake.ledger.jobs.append("good")
    assert fake.wait_for(1) == [("advance", "good")]


def test_the_dispatcher_outlives_a_failing_ledger(fake, monkeypatch):
    monkeypatch.setattr(scheduler, "AFTER_FAILURE_S", 0.05)
    fake.ledger.fail = 2
    time.sleep(0.5)
    fake.ledger.jobs.append("after")
    assert fake.wait_for(1) == [("advance", "after")]


def test_a_second_worker_is_refused_while_one_runs(running):
    with pytest.raises(RuntimeError, match="running"):
        EmbeddedWorker(FakeSteps()).start()


def test_stopping_what_does_not_run_is_harmless(running):
    EmbeddedWorker(FakeSteps()).stop()
    running.done.clear()
    running.ledger.jobs.append("still")
    assert running.wait_for(1) == [("advance", "still")]
