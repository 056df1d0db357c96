"""Real servers for tests: started on a free loopback port in a folder of their own, stopped by their process id."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

DICOMWEB_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def missing_orthanc() -> str | None:
    """Return why Orthanc cannot be started here, None where it can."""
    if shutil.which("Orthanc") is None:
        return "Orthanc is not installed (Debian: orthanc)"
    if not DICOMWEB_PLUGIN.exists():
        return "Orthanc's DICOMweb plugin is not installed (Debian: orthanc-dicomweb)"
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OrthancServer:
    """An empty Orthanc with DICOMweb on loopback; a context manager.

    ``users`` (name -> password) turns basic authentication on; ``settings`` are laid over the configuration.
    """

    def __init__(
        self, folder: Path, *, users: dict[str, str] | None = None, settings: dict[str, object] | None = None
    ) -> None:
        self._folder = folder
        self._port = free_port()
        self._users = users or {}
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> str:
        """Orthanc's own REST API."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """DICOMweb root."""
        return f"{self.root}/dicom-web"

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        configuration = self._folder / "orthanc.json"
        configuration.write_text(json.dumps(self._configuration()))
        with (self._folder / "orthanc.log").open("wb") as log:
            self._process = subprocess.Popen(["Orthanc", str(configuration)], stdout=log, stderr=log)
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(20)

    def _configuration(self) -> dict[str, object]:
        return {
            "Name": "test",
            "StorageDirectory": str(self._folder / "db"),
            "IndexDirectory": str(self._folder / "db"),
            "Plugins": [str(DICOMWEB_PLUGIN)],
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": bool(self._users),
            "RegisteredUsers": self._users,
            "HttpPort": self._port,
            "DicomServerEnabled": False,
            "HttpCompressionEnabled": False,
            "OverwriteInstances": False,
            "StableAge": 5,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "StudiesMetadata": "Full", "SeriesMetadata": "Full"},
            **self._settings,
        }

    def _wait(self) -> None:
        """Return when Orthanc answers (401 counts: somebody is there)."""
        assert self._process is not None
        for _ in range(200):
            if self._process.poll() is not None:
                raise RuntimeError(f"Orthanc ended: {(self._folder / 'orthanc.log').read_text()[-2000:]}")
            try:
                with urllib.request.urlopen(f"{self.root}/system", timeout=2):  # noqa: S310 - our own http URL
                    return
            except urllib.error.HTTPError as error:
                error.close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("Orthanc does not answer")


MEDPLUM_FOLDER = os.environ.get("AIQA_TEST_MEDPLUM", "")
"""Folder whose node_modules has @medplum/fhir-router, core and definitions (npm install, Node 20 or later)."""


def missing_medplum() -> str | None:
    """Return why the second FHIR server cannot be started here, None where it can."""
    if not MEDPLUM_FOLDER or not (Path(MEDPLUM_FOLDER) / "node_modules/@medplum/fhir-router").is_dir():
        return "AIQA_TEST_MEDPLUM names no folder with node_modules/@medplum/fhir-router"
    return None if shutil.which("node") else "Node is not installed"


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
        command = ["node", str(script), MEDPLUM_FOLDER, str(self._port), *(["single"] if self._single else [])]
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
