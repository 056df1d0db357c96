"""Servers that contract tests run against."""

from collections.abc import Iterator

import pytest

from aiqa_integration.dicom.directory_archive import DirectoryArchive
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.pipeline.ports import Archive
from tests.servers import OrthancServer, missing_orthanc


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory) -> Iterator[OrthancServer]:
    """An Orthanc for the whole session; tests keep apart by study."""
    reason = missing_orthanc()
    if reason is not None:
        pytest.skip(reason)
    with OrthancServer(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture(params=[pytest.param("orthanc", marks=pytest.mark.orthanc), "directory"])
def archive(request, tmp_path) -> Iterator[Archive]:
    """Every implementation of the port."""
    if request.param == "directory":
        folder = tmp_path / "archive"
        folder.mkdir()
        yield DirectoryArchive(folder)
        return
    server = request.getfixturevalue("orthanc")
    web = DicomWebArchive(server.url)
    yield web
    web.close()
