"""Fetch the images of a job and make sure that they are all there."""

from collections.abc import Sequence
from pathlib import Path

from aiqa_integration.errors import SeriesIncomplete
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.pipeline.ports import Archive, Job, SeriesReader


def retrieve(archive: Archive, job: Job, folder: Path) -> tuple[Path, ...]:
    """Return the files of the job's series, streamed into ``folder``.

    More instances than were listed when the series settled are what the series has now. Raises SeriesIncomplete where
    there are fewer or none, ArchiveUnavailable, ArchiveRefused.
    """
    files = archive.retrieve(job.ref, folder)
    expected = max(job.instance_count or 1, 1)
    if len(files) < expected:
        raise SeriesIncomplete(f"{len(files)} of {expected} instances arrived")
    return files


def read_header(reader: SeriesReader, files: Sequence[Path]) -> SeriesHeader:
    """Return the header that rules decide by; raises InputError where no file is a DICOM instance."""
    return reader.header(files)
