"""What forms bring, checked; and the answer to a form."""

import uuid

from flask import abort, redirect, request
from werkzeug.wrappers import Response

from aiqa_integration.console import csrf, reviewer

SMALL_FORM_BYTES = 4096
LARGE_FORM_BYTES = 16_384
"""As many ids as a page shows, or a comment."""


def signed(largest_bytes: int = SMALL_FORM_BYTES) -> str:
    """Let a form in that a page of this console sent, and return who sends it.

    Aborts with 413 where it is larger, with 403 where it is from elsewhere, with 400 where it names nobody.
    """
    request.max_content_length = largest_bytes
    csrf.check()
    who = line("who", reviewer.LONGEST_NAME)
    if not who:
        abort(400)
    return who


def line(field: str, longest: int) -> str:
    """Return what a field says, as one line of at most so many characters; empty where it says nothing."""
    return " ".join(request.form.get(field, "").split())[:longest]


def done(target: str, who: str) -> Response:
    """Send the browser to a page, now that a form was worked on, and let it keep the name."""
    response = redirect(target, code=303)
    reviewer.remember(response, who)
    return response


def is_id(text: str) -> bool:
    """Return whether a text is an id as the ledger writes them."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
