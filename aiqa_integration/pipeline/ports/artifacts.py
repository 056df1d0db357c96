"""Bytes, kept and found by their digest."""

from typing import Protocol


class Artifacts(Protocol):
    """Bytes by their SHA-256."""

    def put(self, content: bytes) -> str:
        """Keep the bytes (durably, before returning) and return their SHA-256 in hexadecimal."""

    def get(self, sha256: str) -> bytes:
        """Return the bytes; raises LedgerError where they are gone or differ from their digest."""
