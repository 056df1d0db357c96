"""WADO-RS answers (PS3.18 10.4) to files: streamed part by part, each under its UID, repeats and strays left out."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests
import structlog

from aiqa_integration.dicom.files import file_name, instance_record
from aiqa_integration.dicom.multipart import PartSplitter, boundary_of
from aiqa_integration.errors import ArchiveUnavailable, InputError
from aiqa_integration.http.session import HttpSession
from aiqa_integration.model.identity import SeriesRef

log = structlog.get_logger()

PIECE_BYTES = 1 << 18
LONGEST_ANSWER_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The instances of a series as they arrive in the folder ``into``; ``files`` has those that count, by UID."""

    ref: SeriesRef
    into: Path
    files: dict[str, Path] = field(default_factory=dict)

    def fetch(self, session: HttpSession, url: str, accepted: str) -> None:
        """Add the instances that a URL answers with; raises ArchiveUnavailable or ArchiveRefused.

        May be tried again after a break: what arrived before is a repeat then.
        """
        with session.translating(), session.get(url, headers={"Accept": accepted}, stream=True) as response:
            session.check(response)
            if response.status_code == requests.codes.no_content:
                return
            boundary = boundary_of(response.headers.get("Content-Type", ""))
            pieces = _before_deadline(response.iter_content(PIECE_BYTES))
            arriving = self.into / ".arriving"
            if boundary is None:
                self._take_single(pieces, arriving)
                return
            for part in PartSplitter(pieces, boundary).parts():
                with arriving.open("wb") as file:
                    part.write_to(file)
                self._settle(arriving)

    def _take_single(self, pieces: Iterator[bytes], arriving: Path) -> None:
        """Write a body that is one bare instance: some servers do not wrap a single one (CP 2040)."""
        with arriving.open("wb") as file:
            for piece in pieces:
                file.write(piece)
        if arriving.stat().st_size:
            self._settle(arriving)
        else:
            arriving.unlink()

    def _settle(self, arriving: Path) -> None:
        """Give an arrived file its name; a repeat, or an instance of another series, is dropped.

        One that cannot be read is kept, for the reader to refuse by name.
        """
        try:
            record = instance_record(arriving)
        except InputError:
            uid = f"unreadable.{len(self.files)}"
        else:
            uid = record.sop_instance_uid
            if record.ref != self.ref or uid in self.files:
                log.warning("archive.stray-instance", repeated=uid in self.files)
                arriving.unlink()
                return
        self.files[uid] = arriving.replace(self.into / file_name(uid))


def _before_deadline(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces; raises ArchiveUnavailable where they drip for longer than LONGEST_ANSWER_S."""
    deadline = time.monotonic() + LONGEST_ANSWER_S
    for piece in pieces:
        if time.monotonic() > deadline:
            raise ArchiveUnavailable(f"the archive took more than {LONGEST_ANSWER_S:g} s for one answer")
        yield piece
