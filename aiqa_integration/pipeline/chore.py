"""Periodic work beside the archives: a row of the ledger says when it is due (DESIGN 5, rule 3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from aiqa_integration.errors import AiqaError, ConfigurationError, PermanentError, TransientError
from aiqa_integration.pipeline.lease import kept
from aiqa_integration.pipeline.ports import Clock, Ledger

EHR_TASKS = "ehr-tasks"
EHR_SUBSCRIPTION = "ehr-subscription"
EHR_PATIENTS = "ehr-patients"
FACADE_TASKS = "facade-tasks"
MONTHS = "months"
"""Names of the periodic work, in the ledger and on the console."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Work by its name in the ledger, how often it is due, and after how long another takes it over."""

    name: str
    every: timedelta
    work: Callable[[], None]
    lease: timedelta = timedelta(minutes=1)


def do_when_due(chore: Chore, ledger: Ledger, clock: Clock) -> None:
    """Do a chore if its time has come and nobody else does it; what fails is done again at the next turn."""
    if not ledger.next_poll(chore.name, clock.now(), chore.lease):
        return
    failure: AiqaError | None = None
    try:
        with kept(lambda: ledger.extend_poll(chore.name, now=clock.now(), lease=chore.lease), chore.lease):
            chore.work()
    except (TransientError, PermanentError, ConfigurationError) as error:
        failure = error
        log.warning("chore.failed", chore=chore.name, code=error.code)
    ledger.poll_done(chore.name, now=clock.now(), next_at=clock.now() + chore.every, error=failure)
