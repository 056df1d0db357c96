"""The FHIR API for reading: metadata, read, search, bulk export; every route but metadata needs a bearer token."""

import json
import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, request, send_file

from aiqa_integration.console.facade.asked import understand
from aiqa_integration.console.facade.capability import capability_statement
from aiqa_integration.console.facade.context import base_url, facade
from aiqa_integration.console.facade.export_work import KEPT_FOR, WAITING_AT_MOST
from aiqa_integration.console.facade.outcomes import FHIR_JSON, ROOT, Refusal, refused
from aiqa_integration.console.facade.searchset import searchset
from aiqa_integration.fhir.search_parameters import PARAMETERS
from aiqa_integration.fhir.times import fhir_range
from aiqa_integration.ledger.exports import Export

PAGE = Blueprint("facade", __name__, url_prefix=ROOT)
PAGE.register_error_handler(Refusal, refused)

NDJSON = "application/fhir+ndjson"
_NDJSON_NAMES = {NDJSON, "application/ndjson", "ndjson"}
_JSON_TYPES = ("application/fhir+json", "application/json", "application/fhir+ndjson")
OPEN = frozenset({"facade.metadata"})
"""Endpoints that need no token."""

RETRY_AFTER_S = 5
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="AIQA FHIR"'}


@PAGE.before_request
def admit() -> None:
    """Let in who has a token; raises Refusal for others, and for who wants something else than JSON."""
    context = facade()
    if request.accept_mimetypes and request.accept_mimetypes.best_match(_JSON_TYPES) is None:
        raise Refusal(406, "only JSON is spoken here")
    if request.endpoint in OPEN:
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal(401, "this needs a bearer token", headers=_CHALLENGE)
    holder = context.tokens.holder(token.strip(), context.now())
    if holder is None:
        challenge = {"WWW-Authenticate": f'{_CHALLENGE["WWW-Authenticate"]}, error="invalid_token"'}
        raise Refusal(401, "the bearer token is not known, expired or revoked", headers=challenge)
    g.holder = holder


@PAGE.get("/metadata")
def metadata() -> Response:
    """Say what the API can do."""
    return _json(capability_statement(base_url()))


@PAGE.get("/<resource_type>")
def search(resource_type: str) -> Response:
    """Search resources of a type."""
    _known(resource_type)
    arguments = list(request.args.items(multi=True))
    asked = understand(resource_type, arguments, base=base_url(), lenient="handling=lenient" in _preferences())
    return Response(searchset(asked, facade().resources, base_url()), content_type=FHIR_JSON)


@PAGE.get("/<resource_type>/<resource_id>")
def read(resource_type: str, resource_id: str) -> Response:
    """Send one resource."""
    _known(resource_type)
    found = facade().resources.resource(resource_type, resource_id)
    if found is None:
        raise Refusal(404, f"there is no such {resource_type}")
    response = Response(found.body, content_type=FHIR_JSON)
    response.set_etag(str(found.version_id), weak=True)
    response.last_modified = found.last_updated
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


@PAGE.get("/$export")
def kick_off() -> Response:
    """Take an export on: FHIR Bulk Data Access 2.0, system level."""
    if "respond-async" not in _preferences():
        raise Refusal(400, "an export is asked for with Prefer: respond-async")
    types, since = _export_parameters()
    context = facade()
    export_id = context.exports.exports.ask(
        request.url, types, since=since, who=g.holder, now=context.now(), at_most=WAITING_AT_MOST
    )
    if export_id is None:
        raise Refusal(429, "other exports wait already", headers={"Retry-After": "60"})
    context.exports.wake()
    return Response(status=202, headers={"Content-Location": f"{base_url()}/$export-status/{export_id}"})


@PAGE.get("/$export-status/<uuid:export_id>")
def status(export_id: uuid.UUID) -> Response:
    """Say how far an export is, and where its files are."""
    export = _export(export_id)
    if export.finished_at is None:
        facade().exports.wake()
        return Response(status=202, headers={"X-Progress": "in progress", "Retry-After": str(RETRY_AFTER_S)})
    if export.failed or export.transaction_at is None:
        raise Refusal(500, export.failed)
    files = f"{base_url()}/$export-file/{export.export_id}"
    manifest = {
        "transactionTime": export.transaction_at.isoformat(timespec="milliseconds"),
        "request": export.request,
        "requiresAccessToken": True,
        "output": [
            {"type": name, "url": f"{files}/{name}.ndjson", "count": export.counts[name]}
            for name in export.resource_types
            if export.counts.get(name)
        ],
        "error": [],
    }
    response = _json(manifest, content_type="application/json")
    response.expires = export.finished_at + KEPT_FOR
    return response


@PAGE.delete("/$export-status/<uuid:export_id>")
def give_up(export_id: uuid.UUID) -> Response:
    """Take an export and its files away."""
    _export(export_id)
    facade().exports.forget(str(export_id))
    return Response(status=202)


@PAGE.get("/$export-file/<uuid:export_id>/<resource_type>.ndjson")
def export_file(export_id: uuid.UUID, resource_type: str) -> Response:
    """Send a file of an export."""
    export = _export(export_id)
    path = facade().exports.file(str(export_id), resource_type)
    if not export.counts.get(resource_type) or not path.is_file():
        raise Refusal(404, "there is no such file")
    return send_file(path, mimetype=NDJSON, conditional=True, etag=False)


def _export(export_id: uuid.UUID) -> Export:
    """Return an export of the one who asks; raises Refusal for what is gone or somebody else's."""
    export = facade().exports.exports.export(str(export_id))
    if export is None or export.asked_by != g.holder:
        raise Refusal(404, "there is no such export")
    return export


def _export_parameters() -> tuple[tuple[str, ...], datetime | None]:
    since: datetime | None = None
    types = tuple(PARAMETERS)
    for name, value in request.args.items():
        if name == "_since":
            try:
                since = fhir_range(value.replace(" ", "+"))[0]
            except ValueError as error:
                raise Refusal(400, "_since is an instant") from error
        elif name == "_type":
            types = tuple(dict.fromkeys(value.split(",")))
            for wanted in types:
                _known(wanted, status=400)
        elif name == "_outputFormat":
            if value.replace(" ", "+") not in _NDJSON_NAMES:
                raise Refusal(400, "files are NDJSON", issue="not-supported")
        elif "handling=lenient" not in _preferences():
            raise Refusal(400, f"an export has no parameter {name[:50]}", issue="not-supported")
    return types, since


def _known(resource_type: str, status: int = 404) -> None:
    if resource_type not in PARAMETERS:
        raise Refusal(status, f"no resources of type {resource_type[:50]} here", issue="not-supported")


def _preferences() -> set[str]:
    wishes = ",".join(request.headers.getlist("Prefer")).replace(";", ",")
    return {wish.strip().lower() for wish in wishes.split(",")}


def _json(content: dict[str, Any], content_type: str = FHIR_JSON) -> Response:
    return Response(json.dumps(content), content_type=content_type)
