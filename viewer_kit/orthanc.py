"""An Orthanc on a free loopback port in a folder of its own, stopped by its process id."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

DICOMWEB_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_STOP_WITHIN_S = 20.0


def missing_orthanc() -> str | None:
    """Return why Orthanc cannot be started here, None where it can."""
    if shutil.which("Orthanc") is None:
        return "Orthanc is not installed (Debian: orthanc)"
    if not DICOMWEB_PLUGIN.exists():
        return "Orthanc's DICOMweb plugin is not installed (Debian: orthanc-dicomweb)"
    return None


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OrthancServer:
    """An empty Orthanc with DICOMweb on loopback; a context manager. Raises RuntimeError where it does not start.

    ``users`` (name -> password) turns basic authentication on; ``settings`` are laid over the configuration.
    """

    def __init__(
        self, folder: Path, *, users: Mapping[str, str] | None = None, settings: Mapping[str, object] | None = None
    ) -> None:
        self._folder = folder
        self._port = free_port()
        self._users = dict(users or {})
        self._settings = dict(settings or {})
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
        self._wait(self._process)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(_STOP_WITHIN_S)

    def _configuration(self) -> dict[str, object]:
        return {
            "Name": "AIQA",
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

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        """Return when Orthanc answers (401 counts: somebody is there)."""
        for _ in range(200):
            if process.poll() is not None:
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
