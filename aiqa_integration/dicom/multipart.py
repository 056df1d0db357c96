"""multipart/related bodies (RFC 2387) without holding them in memory."""

from collections.abc import Iterable, Iterator
from email.message import Message
from typing import BinaryIO

from aiqa_integration.errors import ArchiveUnavailable

MAX_PART_HEADER_BYTES = 16 << 10


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary parameter of a multipart content type; None for any other type."""
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    return boundary.encode("latin-1") if message.get_content_maintype() == "multipart" and boundary else None


class PartSplitter:
    """Splits a multipart body that arrives in pieces into parts that are written to files."""

    def __init__(self, pieces: Iterable[bytes], boundary: bytes) -> None:
        self._pieces = iter(pieces)
        self._delimiter = b"\r\n--" + boundary
        self._buffer = b"\r\n"

    def parts(self) -> Iterator["PartSplitter"]:
        """Yield itself once per part, to be drained with ``write_to``.

        Raises ArchiveUnavailable where the body ends before its closing delimiter.
        """
        self._copy_until(self._delimiter, None)
        while not self._at_the_end():
            self._skip_headers()
            yield self

    def write_to(self, file: BinaryIO) -> None:
        """Write the body of the current part to a file."""
        self._copy_until(self._delimiter, file)

    def _at_the_end(self) -> bool:
        """Read what follows a delimiter: two dashes end the body, a line break begins a part."""
        self._need(2)
        if self._buffer.startswith(b"--"):
            return True
        line = self._take_until(b"\r\n")
        if line.strip():
            raise ArchiveUnavailable("the archive's multipart answer is malformed")
        return False

    def _skip_headers(self) -> None:
        while self._take_until(b"\r\n"):
            pass

    def _take_until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            if len(self._buffer) > MAX_PART_HEADER_BYTES:
                raise ArchiveUnavailable("the archive's multipart answer is malformed")
            self._more()
        taken, _, self._buffer = self._buffer.partition(mark)
        return taken

    def _copy_until(self, mark: bytes, file: BinaryIO | None) -> None:
        while (found := self._buffer.find(mark)) < 0:
            keep = len(mark) - 1
            if file is not None and len(self._buffer) > keep:
                file.write(self._buffer[:-keep])
            self._buffer = self._buffer[-keep:]
            self._more()
        if file is not None:
            file.write(self._buffer[:found])
        self._buffer = self._buffer[found + len(mark) :]

    def _need(self, count: int) -> None:
        while len(self._buffer) < count:
            self._more()

    def _more(self) -> None:
        for piece in self._pieces:
            if piece:
                self._buffer += piece
                return
        raise ArchiveUnavailable("the archive's answer broke off")


def encode_part(content: bytes, boundary: str) -> bytes:
    """Return the multipart/related body that holds one DICOM file (PS3.18 8.6.1.1)."""
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode("ascii")
    return head + content + f"\r\n--{boundary}--\r\n".encode("ascii")
