"""Keep a lease alive while its work goes on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from aiqa_integration.errors import LeaseLost, TransientError


@contextmanager
def kept(extend: Callable[[], None], lease: timedelta) -> Iterator[None]:
    """Call ``extend`` every third of the lease while the block runs; a lost lease shows at the commit.

    A ledger that is away for a moment is asked again at the next turn.
    """
    done = threading.Event()

    def beat() -> None:
        while not done.wait(lease.total_seconds() / 3):
            try:
                extend()
            except LeaseLost:
                return
            except TransientError:
                continue

    heart = threading.Thread(target=beat, name="lease", daemon=True)
    heart.start()
    try:
        yield
    finally:
        done.set()
        heart.join()
