"""A directory that stands in for a PACS: the embedded archive of demo, tests and small sites.

Stored objects lie where dicomweb-client's DICOMfileClient puts them (``studies/UID/series/UID/instances/UID``), so that
it can open the folder; why it does not serve it is docs/decisions/0005-directory-archive.md.
"""

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path

import pydicom
import structlog
from pydicom.errors import InvalidDicomError

from aiqa_integration.dicom.files import InstanceRecord, file_name, in_window, instance_record, walk
from aiqa_integration.dicom.headers import series_ref
from aiqa_integration.dicom.reading import BROKEN_ENCODING, quiet, text
from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable, InputError
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.pipeline.ports import RefusedInstance, SeriesListing, StoreOutcome, StudyListing

log = structlog.get_logger()

PROCESSING_FAILURE = 0x0110
DUPLICATE_SOP_INSTANCE = 0x0111
CANNOT_UNDERSTAND = 0xC000
"""Failure reasons (0008,1197): PS3.7 C.5.4, C.5.5 and PS3.4 GG."""


class DirectoryArchive:
    """Serves the DICOM files of a folder, whoever put them there; fulfils ``pipeline.ports.Archive``.

    New, changed and deleted files are noticed by ``find_studies``, ``find_instances`` and ``retrieve``. Files that are
    damaged or lack UIDs are left out, see ``skipped``. Safe for threads; the index lives in memory.
    """

    def __init__(self, folder: Path, name: str = "directory") -> None:
        self.name = name
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[tuple[int, int], InstanceRecord | None]] = {}
        self._instances: dict[SeriesRef, dict[str, list[InstanceRecord]]] = {}
        self._skipped: dict[Path, InputError] = {}

    @property
    def skipped(self) -> dict[Path, InputError]:
        """Files that are not served, and why."""
        with self._lock:
            return dict(self._skipped)

    def find_studies(self, since: date | None, until: date | None) -> Iterator[StudyListing]:
        """Yield every study with a StudyDate in the window; a study without a readable date is in every window."""
        studies: dict[str, list[InstanceRecord]] = {}
        for record in self._records(refresh=True):
            studies.setdefault(record.ref.study_instance_uid, []).append(record)
        for uid, records in sorted(studies.items()):
            if any(in_window(record.study_date, since, until) for record in records):
                yield StudyListing(
                    study_instance_uid=uid,
                    instance_count=len(records),
                    modalities=tuple(sorted({record.modality for record in records})),
                )

    def find_series(self, study_instance_uid: str) -> Iterator[SeriesListing]:
        """Yield every series of a study as of the last look at the folder."""
        series: dict[SeriesRef, list[InstanceRecord]] = {}
        for record in self._records(refresh=False):
            if record.ref.study_instance_uid == study_instance_uid:
                series.setdefault(record.ref, []).append(record)
        for ref, records in sorted(series.items()):
            yield SeriesListing(
                ref=ref,
                modality=records[0].modality,
                instance_count=len(records),
                manufacturer=records[0].manufacturer,
                description=records[0].description,
            )

    def find_instances(self, ref: SeriesRef) -> tuple[str, ...]:
        """Return the SOP Instance UIDs of a series; empty where there is none."""
        with self._lock:
            self._refresh()
            return tuple(sorted(self._instances.get(ref, {})))

    def retrieve(self, ref: SeriesRef, into: Path) -> tuple[Path, ...]:
        """Copy a series' files into the folder ``into``."""
        with self._lock:
            self._refresh()
            files = sorted((uid, records[0].path) for uid, records in self._instances.get(ref, {}).items())
        if not files:
            raise ArchiveRefused("the archive has no such series", status=404)
        copies = []
        for uid, path in files:
            try:
                copies.append(Path(shutil.copyfile(path, into / file_name(uid))))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise ArchiveUnavailable(f"{self.name}: a file cannot be copied: {error.strerror}") from error
        return tuple(copies)

    def store(self, objects: Sequence[bytes], study_instance_uid: str) -> StoreOutcome:
        """Write objects into the folder, each at once or not at all; one that is there with other bytes is refused."""
        stored: list[str] = []
        refused: list[RefusedInstance] = []
        with self._lock:
            self._refresh()
            for content in objects:
                uid, reason = self._store_one(content, study_instance_uid)
                if reason is None:
                    stored.append(uid)
                else:
                    refused.append(RefusedInstance(sop_instance_uid=uid, reason=reason))
        return StoreOutcome(stored=tuple(stored), refused=tuple(refused))

    def _store_one(self, content: bytes, study_instance_uid: str) -> tuple[str, int | None]:
        """Return the object's SOP Instance UID and the failure reason, None where it is stored."""
        try:
            with quiet():
                dataset = pydicom.dcmread(BytesIO(content), stop_before_pixels=True)
            ref, uid = series_ref(dataset), text(dataset, "SOPInstanceUID")
        except (InvalidDicomError, InputError, *BROKEN_ENCODING):
            return "", CANNOT_UNDERSTAND
        if ref.study_instance_uid != study_instance_uid:
            return uid, PROCESSING_FAILURE
        known = self._instances.get(ref, {}).get(uid)
        if known is not None:
            return uid, None if known[0].path.read_bytes() == content else DUPLICATE_SOP_INSTANCE
        parts = (
            file_name(part).removesuffix(".dcm") for part in (ref.study_instance_uid, ref.series_instance_uid, uid)
        )
        study, series, instance = parts
        path = self._folder / "studies" / study / "series" / series / "instances" / instance
        try:
            _write_whole(path, content)
            self._add(path, path.stat())
        except OSError as error:
            raise ArchiveUnavailable(f"{self.name}: its folder cannot be written to: {error.strerror}") from error
        return uid, None

    def _records(self, *, refresh: bool) -> list[InstanceRecord]:
        with self._lock:
            if refresh or not self._known:
                self._refresh()
            return [records[0] for series in self._instances.values() for records in series.values()]

    def _refresh(self) -> None:
        """Bring the index up to date with the folder; only new and changed files are read."""
        if not self._folder.is_dir():
            raise ArchiveUnavailable(f"{self.name}: its folder is not there")
        skipped_before = len(self._skipped)
        seen = set()
        for path in walk(self._folder):
            try:
                status = path.stat()
            except OSError:
                continue
            seen.add(path)
            if path not in self._known or self._known[path][0] != (status.st_mtime_ns, status.st_size):
                self._forget(path)
                self._add(path, status)
        for path in self._known.keys() - seen:
            self._forget(path)
        if len(self._skipped) > skipped_before:
            log.warning("archive.files-skipped", archive=self.name, count=len(self._skipped))

    def _add(self, path: Path, status: os.stat_result) -> None:
        record = None
        try:
            record = instance_record(path)
        except InputError as error:
            self._skipped[path] = error
        else:
            self._instances.setdefault(record.ref, {}).setdefault(record.sop_instance_uid, []).append(record)
        self._known[path] = ((status.st_mtime_ns, status.st_size), record)

    def _forget(self, path: Path) -> None:
        """Drop a file from the index; a second file of the same instance takes its place."""
        _, record = self._known.pop(path, (None, None))
        self._skipped.pop(path, None)
        if record is None:
            return
        series = self._instances[record.ref]
        series[record.sop_instance_uid].remove(record)
        if not series[record.sop_instance_uid]:
            del series[record.sop_instance_uid]
        if not series:
            del self._instances[record.ref]


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file durably under a hidden name, then give it its own: nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.parent / f".incoming-{path.name}"
    try:
        with hidden.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        hidden.replace(path)
    finally:
        hidden.unlink(missing_ok=True)
