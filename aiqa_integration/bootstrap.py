"""The one place where adapters meet the core: settings in, working services out."""

import os
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

from aiqa_integration import __version__
from aiqa_integration.dicom.directory_archive import DirectoryArchive
from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.presentation import preview_png
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.errors import ConfigurationError
from aiqa_integration.fhir.bundle import report_bundle_bytes
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.infer.bundle import Bundle, Check, find_bundles, verify
from aiqa_integration.infer.isolate import IsolatedInferencer
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.scanner_record import SqlScannerRecord
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.report_json import report_bytes
from aiqa_integration.pipeline.advance import Workshop, advance
from aiqa_integration.pipeline.analyst import Analyst
from aiqa_integration.pipeline.deliver import Dispatch, deliver
from aiqa_integration.pipeline.poll import poll_when_due
from aiqa_integration.pipeline.ports import (
    Archive,
    ArchiveSchedule,
    LoadedSeries,
    NoScannerRecord,
    RetryPolicy,
    ScannerRecord,
    Sink,
)
from aiqa_integration.rules.schema import RuleSet, default_rules, parse_rules
from aiqa_integration.settings import AuthSettings, Settings, Window, load_settings
from aiqa_integration.sinks.fhir_server import FhirSink
from aiqa_integration.sinks.pacs import PacsSink
from aiqa_integration.tolerances.limits import LimitSet, shipped_limit_sets


class Credentials(TypedDict):
    """How adapters are told who we are, as plain values."""

    user: str | None
    password: str | None
    bearer_token: str | None


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(tz=UTC)


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

    @property
    def archive_names(self) -> tuple[str, ...]:
        """Names of the archives to be polled."""
        return tuple(self.schedules)

    def poll(self, archive: str) -> None:
        """Poll an archive if it is due."""
        poll_when_due(self.schedules[archive], self.ledger, self.clock)

    def advance(self, job_id: str) -> None:
        """Bring a job from SETTLED to MEASURED or IGNORED."""
        advance(job_id, self.workshop, owner=self.owner)

    def deliver(self, effect_id: str) -> None:
        """Send an effect."""
        deliver(effect_id, self.dispatch, owner=self.owner)


@contextmanager
def services(settings: Settings) -> Iterator[Services]:
    """Build the services of a worker; the tables are brought up to date first, bundles are stopped at the end."""
    work_folder = settings.data_folder / "work"
    work_folder.mkdir(parents=True, exist_ok=True)
    schema.upgrade(settings.database_url)
    clock, archive = SystemClock(), make_archive(settings)
    artifacts = FileArtifacts(settings.data_folder / "artifacts")
    ledger = SqlLedger(settings.database_url, artifacts)
    sinks, lease = make_sinks(settings, archive), timedelta(seconds=settings.worker.lease_s)
    retry = _retry_policy(settings)
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
                clock=clock,
                retry=retry,
                lease=lease,
                work_folder=work_folder,
            ),
            dispatch=Dispatch(sinks=sinks, artifacts=artifacts, ledger=ledger, clock=clock, retry=retry, lease=lease),
            owner=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
        )
    ledger.close()


def make_archive(settings: Settings) -> Archive:
    """Return the archive that the settings name; raises ConfigurationError where they name none or two."""
    chosen = settings.archive
    if (chosen.url is None) == (chosen.folder is None):
        raise ConfigurationError("settings: give archive.url (DICOMweb) or archive.folder (directory), one of them")
    if chosen.folder is not None:
        return DirectoryArchive(chosen.folder, chosen.name)
    return DicomWebArchive(str(chosen.url), name=chosen.name, page_size=chosen.page_size, **_auth(chosen.auth))


def make_sinks(settings: Settings, archive: Archive) -> dict[str, Sink]:
    """Return the sinks that can be reached, by the names that rules use."""
    sinks: dict[str, Sink] = {"pacs": PacsSink(archive)}
    if settings.ehr.url is not None:
        sinks["ehr"] = FhirSink(fhir_client(settings))
    return sinks


@contextmanager
def make_analyst(settings: Settings, clock: SystemClock, record: ScannerRecord | None = None) -> Iterator[Analyst]:
    """Return rules, limits and bundles; the process that runs bundles ends with the block.

    Without a record of the scanners nothing is calibrated.
    """
    with IsolatedInferencer(bundles(settings), deadline_s=settings.worker.inference_deadline_s) as inferencer:
        yield Analyst(
            inferencer=inferencer,
            rules=active_rules(settings),
            limit_sets=limit_sets(),
            clock=clock,
            software_version=__version__,
            record=record or NoScannerRecord(),
        )


def encode_files(report: QaReport, series: LoadedSeries | None) -> dict[str, bytes]:
    """Return what ``aiqa analyze`` writes for a report, by file name; raises EncodingError."""
    slices = series.stack.slices if series else ()
    written = {"report.json": report_bytes(report, slices)}
    if report.subject == "phantom":
        written["fhir.json"] = report_bundle_bytes(report, series.header if series else None)
    if series is not None:
        written["preview.png"] = preview_png(report, series)
        written |= {f"{role}.dcm": content for role, content in encode_objects(report, series).items()}
    return written


def active_rules(settings: Settings | None = None) -> RuleSet:
    """Return the rules that the settings name, or those that ship with AIQA."""
    file = (settings or load_settings()).rules_file
    return rules_of(file) if file else default_rules()


def rules_of(file: Path) -> RuleSet:
    """Return the rules of a file; raises ConfigurationError."""
    try:
        return parse_rules(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"rule file: {error}") from error


def fhir_client(settings: Settings) -> FhirClient:
    """Return a client of the FHIR server that the settings name; raises ConfigurationError."""
    return FhirClient(settings.ehr.url or "", **_auth(settings.ehr.auth))


def books_of(ledger: SqlLedger) -> Books:
    """Return what the console reads of a ledger."""
    return Books(ledger.engine)


def limit_sets() -> tuple[LimitSet, ...]:
    """Return the limit sets that ship with AIQA; raises ConfigurationError where one breaks its schema."""
    return shipped_limit_sets()


def bundles(settings: Settings | None = None) -> Mapping[str, Bundle]:
    """Return the bundles that can be found, by name."""
    return find_bundles((settings or load_settings()).bundles_folder)


def bundle_named(name: str, settings: Settings | None = None) -> Bundle:
    """Return a bundle; raises ConfigurationError where there is none of that name."""
    found = bundles(settings)
    if name not in found:
        raise ConfigurationError(f"no bundle '{name}'; known: {', '.join(found) or 'none'}")
    return found[name]


def verify_bundles(names: Sequence[str] = (), settings: Settings | None = None) -> Iterator[tuple[str, Check]]:
    """Yield what is right and wrong with bundles, of all where none is named."""
    for name in names or bundles(settings):
        for check in verify(bundle_named(name, settings)):
            yield name, check


def probe_archive(settings: Settings) -> str:
    """Return what a first QIDO of the archive says; raises ArchiveUnavailable, ArchiveRefused, ConfigurationError."""
    archive = make_archive(settings)
    today = datetime.now(tz=UTC).date()
    count = sum(1 for _ in archive.find_studies(today, today))
    return f"{count} studies of today"


def probe_ehr(settings: Settings) -> str:
    """Return what the FHIR server says of itself; raises EhrUnavailable or EhrRefused."""
    statement = fhir_client(settings).capability()
    software = statement.get("software", {})
    return f"{software.get('name', 'unnamed server')}, FHIR {statement.get('fhirVersion', 'unknown')}"


@contextmanager
def open_ledger(settings: Settings) -> Iterator[tuple[SqlLedger, SystemClock]]:
    """Open the ledger for a command; the tables must be up to date."""
    ledger = SqlLedger(settings.database_url, FileArtifacts(settings.data_folder / "artifacts"))
    yield ledger, SystemClock()
    ledger.close()


@contextmanager
def open_scanner_record(settings: Settings) -> Iterator[tuple[SqlScannerRecord, SystemClock]]:
    """Open what is known of the scanners for a command; the tables must be up to date."""
    with open_ledger(settings) as (ledger, clock):
        yield SqlScannerRecord(ledger.engine), clock


def console_books() -> tuple[Books, FileArtifacts, str]:
    """Return what the console reads, from the settings of this process: books, artifacts, name of the site."""
    settings = load_settings()
    artifacts = FileArtifacts(settings.data_folder / "artifacts")
    return Books(SqlLedger(settings.database_url, artifacts).engine), artifacts, settings.site_name


def _schedule(settings: Settings, archive: Archive) -> ArchiveSchedule:
    chosen = settings.archive
    return ArchiveSchedule(
        archive=archive,
        every=timedelta(seconds=chosen.poll_every_s),
        quiet=timedelta(seconds=chosen.quiet_s),
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


def _auth(auth: AuthSettings) -> Credentials:
    return {
        "user": auth.user,
        "password": auth.password.get_secret_value() if auth.password else None,
        "bearer_token": auth.bearer_token.get_secret_value() if auth.bearer_token else None,
    }
