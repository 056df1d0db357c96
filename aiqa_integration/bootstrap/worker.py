"""The services of a worker."""

import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from aiqa_integration.bootstrap.analysis import make_analyst
from aiqa_integration.bootstrap.chores import chores
from aiqa_integration.bootstrap.clock import SystemClock
from aiqa_integration.bootstrap.connections import make_archive
from aiqa_integration.bootstrap.delivery import facade_sink, make_adviser, make_sinks
from aiqa_integration.dicom.pdf import PrintReport
from aiqa_integration.dicom.presentation import preview_png
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.scanner_record import SqlScannerRecord
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.pipeline.advance import Workshop, advance
from aiqa_integration.pipeline.chore import Chore, do_when_due
from aiqa_integration.pipeline.deliver import Dispatch, deliver
from aiqa_integration.pipeline.poll import poll_when_due
from aiqa_integration.pipeline.ports import Archive
from aiqa_integration.pipeline.retries import RetryPolicy
from aiqa_integration.pipeline.schedule import ArchiveSchedule
from aiqa_integration.settings import Settings, Window
from aiqa_integration.sinks.facade import NAME as FACADE


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The pipeline's verbs, ready to be called by a worker: poll an archive, advance a job, deliver an effect."""

    ledger: SqlLedger
    artifacts: FileArtifacts
    clock: SystemClock
    schedules: Mapping[str, ArchiveSchedule]
    workshop: Workshop
    dispatch: Dispatch
    owner: str
    chores: Mapping[str, Chore] = field(default_factory=dict)

    @property
    def archive_names(self) -> tuple[str, ...]:
        """Names of the archives to be polled, and of other periodic work."""
        return (*self.schedules, *self.chores)

    def poll(self, archive: str) -> None:
        """Poll an archive, or do another periodic work, if it is due."""
        if archive in self.chores:
            do_when_due(self.chores[archive], self.ledger, self.clock)
        else:
            poll_when_due(self.schedules[archive], self.ledger, self.clock)

    def advance(self, job_id: str) -> None:
        """Bring a job from SETTLED to MEASURED or IGNORED."""
        advance(job_id, self.workshop, owner=self.owner)

    def deliver(self, effect_id: str) -> None:
        """Send an effect."""
        deliver(effect_id, self.dispatch, owner=self.owner)


@contextmanager
def services(settings: Settings, print_report: PrintReport | None = None) -> Iterator[Services]:
    """Build the services of a worker; the tables are brought up to date first, bundles are stopped at the end.

    ``print_report`` makes the PDF of a report where an archive is to get one.
    """
    work_folder = settings.data_folder / "work"
    work_folder.mkdir(parents=True, exist_ok=True)
    schema.upgrade(settings.database_url)
    clock, archive = SystemClock(), make_archive(settings)
    artifacts = FileArtifacts(settings.data_folder / "artifacts")
    lease = timedelta(seconds=settings.worker.lease_s)
    retry = _retry_policy(settings)
    with closing(SqlLedger(settings.database_url, artifacts)) as ledger:
        sinks = make_sinks(settings, archive, clock, print_report)
        if settings.facade.enabled:
            sinks[FACADE] = facade_sink(ledger.engine, clock)
        with make_analyst(settings, clock, SqlScannerRecord(ledger.engine)) as analyst:
            ledger.keep_rules(analyst.rules.revision, analyst.rules.canonical_text, at=clock.now())
            yield Services(
                ledger=ledger,
                artifacts=artifacts,
                clock=clock,
                schedules={archive.name: _schedule(settings, archive)},
                workshop=Workshop(
                    archives={archive.name: archive},
                    reader=DicomSeriesReader(),
                    analyst=analyst,
                    sinks=sinks,
                    draw=preview_png,
                    ledger=ledger,
                    artifacts=artifacts,
                    clock=clock,
                    retry=retry,
                    lease=lease,
                    work_folder=work_folder,
                    adviser=make_adviser(settings),
                    always=(FACADE,),
                ),
                dispatch=Dispatch(
                    sinks=sinks, artifacts=artifacts, ledger=ledger, clock=clock, retry=retry, lease=lease
                ),
                owner=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
                chores={chore.name: chore for chore in chores(settings, sinks, ledger, artifacts, clock)},
            )


def _schedule(settings: Settings, archive: Archive) -> ArchiveSchedule:
    chosen = settings.archive
    return ArchiveSchedule(
        archive=archive,
        every=timedelta(seconds=chosen.poll_every_s),
        quiet=timedelta(seconds=chosen.quiet_s),
        look=timedelta(seconds=chosen.look_s),
        window_days=_days(chosen.window_days),
        reconcile_window_days=_days(chosen.reconcile_window_days),
        lease=timedelta(seconds=settings.worker.lease_s),
    )


def _days(window: Window) -> int | None:
    return None if window == "all" else window


def _retry_policy(settings: Settings) -> RetryPolicy:
    worker = settings.worker
    return RetryPolicy(
        first=timedelta(seconds=worker.retry_first_s),
        longest=timedelta(seconds=worker.retry_longest_s),
        give_up_after=worker.retry_give_up_after,
    )
