"""Files to images: a series as files, as a header, as a stack."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiqa_integration.errors import AiqaError
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import ImageStack, LeftOut, SeriesHeader
from aiqa_integration.model.report import QaReport


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedSeries:
    """A series' images as read from files; ``files`` are those files, in the order of the stack's slices' instances.

    ``left_out`` are images of the series that the stack does without.
    """

    header: SeriesHeader
    stack: ImageStack
    files: tuple[Path, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGroup:
    """Files of one series, or of none: ``error`` says why a group cannot be a series."""

    ref: SeriesRef | None
    files: tuple[Path, ...]
    error: AiqaError | None = None

    def usable_files(self) -> tuple[Path, ...]:
        """Return the files; raises the group's error where it cannot be a series."""
        if self.error is not None:
            raise self.error
        return self.files

    def blank_header(self) -> SeriesHeader:
        """Return what is known of the series before a file is read."""
        ref = self.ref or SeriesRef(study_instance_uid="", series_instance_uid="")
        return SeriesHeader(ref=ref, modality="", device=Device(), instance_count=len(self.files))


class SeriesReader(Protocol):
    """Files to images."""

    def header(self, files: Sequence[Path]) -> SeriesHeader:
        """Return the header of the files of one series without decoding pixels; raises InputError."""

    def load(self, files: Sequence[Path]) -> LoadedSeries:
        """Return the images of one series, sorted by geometry; raises InputError."""


Draw = Callable[[QaReport, LoadedSeries | None], bytes]
"""Returns a PNG of the measured slices with regions, values and verdicts; raises EncodingError."""
