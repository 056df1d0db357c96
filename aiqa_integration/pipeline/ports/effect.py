"""Something that the outside world is told: planned, claimed for delivery, received."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEffect:
    """Something that the outside world is to be told, bytes included (encode once, send the same bytes every time).

    ``dedupe_key`` is the identity of what is sent: equal keys mean the same delivery. ``subject_key`` names the thing
    that a later revision would replace, for one target: effects with equal subject keys are never in
    flight together. An effect that makes series in an archive names them in
    ``attributes["made_series_instance_uids"]``, separated by spaces, so that the poller knows its own. What ``holds``
    is sent only when the series has been quiet for long enough that it will hardly grow any more.
    """

    sink: str
    target: str
    kind: str
    dedupe_key: str
    subject_key: str
    media_type: str
    payload: bytes
    attributes: Mapping[str, str] = field(default_factory=dict)
    holds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """An outbox row, as claimed for delivery; ``payload_sha256`` finds the bytes in Artifacts."""

    effect_id: str
    job_id: str
    sink: str
    target: str
    kind: str
    dedupe_key: str
    media_type: str
    payload_sha256: str
    attributes: Mapping[str, str]
    attempts: int
    lease_owner: str
    subject_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the receiver said: its id for the thing, and how that was verified."""

    remote_id: str
    detail: str
