"""What only a real PACS shows: authentication, compressed series, two patients under one series UID."""

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless, RLELossless

from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.errors import ArchiveRefused
from aiqa_integration.http.credentials import BasicCredentials
from tests.dicom_samples import edited, sample, series_files, stack
from tests.servers import OrthancServer, missing_orthanc

pytestmark = pytest.mark.orthanc


@pytest.fixture
def archive(orthanc):
    web = DicomWebArchive(orthanc.url, page_size=3)
    yield web
    web.close()


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, RLELossless])
def test_compressed_series_come_as_stored(archive, tmp_path, into, syntax):
    key = f"compressed-{syntax}"
    files = series_files(tmp_path, key)
    for path in files:
        dataset = dcmread(path)
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(path)
    archive.store([path.read_bytes() for path in files], sample(key).ref.study_instance_uid)

    arrived = archive.retrieve(sample(key).ref, into)

    assert {dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID for path in arrived} == {syntax}
    assert np.array_equal(DicomSeriesReader().load(arrived).stack.voxels, stack(5).voxels)


def test_pages_of_three_list_everything(archive, tmp_path):
    for number in range(8):
        archive.store(
            [path.read_bytes() for path in series_files(tmp_path, f"page{number}", slices=4)],
            sample(f"page{number}").ref.study_instance_uid,
        )
    studies = {study.study_instance_uid for study in archive.find_studies(None, None)}
    assert {sample(f"page{number}").ref.study_instance_uid for number in range(8)} <= studies
    assert len(archive.find_instances(sample("page0").ref)) == 4


def test_one_series_uid_under_two_patients_is_still_retrieved(archive, tmp_path, into):
    one, two = series_files(tmp_path, "two-patients", slices=2)
    edited(two, PatientID="ANOTHER")
    ref = sample("two-patients").ref
    archive.store([one.read_bytes(), two.read_bytes()], ref.study_instance_uid)
    assert len(archive.retrieve(ref, into)) == 2


def test_wrong_credentials_are_refused_and_right_ones_work(tmp_path):
    reason = missing_orthanc()
    if reason is not None:
        pytest.skip(reason)
    [path] = series_files(tmp_path, "auth", slices=1)
    study = sample("auth").ref.study_instance_uid
    with OrthancServer(tmp_path / "server", users={"qa": "secret"}) as server:
        stranger = DicomWebArchive(server.url, credentials=BasicCredentials("qa", "wrong"))
        with pytest.raises(ArchiveRefused, match="401: user or password is wrong"):
            list(stranger.find_studies(None, None))
        with pytest.raises(ArchiveRefused, match="401"):
            stranger.store([path.read_bytes()], study)
        friend = DicomWebArchive(server.url, credentials=BasicCredentials("qa", "secret"))
        assert len(friend.store([path.read_bytes()], study).stored) == 1
        assert [row.study_instance_uid for row in friend.find_studies(None, None)] == [study]
        stranger.close()
        friend.close()


def test_a_second_store_of_other_content_is_a_success_that_changes_nothing(archive, tmp_path, into):
    [path] = series_files(tmp_path, "second", slices=1)
    ref, first = sample("second").ref, path.read_bytes()
    archive.store([first], ref.study_instance_uid)
    other = edited(path, PatientComments="changed").read_bytes()
    assert archive.store([other], ref.study_instance_uid).stored == (sample("second").instance_uid(1),)
    [arrived] = archive.retrieve(ref, into)
    assert "PatientComments" not in dcmread(arrived)
