"""A server that is told things by key, as PACS and EHR are; it fails at times, before or after it took a thing."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Told:
    """What was told: (key, body) in order, with each request; and how often the server failed."""

    def __init__(self, seed: int) -> None:
        self.lock = threading.Lock()
        self.taken: list[tuple[str, bytes]] = []
        self.failures = 0
        self.port = 0
        self._random = random.Random(seed)

    def tell(self, key: str, body: bytes) -> int | None:
        """Return the status to answer with, None for a connection that drops before the answer."""
        with self.lock:
            chance = self._random.random()
            if chance < 0.1:
                self.failures += 1
                return 503
            self.taken.append((key, body))
            if chance < 0.2:
                self.failures += 1
                return None
            return 200

    @property
    def bodies(self) -> dict[str, set[bytes]]:
        """What was told for each key."""
        bodies: dict[str, set[bytes]] = {}
        for key, body in self.taken:
            bodies.setdefault(key, set()).add(body)
        return bodies


@contextmanager
def receiver(seed: int) -> Iterator[Told]:
    """Run the server on a free port."""
    told = Told(seed)

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = told.tell(self.path.lstrip("/"), body)
            self.close_connection = True
            if status is not None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(ConnectionError):  # the client was killed
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
