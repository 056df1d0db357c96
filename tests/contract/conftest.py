"""Servers that contract tests run against."""

from collections.abc import Iterator

import pytest

from aiqa_integration.dicom.directory_archive import DirectoryArchive
from aiqa_integration.dicom.profiles import PROFILES
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.pipeline.ports import Archive
from tests.scripted_pacs import ScriptedPacs, scripted_pacs
from tests.servers import OrthancServer, missing_orthanc


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory) -> Iterator[OrthancServer]:
    """An Orthanc for the whole session; tests keep apart by study."""
    reason = missing_orthanc()
    if reason is not None:
        pytest.skip(reason)
    with OrthancServer(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture(params=list(PROFILES))
def scripted(request, httpserver) -> Iterator[tuple[ScriptedPacs, DicomWebArchive]]:
    """An archive in memory with the habits of each profile, and the client with that profile."""
    with scripted_pacs(httpserver, request.param) as pair:
        yield pair


@pytest.fixture(
    params=[
        pytest.param("orthanc", marks=pytest.mark.orthanc),
        "directory",
        *(f"scripted {profile}" for profile in PROFILES),
    ]
)
def archive(request, tmp_path) -> Iterator[Archive]:
    """Every implementation of the port, the one for DICOMweb with every profile."""
    if request.param == "directory":
        folder = tmp_path / "archive"
        folder.mkdir()
        yield DirectoryArchive(folder)
        return
    kind, _, profile = request.param.partition(" ")
    if kind == "scripted":
        with scripted_pacs(request.getfixturevalue("httpserver"), profile) as (_, web):
            yield web
        return
    server = request.getfixturevalue("orthanc")
    web = DicomWebArchive(server.url, profile=PROFILES["orthanc"])
    yield web
    web.close()
