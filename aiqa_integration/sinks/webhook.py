"""Recommendations that cannot wait, to any HTTP receiver: signed JSON with an idempotency key."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from aiqa_integration.errors import ReceiverRefused, ReceiverUnavailable
from aiqa_integration.model.identity import identity
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import Effect, LoadedSeries, PlannedEffect, Receipt
from aiqa_integration.recommendations.message import Message, message_of

KIND = "recommendation"
MEDIA_TYPE = "application/json"
TIMEOUTS_S = (5.0, 15.0)
"""Connect, read."""

TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


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
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(
                    self._url, data=payload, headers=headers, timeout=TIMEOUTS_S, allow_redirects=False
                )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise ReceiverRefused("the webhook's address is not a valid URL") from error
        except requests.RequestException as error:
            raise ReceiverUnavailable(f"the webhook cannot be reached: {type(error).__name__}") from error
        return _receipt(answer, effect.dedupe_key)

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


def _receipt(answer: requests.Response, key: str) -> Receipt:
    status = answer.status_code
    if status in TRANSIENT_STATUSES:
        wish = answer.headers.get("Retry-After", "")
        raise ReceiverUnavailable(
            f"the webhook answers {status}", retry_after_s=float(wish) if wish.isdigit() else None
        )
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise ReceiverRefused(f"the webhook answers {status}")
    return Receipt(remote_id=key, detail=f"taken with status {status}; a webhook cannot be asked again")


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
