"""How fast the ledger is: ``python -m benchmarks.ledger [--rows 1000000] [--postgres]``.

Prints operations a second on an empty ledger, then the time of one call with ``rows`` finished jobs in it.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, text

from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.ledger.tables import Base, EffectRow, JobEffect, JobRow
from aiqa_integration.pipeline.ports import Receipt
from tests.ledger_cases import LEASE, QUIET, T0, at, claimed, listing, measured_result, planned, settle
from tests.postgres_server import postgres_server

JOBS = 200


def main() -> None:
    """Run the benchmark on one database."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--postgres", action="store_true")
    chosen = arguments.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="aiqa-bench-")))
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
        if chosen.postgres:
            url = stack.enter_context(postgres_server()).new_database()
        schema.upgrade(url)
        ledger = SqlLedger(url, FileArtifacts(folder / "artifacts"))
        print(f"{'postgresql (fsync off)' if chosen.postgres else 'sqlite'}\n")
        rates(ledger)
        fill(ledger.engine, chosen.rows)
        calls(ledger, chosen.rows)
        ledger.close()


def rates(ledger: SqlLedger) -> None:
    """Print how many jobs and effects one thread takes and finishes a second."""
    ids = [settle(ledger, f"1.{n}") for n in range(JOBS)]
    with rate("claim + finish: report, 2 measurements, 2 effects", JOBS):
        for number, job_id in enumerate(ids):
            job = claimed(ledger, job_id, owner="w")
            effects = (planned(f"a{number}"), planned(f"b{number}"))
            ledger.finish_job(job, measured_result(job, *effects), now=at(101))
    with rate("announce + claim + sent", 2 * JOBS):
        while due := ledger.due_effects(at(110), 64):
            for effect_id in due:
                effect = ledger.claim_effect(effect_id, owner="w", now=at(110), lease=LEASE)
                if effect is not None:
                    ledger.effect_sent(effect, Receipt(remote_id="r", detail=""), now=at(110))


@contextmanager
def rate(name: str, count: int) -> Iterator[None]:
    """Print how many of ``count`` were done a second, and with how much of a processor each."""
    started, used = time.perf_counter(), time.process_time()
    yield
    took, used = time.perf_counter() - started, time.process_time() - used
    print(f"{name:52s} {count / took:6.0f}/s {1000 * used / count:7.2f} ms CPU each")


def fill(engine: Engine, rows: int) -> None:
    """Add finished jobs with one sent effect each, as years of work leave them: copies of one, a second apart."""
    started = time.perf_counter()
    earlier = {
        "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', t.{}, '-' || i || ' seconds')",
        "postgresql": "t.{} - i * interval '1 second'",
    }[engine.dialect.name]
    name = "'old-' || i"
    _copy(
        engine, JobRow, rows, {"job_id": name, "series_instance_uid": name, "updated_at": earlier.format("updated_at")}
    )
    _copy(engine, EffectRow, rows, dict.fromkeys(("effect_id", "job_id", "dedupe_key", "subject_key"), name))
    _copy(engine, JobEffect, rows, {"job_id": name, "effect_id": name})
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    print(f"\n{rows} finished jobs and effects written in {time.perf_counter() - started:.0f} s; then, median of 20:\n")


def _copy(engine: Engine, kind: type[Base], rows: int, different: Mapping[str, str]) -> None:
    table = kind.metadata.tables[kind.__tablename__]
    names = [column.name for column in table.columns]
    values = ", ".join(different.get(name, f"t.{name}") for name in names)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {rows - 1})"  # noqa: S608
    chosen = f"SELECT {values} FROM n, (SELECT * FROM {table.name} LIMIT 1) AS t"  # noqa: S608
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {table.name} ({', '.join(names)}) {numbers} {chosen}"))


def calls(ledger: SqlLedger, rows: int) -> None:
    """Print the time of single calls."""
    series = (f"2.{n}" for n in itertools.count())
    for _ in range(64):
        settle(ledger, next(series))
    old = listing(11, f"old-{rows // 2}")
    moment = itertools.count(1000, 31)
    books = Books(ledger.engine)
    timed("due_jobs, nothing due", lambda: ledger.due_jobs(T0, 64))
    timed("due_jobs, 64 due", lambda: ledger.due_jobs(at(next(moment)), 64))
    timed("due_effects, nothing due", lambda: ledger.due_effects(at(next(moment)), 64))
    timed("observe, unchanged", lambda: ledger.observe("pacs", old, at=at(5000), quiet=QUIET))
    timed("observe, new", lambda: ledger.observe("pacs", listing(11, next(series)), at=at(5000), quiet=QUIET))
    timed("unchanged_studies, 200 studies", lambda: ledger.unchanged_studies("pacs", {str(n): 1 for n in range(200)}))
    timed("idle", ledger.idle)
    timed("queue, first page of 50", lambda: books.queue(50, 0))
    timed("queue, page at 10 000", lambda: books.queue(50, 10_000))
    timed("queue, text that is found nowhere", lambda: books.queue(50, 0, text="nowhere"))
    timed("counts", books.counts)


def timed(name: str, call: Callable[[], object]) -> None:
    """Print the median time of a call."""
    call()
    times = []
    for _ in range(20):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    print(f"{name:40s} {1000 * statistics.median(times):9.2f} ms")


if __name__ == "__main__":
    main()
