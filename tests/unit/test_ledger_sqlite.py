import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy import text

from aiqa_integration.errors import ConfigurationError, TransientError
from aiqa_integration.ledger import engine as ledger_engine
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.engine import make_engine
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.pipeline.ports import Ledger
from tests import ledger_cases, scanner_record_cases


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """One engine for all, since it keeps the statements that it compiled; each test finds the file empty."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    schema.upgrade(f"sqlite:///{path}")
    return make_engine(f"sqlite:///{path}"), path, path.read_bytes()


@pytest.fixture
def ledger(database, tmp_path):
    engine, path, empty = database
    for file in path.parent.iterdir():
        file.unlink()
    path.write_bytes(empty)
    ledger = SqlLedger(engine, FileArtifacts(tmp_path / "artifacts"))
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


def test_it_is_a_ledger(ledger):
    port: Ledger = ledger
    assert port.idle()


def test_an_unchanged_series_is_not_written(ledger, database):
    ledger_cases.settle(ledger)
    changes = "PRAGMA data_version"
    with closing(sqlite3.connect(database[1])) as witness:
        before = witness.execute(changes).fetchone()
        ledger.observe("pacs", ledger_cases.listing(), at=ledger_cases.at(500), quiet=ledger_cases.QUIET)
        ledger.due_jobs(ledger_cases.T0, 10)
        ledger.due_effects(ledger_cases.T0, 10)
        assert witness.execute(changes).fetchone() == before
        ledger.observe("pacs", ledger_cases.listing(12), at=ledger_cases.at(500), quiet=ledger_cases.QUIET)
        assert witness.execute(changes).fetchone() != before


def test_a_writer_waits_for_another(ledger, database):
    began, waited = threading.Event(), []

    def other() -> None:
        began.wait(10)
        ledger_cases.settle(ledger)
        waited.append(True)

    thread = threading.Thread(target=other)
    thread.start()
    with database[0].begin() as connection:
        connection.execute(text("INSERT INTO own_series VALUES ('1')"))
        began.set()
        thread.join(0.5)
        assert not waited
    thread.join(20)
    assert waited


def test_a_database_that_stays_locked_is_a_transient_error(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger_engine, "BUSY_TIMEOUT_MS", 50)
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    schema.upgrade(url)
    ledger = SqlLedger(url, FileArtifacts(tmp_path))
    with ledger.engine.begin(), pytest.raises(TransientError, match="locked"):
        ledger.next_poll("pacs", ledger_cases.T0, ledger_cases.LEASE)
    ledger.close()


def test_a_database_without_tables_is_a_transient_error(tmp_path):
    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", FileArtifacts(tmp_path))
    with pytest.raises(TransientError, match="no such table"):
        ledger.idle()
    ledger.close()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true", "mysql://x"]
)
def test_other_databases_are_refused(url):
    with pytest.raises(ConfigurationError):
        make_engine(url)


def test_the_migrations_make_what_the_code_declares_and_can_be_undone(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    assert "revision none" in schema.check(url)[0]
    for _ in range(2):
        schema.upgrade(url)
        assert schema.check(url) == ()
        schema.downgrade(url, "base")
    assert "revision none" in schema.check(url)[0]


def test_a_missing_index_and_a_foreign_column_are_noticed(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    schema.upgrade(url)
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_job_wake_at"))
        connection.execute(text("ALTER TABLE job ADD COLUMN patient_name TEXT"))
    engine.dispose()
    found = " ".join(schema.check(url))
    assert "ix_job_wake_at" in found
    assert "patient_name" in found


def test_processes_that_start_together_upgrade_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    ledger_cases.upgrade_in_processes(url, 3)
    assert schema.check(url) == ()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT job_id FROM job WHERE wake_at <= '2026-01-01' ORDER BY wake_at LIMIT 10",
        "SELECT effect_id FROM outbox WHERE wake_at <= '2026-01-01' ORDER BY wake_at LIMIT 10",
        "SELECT count(*) FROM job WHERE announced_at > '2026-01-01'",
        (
            "SELECT * FROM job WHERE archive='a' AND study_instance_uid='1' AND series_instance_uid='1'"
            " AND state<>'SUPERSEDED'"
        ),
        "SELECT 1 FROM outbox WHERE subject_key = 'x'",
        "SELECT 1 FROM outbox WHERE wake_at IS NOT NULL",
        "SELECT * FROM job ORDER BY updated_at DESC LIMIT 50",
        "SELECT state, verdict, refused, count(*) FROM job GROUP BY state, verdict, refused",
    ],
)
def test_what_runs_often_uses_an_index(ledger, statement):
    with ledger.engine.connect() as connection:
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"))
    assert " INDEX " in plan
