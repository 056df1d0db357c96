"""Runs a tool on one series after the other in one warm process, with a deadline each; keeps what peers answered."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Self

from benchmarks.peers.environments import DRIVERS, Tool, python_of
from benchmarks.peers.series import Series

Json = dict[str, Any]
START_DEADLINE_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a tool answered for a series; ``answer`` is None where it died or took too long, ``failure`` says which.

    ``seconds`` is the wall time from question to answer in a warm process, ``cpu_s`` what the process and its children
    computed meanwhile, ``cold_s`` the time from the process's start to its first answer (hazen's without low contrast).
    """

    tool: str
    version: str
    series: str
    phantom: str
    factor: int
    answer: Json | None
    failure: str | None
    seconds: float
    cpu_s: float
    cold_s: float
    measured_on: str


class DriverDiedError(Exception):
    """The driver's process ended without an answer."""


class Driver:
    """A tool's process; asked one series at a time, started again after a fall."""

    def __init__(self, tool: Tool, folder: Path) -> None:
        self._tool = tool
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._warm = False
        self.version = ""
        self.cold_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ask(self, series: Series, deadline_s: float) -> Run:
        """Return a warm process's answer; a process just started first answers the series once, uncounted."""
        if not self._warm:
            began = time.perf_counter()
            self._start()
            warmed = self._timed(series, deadline_s, warm_up=True)
            if warmed.failure:
                return warmed
            self.cold_s, self._warm = time.perf_counter() - began, True
        return self._timed(series, deadline_s)

    def stop(self) -> None:
        """End the process and its children; no more questions end it, a signal if it is too busy to notice."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5.0)
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process, self._warm = None, False

    def _start(self) -> None:
        """Start the driver anew and wait for its version; raises DriverDiedError."""
        self.stop()
        self._lines = queue.Queue()
        command = ["nice", "-n", "10", str(python_of(self._tool, self._folder)), str(self._script)]
        with (self._folder / f"{self._tool.name}.log").open("a") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self._folder,
                env=_environment(self._tool),
                start_new_session=True,
            )
        threading.Thread(target=_read, args=(self._process.stdout, self._lines), daemon=True).start()
        try:
            self.version = str(self._answer(START_DEADLINE_S)["version"])
        except (DriverDiedError, queue.Empty) as error:
            raise DriverDiedError(f"{self._tool.name} does not start; see {log.name}") from error

    @property
    def _script(self) -> Path:
        return DRIVERS / f"drive_{self._tool.name}.py"

    def _timed(self, series: Series, deadline_s: float, *, warm_up: bool = False) -> Run:
        """Ask for one series and return what came, with wall and CPU seconds; a driver that is too slow is stopped."""
        if self._process is None or self._process.stdin is None:
            raise DriverDiedError(f"{self._tool.name} is not running")
        began, cpu_began, answer, failure = time.perf_counter(), _cpu_s(self._process.pid), None, None
        question = {
            "id": series.digest,
            "phantom": series.phantom,
            "files": [str(file) for file in series.files],
            "warm_up": warm_up,
        }
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            answer = self._answer(deadline_s)
        except queue.Empty:
            failure = f"no answer within {deadline_s:g} s"
        except (DriverDiedError, BrokenPipeError):
            failure = "the process died"
        seconds, cpu_s = time.perf_counter() - began, _cpu_s(self._process.pid) - cpu_began
        if failure:
            self.stop()
        return self._run(series, answer=answer, failure=failure, seconds=seconds, cpu_s=cpu_s)

    def _run(self, series: Series, *, answer: Json | None, failure: str | None, seconds: float, cpu_s: float) -> Run:
        return Run(
            tool=self._tool.name,
            version=self.version,
            series=series.name,
            phantom=series.phantom,
            factor=series.factor,
            answer=answer,
            failure=failure,
            seconds=round(seconds, 3),
            cpu_s=round(cpu_s, 3),
            cold_s=round(self.cold_s, 3),
            measured_on=datetime.now(tz=UTC).date().isoformat(),
        )

    def _answer(self, deadline_s: float) -> Json:
        line = self._lines.get(timeout=deadline_s)
        if line is None:
            raise DriverDiedError(f"{self._tool.name} ended")
        answer: Json = json.loads(line)
        return answer


def run_all(
    tool: Tool, all_series: Sequence[Series], folder: Path, *, deadline_s: float, kept_only: bool = False
) -> Iterator[Run]:
    """Yield a tool's run on each series; a peer's earlier answer for the same version and files is taken as it is.

    A time-out is not kept: it depends on what else the machine does. With ``kept_only`` no peer is started, and series
    without a kept answer are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with Driver(tool, folder) as driver:
        for number, series in enumerate(all_series, start=1):
            kept = _kept_file(tool, series, folder)
            run = _read_kept(kept)
            if run is None and kept_only and kept is not None:
                continue
            if run is None:
                run = driver.ask(series, deadline_s)
                if kept is not None and run.failure is None:
                    kept.write_text(json.dumps(asdict(run)))
            scale = f" ×{series.factor}" if series.factor > 1 else ""
            said = run.failure or f"{run.seconds:.1f} s"
            print(f"{tool.name} {number}/{len(all_series)} {series.name}{scale}: {said}", file=sys.stderr, flush=True)
            yield run


def _kept_file(tool: Tool, series: Series, folder: Path) -> Path | None:
    """Return where a peer's answer is kept; AIQA's never is, since it changes."""
    if tool.requirement is None:
        return None
    kept = folder / "answers"
    kept.mkdir(exist_ok=True)
    return kept / f"{tool.requirement}-r{tool.revision}-{series.phantom}-{series.digest[:32]}.json"


def _read_kept(kept: Path | None) -> Run | None:
    return Run(**json.loads(kept.read_text())) if kept is not None and kept.exists() else None


def _environment(tool: Tool) -> dict[str, str]:
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    root = str(Path(__file__).parents[2])
    return {**variables, "PYTHONPATH": root} if tool.requirement is None else variables | {"PYTHONPATH": ""}


def _read(stream: IO[str], lines: "queue.Queue[str | None]") -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _cpu_s(root: int) -> float:
    """Return the CPU seconds of a process, its descendants and their ended children (Linux; 0 elsewhere).

    Of processes that run, their own clocks tell; the kernel counts the ended ones by hundredths of a second.
    """
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            pid = int(stat.parent.name)
            ended = sum(int(field) for field in fields[13:15]) / os.sysconf("SC_CLK_TCK")
            parents[pid], seconds[pid] = int(fields[1]), time.clock_gettime(_clock_of(pid)) + ended
    return sum(seconds[pid] for pid in seconds if _descends(pid, root, parents))


def _clock_of(pid: int) -> int:
    """Return the clock of a process's CPU time, as clock_getcpuclockid(3) numbers it."""
    return ~pid << 3 | 2


def _descends(pid: int, root: int, parents: Mapping[int, int]) -> bool:
    while pid != root and pid in parents:
        pid = parents[pid]
    return pid == root
