"""``/.well-known/jwks.json``: the public keys that a SMART token server verifies our assertions by (RFC 7517)."""

from flask import Blueprint, abort, jsonify
from flask.typing import ResponseReturnValue

from aiqa_integration.console.context import console

PAGE = Blueprint("keys", __name__)

MAX_AGE_S = 3600
"""How long others may keep them: much shorter than a new key is published before it signs."""


@PAGE.get("/.well-known/jwks.json")
def jwks() -> ResponseReturnValue:
    """Publish the keys, of which none is secret."""
    context = console()
    if context.keys is None:
        abort(404)
    return jsonify(keys=context.keys.published(context.now())), 200, {"Cache-Control": f"public, max-age={MAX_AGE_S}"}
