"""``/notices/``: what a technologist has to know now; answered by one click, renewed without reloading."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aiqa_integration.console import csrf, forms, reviewer
from aiqa_integration.console.context import console

PAGE = Blueprint("notices", __name__, url_prefix="/notices")

ENDED_SHOWN = 12
LARGEST_FORM_BYTES = 4096


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
        learnt=console().learnt(books.repeats()),
        who=reviewer.remembered(),
        longest_name=reviewer.LONGEST_NAME,
        answerable=console().answers is not None,
    )


@PAGE.post("/answer")
def answer() -> ResponseReturnValue:
    """Record an answer and show the board again; whoever answered first counts."""
    answers = console().answers
    if answers is None:
        abort(403)
    request.max_content_length = LARGEST_FORM_BYTES
    csrf.check()
    who = reviewer.named()
    accepted = "accepted" in request.form
    notice_id = request.form.get("accepted") or request.form.get("declined") or ""
    if not forms.is_id(notice_id):
        abort(400)
    answers.answer_notice(notice_id, accepted=accepted, who=who, now=console().now())
    response = redirect(url_for("notices.show"), code=303)
    reviewer.remember(response, who)
    return response
