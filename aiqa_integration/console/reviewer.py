"""Who writes: the name that a form brings, kept by the browser for a shift. Without a login nothing proves it."""

from flask import request
from werkzeug.wrappers import Response

LONGEST_NAME = 40
NAME_COOKIE = "aiqa-who"
NAME_KEPT_S = 12 * 3600
"""How long a browser remembers who answers: a shift."""


def remembered() -> str:
    """Return who answered last in this browser, empty where nobody has."""
    return request.cookies.get(NAME_COOKIE, "")[:LONGEST_NAME]


def asked() -> dict[str, str | int]:
    """Return what a template needs to ask who writes."""
    return {"who": remembered(), "longest_name": LONGEST_NAME}


def remember(response: Response, who: str) -> None:
    """Let the browser keep the name."""
    response.set_cookie(NAME_COOKIE, who, max_age=NAME_KEPT_S, httponly=True, samesite="Strict")
