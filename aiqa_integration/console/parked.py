"""``/parked/``: deliveries that wait for a person, with the reason and what mends it; sent again by one click."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aiqa_integration.console import forms, phrases, reviewer
from aiqa_integration.console.context import answering, console
from aiqa_integration.ledger.views import Parked

PAGE = Blueprint("parked", __name__, url_prefix="/parked")

SHOWN = 200
WHY = "asked for on the console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Deliveries to one receiver that wait for the same reason, and what mends it."""

    sink: str
    reason: str
    advice: str
    waiting: tuple[Parked, ...]


@PAGE.get("/")
def show() -> str:
    """Show what waits, by receiver and reason."""
    waiting = console().books.parked(SHOWN)
    return render_template(
        "parked.html",
        groups=list(_groups(waiting)),
        most=SHOWN if len(waiting) == SHOWN else None,
        **reviewer.asked(),
        answerable=console().answers is not None,
    )


@PAGE.post("/replay")
def replay() -> ResponseReturnValue:
    """Send one delivery again, or all that wait for one reason, and show what is left."""
    answers = answering()
    who = forms.signed(forms.LARGE_FORM_BYTES)
    wanted = frozenset(request.form.get("effects", "").split())
    if not wanted or not all(map(forms.is_id, wanted)):
        abort(400)
    waiting = [parked for parked in console().books.parked(SHOWN) if parked.effect_id in wanted]
    for job_id in dict.fromkeys(parked.job_id for parked in waiting if parked.job_id is not None):
        answers.replay(job_id, who=who, why=WHY, now=console().now())
    for alone in (parked for parked in waiting if parked.job_id is None):
        answers.replay_effect(alone.effect_id, who=who, why=WHY, now=console().now())
    return forms.done(url_for("parked.show"), who)


def _groups(waiting: Iterable[Parked]) -> Iterable[Group]:
    found: dict[tuple[str, str], list[Parked]] = {}
    for parked in waiting:
        found.setdefault((parked.sink, parked.reason), []).append(parked)
    for (sink, reason), members in found.items():
        yield Group(sink=sink, reason=reason, advice=phrases.parked_advice(reason), waiting=tuple(members))
