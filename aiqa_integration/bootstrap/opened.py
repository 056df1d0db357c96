"""What commands and the console open: the ledger, what is known of scanners, tokens, a desk to sign at."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import tzinfo

from sqlalchemy import Engine

from aiqa_integration.artifact_detection import ARTIFACT_BUNDLE
from aiqa_integration.bootstrap.analysis import bundle_named
from aiqa_integration.bootstrap.clock import SystemClock
from aiqa_integration.bootstrap.connections import make_archive
from aiqa_integration.bootstrap.delivery import facade_sink, make_adviser, make_sinks, summary_sinks
from aiqa_integration.ledger.access import SqlTokens
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.scanner_record import SqlScannerRecord
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.pipeline.ports import Artifacts, SummarySink
from aiqa_integration.pipeline.sign import Desk
from aiqa_integration.settings import Settings
from aiqa_integration.sinks.facade import NAME as FACADE


def ledger_of(settings: Settings) -> SqlLedger:
    """Return the ledger, for whoever closes it; the tables must be up to date."""
    return SqlLedger(settings.database_url, FileArtifacts(settings.data_folder / "artifacts"))


@contextmanager
def open_ledger(settings: Settings) -> Iterator[tuple[SqlLedger, SystemClock]]:
    """Open the ledger for a command; the tables must be up to date."""
    with closing(ledger_of(settings)) as ledger:
        yield ledger, SystemClock()


@contextmanager
def open_scanner_record(settings: Settings) -> Iterator[tuple[SqlScannerRecord, SystemClock]]:
    """Open what is known of the scanners for a command; the tables must be up to date."""
    with open_ledger(settings) as (ledger, clock):
        yield SqlScannerRecord(ledger.engine), clock


@contextmanager
def open_tokens(settings: Settings) -> Iterator[tuple[SqlTokens, SystemClock]]:
    """Open the bearer tokens of the FHIR API for a command; the tables must be up to date."""
    with open_ledger(settings) as (ledger, clock):
        yield SqlTokens(ledger.engine), clock


@contextmanager
def desk(settings: Settings) -> Iterator[Desk]:
    """Open what a person needs to sign a result; the tables must be up to date."""
    with open_ledger(settings) as (ledger, clock):
        sinks = make_sinks(settings, make_archive(settings), clock)
        yield Desk(sinks=sinks, artifacts=ledger.artifacts, ledger=ledger, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDesk:
    """What a summary of a month needs: its receivers, its books, the site's zone."""

    sinks: Sequence[SummarySink]
    ledger: SqlLedger
    artifacts: Artifacts
    clock: SystemClock
    zone: tzinfo | None


@contextmanager
def month_desk(settings: Settings) -> Iterator[MonthDesk]:
    """Open what a summary of a month needs; the tables must be up to date."""
    with open_ledger(settings) as (ledger, clock):
        sinks = make_sinks(settings, make_archive(settings), clock)
        if settings.facade.enabled:
            sinks[FACADE] = facade_sink(ledger.engine, clock)
        receivers, zone = summary_sinks(settings, sinks), make_adviser(settings).zone
        yield MonthDesk(sinks=receivers, ledger=ledger, artifacts=ledger.artifacts, clock=clock, zone=zone)


def books_of(ledger: SqlLedger) -> Books:
    """Return what the console reads of a ledger."""
    return Books(ledger.engine)


def review_parts(settings: Settings, engine: Engine) -> tuple[SqlScannerRecord, Callable[[], BundleVersion]]:
    """Return what the console's reviews need: the record of the scanners, and which bundle looks for artifacts."""
    return SqlScannerRecord(engine), lambda: bundle_named(ARTIFACT_BUNDLE, settings).version()
