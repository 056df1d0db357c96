"""The viewer's pages and, beside them, what they ask of the archive: one origin, reading only."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import requests
from flask import Flask, Response, request, send_from_directory

from viewer_kit.ohif import configuration

HEADERS = {
    # The viewer's workers share memory, which browsers allow to pages that stand alone.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    # Compiled decoders and workers from blobs are the viewer's way; calling anybody else is not.
    "Content-Security-Policy": (
        "default-src 'self' blob: data: 'unsafe-inline' 'unsafe-eval'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
THREADS = 12
"""Requests answered at a time: the viewer asks for many images at once."""

_ANSWER_WITHIN_S = 60.0
_CHUNK = 1 << 18
_PASSED_ON = ("Content-Type", "Content-Length")


def viewer_app(pages: Path, archive_url: str) -> Flask:
    """Return the site: ``pages`` of OHIF, its configuration, and the DICOMweb service at ``archive_url``."""
    app = Flask(__name__, static_folder=None)

    @app.get("/app-config.js")
    def _configuration() -> Response:
        return Response(configuration(), mimetype="text/javascript")

    @app.get("/dicom-web/<path:resource>")
    def _archive(resource: str) -> Response:
        return _passed_on(f"{archive_url}/{resource}")

    @app.get("/")
    @app.get("/<path:name>")
    def _page(name: str = "") -> Response:
        # Addresses without a suffix are places inside the viewer, which its one page finds by itself.
        return send_from_directory(pages.absolute(), name if PurePosixPath(name).suffix else "index.html")

    @app.after_request
    def _harden(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    return app


def _passed_on(url: str) -> Response:
    """Return the archive's answer as it comes; with the browser's Host, since the archive writes addresses with it."""
    headers = {"Accept": request.headers.get("Accept", "*/*"), "Accept-Encoding": "identity", "Host": request.host}
    # Orthanc's plugin (1.7) does not see a list of fields in "00081030%2C00080060", which is how the viewer writes it.
    query = request.query_string.replace(b"%2C", b",")
    answer = requests.get(url, params=query, headers=headers, stream=True, timeout=_ANSWER_WITHIN_S)
    kept = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
    return Response(_body(answer), answer.status_code, kept)


def _body(answer: requests.Response) -> Iterator[bytes]:
    with answer:
        yield from answer.iter_content(_CHUNK)
