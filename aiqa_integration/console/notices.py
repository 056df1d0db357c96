"""``/notices/``: what a technologist has to know now; answered by one click, renewed without reloading."""

import uuid

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aiqa_integration.console import csrf
from aiqa_integration.console.context import console

PAGE = Blueprint("notices", __name__, url_prefix="/notices")

ENDED_SHOWN = 12
LONGEST_NAME = 40
LARGEST_FORM_BYTES = 4096
NAME_COOKIE = "aiqa-who"
NAME_KEPT_S = 12 * 3600
"""How long a browser remembers who answers: a shift."""


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
        who=request.cookies.get(NAME_COOKIE, "")[:LONGEST_NAME],
        longest_name=LONGEST_NAME,
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
    who = " ".join(request.form.get("who", "").split())[:LONGEST_NAME]
    accepted = "accepted" in request.form
    notice_id = request.form.get("accepted") or request.form.get("declined") or ""
    if not who or not _is_id(notice_id):
        abort(400)
    answers.answer_notice(notice_id, accepted=accepted, who=who, now=console().now())
    response = redirect(url_for("notices.show"), code=303)
    response.set_cookie(NAME_COOKIE, who, max_age=NAME_KEPT_S, httponly=True, samesite="Strict")
    return response


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
