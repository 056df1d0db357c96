"""Follow what was proposed to its end: answers of the notice board into the EHR's Tasks, answers there into our ledger.

Nothing is remembered of what was told: both sides are compared anew, so that nothing is lost with a message or worker.
A person's answer in the EHR is never changed, and no order is ever written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

import structlog

from aiqa_integration.model.notice import NoticeKind, NoticeState

log = structlog.get_logger()

TASK_KIND = "task"
"""Kind of the Task of a result (``model.identity.result_identity``)."""

Word = Literal["accepted", "done", "repeated", "declined", "expired", "withdrawn"]
"""How a Task can end; ``accepted``: the repeat is still to come."""

REPEATS = frozenset({NoticeKind.REPEAT_NOW, NoticeKind.CHANGE_PROTOCOL})

BEGUN_FOLLOWED_FOR = timedelta(days=7)
"""How long a Task that somebody has taken on is looked at: its study gets no repeat later."""

LONGEST_NAME = 40
IN_THE_EHR = "answered in the EHR"
"""Who answered, where the Task does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTask:
    """A Task as the EHR has it: ``answer`` is what a person said there, None while nobody has; ``until`` ends it."""

    key: str
    series_instance_uid: str
    answer: Literal["accepted", "declined"] | None
    ended: bool
    who: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedSeries:
    """A series of a notice: where the notice stands, who ended it, and which series repeated this one."""

    task_key: str
    notice_id: str
    kind: NoticeKind
    state: NoticeState
    ended_by: str = ""
    repeated_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a Task is to say: the word for it, who said so, and the series that it led to."""

    word: Word
    who: str = ""
    repeated_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What an EHR that tells of changed Tasks must show, and what is done then."""

    secret: str = field(repr=False)
    look: Callable[[datetime], None]


class ToldTasks(Protocol):
    """Tasks of AIQA that are kept up to date."""

    def unfinished(self, *, now: datetime) -> tuple[RemoteTask, ...]:
        """Return every Task that nobody has answered, and those begun that changed within BEGUN_FOLLOWED_FOR."""

    def end(self, task: RemoteTask, ending: Ending, *, at: datetime) -> None:
        """Write an ending, unless a person has answered in between."""


class TaskBoard(ToldTasks, Protocol):
    """The Tasks of AIQA in an EHR, where people answer. All methods raise EhrUnavailable or EhrRefused."""

    def named(self, keys: Sequence[str]) -> tuple[RemoteTask, ...]:
        """Return the Tasks of these keys that are there, ended or not."""


class NoticeBook(Protocol):
    """The notices of the ledger."""

    def noticed_series(self, series_instance_uids: Sequence[str], now: datetime) -> tuple[NoticedSeries, ...]:
        """Return what is known of these series, the newest notice last."""

    def awaited_series(self, now: datetime) -> tuple[NoticedSeries, ...]:
        """Return the series of notices that wait for an answer."""

    def answer_notice(self, notice_id: str, *, accepted: bool, who: str, now: datetime) -> NoticeState:
        """Record an answer."""


def follow_up(tasks: TaskBoard, notices: NoticeBook, *, now: datetime) -> None:
    """Bring Tasks and notices to agree; raises EhrUnavailable or EhrRefused."""
    unfinished = tell(tasks, notices, now=now)
    awaited = {series.task_key: series for series in notices.awaited_series(now)}
    here = {task.key: task for task in unfinished}
    gone = tasks.named([key for key in awaited if key not in here])
    for task in (*(here[key] for key in awaited if key in here), *gone):
        if task.answer is not None:
            accepted, who = task.answer == "accepted", (task.who or IN_THE_EHR)[:LONGEST_NAME]
            notices.answer_notice(awaited[task.key].notice_id, accepted=accepted, who=who, now=now)
            log.info("task.answered", task=task.key, answer=task.answer)


def tell(tasks: ToldTasks, notices: NoticeBook, *, now: datetime) -> tuple[RemoteTask, ...]:
    """Write into unfinished Tasks what became of their notices; return the Tasks as they were found."""
    unfinished = tasks.unfinished(now=now)
    uids = sorted({task.series_instance_uid for task in unfinished})
    known = {series.task_key: series for series in notices.noticed_series(uids, now)}
    for task in unfinished:
        ending = ending_of(task, known.get(task.key), now)
        if ending is not None:
            tasks.end(task, ending, at=now)
            log.info("task.ended", task=task.key, word=ending.word)
    return unfinished


def ending_of(task: RemoteTask, series: NoticedSeries | None, now: datetime) -> Ending | None:
    """Return what an unfinished Task is to say now; None where it waits, or a person has said the same already."""
    if series is not None and series.repeated_by:
        return Ending(word="repeated", repeated_by=series.repeated_by)
    if task.answer is not None:
        return None
    if series is None:
        return Ending(word="expired") if task.until is not None and task.until <= now else None
    if series.state in _FOLLOWED:
        return Ending(word="accepted" if series.kind in REPEATS else "done", who=series.ended_by)
    word = _UNFOLLOWED.get(series.state)
    return Ending(word=word, who=series.ended_by) if word else None


_FOLLOWED = frozenset({NoticeState.ACCEPTED, NoticeState.REPEATED})
_UNFOLLOWED: dict[NoticeState, Word] = {
    NoticeState.DECLINED: "declined",
    NoticeState.EXPIRED: "expired",
    NoticeState.WITHDRAWN: "withdrawn",
}
