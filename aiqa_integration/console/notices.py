"""``/notices/``: what a technologist has to know now; answered by one click, renewed without reloading."""

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aiqa_integration.console import forms, reviewer
from aiqa_integration.console.context import answering, console
from aiqa_integration.recommendations.learning import learnt

PAGE = Blueprint("notices", __name__, url_prefix="/notices")

ENDED_SHOWN = 12


@PAGE.get("/")
def show() -> str:
    """Show what waits for an answer, what was answered, and what repeats taught."""
    books, now = console().books, console().now()
    waiting = books.open_notices(now)
    return render_template(
        "notices.html",
        at_scanner=[notice for notice in waiting if notice.scope == "study"],
        others=[notice for notice in waiting if notice.scope != "study"],
        ended=books.ended_notices(now, ENDED_SHOWN),
        learnt=learnt(books.repeats(), console().policy),
        **reviewer.asked(),
        answerable=console().answers is not None,
    )


@PAGE.post("/answer")
def answer() -> ResponseReturnValue:
    """Record an answer and show the board again; whoever answered first counts."""
    answers, who = answering(), forms.signed()
    accepted = "accepted" in request.form
    notice_id = request.form.get("accepted") or request.form.get("declined") or ""
    if not forms.is_id(notice_id):
        abort(400)
    answers.answer_notice(notice_id, accepted=accepted, who=who, now=console().now())
    return forms.done(url_for("notices.show"), who)
