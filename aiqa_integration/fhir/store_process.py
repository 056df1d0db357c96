"""The child process of the embedded FHIR store: runs sekmet's own command, and ends when its parent is gone."""

import os
import signal
import sys
import threading
import time

_LOOK_EVERY_S = 0.5
_GRACE_S = 3.0


def end_with(parent_pid: int) -> None:
    """End this process when its parent has become another one: politely, after a grace for good."""
    while os.getppid() == parent_pid:
        time.sleep(_LOOK_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    os._exit(1)


def main() -> None:
    """Serve until told to stop; the parent's process id is the one argument."""
    threading.Thread(target=end_with, args=(int(sys.argv[1]),), daemon=True).start()
    from sekmet.cli import app  # noqa: PLC0415 - the watch is on before the slow import

    sys.argv = ["sekmet", "serve"]
    app()


if __name__ == "__main__":
    main()
