"""``/healthz``: whether the console can read the ledger."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from aiqa_integration.console.context import console
from aiqa_integration.errors import TransientError

PAGE = Blueprint("health", __name__)


@PAGE.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Answer 200 where the database answers, else 503."""
    try:
        console().books.queue(1, 0)
    except TransientError:
        return jsonify(status="the ledger's database cannot be used"), 503
    return jsonify(status="ok")
