"""An EHR that tells of changed Tasks at once (R4 Subscription, rest-hook without a payload): asked for, kept, mended.

What it tells is only a hint to look: the Tasks are read as ever, and looked at without any hint too. A Subscription
ends by itself a day after AIQA last prolonged it, so that none outlives its address.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import structlog

from aiqa_integration.errors import EhrRefused
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import MADE_BY_AIQA_TAG, Element
from aiqa_integration.fhir.task import TASK_CODES

log = structlog.get_logger()

LIVES_FOR = timedelta(days=1)
PROLONGED_BEFORE = timedelta(hours=12)
"""What is left of its life when it is prolonged."""

Kept = Literal["none", "there", "created", "mended"]
"""``none``: the server has no Subscriptions that we could find again; its Tasks are looked at only."""

_STOPPED = frozenset({"error", "off"})
_PRECONDITION_FAILED = 412


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """Where the EHR is to tell, and the secret that it must show there."""

    url: str
    secret: str = field(repr=False)

    @property
    def mark(self) -> str:
        """Which secret a Subscription was made with; servers may keep the secret itself to themselves."""
        return hmac.new(self.secret.encode(), self.url.encode(), hashlib.sha256).hexdigest()[:12]


def keep_subscribed(client: FhirClient, ear: Ear, *, now: datetime) -> Kept:
    """See to it that the EHR has exactly one Subscription for our address that works.

    Made where there is none (or it was lost), set going again where the server stopped it, renewed where its secret or
    what it listens for changed, prolonged in time. Of several, all but one are ended. Raises EhrUnavailable and
    EhrRefused.
    """
    abilities = client.abilities()
    support = abilities.types.get("Subscription")
    if support is None or "create" not in support.interactions or not abilities.searches("Subscription", "url"):
        return "none"
    listed = client.search("Subscription", {"url": ear.url})
    ours = [found for found in listed if found.get("channel", {}).get("endpoint") == ear.url]
    living = [found for found in ours if found.get("status") not in _STOPPED] or ours
    if not living:
        client.create(_subscription(ear, now), if_none_exist=f"url={ear.url}")
        log.info("subscription.created")
        return "created"
    kept = living[0]
    for spare in ours:
        if spare is not kept and spare.get("status") != "off":
            _end(spare, client)
    if not _wants_mending(kept, ear, now):
        return "there"
    if "update" not in support.interactions:
        raise EhrRefused(f"the server's Subscription is {kept.get('status')} and cannot be updated")
    try:
        client.update({**_subscription(ear, now), "id": kept["id"]}, version=kept["meta"]["versionId"])
    except EhrRefused as error:
        if error.status != _PRECONDITION_FAILED:
            raise
        return "there"  # the server has just set another status: looked at again the next time
    log.info("subscription.mended", was=kept.get("status"))
    return "mended"


def _wants_mending(found: Element, ear: Ear, now: datetime) -> bool:
    wanted = _subscription(ear, now)
    end = found.get("end")
    old = end is not None and datetime.fromisoformat(str(end)) < now + PROLONGED_BEFORE
    return (
        found.get("status") in _STOPPED or old or any(found.get(key) != wanted[key] for key in ("reason", "criteria"))
    )


def _end(found: Element, client: FhirClient) -> None:
    client.update({**found, "status": "off"}, version=found["meta"]["versionId"])
    log.info("subscription.ended")


def _subscription(ear: Ear, now: datetime) -> Element:
    codes = ",".join(f"{coding['system']}|{coding['code']}" for coding in TASK_CODES)
    return {
        "resourceType": "Subscription",
        "meta": {"tag": [MADE_BY_AIQA_TAG]},
        "status": "requested",
        "end": (now + LIVES_FOR).astimezone(UTC).isoformat(timespec="seconds"),
        "reason": f"AIQA learns what was decided on its proposals (secret {ear.mark})",
        "criteria": f"Task?code={codes}",
        "channel": {"type": "rest-hook", "endpoint": ear.url, "header": [f"Authorization: Bearer {ear.secret}"]},
    }
