"""Bytes in a folder, named by their SHA-256."""

import hashlib
import os
import tempfile
from pathlib import Path

from aiqa_integration.errors import LedgerError, TransientError


class FileArtifacts:
    """Artifacts in files ``ab/abcd…``; a file is whole or not there, and is checked when it is read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Write the bytes durably, once, and return their SHA-256; raises TransientError where the disk refuses."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        try:
            if not path.exists() or path.stat().st_size != len(content) or _digest_of(path) != sha256:
                path.parent.mkdir(parents=True, exist_ok=True)
                _write_whole(path, content)
        except OSError as error:
            raise TransientError(f"artifacts cannot be written: {error.strerror}") from error
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes; raises LedgerError where they are gone or differ, TransientError where the disk fails."""
        try:
            content = self._path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise LedgerError(f"artifact {sha256} is gone") from error
        except OSError as error:
            raise TransientError(f"artifact {sha256} cannot be read: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise LedgerError(f"artifact {sha256} is damaged")
        return content

    def _path(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise LedgerError(f"not a SHA-256: {sha256!r}")
        return self._folder / sha256[:2] / sha256


def _write_whole(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
    _sync_folder(path.parent)


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
