"""Connections to one server, for any number of threads."""

import threading
from collections.abc import Callable

from aiqa_integration.http.session import HttpSession


class Connections:
    """One session per thread: requests promises nothing for shared ones."""

    def __init__(self, make: Callable[[], HttpSession]) -> None:
        self._make = make
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[HttpSession] = []

    @property
    def session(self) -> HttpSession:
        """This thread's session."""
        session: HttpSession | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._make()
            with self._lock:
                self._sessions.append(session)
        return session

    def close(self) -> None:
        """Close the connections of all threads; they can be used again afterwards."""
        with self._lock:
            for session in self._sessions:
                session.close()
