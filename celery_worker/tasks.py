"""The tasks: a message is a hint to look at a row; what may be done with it, and was, is in the ledger."""

from celery import Celery

from celery_worker.steps import services

POLL = "aiqa.poll"
ADVANCE = "aiqa.advance"
DELIVER = "aiqa.deliver"

QUEUES = {POLL: "io", ADVANCE: "infer", DELIVER: "io"}
"""Which queue each task waits in: networks are waited for in one, bundles run in the other."""


def poll(archive: str) -> None:
    """Poll an archive if it is due."""
    services().poll(archive)


def advance(job_id: str) -> None:
    """Work a job if it is due."""
    services().advance(job_id)


def deliver(effect_id: str) -> None:
    """Send an effect if it is due."""
    services().deliver(effect_id)


def register(app: Celery) -> None:
    """Make the tasks known to an app."""
    for name, task in ((POLL, poll), (ADVANCE, advance), (DELIVER, deliver)):
        app.task(task, name=name)
