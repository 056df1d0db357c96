"""Errors as OperationOutcome."""

import json

from flask import Response
from werkzeug.exceptions import HTTPException

FHIR_JSON = "application/fhir+json"
ROOT = "/fhir"

_ISSUES = {
    400: "invalid",
    401: "login",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    429: "throttled",
    503: "transient",
}
"""HTTP status -> issue type (FHIR R4 value set issue-type)."""


class Refusal(HTTPException):
    """A request that is not answered; ``issue`` is the issue type where the status' usual one does not fit."""

    def __init__(self, code: int, diagnostics: str, *, issue: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(diagnostics)
        self.code = code
        self.issue = issue
        self.headers = headers or {}


def answers(path: str) -> bool:
    """Return whether a path belongs to the FHIR API, whose every error is an OperationOutcome."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def refused(error: Refusal) -> Response:
    """Return the answer of a refusal."""
    response = outcome(error.code or 500, str(error.description), issue=error.issue)
    response.headers.update(error.headers)
    return response


def outcome(status: int, diagnostics: str, *, issue: str = "") -> Response:
    """Return an OperationOutcome as the answer to a request."""
    kind = issue or _ISSUES.get(status, "exception")
    body = {"resourceType": "OperationOutcome", "issue": [an_issue("error", kind, diagnostics)]}
    return Response(json.dumps(body), status=status, content_type=FHIR_JSON)


def an_issue(severity: str, kind: str, diagnostics: str) -> dict[str, str]:
    """Return one issue."""
    return {"severity": severity, "code": kind, "diagnostics": diagnostics}
