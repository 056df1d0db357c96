"""What only the directory archive has to cope with: a folder that others write into."""

import shutil

import pytest
from dicomweb_client import DICOMfileClient

from aiqa_integration.dicom.directory_archive import DUPLICATE_SOP_INSTANCE, DirectoryArchive
from aiqa_integration.errors import ArchiveUnavailable, NotImageData
from tests.dicom_samples import as_bytes, edited, sample, series_files


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


def counts(archive) -> dict[str, int | None]:
    return {study.study_instance_uid: study.instance_count for study in archive.find_studies(None, None)}


def test_sees_dropped_changed_and_deleted_files_at_the_next_look(folder):
    archive, study = DirectoryArchive(folder), sample("drop").ref.study_instance_uid
    assert counts(archive) == {}
    files = series_files(folder, "drop", slices=3)
    assert counts(archive) == {study: 3}
    files[0].unlink()
    assert counts(archive) == {study: 2}
    edited(files[1], StudyInstanceUID="2.25.77")
    assert counts(archive) == {study: 1, "2.25.77": 1}


def test_a_damaged_file_stops_nothing(folder):
    files = series_files(folder, "damage", slices=3)
    files[0].write_bytes(files[0].read_bytes()[:300])
    (folder / "notes.txt").write_text("no image")
    (folder / "empty.dcm").touch()
    edited(files[1], SeriesInstanceUID=None)
    archive = DirectoryArchive(folder)
    assert list(counts(archive).values()) == [1]
    assert set(archive.skipped) == {files[0], files[1], folder / "notes.txt", folder / "empty.dcm"}
    assert isinstance(archive.skipped[folder / "notes.txt"], NotImageData)


def test_copies_of_an_instance_count_once_and_stand_in_for_each_other(folder):
    [original] = series_files(folder, "copies", slices=1)
    copy = folder / "zz-copy.dcm"
    shutil.copyfile(original, copy)
    archive, ref = DirectoryArchive(folder), sample("copies").ref
    assert list(counts(archive).values()) == [1]
    original.unlink()
    assert archive.find_instances(ref) == (sample("copies").instance_uid(1),)


def test_keeps_the_first_of_two_objects_with_one_uid(folder, tmp_path):
    [path] = series_files(tmp_path, "twice", slices=1)
    archive, study = DirectoryArchive(folder), sample("twice").ref.study_instance_uid
    first = path.read_bytes()
    assert archive.store([first], study).stored
    other = edited(path, SeriesDescription="changed").read_bytes()
    [refused] = archive.store([other], study).refused
    assert refused.reason == DUPLICATE_SOP_INSTANCE
    [kept] = [file for file in folder.rglob("*") if file.is_file()]
    assert kept.read_bytes() == first


def test_hidden_files_are_not_served(folder):
    [path] = series_files(folder, "hidden", slices=1)
    path.rename(path.with_name(".half-written"))
    assert counts(DirectoryArchive(folder)) == {}


def test_a_uid_cannot_lead_out_of_the_folder(folder, tmp_path):
    [path] = series_files(tmp_path, "escape", slices=1)
    edited(path, SOPInstanceUID="../../../../../../out", StudyInstanceUID="2.25.9")
    outcome = DirectoryArchive(folder).store([path.read_bytes()], "2.25.9")
    assert outcome.stored == ("../../../../../../out",)
    assert not (tmp_path / "out").exists()
    assert len([file for file in folder.rglob("*") if file.is_file()]) == 1


def test_a_missing_folder_is_unavailable(tmp_path):
    with pytest.raises(ArchiveUnavailable):
        list(DirectoryArchive(tmp_path / "gone").find_studies(None, None))


def test_undated_studies_are_in_every_window(folder):
    [path] = series_files(folder, "undated", slices=1)
    edited(path, StudyDate="")
    assert len(list(DirectoryArchive(folder).find_studies(sample("x").acquired_at.date(), None))) == 1


def test_what_it_stores_dicomweb_clients_file_client_can_open(folder, tmp_path):
    files = series_files(tmp_path, "interop", slices=3)
    ref = sample("interop").ref
    DirectoryArchive(folder).store([path.read_bytes() for path in files], ref.study_instance_uid)
    client = DICOMfileClient(f"file://{folder}", update_db=True, in_memory=True)
    found = client.retrieve_series(ref.study_instance_uid, ref.series_instance_uid)
    assert sorted(as_bytes(dataset) for dataset in found) == sorted(path.read_bytes() for path in files)
