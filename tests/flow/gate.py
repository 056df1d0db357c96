"""A gate before a server: everything passes, but the next POST requests meet what the test has scripted for them."""

import http.client
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

_NOT_FORWARDED = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Script = Callable[[Callable[[], Answer]], Answer | None]
"""Gets the function that forwards the request; returns the answer, or None to close the connection without one."""


class Gate:
    """A forwarding server on loopback; a context manager. Where the target is down, the connection closes."""

    def __init__(self, target_url: str) -> None:
        self._target = urlsplit(target_url)
        self._scripts: deque[Script] = deque()
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_all(self) -> None:
                gate._pass(self)

            do_GET = do_POST = do_PUT = handle_all  # noqa: N815 - the names that http.server calls

            def log_message(self, *_: object) -> None:  # http.server's own chatter
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="gate", daemon=True)

    @property
    def url(self) -> str:
        """The target's URL, by way of the gate."""
        return f"http://127.0.0.1:{self._server.server_port}{self._target.path}"

    @property
    def scripts_left(self) -> int:
        """How many scripted POST requests have not come yet."""
        return len(self._scripts)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def script(self, *scripts: Script) -> None:
        """Say what becomes of the next POST requests."""
        self._scripts.extend(scripts)

    def _pass(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))

        def forward() -> Answer:
            return self._forward(request, body)

        scripted = self._scripts.popleft() if request.command == "POST" and self._scripts else None
        try:
            answer = scripted(forward) if scripted else forward()
        except (OSError, http.client.HTTPException):
            answer = None
        request.close_connection = True
        if answer is None:
            return
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer.body)))
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(answer.body)

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=60)
        try:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_FORWARDED}
            connection.request(request.command, request.path, body or None, headers)
            response = connection.getresponse()
            kept = {name: value for name, value in response.getheaders() if name.lower() not in _NOT_FORWARDED}
            return Answer(response.status, kept, response.read())
        finally:
            connection.close()
