"""An archive of images, and what it answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from aiqa_integration.model.identity import SeriesRef


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyListing:
    """A row of a study-level QIDO answer."""

    study_instance_uid: str
    instance_count: int | None
    modalities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesListing:
    """A row of a series-level QIDO answer; ``instance_count`` is None where the server does not tell."""

    ref: SeriesRef
    modality: str
    instance_count: int | None
    manufacturer: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedInstance:
    """An object that the archive did not take, with the failure reason (0008,1197) or None."""

    sop_instance_uid: str
    reason: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOutcome:
    """What a STOW really did: every instance is in exactly one of ``stored`` and ``refused``.

    ``warned`` has the warning reason (0008,1196) of stored instances that the archive had something to say about.
    """

    stored: tuple[str, ...]
    refused: tuple[RefusedInstance, ...]
    warned: Mapping[str, int] = field(default_factory=dict)


class Archive(Protocol):
    """A PACS over DICOMweb, or a directory that stands in for one.

    All methods raise ArchiveUnavailable (try later) or ArchiveRefused (never as is).
    """

    name: str

    def find_studies(self, since: date | None, until: date | None) -> Iterator[StudyListing]:
        """Yield every study with a StudyDate in the window (both ends included, None = open), without repeats."""

    def find_series(self, study_instance_uid: str) -> Iterator[SeriesListing]:
        """Yield every series of a study."""

    def find_instances(self, ref: SeriesRef) -> tuple[str, ...]:
        """Return the SOP Instance UIDs that the archive lists for a series; empty where it has none."""

    def retrieve(self, ref: SeriesRef, into: Path) -> tuple[Path, ...]:
        """Stream a series' instances into the folder ``into``, one file each, and return the files."""

    def store(self, objects: Sequence[bytes], study_instance_uid: str) -> StoreOutcome:
        """Store DICOM files; account for each."""
