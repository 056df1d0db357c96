"""A whole installation of AIQA as processes of the operating system, against servers that can be killed and restarted.

Used by the flow tests, the kill tests and the benchmarks.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Literal, Self

from pydicom.dataset import Dataset
from sqlalchemy import Select

from aiqa_integration.fhir.embedded_store import EmbeddedFhirStore
from aiqa_integration.ledger.engine import make_engine
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.views import Delivery, QueueRow
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.model.job import JobState
from tests.outside import Ehr, Pacs, make_series
from tests.servers import OrthancServer

ROOT = Path(__file__).resolve().parent.parent
END_STATES = frozenset({JobState.DELIVERED, JobState.IGNORED, JobState.HELD, JobState.FAILED})

Deployment = Literal["S", "L"]
Through = Callable[[str, str], tuple[str, str]]

_study_numbers = count(1)


class KillableOrthanc(OrthancServer):
    """An Orthanc that keeps its port and its data over a violent end."""

    def start(self) -> None:
        self.__enter__()

    def stop(self) -> None:
        self.__exit__()

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)


class KillableFhirStore(EmbeddedFhirStore):
    """The FHIR server of the demo, likewise."""

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast an installation polls, gives up a lease and tries again, s."""

    poll_every_s: float = 0.5
    quiet_s: float = 1.0
    lease_s: float = 4.0
    retry_first_s: float = 0.5
    retry_longest_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where an installation lives and what it talks to; deployment L needs a broker and a PostgreSQL database."""

    folder: Path
    archive_url: str
    fhir_url: str
    deployment: Deployment = "S"
    broker_url: str | None = None
    database_url: str | None = None
    workers: int = 2
    pace: Pace = field(default_factory=Pace)
    stand_in: bool = True

    @property
    def ledger_url(self) -> str:
        return self.database_url or f"sqlite:///{self.folder.resolve() / 'data' / 'ledger.sqlite'}"

    def toml(self) -> str:
        """The site's aiqa.toml."""
        lines = [
            f'data_folder = "{self.folder.resolve() / "data"}"',
            'site_name = "Test site"',
            "[archive]",
            f'url = "{self.archive_url}"',
            f"poll_every_s = {self.pace.poll_every_s}",
            f"quiet_s = {self.pace.quiet_s}",
            'window_days = "all"',
            'reconcile_window_days = "all"',
            "[ehr]",
            f'url = "{self.fhir_url}"',
            "[console]",
            "port = 0",
            "[worker]",
            f"lease_s = {self.pace.lease_s}",
            f"retry_first_s = {self.pace.retry_first_s}",
            f"retry_longest_s = {self.pace.retry_longest_s}",
            *([f'broker_url = "{self.broker_url}"'] if self.broker_url else []),
            *(["[database]", f'url = "{self.database_url}"'] if self.database_url else []),
        ]
        return "\n".join(lines) + "\n"


class Installation:
    """AIQA running at a site; a context manager. ``kill`` ends every process of it as a power cut would."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.started_at = datetime.now(tz=UTC)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.site.folder.mkdir(parents=True, exist_ok=True)
        (self.site.folder / "aiqa.toml").write_text(self.site.toml())
        (self.site.folder / "data").mkdir(exist_ok=True)
        subprocess.run(
            [*self._python("aiqa"), "db", "upgrade"], check=True, env=self._environment(), cwd=self.site.folder
        )
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start every program of the deployment that does not run."""
        self.started_at = datetime.now(tz=UTC)
        for name, arguments in self._commands().items():
            running = self._processes.get(name)
            if running is None or running.poll() is not None:
                self._processes[name] = self._launch(name, arguments)

    def stop(self) -> None:
        """Ask every program to end; kill what does not within 30 s."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        self.kill()

    def kill(self) -> None:
        """Kill the process groups of all programs at once, children included, and wait for their end."""
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self._processes.values():
            process.wait(20)
        self._processes.clear()

    def alive(self) -> bool:
        """Return whether every program of the deployment runs."""
        return all(process.poll() is None for process in self._processes.values())

    def log_text(self) -> str:
        """Return the end of every program's log."""
        logs = sorted(self.site.folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}" for log in logs)

    def books(self) -> "OpenBooks":
        """Open the ledger for reading."""
        return OpenBooks(self.site.ledger_url)

    def await_results(self, refs: Collection[SeriesRef], *, within_s: float, revision: int = 1) -> list[QueueRow]:
        """Return the job of each series once this revision of all is at an end; AssertionError if too late."""
        wanted = {ref.series_instance_uid for ref in refs}
        deadline = time.monotonic() + within_s
        with self.books() as books:
            while True:
                rows = books.rows()
                found = [row for row in rows if row.ref.series_instance_uid in wanted and row.revision == revision]
                if len(found) == len(wanted) and all(row.state in END_STATES for row in found):
                    return found
                if time.monotonic() > deadline:
                    break
                time.sleep(0.1)
        states = [(row.state.value, row.revision, row.attempts, row.last_error) for row in rows]
        raise AssertionError(f"not at an end within {within_s:g} s: {states}\n{self.log_text()}")

    def _commands(self) -> Mapping[str, Sequence[str]]:
        if self.site.deployment == "S":
            return {"run": [*self._python("aiqa"), "run"]}
        celery = [*self._python("celery"), "-A", "celery_worker.app"]
        worker = [*celery, "worker", "-Q", "io,infer", "-c", "1", "--loglevel", "INFO"]
        workers = {
            f"worker{number}": [*worker, "-n", f"worker{number}@localhost"] for number in range(self.site.workers)
        }
        return {**workers, "beat": [*celery, "beat", "-S", "celery_worker.scheduler:LedgerScheduler"]}

    def _python(self, program: str) -> list[str]:
        if self.site.stand_in:
            return [sys.executable, "-m", "tests.stand_in", program]
        return [str(Path(sys.executable).with_name(program))]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIQA_")}
        return {**kept, "AIQA_SETTINGS": str(self.site.folder / "aiqa.toml"), "PYTHONPATH": str(ROOT)}

    def _launch(self, name: str, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        with (self.site.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                arguments,
                cwd=self.site.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


class OpenBooks:
    """The ledger as the console reads it; a context manager."""

    def __init__(self, url: str) -> None:
        self._engine = make_engine(url)
        self._books = Books(self._engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def rows(self) -> list[QueueRow]:
        """Every job, superseded ones too."""
        rows: list[QueueRow] = []
        while page := self._books.queue(200, len(rows)):
            rows += page
        return rows

    def deliveries(self, ref: SeriesRef | None = None) -> list[Delivery]:
        """Every effect of every job, or of those about a series."""
        details = [self._books.job_detail(row.job_id) for row in self.rows() if ref in {None, row.ref}]
        return [delivery for detail in details if detail for delivery in detail.deliveries]

    def scalar(self, statement: Select[int]) -> int:
        """The one number that a statement asks for."""
        with self._engine.connect() as connection:
            return connection.scalar(statement) or 0

    def poll_error(self) -> str:
        """Why the last poll of the archive failed, empty if it did not."""
        return next((status.last_error for status in self._books.polls() if status.archive == "pacs"), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A running installation between a PACS and an EHR."""

    installation: Installation
    orthanc: KillableOrthanc
    fhir: KillableFhirStore
    pacs: Pacs
    ehr: Ehr
    folder: Path

    def new_series(self, series: int = 1) -> list[tuple[SeriesRef, list[Dataset]]]:
        """Return series of a study that nobody else has; none is stored yet."""
        study = f"study-{next(_study_numbers)}"
        return [make_series(self.folder / "scans", study, number) for number in range(1, series + 1)]


@contextmanager
def running_loop(folder: Path, through: Through | None = None, **site: Any) -> Iterator[Loop]:
    """Run servers and an installation; ``through`` gives other URLs for those of archive and FHIR server."""
    with (
        KillableOrthanc(folder / "orthanc") as orthanc,
        KillableFhirStore(folder / "fhir") as fhir,
        Pacs(orthanc) as pacs,
        Ehr(fhir.base_url) as ehr,
    ):
        archive_url, fhir_url = through(orthanc.url, fhir.base_url) if through else (orthanc.url, fhir.base_url)
        described = Site(folder=folder / "site", archive_url=archive_url, fhir_url=fhir_url, **site)
        with Installation(described) as installation:
            yield Loop(installation=installation, orthanc=orthanc, fhir=fhir, pacs=pacs, ehr=ehr, folder=folder)


def await_true(condition: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Return when the condition holds; AssertionError if that takes too long."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(0.1)
