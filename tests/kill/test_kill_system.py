"""Everything is killed at random moments while series pass: a report of each, nothing twice, nothing missing."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.killing import Plan, kill_while_series_pass
from tests.postgres_server import postgres_server
from tests.rabbitmq_server import RabbitmqServer, missing_rabbitmq
from tests.servers import missing_orthanc
from tests.system import Loop, running_loop

pytestmark = [pytest.mark.kill, pytest.mark.orthanc, pytest.mark.timeout(600)]

PLAN = Plan(series=6, kills=6, seed=20, servers_too=0.35, settle_within_s=120.0)


@pytest.fixture(
    params=["S", pytest.param("L", marks=[pytest.mark.rabbitmq, pytest.mark.postgres])],
)
def killable(request, tmp_path) -> Iterator[Loop]:
    reasons = [missing_orthanc(), missing_rabbitmq() if request.param == "L" else None]
    for reason in filter(None, reasons):
        pytest.skip(reason)
    with ExitStack() as stack:
        site: dict[str, Any] = {"deployment": request.param}
        if request.param == "L":
            site["broker_url"] = stack.enter_context(RabbitmqServer()).url
            site["database_url"] = stack.enter_context(postgres_server()).new_database()
        yield stack.enter_context(running_loop(tmp_path, **site))


def test_nothing_is_lost_and_nothing_comes_twice(killable):
    outcome = kill_while_series_pass(killable, PLAN)
    assert outcome.kills == PLAN.kills
    assert sum(outcome.interrupted.values()) > 0
    assert outcome.not_delivered == []
    assert outcome.reports == outcome.series == PLAN.series + 1
    assert outcome.objects == outcome.objects_expected
    assert (outcome.duplicate_objects, outcome.missing_objects, outcome.foreign_instances) == (0, 0, 0)
    assert (outcome.duplicate_resources, outcome.missing_resources) == (0, 0)
