"""Real servers for tests: the viewer kit starts its Orthanc the same way."""

import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Self

from fhir_profiles.tools import NODE_MODULES
from viewer_kit.orthanc import OrthancServer, free_port, missing_orthanc

__all__ = ["MedplumServer", "OrthancServer", "free_port", "missing_orthanc"]


class MedplumServer:
    """A FHIR server in memory whose transactions are not atomic; a context manager.

    ``single``: it says that it has no transactions.
    """

    def __init__(self, folder: Path, *, single: bool = False) -> None:
        self._folder = folder
        self._port = free_port()
        self._single = single
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """FHIR base URL."""
        return f"http://127.0.0.1:{self._port}/fhir"

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        script = Path(__file__).with_name("medplum_server.mjs")
        command = [
            "node",
            str(script),
            str(NODE_MODULES.parent),
            str(self._port),
            *(["single"] if self._single else []),
        ]
        with (self._folder / "medplum.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(600):
            if self._process.poll() is not None:
                raise RuntimeError(f"Medplum ended: {(self._folder / 'medplum.log').read_text()[-500:]}")
            try:
                with urllib.request.urlopen(f"{self.base_url}/metadata", timeout=5):  # noqa: S310 - our own http URL
                    return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("Medplum does not answer")

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
