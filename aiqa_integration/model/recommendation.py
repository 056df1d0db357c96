"""What the program proposes after an analysis; a person decides."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Urgency = Literal["now", "today", "none"]


class RecommendationKind(StrEnum):
    """What may be proposed."""

    ACCEPT = "accept"
    REPEAT_NOW = "repeat-now"
    CHANGE_PROTOCOL = "change-protocol"
    REVIEW = "review"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A proposal: ``reason`` is a stable word, ``text`` one or two sentences for a person.

    ``change`` says what to do differently in a repeat; ``artifacts`` are the findings that led to it.
    """

    kind: RecommendationKind
    reason: str
    text: str
    urgency: Urgency
    change: str | None = None
    artifacts: tuple[str, ...] = ()
