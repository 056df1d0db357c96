"""Connections to the ledger's database: SQLite or PostgreSQL, one kind of transaction for readers, one for writers."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from aiqa_integration.errors import ConfigurationError, LedgerError, TransientError

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for another; writes take milliseconds."""

_CONFLICTS = 5
"""How often a transaction that lost against another one is run again; the pauses add up to 0.3 s."""

_CONFLICT_SQLSTATES = frozenset({"40001", "40P01", "23505"})
"""PostgreSQL: serialization_failure, deadlock_detected, unique_violation (PostgreSQL 15 manual, appendix A).

Two transactions may both find that a row is not there; the one that inserts it second finds it at its next try.
"""

T = TypeVar("T")


def make_engine(url: str | URL) -> Engine:
    """Return an engine for a ledger, ready for threads; each process makes its own.

    Raises ConfigurationError for databases other than SQLite in a file and PostgreSQL.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite_engine(parsed)
    if backend == "postgresql":
        # Compiling a statement takes longer than any of ours runs.
        options = {"options": "-c jit=off"}
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args=options)
    raise ConfigurationError(f"the ledger needs SQLite or PostgreSQL, not {backend}")


def read(engine: Engine, work: Callable[[Session], T]) -> T:
    """Run work that writes nothing in one transaction; raises TransientError where the database is away."""

    def once() -> T:
        with engine.connect().execution_options(aiqa_reads_only=True) as connection, Session(connection) as session:
            return work(session)

    return _again_after_conflicts(once)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Read row by row for as long as the block takes, all as of one moment; raises TransientError likewise."""
    chosen: dict[str, Any] = {"aiqa_reads_only": True}
    if engine.dialect.name == "postgresql":
        chosen["isolation_level"] = "REPEATABLE READ"
    try:
        with engine.connect().execution_options(**chosen) as connection, Session(connection) as session:
            yield session
    except OperationalError as error:
        raise TransientError(f"the ledger's database cannot be used: {error.orig}") from error


def write(engine: Engine, work: Callable[[Session], T]) -> T:
    """Run work in one transaction, from the start again where it lost against another.

    Raises TransientError where the database is away and LedgerError where it refuses the rows.
    """

    def once() -> T:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            return work(session)

    return _again_after_conflicts(once)


def _again_after_conflicts(work: Callable[[], T]) -> T:
    for pause_s in (*(0.01 * 2**n for n in range(_CONFLICTS)), None):
        try:
            return work()
        except (OperationalError, IntegrityError) as error:
            if pause_s is not None and getattr(error.orig, "sqlstate", None) in _CONFLICT_SQLSTATES:
                time.sleep(pause_s)
            elif isinstance(error, IntegrityError):
                raise LedgerError(f"the ledger's database refuses a row: {error.orig}") from error
            else:
                raise TransientError(f"the ledger's database cannot be used: {error.orig}") from error
    raise AssertionError


def _sqlite_engine(url: URL) -> Engine:
    if not url.database or url.database == ":memory:" or "mode=memory" in str(url):
        raise ConfigurationError("the ledger's SQLite database must be a file")
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    native: Any = connection
    native.isolation_level = None  # the driver would begin on its own, and too late; _begin_sqlite does it
    cursor = native.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer that begins as a reader cannot wait for its turn: SQLite answers "database is locked" at once.
    reads_only = connection.get_execution_options().get("aiqa_reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
