"""What a person sees when a page cannot be shown."""

import structlog
from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from aiqa_integration.console.facade import outcomes
from aiqa_integration.errors import LedgerError, TransientError

log = structlog.get_logger()

RETRY_AFTER_S = 15

_WORDS: dict[int, tuple[str, str]] = {
    400: ("This address is not understood", "Go back to the queue and choose from there."),
    401: ("This caller is not known", "The secret is ehr.hook_secret."),
    404: ("There is nothing here", "The series may be under another address. Look for it in the queue."),
    403: ("This answer was not taken", "Go back to the page, load it anew and answer again."),
    405: ("This page can only be read", "Answers are given on the notice board."),
    413: ("This answer is too large", "Go back to the page and answer again."),
}
_UNSAID = ("The page cannot be shown", "Go back to the queue and try again.")


def install(app: Flask) -> None:
    """Answer every failure with a page that says what happened and what to do."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(TransientError, _transient)
    app.register_error_handler(LedgerError, _ledger)
    # The one broad handler of the console: a fault of ours must reach a person as a page, and the log as a traceback.
    app.register_error_handler(Exception, _fault)


def _http(error: HTTPException) -> Response:
    title, advice = _WORDS.get(error.code or 500, _UNSAID)
    return _page(error.code or 500, title, advice)


def _transient(error: TransientError) -> Response:
    log.warning("console.unavailable", endpoint=request.endpoint, code=error.code)
    page = _page(
        503,
        "The ledger cannot be reached",
        f"This page tries again every {RETRY_AFTER_S} seconds. If it stays: 'aiqa check' says what is missing. "
        "Measuring goes on where it stopped; nothing is lost.",
        retry_s=RETRY_AFTER_S,
    )
    page.headers["Retry-After"] = str(RETRY_AFTER_S)
    return page


def _ledger(error: LedgerError) -> Response:
    log.error("console.damaged", endpoint=request.endpoint, detail=str(error))
    return _page(500, "What was stored cannot be read", f"{error}. Replay the series, and report this.")


def _fault(error: Exception) -> Response:
    log.error("console.fault", endpoint=request.endpoint, exc_info=error)
    return _page(500, "The console made a mistake", "It is written in the log. The other pages still work.")


def _page(status: int, title: str, advice: str, *, retry_s: int | None = None) -> Response:
    if outcomes.answers(request.path):
        return outcomes.outcome(status, title)
    page = render_template("mishap.html", status=status, heading=title, advice=advice, retry_s=retry_s)
    return make_response(page, status)
