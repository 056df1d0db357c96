import pytest

from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.sql_ledger import SqlLedger
from tests import ledger_cases


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "empty.sqlite"
    schema.upgrade(f"sqlite:///{path}")
    return path.read_bytes()


@pytest.fixture
def ledger(tmp_path, empty_database):
    (tmp_path / "ledger.sqlite").write_bytes(empty_database)
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", FileArtifacts(tmp_path / "artifacts"))
    yield ledger
    ledger.close()


class TestObserve(ledger_cases.ObserveCases):
    pass


class TestJobs(ledger_cases.JobCases):
    pass


class TestEffects(ledger_cases.EffectCases):
    pass


class TestPolls(ledger_cases.PollCases):
    pass


class TestParallel(ledger_cases.ParallelCases):
    pass


class TestAudit(ledger_cases.AuditCases):
    pass


class TestBooks(ledger_cases.BooksCases):
    pass
