"""Proof that a form was sent from a page of this console: a cookie and a field that hold the same random word.

The cookie is SameSite=Strict and unreadable for scripts, so another site can neither send nor learn it (double-submit,
OWASP Cross-Site Request Forgery Prevention Cheat Sheet). It needs no session and no secret that workers would share.
"""

import re
import secrets

from flask import Flask, Response, g, request
from werkzeug.exceptions import Forbidden

COOKIE = "aiqa-form"
FIELD = "form_token"
_TOKEN = re.compile(r"[0-9A-Za-z_-]{43}")


def install(app: Flask) -> None:
    """Give templates ``form_token()``, and a browser the cookie when a page with a form is sent."""
    app.jinja_env.globals.update(form_token=form_token)
    app.after_request(_remember)


def form_token() -> str:
    """Return the word that the form of this page has to carry."""
    token: str = g.setdefault("form_token", _sent() or secrets.token_urlsafe(32))
    return token


def check() -> None:
    """Raise Forbidden where the request is not of a form of this console."""
    sent, site = _sent(), request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in {"same-origin", "none"} or not sent:
        raise Forbidden
    if not secrets.compare_digest(sent.encode(), request.form.get(FIELD, "").encode()):
        raise Forbidden


def _sent() -> str:
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else ""


def _remember(response: Response) -> Response:
    if "form_token" in g and g.form_token != request.cookies.get(COOKIE):
        response.set_cookie(COOKIE, g.form_token, httponly=True, samesite="Strict", secure=request.is_secure)
    return response
