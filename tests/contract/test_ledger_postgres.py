import pytest

from aiqa_integration.errors import TransientError
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.ledger.tables import Base
from tests import ledger_cases, scanner_record_cases
from tests.postgres_server import postgres_server

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server():
    with postgres_server() as running:
        yield running


@pytest.fixture(scope="module")
def database(server):
    url = server.new_database()
    schema.upgrade(url)
    return url


@pytest.fixture
def ledger(database, tmp_path):
    ledger = SqlLedger(database, FileArtifacts(tmp_path / "artifacts"))
    with ledger.engine.begin() as connection:
        names = ", ".join(table.name for table in Base.metadata.sorted_tables)
        connection.exec_driver_sql(f"TRUNCATE {names} CASCADE")
    yield ledger
    ledger.close()


class TestObserve(ledger_cases.ObserveCases):
    pass


class TestJobs(ledger_cases.JobCases):
    pass


class TestEffects(ledger_cases.EffectCases):
    pass


class TestScannerRecord(scanner_record_cases.ScannerRecordCases):
    pass


class TestPolls(ledger_cases.PollCases):
    pass


class TestParallel(ledger_cases.ParallelCases):
    pass


class TestAudit(ledger_cases.AuditCases):
    pass


class TestBooks(ledger_cases.BooksCases):
    pass


def test_the_migrations_make_what_the_code_declares_and_can_be_undone(server):
    url = server.new_database()
    assert "revision none" in schema.check(url)[0]
    for _ in range(2):
        schema.upgrade(url)
        assert schema.check(url) == ()
        schema.downgrade(url, "base")
    assert "revision none" in schema.check(url)[0]


def test_a_server_that_is_away_is_a_transient_error(tmp_path):
    ledger = SqlLedger(f"postgresql+psycopg:///x?host={tmp_path}", FileArtifacts(tmp_path))
    with pytest.raises(TransientError):
        ledger.idle()
    with pytest.raises(TransientError):
        schema.check(f"postgresql+psycopg:///x?host={tmp_path}")
    ledger.close()


def test_processes_that_start_together_upgrade_once(server):
    url = server.new_database()
    ledger_cases.upgrade_in_processes(url, 3)
    assert schema.check(url) == ()
