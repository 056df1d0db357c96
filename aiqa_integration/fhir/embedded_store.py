"""The FHIR R4 server of the demo: sekmet-fhir, run as a child process that never outlives us."""

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import requests

from aiqa_integration.errors import ConfigurationError

_START_WITHIN_S = 60.0
_STOP_WITHIN_S = 10.0
_LOOPBACK = "127.0.0.1"


class EmbeddedFhirStore:
    """A FHIR R4 server on loopback whose data lie in ``folder``; ``port`` 0 = any free one.

    A context manager. Raises ConfigurationError where sekmet-fhir is not installed or does not start.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._folder = folder
        self._port = port
        self._name = f"AIQA embedded FHIR store {uuid4()}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """FHIR base URL, once started."""
        return f"http://{_LOOPBACK}:{self._port}/fhir"

    @property
    def pid(self) -> int | None:
        """Process id of the server while it runs."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers; nothing happens if it runs."""
        if self._process is not None and self._process.poll() is None:
            return
        if importlib.util.find_spec("sekmet") is None:
            raise ConfigurationError(
                "the embedded FHIR store needs the package sekmet-fhir: pip install 'aiqa-integration[demo]', "
                "or set ehr.url to a FHIR R4 server"
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        self._port = self._port or _free_port()
        self._process = self._launch()
        self._await_ready()

    def stop(self) -> None:
        """Stop the server; nothing happens if it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _launch(self) -> "subprocess.Popen[bytes]":
        settings = self._folder / "settings.yaml"
        settings.write_text(json.dumps(self._settings(), indent=1), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SEKMET_")}
        environment["SEKMET_CONFIG"] = str(settings.resolve())
        module = "aiqa_integration.fhir.store_process"
        with (self._folder / "server.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", module, str(os.getpid())],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _settings(self) -> dict[str, object]:
        """Return sekmet's settings (JSON is YAML): loopback only, no simulated answers, strict, no log of bodies."""
        return {
            "base_url": self.base_url,
            "host": _LOOPBACK,
            "port": self._port,
            "data_dir": str(self._folder.resolve()),
            "own_private_key_path": str(self._folder.resolve() / "keys" / "private.pem"),
            "simulator": {"enabled": False},
            "validation": {"inbound": "strict"},
            "log_inbound": False,
            "facility_name": "AIQA demo",
            "software_name": self._name,
        }

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_WITHIN_S
        with requests.Session() as session:
            session.trust_env = False
            while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
                with contextlib.suppress(requests.RequestException):
                    answer = session.get(f"{self.base_url}/metadata", timeout=(1.0, 10.0))
                    if answer.ok and self._name in answer.text:
                        return
                time.sleep(0.1)
        self.stop()
        raise ConfigurationError(f"the embedded FHIR store did not start on port {self._port}; see server.log")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])
