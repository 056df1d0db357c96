"""Deployment S: worker and dispatcher as threads of this process, with a broker in its memory."""

import threading
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from celery.worker import WorkController, state

from celery_worker.app import make_app
from celery_worker.scheduler import Dispatcher
from celery_worker.steps import Steps, configure

START_WITHIN_S = 30.0
BROKER_URL = "memory://localhost/"

_one = threading.Lock()
"""Celery keeps the wish to stop in a module: two workers of a process would stop together."""


class _Controller(WorkController):  # type: ignore[misc]
    """Celery's worker, which says when it is ready."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 — Celery's
        self.ready = threading.Event()
        super().__init__(*args, **kwargs)

    def on_consumer_ready(self, _consumer: object) -> None:
        """Celery's hook."""
        self.ready.set()


class EmbeddedWorker:
    """One worker in this process, one at a time; usable as a context manager."""

    def __init__(self, steps: Steps, *, concurrency: int = 2) -> None:
        self._steps = steps
        self._concurrency = concurrency
        self._stopping = threading.Event()
        self._threads: tuple[threading.Thread, ...] = ()
        self._running = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the threads; raises RuntimeError where one runs already or Celery does not come up."""
        if not _one.acquire(blocking=False):
            raise RuntimeError("an embedded worker is already running in this process")
        with ExitStack() as undo:
            undo.callback(self.stop)
            self._running = True
            self._start()
            undo.pop_all()

    def stop(self) -> None:
        """Send no more, wait for what is in work, and end the threads."""
        if not self._running:
            return
        self._stopping.set()
        state.should_stop = 0
        for thread in self._threads:
            thread.join()
        state.should_stop = None
        self._threads, self._running = (), False
        _one.release()

    def _start(self) -> None:
        configure(lambda: self._steps)
        app = make_app(lambda: BROKER_URL)
        app.control.purge()  # the broker outlives a worker of this process: its hints are of other rows
        controller = _Controller(
            app=app,
            pool="threads",
            concurrency=self._concurrency,
            hostname="aiqa@embedded",
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        dispatcher = Dispatcher(app, self._steps)
        self._stopping.clear()
        self._threads = (
            threading.Thread(target=controller.start, name="worker", daemon=True),
            threading.Thread(target=self._dispatch, args=(dispatcher,), name="dispatcher", daemon=True),
        )
        for thread in self._threads:
            thread.start()
        if not controller.ready.wait(START_WITHIN_S):
            raise RuntimeError(f"Celery did not start within {START_WITHIN_S:g} s")

    def _dispatch(self, dispatcher: Dispatcher) -> None:
        while not self._stopping.wait(dispatcher.pause_s()):
            pass
