"""The periodic work beside the polling of archives."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from aiqa_integration.bootstrap.analysis import active_rules
from aiqa_integration.bootstrap.clock import SystemClock
from aiqa_integration.bootstrap.connections import fhir_client
from aiqa_integration.bootstrap.delivery import directory_of, make_adviser, summary_sinks
from aiqa_integration.fhir.client import EHR
from aiqa_integration.fhir.matching import check_patients
from aiqa_integration.fhir.subscription import Ear, keep_subscribed
from aiqa_integration.fhir.task_board import FhirTaskBoard
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.facade import SqlFacade
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.month import CalendarMonth
from aiqa_integration.pipeline.chore import (
    EHR_PATIENTS,
    EHR_SUBSCRIPTION,
    EHR_TASKS,
    FACADE_TASKS,
    MONTHS,
    Chore,
)
from aiqa_integration.pipeline.follow_up import Hook, follow_up, tell
from aiqa_integration.pipeline.ports import Sink
from aiqa_integration.pipeline.summarize import summarize
from aiqa_integration.settings import Settings
from aiqa_integration.sinks.facade import FacadeTasks

CHECK_EVERY = timedelta(hours=1)
SUBSCRIBE_EVERY = timedelta(minutes=5)
SUMMARIZE_EVERY = timedelta(hours=6)


def chores(
    settings: Settings, sinks: Mapping[str, Sink], ledger: SqlLedger, artifacts: FileArtifacts, clock: SystemClock
) -> Iterator[Chore]:
    """Yield the periodic work of a site."""
    lease = timedelta(seconds=settings.worker.lease_s)
    if settings.facade.enabled:
        shown = FacadeTasks(SqlFacade(ledger.engine))

        def show() -> None:
            tell(shown, ledger, now=clock.now())

        every = timedelta(seconds=settings.ehr.follow_every_s)
        yield Chore(name=FACADE_TASKS, every=every, work=show, lease=lease)
    if settings.ehr.url is not None:
        yield from _ehr_chores(settings, ledger, clock)
    receivers, zone = summary_sinks(settings, sinks), make_adviser(settings).zone
    if not receivers:
        return

    def look_back() -> None:
        now = clock.now()
        month = CalendarMonth.before(now.astimezone(zone).date())
        summarize(month, receivers, ledger, artifacts, now=now, zone=zone)

    yield Chore(name=MONTHS, every=SUMMARIZE_EVERY, work=look_back, lease=lease)


def _ehr_chores(settings: Settings, ledger: SqlLedger, clock: SystemClock) -> Iterator[Chore]:
    chosen, lease = settings.ehr, timedelta(seconds=settings.worker.lease_s)
    client, directory, ear = fhir_client(settings), directory_of(settings), ehr_ear(settings)

    def follow() -> None:
        follow_up(FhirTaskBoard(client), ledger, now=clock.now())

    yield Chore(name=EHR_TASKS, every=timedelta(seconds=chosen.follow_every_s), work=follow, lease=lease)
    if ear is not None:

        def listen() -> None:
            keep_subscribed(client, ear, now=clock.now())

        yield Chore(name=EHR_SUBSCRIPTION, every=SUBSCRIBE_EVERY, work=listen, lease=lease)
    if sends_patients(settings):

        def compare() -> None:
            check_patients(client, directory)

        yield Chore(name=EHR_PATIENTS, every=CHECK_EVERY, work=compare, lease=lease)


def ehr_hook(settings: Settings, ledger: SqlLedger) -> Hook | None:
    """Return what an EHR calls when Tasks changed; None without a secret."""
    secret = settings.ehr.hook_secret
    if secret is None:
        return None
    return Hook(secret=secret.get_secret_value(), look=lambda now: ledger.look_now(EHR_TASKS, now))


def ehr_ear(settings: Settings) -> Ear | None:
    """Return where the EHR is to tell of changed Tasks; None where it is not asked to."""
    chosen = settings.ehr
    if chosen.hook_url is None or chosen.hook_secret is None:
        return None
    return Ear(url=chosen.hook_url, secret=chosen.hook_secret.get_secret_value())


def sends_patients(settings: Settings) -> bool:
    """Return whether a rule sends results about patients to the EHR."""
    rules = active_rules(settings).rule
    return any(rule.enabled and rule.subject == "patient" and EHR.section in rule.sinks for rule in rules)


def probe_patients(settings: Settings) -> str:
    """Return how the EHR's Patients are found; raises EhrUnmatched where results about patients would wait."""
    return check_patients(fhir_client(settings), directory_of(settings))


def probe_subscription(settings: Settings) -> str:
    """Return whether the EHR can tell of changed Tasks; raises EhrUnavailable or EhrRefused."""
    can = fhir_client(settings).abilities().searches("Subscription", "url")
    return "rest-hook Subscriptions" if can else "the server has no Subscriptions: its Tasks are only looked at"
