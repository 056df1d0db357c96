"""Celery's configuration, and the app of deployment L: ``celery -A celery_worker.app worker``."""

from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_shutdown, worker_shutdown

from aiqa_integration.logs import configure_logs
from celery_worker import tasks
from celery_worker.steps import Steps, close, configure, services

__all__ = ["Steps", "app", "configure", "make_app", "services"]

POLLING_INTERVAL_S = 0.05
"""How often brokers that cannot push are asked; their default of 1 s makes every step wait."""

REDIS_VISIBILITY_S = 3600
"""After this Redis hands a message out again: longer than any task, and a hint twice does no harm."""


def configuration(broker_url: str) -> dict[str, Any]:
    """Return Celery's settings for a broker.

    No result backend, no ETA, no retry by Celery: the ledger knows what is due. Remote control is off where all is in
    one process.
    """
    one_process = broker_url.startswith("memory:")
    return {
        "broker_url": broker_url,
        "broker_transport_options": _transport_options(broker_url),
        "broker_connection_retry_on_startup": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_queues": {name: {"exchange": name, "routing_key": name} for name in set(tasks.QUEUES.values())},
        "task_default_queue": tasks.QUEUES[tasks.POLL],
        "task_routes": {name: {"queue": queue} for name, queue in tasks.QUEUES.items()},
        "task_create_missing_queues": False,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_enable_remote_control": not one_process,
        "worker_send_task_events": False,
        "enable_utc": True,
        "timezone": "UTC",
    }


def make_app(broker_url: Callable[[], str]) -> Celery:
    """Return an app with the tasks; the broker is asked for when it is first needed."""
    made = Celery("aiqa", set_as_current=False)
    made.add_defaults(lambda: configuration(broker_url()))
    tasks.register(made)
    return made


def _transport_options(broker_url: str) -> dict[str, Any]:
    match broker_url.partition(":")[0].partition("+")[0]:
        case "redis" | "rediss" | "sentinel":
            return {"visibility_timeout": REDIS_VISIBILITY_S}
        case "amqp" | "amqps" | "pyamqp":
            return {}
        case _:
            return {"polling_interval": POLLING_INTERVAL_S}


def _broker_of_settings() -> str:
    from aiqa_integration.settings import load_settings  # noqa: PLC0415 — read when first needed, not at import

    return load_settings().worker.broker_url


def _close(**_: object) -> None:
    close()


def _log_as_aiqa(**_: object) -> None:
    configure_logs()


setup_logging.connect(_log_as_aiqa)
worker_process_shutdown.connect(_close)
worker_shutdown.connect(_close)

app = make_app(_broker_of_settings)
