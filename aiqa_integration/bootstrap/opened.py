"""What commands and the console open: the ledger, what is known of scanners, tokens, a desk to sign at."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiqa_integration.bootstrap.chores import ehr_hook
from aiqa_integration.bootstrap.clock import SystemClock
from aiqa_integration.bootstrap.connections import make_archive
from aiqa_integration.bootstrap.delivery import make_adviser, make_sinks
from aiqa_integration.ledger.access import SqlTokens
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.queries import Books
from aiqa_integration.ledger.scanner_record import SqlScannerRecord
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.pipeline.follow_up import Hook
from aiqa_integration.pipeline.sign import Desk
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.settings import Settings


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


@contextmanager
def open_tokens(settings: Settings) -> Iterator[tuple[SqlTokens, SystemClock]]:
    """Open the bearer tokens of the FHIR API for a command; the tables must be up to date."""
    with open_ledger(settings) as (ledger, clock):
        yield SqlTokens(ledger.engine), clock


@contextmanager
def desk(settings: Settings) -> Iterator[Desk]:
    """Open what a person needs to sign a result; the tables must be up to date."""
    artifacts = FileArtifacts(settings.data_folder / "artifacts")
    ledger = SqlLedger(settings.database_url, artifacts)
    clock = SystemClock()
    sinks = make_sinks(settings, make_archive(settings), clock)
    yield Desk(sinks=sinks, artifacts=artifacts, ledger=ledger, clock=clock)
    ledger.close()


def books_of(ledger: SqlLedger) -> Books:
    """Return what the console reads of a ledger."""
    return Books(ledger.engine)


def console_parts(settings: Settings) -> tuple[Books, FileArtifacts, SqlLedger, str, Policy, Hook | None]:
    """Return what the console needs.

    Books and artifacts that it reads, the ledger that takes answers, the name of the site, the repeat rule's policy,
    what an EHR calls.
    """
    artifacts = FileArtifacts(settings.data_folder / "artifacts")
    ledger = SqlLedger(settings.database_url, artifacts)
    policy, hook = make_adviser(settings).policy, ehr_hook(settings, ledger)
    return Books(ledger.engine), artifacts, ledger, settings.site_name, policy, hook
