"""What a person says to a result: it is right (a VERIFIED version is sent), or the images are to be rejected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import structlog

from aiqa_integration.errors import LedgerError
from aiqa_integration.model.identity import Person
from aiqa_integration.pipeline.ports import Artifacts, Clock, Effect, Ledger, PlannedEffect, Signature, SignedSink, Sink

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a signature needs: who sends, where the bytes are, who keeps the books."""

    sinks: Mapping[str, Sink]
    artifacts: Artifacts
    ledger: Ledger
    clock: Clock


def verify(report_uid: str, person: Person, desk: Desk) -> tuple[PlannedEffect, ...]:
    """Plan the confirmed versions of a result's documents, and return them.

    Raises LedgerError where there is no such result, it was not sent, or that person has confirmed it already;
    EncodingError where a stored document cannot be read.
    """
    return _sign(report_uid, Signature(person=person, action="verify", subject=report_uid, at=desk.clock.now()), desk)


def reject(report_uid: str, person: Person, desk: Desk) -> tuple[PlannedEffect, ...]:
    """Plan the note by which a person rejects the images of a result, and return it.

    Archives may hide these images from then on: nothing but a person's own click may call this. Raises LedgerError
    where there is no such result or it was not sent.
    """
    return _sign(report_uid, Signature(person=person, action="reject", subject=report_uid, at=desk.clock.now()), desk)


def _sign(report_uid: str, signature: Signature, desk: Desk) -> tuple[PlannedEffect, ...]:
    known = desk.ledger.documents_of(report_uid)
    sources: dict[tuple[str, str, str], Effect] = {}
    for effect in known:
        document = (effect.sink, effect.target, effect.attributes["document"])
        if signature.action == "verify" or document not in sources:  # the latest version, or what the images gave
            sources[document] = effect
    done_before = {effect.dedupe_key for effect in known}
    wanted = [(effect.job_id, later) for effect in sources.values() if (later := _plan(effect, signature, desk))]
    planned = [(job_id, later) for job_id, later in wanted if later.dedupe_key not in done_before]
    if not planned:
        done: dict[Literal["verify", "reject"], str] = {"verify": "confirmed", "reject": "rejected"}
        raise LedgerError(f"nothing to be {done[signature.action]} of {report_uid}: not sent, or done before")
    for job_id in dict.fromkeys(job_id for job_id, _ in planned):
        desk.ledger.add_effects(job_id, [effect for of, effect in planned if of == job_id], signature)
        log.info("result.signed", job=job_id, action=signature.action, report=report_uid)
    return tuple(effect for _, effect in planned)


def _plan(effect: Effect, signature: Signature, desk: Desk) -> PlannedEffect | None:
    sink = desk.sinks.get(effect.sink)
    if not isinstance(sink, SignedSink):
        return None
    payload = desk.artifacts.get(effect.payload_sha256)
    plan = sink.plan_confirmed if signature.action == "verify" else sink.plan_rejected
    return plan(effect, payload, signature.person, signature.at)
