"""Send one effect from the outbox and write down what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from aiqa_integration.errors import LeaseLost, PermanentError, TransientError, Unforeseen
from aiqa_integration.pipeline.lease import kept
from aiqa_integration.pipeline.ports import Artifacts, Clock, Effect, Ledger, Sink
from aiqa_integration.pipeline.retries import RetryPolicy

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What a delivery needs: who sends, where the bytes are, who keeps the books."""

    sinks: Mapping[str, Sink]
    artifacts: Artifacts
    ledger: Ledger
    clock: Clock
    retry: RetryPolicy
    lease: timedelta


def deliver(effect_id: str, dispatch: Dispatch, *, owner: str) -> None:
    """Claim an effect, send it, record the receipt; a delivery is done only when its receiver was asked for it."""
    clock, ledger = dispatch.clock, dispatch.ledger
    effect = ledger.claim_effect(effect_id, owner=owner, now=clock.now(), lease=dispatch.lease)
    if effect is None:
        return
    try:
        with kept(lambda: ledger.extend_effect(effect, now=clock.now(), lease=dispatch.lease), dispatch.lease):
            receipt = dispatch.sinks[effect.sink].deliver(effect, dispatch.artifacts.get(effect.payload_sha256))
        ledger.effect_sent(effect, receipt, now=clock.now())
    except LeaseLost:
        log.warning("effect.lease-lost", effect=effect.effect_id)
    except TransientError as error:
        _postpone(effect, dispatch, error)
    except PermanentError as error:
        ledger.effect_refused(effect, error, now=clock.now())
        log.error("effect.refused", effect=effect.effect_id, sink=effect.sink, kind=effect.kind, code=error.code)
    except Exception as error:  # noqa: BLE001 - the task's boundary: what nobody thought of is written down too
        _postpone(effect, dispatch, Unforeseen.of(error))
    else:
        log.info("effect.sent", effect=effect.effect_id, sink=effect.sink, kind=effect.kind, attempt=effect.attempts)


def _postpone(effect: Effect, dispatch: Dispatch, error: TransientError) -> None:
    now = dispatch.clock.now()
    until = dispatch.retry.next_at(effect.attempts, now, error)
    dispatch.ledger.postpone_effect(effect, error, now=now, until=until)
    log.warning("effect.postponed", effect=effect.effect_id, sink=effect.sink, code=error.code, until=str(until))
