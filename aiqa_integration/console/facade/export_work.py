"""Bulk exports written to NDJSON files by a thread of the console; any console process takes over what another left."""

import shutil
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from aiqa_integration.errors import AiqaError
from aiqa_integration.ledger.exports import Export, SqlExports
from aiqa_integration.ledger.facade import SqlFacade

log = structlog.get_logger()

KEPT_FOR = timedelta(hours=24)
"""How long the files of an export stay, from when it was asked for."""

LEASE = timedelta(minutes=2)
EXTEND_EVERY = 2000
"""Resources after which the lease is extended."""

SETTLED_AFTER = timedelta(seconds=10)
"""The transaction time lies this far back: a change that began before it is committed by then, so none is missed by a
client that goes on from the transaction time of its last export."""

WAITING_AT_MOST = 4


class ExportWork:
    """Writes exports below ``folder``, one at a time in each process; memory does not grow with their size."""

    def __init__(self, exports: SqlExports, resources: SqlFacade, folder: Path, now: Callable[[], datetime]) -> None:
        self.exports = exports
        self._resources = resources
        self._folder = folder
        self._now = now
        self._busy = threading.Lock()
        self._stopped = threading.Event()

    def wake(self) -> None:
        """Let a thread write what waits, unless one does."""
        if not self._busy.locked():
            threading.Thread(target=self.work, name="fhir-export", daemon=True).start()

    def stop(self) -> None:
        """Write no more, and return when nothing uses the database; another process takes over what is not whole."""
        self._stopped.set()
        with self._busy:
            pass

    def work(self) -> None:
        """Write every export that waits; nothing happens where another thread does."""
        if not self._busy.acquire(blocking=False):
            return
        try:
            if self._stopped.is_set():
                return
            self._clear()
            while not self._stopped.is_set() and (export := self.exports.next(now=self._now(), lease=LEASE)):
                self._write(export)
        except AiqaError as error:
            log.warning("facade.export-stopped", code=error.code)
        finally:
            self._busy.release()

    def file(self, export_id: str, resource_type: str) -> Path:
        """Return where the resources of a type are written."""
        return self._folder / export_id / f"{resource_type}.ndjson"

    def forget(self, export_id: str) -> None:
        """Take an export and its files away."""
        self.exports.forget(export_id)
        shutil.rmtree(self._folder / export_id, ignore_errors=True)

    def _clear(self) -> None:
        for export_id in self.exports.older(self._now() - KEPT_FOR):
            self.forget(export_id)

    def _write(self, export: Export) -> None:
        until = self._now() - SETTLED_AFTER
        try:
            counts = self._files(export, until)
        except OSError as error:
            self.exports.fail(export.export_id, f"the files cannot be written: {error.strerror}", now=self._now())
            return
        if counts is None or not self.exports.finish(export.export_id, counts, transaction_at=until, now=self._now()):
            shutil.rmtree(self._folder / export.export_id, ignore_errors=True)
            return
        log.info("facade.exported", export=export.export_id, resources=sum(counts.values()))

    def _files(self, export: Export, until: datetime) -> dict[str, int] | None:
        """Write the files and return how many resources each holds; None where it was taken away or the work stops."""
        counts: Counter[str] = Counter()
        (self._folder / export.export_id).mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            files = {
                name: stack.enter_context(self.file(export.export_id, name).open("w", encoding="utf-8", newline="\n"))
                for name in export.resource_types
            }
            for name, body in self._resources.bodies(export.resource_types, since=export.since, until=until):
                files[name].write(f"{body}\n")
                counts[name] += 1
                if self._stopped.is_set() or (counts.total() % EXTEND_EVERY == 0 and not self._keep(export)):
                    return None
        return dict(counts)

    def _keep(self, export: Export) -> bool:
        return self.exports.extend(export.export_id, self._now() + LEASE)
