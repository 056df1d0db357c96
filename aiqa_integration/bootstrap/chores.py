"""The periodic work at the EHR."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from aiqa_integration.bootstrap.clock import SystemClock
from aiqa_integration.bootstrap.connections import fhir_client
from aiqa_integration.bootstrap.delivery import make_adviser, resource_style
from aiqa_integration.fhir.measure_report import write_month
from aiqa_integration.fhir.task_board import FhirTaskBoard, subscribe
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.month import month_before
from aiqa_integration.pipeline.chore import Chore
from aiqa_integration.pipeline.follow_up import Hook, follow_up
from aiqa_integration.settings import Settings

EHR_TASKS = "ehr-tasks"
EHR_MONTHS = "ehr-months"
"""Names of the periodic work at the EHR, in the ledger and on the console."""

SUMMARIZE_EVERY = timedelta(hours=6)


def ehr_chores(settings: Settings, ledger: SqlLedger, clock: SystemClock) -> Iterator[Chore]:
    """Yield the periodic work at the EHR; none where there is no EHR."""
    chosen = settings.ehr
    if chosen.url is None:
        return
    client, lease = fhir_client(settings), timedelta(seconds=settings.worker.lease_s)
    secret = chosen.hook_secret.get_secret_value() if chosen.hook_secret else ""

    def follow() -> None:
        if chosen.hook_url is not None and secret:
            subscribe(client, chosen.hook_url, secret)
        follow_up(FhirTaskBoard(client), ledger, now=clock.now())

    yield Chore(name=EHR_TASKS, every=timedelta(seconds=chosen.follow_every_s), work=follow, lease=lease)
    if not chosen.monthly_summaries:
        return
    zone, style = make_adviser(settings).zone, resource_style(settings)

    def summarize() -> None:
        now = clock.now().astimezone(zone)
        start, end = month_before(now.date())
        since, until = (datetime.combine(day, time.min, tzinfo=now.tzinfo) for day in (start, end))
        made_on = now.isoformat(timespec="seconds")
        months = ledger.scanner_months(since.astimezone(UTC), until.astimezone(UTC))
        write_month(months, start, end, client=client, made_on=made_on, style=style)

    yield Chore(name=EHR_MONTHS, every=SUMMARIZE_EVERY, work=summarize, lease=lease)


def ehr_hook(settings: Settings, ledger: SqlLedger) -> Hook | None:
    """Return what an EHR calls when Tasks changed; None without a secret."""
    secret = settings.ehr.hook_secret
    if secret is None:
        return None
    return Hook(secret=secret.get_secret_value(), look=lambda now: ledger.look_now(EHR_TASKS, now))
