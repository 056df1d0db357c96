"""The console in a thread of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from waitress.server import create_server

if TYPE_CHECKING:
    from aiqa_integration.bootstrap import Services
    from aiqa_integration.settings import Settings


@contextmanager
def console_server(tools: "Services", settings: "Settings") -> Iterator[str]:
    """Serve the console while the block runs; yield its address."""
    from aiqa_integration.bootstrap import books_of
    from aiqa_integration.console.app import create_app

    app = create_app(books_of(tools.ledger), tools.artifacts, settings.site_name)
    server = create_server(app, host=settings.console.host, port=settings.console.port, threads=4)
    thread = threading.Thread(target=server.run, name="console", daemon=True)
    thread.start()
    try:
        yield f"http://{settings.console.host}:{server.effective_port}/"
    finally:
        server.close()
        thread.join(timeout=5)
