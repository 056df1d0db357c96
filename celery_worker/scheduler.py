"""Who sends the messages: asks the ledger what is due, marks it announced, sends a hint for each."""

from typing import Any

import structlog
from celery import Celery
from celery.beat import Scheduler

from celery_worker import tasks
from celery_worker.steps import Steps, close, services

log = structlog.get_logger()

TICK_S = 0.2
"""How often the ledger is asked: two small reads where nothing is due."""

AFTER_FAILURE_S = 2.0

AT_A_TIME = 64
"""How many hints of a kind wait in the broker at most; the rest waits in the ledger, oldest first."""


class Dispatcher:
    """Turns rows that are due into messages; any number of dispatchers do no harm."""

    def __init__(self, app: Celery, steps: Steps) -> None:
        self._app = app
        self._steps = steps

    def tick(self) -> int:
        """Send hints for what is due now and return how many.

        Raises TransientError where the ledger and kombu's OperationalError where the broker is away; what was
        announced and not sent is announced again later.
        """
        ledger, now = self._steps.ledger, self._steps.clock.now()
        due = (
            (tasks.POLL, ledger.due_polls(self._steps.archive_names, now)),
            (tasks.ADVANCE, ledger.due_jobs(now, AT_A_TIME)),
            (tasks.DELIVER, ledger.due_effects(now, AT_A_TIME)),
        )
        for name, keys in due:
            for key in keys:
                self._app.send_task(name, args=(key,), expires=ledger.announced_for.total_seconds())
        return sum(len(keys) for _, keys in due)

    def pause_s(self) -> float:
        """Tick, whatever happens, and return for how many seconds to rest."""
        try:
            self.tick()
        except Exception as error:  # a dispatcher that dies leaves workers alive that do nothing
            log.warning("dispatcher.failed", error=type(error).__name__, exc_info=True)
            return AFTER_FAILURE_S
        return TICK_S


class LedgerScheduler(Scheduler):  # type: ignore[misc]
    """``celery beat -S celery_worker.scheduler:LedgerScheduler``: no schedule of its own, no file."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 — Celery's
        self._dispatcher: Dispatcher | None = None
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Read nothing: the schedule is the ledger."""

    def tick(self, *_: Any, **__: Any) -> float:  # noqa: ANN401 — Celery's
        """Send what is due and return the seconds until the next look."""
        if self._dispatcher is None:
            self._dispatcher = Dispatcher(self.app, services())
        return self._dispatcher.pause_s()

    def close(self) -> None:
        """End the services."""
        close()
