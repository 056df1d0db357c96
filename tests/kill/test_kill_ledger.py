"""Kill -9 at random moments, start again, count what is left: nothing lost, nothing twice, nothing old on top."""

import random
import time
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

import pytest

from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.job import EffectState, JobState
from aiqa_integration.model.notice import NoticeState
from tests.kill.receiver import Told, receiver
from tests.kill.working import KINDS, Place, work
from tests.postgres_server import postgres_server

pytestmark = [pytest.mark.kill, pytest.mark.timeout(180)]

SERIES, GROWING, PROCESSES, KILLS = 24, 6, 2, 12


class Crew:
    """Processes that are killed and replaced."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["tests.kill.working"])
        self.members: list[BaseProcess] = [self._start() for _ in range(PROCESSES)]

    def kill(self, number: int) -> None:
        """Kill one that is at work and start another in its place."""
        member = self.members[number]
        deadline = time.monotonic() + 60
        while not (self._place.folder / f"working-{member.pid}").exists():
            assert member.is_alive()
            assert time.monotonic() < deadline, "the process did not start"
            time.sleep(0.01)
        self._end(member)
        self.members[number] = self._start()

    def end(self) -> None:
        """Kill all."""
        for member in self.members:
            self._end(member)

    def _start(self) -> BaseProcess:
        process = self._context.Process(target=work, args=(self._place,))
        process.start()
        return process

    @staticmethod
    def _end(member: BaseProcess) -> None:
        member.kill()
        member.join()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    else:
        with postgres_server() as server:
            yield server.new_database()


def test_all_is_delivered_once_whatever_is_killed(url, tmp_path):
    chance = random.Random(20260301)
    schema.upgrade(url)
    with receiver(seed=7) as told:
        place = Place(url=url, folder=tmp_path, port=told.port, series=SERIES, growing=GROWING)
        ledger = SqlLedger(url, FileArtifacts(tmp_path / "artifacts"))
        crew = Crew(place)
        try:
            for kill in range(KILLS):
                time.sleep(chance.uniform(0, 1.2))
                crew.kill(chance.randrange(PROCESSES))
                if kill == KILLS // 2:
                    place.grown.touch()
            wait_until_ended(ledger, place)
        finally:
            crew.end()
        check(ledger, told)
        ledger.close()


def wait_until_ended(ledger: SqlLedger, place: Place) -> None:
    deadline = time.monotonic() + 90
    wanted = {f"1.{number}": (JobState.DELIVERED, place.instances(number)) for number in range(SERIES)}
    living: dict[str, tuple[JobState, int | None]] = {}
    while time.monotonic() < deadline:
        rows = Books(ledger.engine).queue(1000, 0)
        living = {
            row.ref.series_instance_uid: (row.state, row.instance_count)
            for row in rows
            if row.state is not JobState.SUPERSEDED
        }
        if living == wanted and ledger.idle():
            return
        time.sleep(0.1)
    pytest.fail(f"not delivered in time: {living}")


def check(ledger: SqlLedger, told: Told) -> None:
    books = Books(ledger.engine)
    rows = books.queue(1000, 0)
    final = {row.ref.series_instance_uid: row.revision for row in rows if row.state is JobState.DELIVERED}
    assert len(final) == SERIES
    assert len(rows) == sum(final.values())
    deliveries = {}
    for row in rows:
        detail = books.job_detail(row.job_id)
        assert detail is not None
        deliveries.update({delivery.dedupe_key: delivery for delivery in detail.deliveries})
    wanted = {f"{series}/{kind}/{revision}" for series, revision in final.items() for kind in KINDS}
    bodies = told.bodies
    assert wanted <= bodies.keys() <= deliveries.keys()
    for key, told_bodies in bodies.items():
        assert told_bodies == {ledger.artifacts.get(deliveries[key].payload_sha256)}, "the bytes of a delivery changed"
    for key, delivery in deliveries.items():
        assert delivery.state is (EffectState.SENT if key in wanted else delivery.state)
        assert delivery.state in {EffectState.SENT, EffectState.WITHDRAWN}
        assert key in bodies or delivery.state is EffectState.WITHDRAWN
    newest: dict[str, str] = {}
    for key, _ in told.taken:
        subject, _, revision = key.rpartition("/")
        newest[subject] = revision
    assert newest == {f"{series}/{kind}": str(revision) for series, revision in final.items() for kind in KINDS}
    assert told.failures > 0
    check_notices(books, {row.job_id for row in rows if row.state is JobState.DELIVERED})


def check_notices(books: Books, living: set[str]) -> None:
    """One notice for the study, of every living series and of none that grew since."""
    now = datetime.now(tz=UTC)
    (notice,) = books.open_notices(now)
    assert {line.job_id for line in notice.lines} == living
    assert len(notice.lines) == SERIES
    assert {ended.state for ended in books.ended_notices(now, 100)} <= {NoticeState.WITHDRAWN}
