"""The console served from a thread of the process that does everything else."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from waitress import create_server, wasyncore

from aiqa_integration.errors import ConfigurationError

THREADS = 4
_STOP_WITHIN_S = 10.0


@contextmanager
def serving(app: Flask, host: str, port: int, *, threads: int = THREADS) -> Iterator[str]:
    """Serve an application while the block runs and yield its address; port 0 takes any free one.

    Raises ConfigurationError where nothing can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(f"console: cannot listen on {host}:{port}: {error.strerror}") from error
    port = listener.getsockname()[1]
    open_sockets: dict[int, object] = {}
    server = create_server(app, map=open_sockets, sockets=[listener], threads=threads, ident=None)
    thread = threading.Thread(target=server.run, name="console", daemon=True)
    thread.start()
    try:
        yield f"http://{f'[{host}]' if family == socket.AF_INET6 else host}:{port}/"
    finally:
        # In the server's own thread, else it would go on to wait for sockets that are closed.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(open_sockets))
        thread.join(timeout=_STOP_WITHIN_S)
        server.task_dispatcher.shutdown()
        listener.close()
