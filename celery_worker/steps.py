"""What the tasks call: the services of this process, built when they are first needed."""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Protocol

from aiqa_integration.pipeline.ports import Clock


class Due(Protocol):
    """What the dispatcher asks of a ledger (see ``pipeline.ports.Ledger``)."""

    @property
    def announced_for(self) -> timedelta:
        """Return how long an announcement counts: after that its message is of no use."""

    def due_polls(self, archives: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Return archives to be polled now; mark them announced."""

    def due_jobs(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return jobs to work on now; mark them announced."""

    def due_effects(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return effects to send now; mark them announced."""

    def forget_announcements(self) -> None:
        """Make due again what was announced and not yet taken."""


class Steps(Protocol):
    """The pipeline's verbs; ``bootstrap.Services`` fulfils it."""

    @property
    def ledger(self) -> Due:
        """Return who knows what is due."""

    @property
    def clock(self) -> Clock:
        """Return the time's source."""

    @property
    def archive_names(self) -> Sequence[str]:
        """Return the archives to be polled."""

    def poll(self, archive: str) -> None:
        """Poll an archive if it is due."""

    def advance(self, job_id: str) -> None:
        """Claim a job, work it, commit."""

    def deliver(self, effect_id: str) -> None:
        """Claim an effect, send it, record the receipt."""


class _Process:
    """The services of one process; a forked child finds its parent's and builds its own."""

    def __init__(self) -> None:
        self.factory: Callable[[], Steps] = from_settings
        self.steps: Steps | None = None
        self.pid = 0
        self.open = ExitStack()
        self.lock = threading.Lock()


def configure(factory: Callable[[], Steps]) -> None:
    """Say how services are built; those built before are forgotten."""
    _process.factory, _process.steps = factory, None


def services() -> Steps:
    """Return the services of this process."""
    with _process.lock:
        if _process.steps is None or _process.pid != os.getpid():
            _process.open = ExitStack()
            _process.steps, _process.pid = _process.factory(), os.getpid()
        return _process.steps


def close() -> None:
    """End the services that ``from_settings`` built in this process."""
    if _process.pid == os.getpid():
        _process.steps = None
        _process.open.close()


def from_settings() -> Steps:
    """Build the services from the settings of this process (deployment L)."""
    from aiqa_integration.bootstrap import services as built_from  # noqa: PLC0415 — tasks alone need none of it
    from aiqa_integration.console.printed import printer  # noqa: PLC0415
    from aiqa_integration.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    return _process.open.enter_context(built_from(settings, printer(settings)))


_process = _Process()
