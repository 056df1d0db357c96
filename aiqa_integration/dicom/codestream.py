"""What size a compressed frame itself claims: decoders believe it, whatever the DICOM header says."""

import struct

JPEG2000_START = b"\xff\x4f\xff\x51"
"""Start of codestream, then image and tile size (ISO/IEC 15444-1 A.5.1)."""

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
"""Second bytes of JPEG and JPEG-LS start-of-frame markers (ISO/IEC 10918-1 B.1.1.3, 14495-1 C.1.1)."""


def claimed_size(frame: bytes) -> tuple[int, int] | None:
    """Return rows and columns of a JPEG, JPEG-LS or JPEG 2000 codestream; None where it is none of them or is cut."""
    start = frame[:4096].find(JPEG2000_START)
    try:
        if start >= 0:
            right, below, left, above = struct.unpack_from(">IIII", frame, start + 8)
            return below - above, right - left
        return _jpeg_size(frame) if frame.startswith(b"\xff\xd8") else None
    except (struct.error, IndexError):
        return None


def _jpeg_size(frame: bytes) -> tuple[int, int] | None:
    """Walk the marker segments to the start of frame."""
    place = 2
    while frame[place] == 0xFF:
        marker = frame[place + 1]
        (length,) = struct.unpack_from(">H", frame, place + 2)
        if marker in _FRAME_MARKERS:
            rows, columns = struct.unpack_from(">HH", frame, place + 5)
            return rows, columns
        place += 2 + length
    return None
