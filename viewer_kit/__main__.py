"""``python -m viewer_kit FOLDER``: every DICOM file below the folders, in OHIF, until Ctrl-C."""

import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from aiqa_integration.console.server import serving
from aiqa_integration.dicom.files import instance_record, walk
from aiqa_integration.dicom.profiles import PROFILES
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.errors import AiqaError, ConfigurationError, InputError
from aiqa_integration.logs import configure_logs
from viewer_kit.ohif import ohif_site
from viewer_kit.orthanc import OrthancServer, missing_orthanc
from viewer_kit.site import THREADS, viewer_app


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--port", type=int, default=8089, help="Port of the viewer on loopback; 0 = any free one.")
def show(folders: Sequence[Path], port: int) -> None:
    """Show the DICOM files below FOLDERS in the OHIF viewer."""
    configure_logs(level=logging.WARNING)
    reason = missing_orthanc()
    if reason is not None:
        raise ConfigurationError(f"viewer: {reason}")
    pages = ohif_site()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aiqa-viewer-")))
        orthanc = stack.enter_context(OrthancServer(work))
        click.echo("filling the archive ...")
        count = fill(orthanc.url, folders)
        address = stack.enter_context(serving(viewer_app(pages, orthanc.url), "127.0.0.1", port, threads=THREADS))
        click.echo(f"{count} objects\nviewer: {address}\nstop with Ctrl-C")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            click.echo("stopping ...")


def fill(archive_url: str, folders: Sequence[Path]) -> int:
    """Store every DICOM file below the folders in the archive and return how many; raises ArchiveRefused."""
    archive, count = DicomWebArchive(archive_url, profile=PROFILES["orthanc"]), 0
    try:
        for path in (path for folder in folders for path in walk(folder)):
            try:
                study = instance_record(path).ref.study_instance_uid
            except InputError:
                continue
            count += len(archive.store([path.read_bytes()], study).stored)
    finally:
        archive.close()
    return count


if __name__ == "__main__":
    try:
        show.main()
    except AiqaError as error:
        click.echo(f"aiqa viewer: {error}", err=True)
        sys.exit(2)
