"""Runs bundles in a warm child process with a deadline, so that a hang or a crash costs one answer, not the worker.

The child is a plain program, not a ``multiprocessing.Process``: workers of a prefork pool are daemons, and daemons may
have no such children.
"""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection, Pipe
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.errors import AiqaError, BundleError, OutOfMemory
from aiqa_integration.infer.bundle import Bundle
from aiqa_integration.infer.run import Arrays, BundleRunner
from aiqa_integration.model.report import BundleVersion

_KILLED = -9
_CHILD = "aiqa_integration.infer.isolate"
"""The module that the child runs as its program."""


class IsolatedInferencer:
    """Fulfils ``pipeline.ports.Inferencer`` with one child process, started on the first call and again after a fall.

    A call that takes longer than ``deadline_s`` (loading torch on the first call included) ends the child and raises
    BundleError; a child that the system killed raises OutOfMemory. Use as a context manager: leaving it ends the child.
    """

    def __init__(self, bundles: Mapping[str, Bundle], *, deadline_s: float) -> None:
        self._bundles = dict(bundles)
        self._deadline_s = deadline_s
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._pipe: Connection[Any, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._stop()

    def version(self, bundle: str) -> BundleVersion:
        """Return which bundle this is; raises BundleError."""
        return BundleRunner(self._bundles).version(bundle)

    def run(self, bundle: str, inputs: Arrays) -> Mapping[str, NDArray[np.float32]]:
        """Return the outputs of a bundle for arrays by name; raises BundleError or OutOfMemory."""
        with self._lock:
            try:
                pipe = self._started()
                pipe.send((bundle, dict(inputs)))
                if not pipe.poll(self._deadline_s):
                    self._stop()
                    raise BundleError(f"bundle {bundle}: no answer within {self._deadline_s:g} s")
                answer = pipe.recv()
            except (EOFError, BrokenPipeError, ConnectionResetError) as error:
                raise self._fallen(bundle) from error
        if isinstance(answer, AiqaError):
            raise answer
        outputs: Mapping[str, NDArray[np.float32]] = answer
        return outputs

    def _started(self) -> "Connection[Any, Any]":
        if self._child is not None and self._child.poll() is None and self._pipe is not None:
            return self._pipe
        self._stop()
        self._pipe, theirs = Pipe()
        with theirs:
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", _CHILD, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # ours may be read by a program
            )
        self._pipe.send(self._bundles)
        return self._pipe

    def _fallen(self, bundle: str) -> AiqaError:
        code = None
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._child.wait(timeout=5)
        self._stop()
        if code == _KILLED:
            return OutOfMemory(f"bundle {bundle}: its process was killed, most likely for want of memory")
        return BundleError(f"bundle {bundle}: its process ended with code {code}")

    def _stop(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        self._child = self._pipe = None


def serve(pipe: "Connection[Any, Any]") -> None:
    """Answer requests until the other end closes; the first message is the bundles."""
    runner = BundleRunner(pipe.recv())
    while True:
        bundle, inputs = pipe.recv()
        try:
            answer: object = runner.run(bundle, inputs)
        except AiqaError as error:
            answer = error
        pipe.send(answer)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the worker's: it lets the answer come, then ends the child
    with contextlib.suppress(EOFError, ConnectionError):  # the worker is gone
        serve(Connection(int(sys.argv[1])))
