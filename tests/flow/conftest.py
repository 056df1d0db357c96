"""Servers and whole installations that flow tests share."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.flow.gate import Gate
from tests.postgres_server import PostgresServer, postgres_server
from tests.rabbitmq_server import RabbitmqServer, missing_rabbitmq
from tests.servers import missing_orthanc
from tests.system import Loop, running_loop


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedLoop:
    """A loop whose receivers stand behind gates."""

    loop: Loop
    archive: Gate
    ehr: Gate


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for the session."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitmqServer]:
    """A RabbitMQ for the session."""
    reason = missing_rabbitmq()
    if reason is not None:
        pytest.skip(reason)
    with RabbitmqServer() as server:
        yield server


@pytest.fixture(scope="session")
def _orthanc_installed() -> None:
    reason = missing_orthanc()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture(scope="module")
def one_process(tmp_path_factory, _orthanc_installed: None) -> Iterator[Loop]:
    """Deployment S: ``aiqa run``, with the network that ships with AIQA."""
    with running_loop(tmp_path_factory.mktemp("one"), stand_in=False) as loop:
        yield loop


@pytest.fixture(scope="module")
def many_processes(
    tmp_path_factory, _orthanc_installed: None, rabbitmq: RabbitmqServer, postgres: PostgresServer
) -> Iterator[Loop]:
    """Deployment L: two workers and beat over RabbitMQ and PostgreSQL, with the network that ships with AIQA."""
    with running_loop(
        tmp_path_factory.mktemp("many"),
        deployment="L",
        broker_url=rabbitmq.url,
        database_url=postgres.new_database(),
        stand_in=False,
    ) as loop:
        yield loop


@pytest.fixture(scope="module")
def gated(tmp_path_factory, _orthanc_installed: None) -> Iterator[GatedLoop]:
    """Deployment S behind gates."""
    with ExitStack() as stack:
        gates: list[Gate] = []

        def through(*urls: str) -> tuple[str, str]:
            gates.extend(stack.enter_context(Gate(url)) for url in urls)
            return gates[0].url, gates[1].url

        with running_loop(tmp_path_factory.mktemp("gated"), through) as loop:
            yield GatedLoop(loop=loop, archive=gates[0], ehr=gates[1])


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("one_process", marks=pytest.mark.orthanc),
        pytest.param("many_processes", marks=[pytest.mark.orthanc, pytest.mark.rabbitmq, pytest.mark.postgres]),
    ],
)
def loop(request: pytest.FixtureRequest) -> Loop:
    """Each deployment in turn."""
    running: Loop = request.getfixturevalue(request.param)
    return running
