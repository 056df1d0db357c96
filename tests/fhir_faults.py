"""A FHIR server with faults: a proxy in front of a real one that does to each request what a script says."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import requests

from aiqa_integration.fhir.codes import Element

HANGS_FOR_S = 3.0

FAULTS = ("429", "503", "500 before", "500 after", "hang", "half", "cut")
"""Too many requests; busy; failed before and after it was done; no answer; half of it done; answer cut off."""


class FaultyServer:
    """Passes requests to ``url``; writes meet the next fault of ``script``, None = passed on as it is."""

    def __init__(self, url: str, script: Iterator[str | None]) -> None:
        self.script = script
        self.met: list[str] = []
        root = url.removesuffix("/fhir")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = next(outer.script, None) if self.command != "GET" else None
                if fault is not None:
                    outer.met.append(fault)
                outer.answer(self, root, body, fault)

            do_GET = do_POST = do_PUT = _any  # noqa: N815 - the names that http.server calls

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def base_url(self) -> str:
        """FHIR base URL of the proxy."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/fhir"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler, root: str, body: bytes, fault: str | None) -> None:
        """Do what the script says to one request."""
        if fault in {"429", "503", "500 before"}:
            self._send(handler, int(fault[:3]), b"{}", {"Retry-After": "1"} if fault == "429" else {})
            return
        if fault == "hang":
            time.sleep(HANGS_FOR_S)
            handler.close_connection = True
            return
        sent = half(body) if fault == "half" else body
        kept = {k: v for k, v in handler.headers.items() if k.lower() not in {"host", "content-length", "connection"}}
        found = requests.request(handler.command, root + handler.path, data=sent, headers=kept, timeout=60)
        if fault in {"500 after", "half"}:
            self._send(handler, 500, b"{}", {})
        elif fault == "cut":
            handler.send_response(found.status_code)
            handler.send_header("Content-Type", "application/fhir+json")
            handler.send_header("Content-Length", str(len(found.content) + 100))
            handler.end_headers()
            handler.wfile.write(found.content[: len(found.content) // 2])
            handler.close_connection = True
        else:
            kinds = {"Content-Type": found.headers.get("Content-Type", "application/fhir+json")}
            self._send(handler, found.status_code, found.content, kinds)

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/fhir+json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def half(body: bytes) -> bytes:
    """Return the first half of a transaction; what is no transaction is left whole."""
    try:
        bundle: Element = json.loads(body)
    except ValueError:
        return body
    if bundle.get("resourceType") != "Bundle":
        return body
    entries = bundle["entry"]
    return json.dumps({**bundle, "entry": entries[: max(1, len(entries) // 2)]}).encode()
