"""A headless Chromium for tests, spoken to over its debugging pipe (Chrome DevTools Protocol)."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
]
NO_GPU = ("--disable-gpu",)
WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
"""Flags of a browser that draws in software: pages only, or three-dimensional canvases, too."""

DEADLINE_S = 60.0


def missing_chromium() -> str | None:
    """Return why there is no browser here, None where there is one."""
    return None if shutil.which("chromium") else "Chromium is not installed (Debian: chromium)"


class Browser:
    """One browser with one tab; a context manager. ``complaints`` gathers what it says in its console."""

    def __init__(self, profile: Path, drawing: tuple[str, ...] = NO_GPU) -> None:
        self._profile = profile
        self._drawing = drawing
        self._next_id = 0
        self._buffer = b""
        self._events: list[dict[str, Any]] = []
        self._session = ""
        self.complaints: list[str] = []

    def __enter__(self) -> Self:
        their_input, self._to = _high_pipe()
        self._from, their_output = _high_pipe()
        # The protocol's pipe is descriptors 3 and 4, which only a shell can set for a child in one portable step.
        script = f'exec "$0" "$@" 3<&{their_input} 4>&{their_output}'
        self._process = subprocess.Popen(
            [
                "bash",
                "-c",
                script,
                "chromium",
                *FLAGS,
                *self._drawing,
                f"--user-data-dir={self._profile}",
                "about:blank",
            ],
            pass_fds=(their_input, their_output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_input)
        os.close(their_output)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_exception: object) -> None:
        self._session = ""
        try:
            self.call("Browser.close")
            self._process.wait(timeout=20)
        except (OSError, TimeoutError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def call(self, method: str, **arguments: object) -> dict[str, Any]:
        """Send a command and return its result."""
        self._next_id += 1
        message = {"id": self._next_id, "method": method, "params": arguments}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + DEADLINE_S
        while True:
            answer = self._receive(deadline)
            if answer.get("id") == self._next_id:
                assert "error" not in answer, (method, answer["error"])
                return dict(answer["result"])

    def open(self, address: str, *, width: int = 1280, height: int = 900) -> None:
        """Go to an address and wait until all of it is there."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._events.clear()
        self.call("Page.navigate", url=address)
        self.wait_for("Page.loadEventFired")

    def wait_for(self, event: str) -> None:
        """Wait until an event was seen since the last ``open``."""
        deadline = time.monotonic() + DEADLINE_S
        while not any(seen["method"] == event for seen in self._events):
            self._receive(deadline)

    def wait_until(self, script: str, within_s: float = 30.0) -> None:
        """Wait until a JavaScript expression is true."""
        deadline = time.monotonic() + within_s
        while not self.evaluate(script):
            assert time.monotonic() < deadline, script
            time.sleep(0.1)

    def evaluate(self, script: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, x: float, y: float, *, times: int = 1) -> None:
        """Click with the mouse at a place of the window, in CSS pixels; twice for a double click."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=count)

    def screenshot(self) -> bytes:
        """Return what is to be seen as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def pdf(self) -> bytes:
        """Return the page as it is printed."""
        return base64.b64decode(self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._from], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._from, 1 << 16)
            if not part:
                raise ConnectionError("the browser is gone")
            self._buffer += part
        raw, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        if "method" in message:
            self._events.append(message)
            self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message["params"]
        match message["method"]:
            case "Runtime.exceptionThrown":
                self.complaints.append(parameters["exceptionDetails"]["text"])
            case "Log.entryAdded" if parameters["entry"]["level"] in {"warning", "error"}:
                self.complaints.append(parameters["entry"]["text"])
            case "Runtime.consoleAPICalled" if parameters["type"] in {"warning", "error", "assert"}:
                self.complaints.append(str(parameters["args"]))


def _high_pipe() -> tuple[int, int]:
    """Return a pipe whose descriptors are out of the way of 3 and 4."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]
