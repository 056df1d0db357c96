"""``/fhir-hook``: an EHR says that Tasks changed (R4 Subscription, rest-hook); only a hint to look, nothing is read."""

import hmac

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from aiqa_integration.console.context import console

PAGE = Blueprint("hook", __name__)

LARGEST_BYTES = 1_000_000


@PAGE.post("/fhir-hook")
def told() -> ResponseReturnValue:
    """Have the Tasks looked at soon; 403 where no secret is set, 401 for a wrong one."""
    hook = console().hook
    if hook is None:
        abort(403)
    request.max_content_length = LARGEST_BYTES
    shown = request.headers.get("Authorization", "")
    if not hmac.compare_digest(shown.encode(), f"Bearer {hook.secret}".encode()):
        abort(401)
    hook.look(console().now())
    return "", 200
