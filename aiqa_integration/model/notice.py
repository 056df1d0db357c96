"""What a person is told at once: a notice, who answered it, and which answer may follow which state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from aiqa_integration.model.finding import Severity

Scope = Literal["study", "scanner", "site"]
"""What a notice is about: one study, one scanner, or the rule itself."""


class NoticeKind(StrEnum):
    """What a notice asks for, the most pressing first."""

    REPEAT_NOW = "repeat-now"
    CHANGE_PROTOCOL = "change-protocol"
    SERVICE = "service"
    REVIEW = "review"
    ADMIN = "admin"


class NoticeState(StrEnum):
    """Where a notice stands; WITHDRAWN: its series was replaced or judged anew, so nobody need answer it."""

    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    REPEATED = "REPEATED"
    WITHDRAWN = "WITHDRAWN"


class NoticeEvent(StrEnum):
    """What can happen to a notice."""

    ACCEPT = "accept"
    DECLINE = "decline"
    TIME_OVER = "time-over"
    SERIES_REPEATED = "series-repeated"
    SERIES_REPLACED = "series-replaced"


NOTICE_TRANSITIONS: dict[tuple[NoticeState, NoticeEvent], NoticeState] = {
    (NoticeState.PROPOSED, NoticeEvent.ACCEPT): NoticeState.ACCEPTED,
    (NoticeState.PROPOSED, NoticeEvent.DECLINE): NoticeState.DECLINED,
    (NoticeState.PROPOSED, NoticeEvent.TIME_OVER): NoticeState.EXPIRED,
    (NoticeState.PROPOSED, NoticeEvent.SERIES_REPEATED): NoticeState.REPEATED,
    (NoticeState.PROPOSED, NoticeEvent.SERIES_REPLACED): NoticeState.WITHDRAWN,
    (NoticeState.ACCEPTED, NoticeEvent.SERIES_REPEATED): NoticeState.REPEATED,
}
"""(state, event) -> state; an arrow that is not listed does not exist."""

FOLLOWED = frozenset({NoticeState.ACCEPTED, NoticeState.REPEATED})
"""Ends that count as accepted."""

CLOSED = FOLLOWED | {NoticeState.DECLINED, NoticeState.EXPIRED}
"""Ends that count at all; a notice that nobody answered was of no use."""


PRESSING = tuple(NoticeKind)
"""Kinds in the order in which they press."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """An artifact that a series was flagged for, as found."""

    artifact: str
    severity: Severity
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedNotice:
    """What a person is to be told about one series.

    ``subject`` is what the notice is about: notices with equal subjects are one as long as it is open. ``until`` is
    when it is of no use any more, None = when it is answered. ``flags`` hold the leading artifact first.
    ``again_after`` is how long after the end of a notice about the subject no new one is opened.
    """

    scope: Scope
    subject: str
    kind: NoticeKind
    text: str
    change: str | None = None
    flags: tuple[Flag, ...] = ()
    until: datetime | None = None
    again_after: timedelta = timedelta(0)
