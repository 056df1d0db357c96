"""How a driver talks: one JSON object a line on standard input and output.

The first line out is ``{"ready", "version", "import_s"}``; then each ``{"id", "phantom", "files", "warm_up"}`` is
answered with ``{"id", "tests"}``. What a tool prints goes to standard error. Nothing here is imported from the project:
a driver runs in its tool's own environment.
"""

import json
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.metadata import version
from typing import Any

Json = dict[str, Any]
Measure = Callable[[Json], Json]


def serve(package: str, start: Callable[[], Measure]) -> None:
    """Start a tool once and let it measure every series that is asked for."""
    answers, began = sys.stdout, time.perf_counter()
    with redirect_stdout(sys.stderr):
        measure = start()
    say(answers, {"ready": True, "version": version(package), "import_s": time.perf_counter() - began})
    for line in sys.stdin:
        asked = json.loads(line)
        with redirect_stdout(sys.stderr):
            tests = measure(asked)
        say(answers, {"id": asked["id"], "tests": tests})


def say(answers: Any, answer: Json) -> None:
    """Write one answer; NaN stays NaN, as Python's JSON reads and writes it."""
    answers.write(json.dumps(answer, default=plain) + "\n")
    answers.flush()


def plain(value: Any) -> Any:
    """Return a numpy value as JSON can write it."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def described(error: BaseException, package: str) -> Json:
    """Return an error as the answer holds it; deliberate where the tool itself raised it, on purpose."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    own = last is not None and f"/{package}/" in last.filename and (last.line or "").startswith("raise")
    return {"error": repr(error), "deliberate": own, "where": f"{last.name}:{last.lineno}" if last else ""}
