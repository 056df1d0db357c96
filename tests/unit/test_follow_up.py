"""What an unfinished Task is to say, and what its answers come to."""

from datetime import UTC, datetime

import pytest

from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.model.notice import NoticeKind, NoticeState
from aiqa_integration.pipeline.follow_up import Hook, NoticedSeries, RemoteTask, ending_of, follow_up
from tests.console_samples import NOW as CONSOLE_NOW
from tests.console_samples import sample_books

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
BEFORE, AFTER = datetime(2026, 11, 20, 6, 0, tzinfo=UTC), datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def task(answer=None, until=AFTER, key="k"):
    return RemoteTask(key=key, series_instance_uid="1.2", answer=answer, ended=False, until=until)


def series(state, kind=NoticeKind.REPEAT_NOW, repeated_by=""):
    return NoticedSeries(task_key="k", notice_id="n", kind=kind, state=state, ended_by="Kim", repeated_by=repeated_by)


@pytest.mark.parametrize(
    ("at", "about", "word"),
    [
        (task(), series(NoticeState.PROPOSED), None),
        (task(), series(NoticeState.ACCEPTED), "accepted"),
        (task(), series(NoticeState.ACCEPTED, NoticeKind.SERVICE), "done"),
        (task(), series(NoticeState.REPEATED), "accepted"),
        (task(), series(NoticeState.DECLINED), "declined"),
        (task(), series(NoticeState.EXPIRED), "expired"),
        (task(), series(NoticeState.WITHDRAWN), "withdrawn"),
        (task("accepted"), series(NoticeState.EXPIRED), None),
        (task("accepted"), series(NoticeState.ACCEPTED, repeated_by="1.3"), "repeated"),
        (task(), series(NoticeState.PROPOSED, repeated_by="1.3"), "repeated"),
        (task(), None, None),
        (task(until=BEFORE), None, "expired"),
        (task("accepted", until=BEFORE), None, None),
        (task(until=None), None, None),
    ],
)
def test_what_a_task_is_to_say(at, about, word):
    ending = ending_of(at, about, NOW)
    assert (ending.word if ending else None) == word


class Ehr:
    def __init__(self, unfinished, others=()):
        self.tasks, self.others, self.ended = unfinished, others, []

    def unfinished(self, *, now):
        return self.tasks

    def named(self, keys):
        return tuple(other for other in self.others if other.key in keys)

    def end(self, task, ending, *, at):
        self.ended.append((task.key, ending.word))


class Notices:
    def __init__(self, *known):
        self.known, self.answers = known, []

    def noticed_series(self, uids, now):
        return self.known

    def awaited_series(self, now):
        return tuple(one for one in self.known if one.state is NoticeState.PROPOSED)

    def answer_notice(self, notice_id, *, accepted, who, now):
        self.answers.append((notice_id, accepted, who))
        return NoticeState.ACCEPTED


@pytest.mark.parametrize("ended", [True, False])
def test_an_answer_in_the_ehr_is_taken_over_whether_the_task_has_ended_or_not(ended):
    answered = RemoteTask(key="k", series_instance_uid="1.2", answer="accepted", ended=ended, who="")
    ehr = Ehr((), (answered,)) if ended else Ehr((answered,))
    notices = Notices(series(NoticeState.PROPOSED))
    follow_up(ehr, notices, now=NOW)
    assert notices.answers == [("n", True, "answered in the EHR")]
    assert ehr.ended == []


def test_what_nobody_answered_anywhere_waits():
    ehr, notices = Ehr((task(),)), Notices(series(NoticeState.PROPOSED))
    follow_up(ehr, notices, now=NOW)
    assert (ehr.ended, notices.answers) == ([], [])


@pytest.mark.parametrize(("shown", "status", "looked"), [("Bearer s", 200, 1), ("Bearer t", 401, 0), ("", 401, 0)])
def test_a_hint_of_the_ehr_has_the_tasks_looked_at_with_the_secret_only(shown, status, looked):
    books, _ = sample_books()
    asked: list[datetime] = []
    app = create_app(
        ConsoleContext(
            books=books, artifacts=books.artifacts, now=lambda: CONSOLE_NOW, hook=Hook(secret="s", look=asked.append)
        )
    )
    answer = app.test_client().post("/ehr-hook", headers={"Authorization": shown}, data="{}")
    assert (answer.status_code, len(asked)) == (status, looked)
    assert "'s'" not in repr(Hook(secret="s", look=asked.append))
