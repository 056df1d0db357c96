"""Folders of files to series: what a person points at with ``aiqa analyze``, and what a directory archive serves."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from aiqa_integration.dicom.headers import series_ref
from aiqa_integration.dicom.reading import read_dataset, text, whole
from aiqa_integration.errors import InputError
from aiqa_integration.model.identity import SeriesRef, identity
from aiqa_integration.pipeline.ports import FileGroup

_KEYWORDS = (
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "Modality",
    "Manufacturer",
    "SeriesDescription",
    "StudyDate",
    "InstanceNumber",
)
_SAFE_UID = re.compile(r"[0-9A-Za-z][0-9A-Za-z.]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRecord:
    """What an index keeps of a DICOM file."""

    path: Path
    ref: SeriesRef
    sop_instance_uid: str
    modality: str
    manufacturer: str
    description: str
    study_date: str
    instance_number: int | None


def instance_record(path: Path) -> InstanceRecord:
    """Return a file's record, reading its header only; raises InputError."""
    dataset = read_dataset(path, only=_KEYWORDS)
    return InstanceRecord(
        path=path,
        ref=series_ref(dataset),
        sop_instance_uid=text(dataset, "SOPInstanceUID"),
        modality=text(dataset, "Modality"),
        manufacturer=text(dataset, "Manufacturer"),
        description=text(dataset, "SeriesDescription"),
        study_date=text(dataset, "StudyDate"),
        instance_number=whole(dataset, "InstanceNumber"),
    )


def walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in order, without hidden ones; links to folders are not followed."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(where, name)


def group_files(paths: Iterable[Path]) -> Iterator[FileGroup]:
    """Yield the files at and below the paths, grouped by series; those that belong to none by folder and reason.

    Where folders hold different images under the same series UID and instance numbers (an export edited and written
    again), each folder is a group of its own.
    """
    series: dict[SeriesRef, list[InstanceRecord]] = {}
    errors: dict[tuple[Path, type[InputError], str], list[Path]] = {}
    for path in _expanded(paths):
        try:
            record = instance_record(path)
        except InputError as error:
            reason = str(error).removeprefix(f"{path.name} ")
            errors.setdefault((path.parent, type(error), reason), []).append(path)
        else:
            series.setdefault(record.ref, []).append(record)
    for ref, records in series.items():
        yield from (FileGroup(ref=ref, files=files) for files in _split_where_folders_clash(records))
    for (_, kind, reason), files in errors.items():
        named = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more in its folder"
        yield FileGroup(ref=None, files=tuple(files), error=kind(f"{named}: {reason}"))


def _split_where_folders_clash(records: list[InstanceRecord]) -> list[tuple[Path, ...]]:
    folders: dict[Path, dict[int, str]] = {}
    for record in records:
        if record.instance_number is not None:
            folders.setdefault(record.path.parent, {})[record.instance_number] = record.sop_instance_uid
    merged: dict[int, str] = {}
    clash = False
    for instances in folders.values():
        clash = clash or any(merged.get(number, uid) != uid for number, uid in instances.items())
        merged |= instances
    if not clash:
        return [tuple(record.path for record in records)]
    split: dict[Path, list[Path]] = {}
    for record in records:
        split.setdefault(record.path.parent, []).append(record.path)
    return [tuple(paths) for paths in split.values()]


def _expanded(paths: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        for file in walk(path) if path.is_dir() else (path,):
            if file not in seen:
                seen.add(file)
                yield file


def file_name(sop_instance_uid: str) -> str:
    """Return the name of the file that holds an instance: its UID where that is a safe name, else a digest of it."""
    safe = _SAFE_UID.fullmatch(sop_instance_uid) is not None and ".." not in sop_instance_uid
    return f"{sop_instance_uid if safe else identity('file-name', sop_instance_uid).hex}.dcm"


def in_window(study_date: str, since: date | None, until: date | None) -> bool:
    """Return whether a StudyDate (DA) may lie in the window: an unreadable one may, better looked at than lost."""
    try:
        day = datetime.strptime(study_date.replace(".", "")[:8], "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return True
    return (since is None or day >= since) and (until is None or day <= until)
