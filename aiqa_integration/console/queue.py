"""``/``: the queue of series with verdicts."""

from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request

from aiqa_integration.console import phrases
from aiqa_integration.console.context import console
from aiqa_integration.model.job import JobState

PAGE = Blueprint("queue", __name__)

ROWS_PER_PAGE = 50
LONGEST_TEXT = 100
_LAST_PAGE = 100_000
_STATES = frozenset(state.value for state in JobState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the queue a person asked for; ``number`` counts pages from 1."""

    state: JobState | None
    text: str
    number: int

    @property
    def filtered(self) -> bool:
        """Whether a part of the queue is left out."""
        return self.state is not None or bool(self.text)

    def query(self, number: int) -> dict[str, str | int]:
        """Return the query of the address of another page of the same choice."""
        chosen = {"state": self.state.value if self.state else "", "text": self.text}
        return {key: value for key, value in chosen.items() if value} | ({"page": number} if number > 1 else {})


@PAGE.get("/")
def show() -> str:
    """Show one page of the queue."""
    wanted, books = _wanted(), console().books
    offset = (wanted.number - 1) * ROWS_PER_PAGE
    counts = books.counts()
    rows = books.queue(ROWS_PER_PAGE + 1, offset, state=wanted.state, text=wanted.text)
    return render_template(
        "queue.html",
        rows=rows[:ROWS_PER_PAGE],
        offset=offset,
        more=len(rows) > ROWS_PER_PAGE,
        tally=phrases.tally(counts),
        counts=counts,
        failing_polls=[poll for poll in books.polls() if poll.failures],
        wanted=wanted,
        longest_text=LONGEST_TEXT,
    )


def _wanted() -> Wanted:
    state, page = request.args.get("state", ""), request.args.get("page", "1")
    if (state and state not in _STATES) or not page.isdecimal() or not 1 <= int(page[:9]) <= _LAST_PAGE:
        abort(400)
    text = request.args.get("text", "").strip()[:LONGEST_TEXT]
    return Wanted(state=JobState(state) if state else None, text=text, number=int(page[:9]))
