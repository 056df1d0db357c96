"""Recommendations that cannot wait, to any HTTP receiver: signed JSON with an idempotency key."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import requests

from aiqa_integration.errors import ReceiverRefused, ReceiverUnavailable
from aiqa_integration.http.credentials import Credentials
from aiqa_integration.http.receiver import Fault, Receiver
from aiqa_integration.http.session import HttpSession
from aiqa_integration.model.identity import identity
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import Effect, LoadedSeries, PlannedEffect, Receipt
from aiqa_integration.recommendations.message import Message, message_of

KIND = "recommendation"
MEDIA_TYPE = "application/json"
TIMEOUTS_S = (5.0, 15.0)
"""Connect, read."""

WEBHOOK = Receiver(name="the webhook", section="webhook", unavailable=ReceiverUnavailable, refused=ReceiverRefused)


class _Signature(Credentials):
    """The signature of the message is all that says who we are."""

    def rejected(self, response: requests.Response) -> Fault:  # noqa: ARG002
        """Return what a 401 means."""
        return Fault("it does not accept our signature", "{section}.secret, or a secret in {address}")


class WebhookSink:
    """Posts what a person has to be told now or today; fulfils ``pipeline.ports.Sink``.

    The path of ``url`` may be a secret of its own, so only scheme and host are kept with a delivery.

    ``secret`` signs each request as the Standard Webhooks specification 1.0.0 says (webhook-id, webhook-timestamp,
    webhook-signature: HMAC-SHA256 of "id.timestamp.body"); None = unsigned. A receiver keeps the Idempotency-Key to
    know a message that it has already.
    """

    name = "webhook"

    def __init__(self, url: str, *, secret: str | None, now: Callable[[], datetime]) -> None:
        self._url = url
        self._secret = secret
        self._now = now

    def plan(self, report: QaReport, series: LoadedSeries | None) -> tuple[PlannedEffect, ...]:  # noqa: ARG002
        """Return one effect where the report's recommendation cannot wait, none else."""
        message = message_of(report)
        if message is None:
            return ()
        key = str(identity("effect", self.name, self._url, message.key))
        return (
            PlannedEffect(
                sink=self.name,
                target=_shown(self._url),
                kind=KIND,
                dedupe_key=key,
                subject_key=key,
                media_type=MEDIA_TYPE,
                payload=_payload(report, message),
            ),
        )

    def deliver(self, effect: Effect, payload: bytes) -> Receipt:
        """Post the message; the receiver's 2xx is all the proof there is. Raises ReceiverUnavailable, ReceiverRefused.

        Redirects are not followed: they would carry the message to another place.
        """
        headers = {"Content-Type": MEDIA_TYPE, "Idempotency-Key": effect.dedupe_key, **self._signed(effect, payload)}
        with HttpSession(WEBHOOK, credentials=_Signature(), timeout_s=TIMEOUTS_S, headers=headers) as session:
            answer = session.post(self._url, data=payload)
            session.check(answer)
        if answer.status_code >= requests.codes.multiple_choices:
            raise ReceiverRefused(f"the webhook answers {answer.status_code}", status=answer.status_code)
        return Receipt(
            remote_id=effect.dedupe_key,
            detail=f"taken with status {answer.status_code}; a webhook cannot be asked again",
        )

    def _signed(self, effect: Effect, payload: bytes) -> dict[str, str]:
        if self._secret is None:
            return {}
        at = str(int(self._now().timestamp()))
        return {
            "webhook-id": effect.dedupe_key,
            "webhook-timestamp": at,
            "webhook-signature": signature(self._secret, effect.dedupe_key, at, payload),
        }


def signature(secret: str, message_id: str, timestamp: str, payload: bytes) -> str:
    """Return the signature of a message (Standard Webhooks 1.0.0, "Signature scheme"): ``v1,`` and base64."""
    signed = f"{message_id}.{timestamp}.".encode() + payload
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}"


def _payload(report: QaReport, message: Message) -> bytes:
    recommendation, device = message.recommendation, report.device
    document = {
        "schema": "aiqa-recommendation/1",
        "headline": message.headline,
        "kind": recommendation.kind.value,
        "reason": recommendation.reason,
        "urgency": recommendation.urgency,
        "text": recommendation.text,
        "change": recommendation.change,
        "artifacts": list(recommendation.artifacts),
        "until": recommendation.until,
        "device": {
            "manufacturer": device.manufacturer,
            "model": device.model,
            "serial": device.serial,
            "station": device.station,
        },
        "study_instance_uid": report.ref.study_instance_uid,
        "series_instance_uid": report.ref.series_instance_uid,
        "report_uid": report.report_uid,
        "analysis": report.analysis,
        "simulated": report.simulated,
        "created_at": report.provenance.created_at,
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
