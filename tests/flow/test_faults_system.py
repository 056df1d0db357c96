"""Receivers that go down, lose answers or ask for patience: everything arrives, once."""

from collections.abc import Callable

import pytest

from aiqa_integration.model.job import JobState
from tests.flow.gate import Answer, Script
from tests.outside import OBJECTS_A_SERIES
from tests.system import Loop, await_true

pytestmark = [pytest.mark.orthanc, pytest.mark.timeout(600)]

PATIENCE_S = 180.0


def kill_before(kill: Callable[[], None]) -> Script:
    """The receiver dies before it gets the request."""

    def script(_forward: Callable[[], Answer]) -> None:
        kill()

    return script


def kill_after(kill: Callable[[], None]) -> Script:
    """The receiver does what it was asked for and dies before it says so."""

    def script(forward: Callable[[], Answer]) -> None:
        forward()
        kill()

    return script


def busy(seconds: int) -> Script:
    """The receiver asks for patience."""

    def script(_forward: Callable[[], Answer]) -> Answer:
        return Answer(429, {"Retry-After": str(seconds)})

    return script


def waiting_error(loop: Loop, sink: str) -> str:
    """Return why a delivery to a sink waits, empty if none does."""
    with loop.installation.books() as books:
        waiting = [delivery for delivery in books.deliveries() if delivery.sink == sink and delivery.next_at]
    return next((delivery.last_error for delivery in waiting if delivery.last_error), "")


def check_delivered_once(loop: Loop, ref) -> None:
    (job,) = loop.installation.await_results([ref], within_s=PATIENCE_S)
    assert job.state is JobState.DELIVERED
    assert len(loop.pacs.results(ref.study_instance_uid)) == OBJECTS_A_SERIES
    assert {name: len(found) for name, found in loop.ehr.about(ref).items()} == {
        "Observation": 1,
        "DiagnosticReport": 1,
        "Provenance": 1,
        "ImagingStudy": 1,
    }
    assert loop.ehr.shared_names() == set()


@pytest.mark.parametrize("when", [kill_before, kill_after])
def test_the_pacs_dies_while_a_result_is_stored(gated, when):
    ((ref, instances),) = gated.loop.new_series()
    gated.archive.script(when(gated.loop.orthanc.kill))
    gated.loop.pacs.store(instances)
    await_true(lambda: "archive-unavailable" in waiting_error(gated.loop, "pacs"), within_s=60, what="a delivery waits")
    gated.loop.orthanc.start()
    check_delivered_once(gated.loop, ref)


@pytest.mark.parametrize("when", [kill_before, kill_after])
def test_the_ehr_dies_while_a_result_is_sent(gated, when):
    ((ref, instances),) = gated.loop.new_series()
    gated.ehr.script(when(gated.loop.fhir.kill))
    gated.loop.pacs.store(instances)
    await_true(lambda: "ehr-unavailable" in waiting_error(gated.loop, "ehr"), within_s=60, what="a delivery waits")
    gated.loop.fhir.start()
    check_delivered_once(gated.loop, ref)


def test_the_ehr_asks_for_patience(gated):
    ((ref, instances),) = gated.loop.new_series()
    gated.ehr.script(*[busy(1)] * 4)
    gated.loop.pacs.store(instances)
    check_delivered_once(gated.loop, ref)
    assert gated.ehr.scripts_left == 0
    with gated.loop.installation.books() as books:
        (sent,) = [found for found in books.deliveries(ref) if found.sink == "ehr"]
    assert sent.attempts == 2


def test_the_pacs_is_away_when_it_is_polled(gated):
    ((ref, instances),) = gated.loop.new_series()
    gated.loop.orthanc.kill()
    with gated.loop.installation.books() as books:
        await_true(lambda: "archive-unavailable" in books.poll_error(), within_s=60, what="a poll fails")
    gated.loop.orthanc.start()
    gated.loop.pacs.store(instances)
    check_delivered_once(gated.loop, ref)
