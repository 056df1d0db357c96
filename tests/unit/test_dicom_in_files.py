"""Folders to series; simulated series to files."""

import shutil
import subprocess
from datetime import date

import numpy as np
import pytest
from pydicom import dcmread

from aiqa_integration.dicom.files import file_name, group_files, in_window
from aiqa_integration.dicom.sample_study import write_series
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import IncompleteSeries, NotImageData, UnsupportedSeries
from tests.dicom_samples import edited, sample, series_files, stack


def test_files_are_grouped_by_series_wherever_they_lie(tmp_path):
    series_files(tmp_path / "a", "one")
    moved = series_files(tmp_path / "b", "two")[0]
    shutil.move(moved, tmp_path / "elsewhere.dcm")
    groups = {group.ref: len(group.files) for group in group_files([tmp_path])}
    assert groups == {sample("one").ref: 5, sample("two").ref: 5}


def test_a_file_named_twice_is_grouped_once(tmp_path):
    files = series_files(tmp_path, "one", slices=2)
    [group] = group_files([files[0], tmp_path, files[1]])
    assert sorted(group.files) == files


def test_what_is_no_series_is_one_group_a_reason_and_folder(tmp_path):
    files = series_files(tmp_path, "one", slices=4)
    for number in range(1000):
        (tmp_path / f"{number}.txt").write_text("x")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x").touch()
    edited(files[0], StudyInstanceUID=None)
    edited(files[1], StudyInstanceUID=None)
    dataset = dcmread(files[2])
    dataset.DirectoryRecordSequence = []
    dataset.save_as(files[2])

    groups = list(group_files([tmp_path, tmp_path / "absent.dcm"]))

    errors = {str(group.error): (type(group.error), len(group.files)) for group in groups if group.error}
    assert [group.ref for group in groups if not group.error] == [sample("one").ref]
    assert errors == {
        "0.txt and 999 more in its folder: is not a DICOM file": (NotImageData, 1000),
        "x: is not a DICOM file": (NotImageData, 1),
        "absent.dcm: cannot be read: No such file or directory": (NotImageData, 1),
        "series1-0001.dcm and 1 more in its folder: the Study Instance UID is missing": (IncompleteSeries, 2),
        "series1-0003.dcm: is a DICOMDIR, an index of files, not an image": (UnsupportedSeries, 1),
    }


def test_folders_that_clash_under_one_series_uid_are_apart(tmp_path):
    series_files(tmp_path / "a", "one")
    for path in series_files(tmp_path / "b", "one"):
        edited(path, SOPInstanceUID=f"2.25.{path.stem[-1]}")
    groups = list(group_files([tmp_path]))
    assert [(group.ref, len(group.files)) for group in groups] == [(sample("one").ref, 5)] * 2


def test_a_copied_folder_is_not_a_second_series(tmp_path):
    series_files(tmp_path / "a", "one")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    [group] = group_files([tmp_path])
    assert DicomSeriesReader().load(group.files).header.instance_count == 5


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [("20240115", True), ("2024.01.15", True), ("20240114", False), ("20240117", False), ("", True), ("soon", True)],
)
def test_window(stamp, expected):
    assert in_window(stamp, date(2024, 1, 15), date(2024, 1, 16)) is expected
    assert in_window(stamp, None, None)


@pytest.mark.parametrize("uid", ["../x", "a/b", "", "1..2", "\0", "x" * 65, "."])
def test_file_names_are_safe(uid):
    name = file_name(uid)
    assert name.endswith(".dcm")
    assert len(name) == 36
    assert name != file_name(uid + "1")


def test_file_names_are_uids_where_that_is_safe():
    assert file_name("1.2.003.4") == "1.2.003.4.dcm"


@pytest.mark.parametrize("enhanced", [False, True])
def test_a_simulated_series_says_so_everywhere_a_person_looks(tmp_path, enhanced):
    dataset = dcmread(series_files(tmp_path, "label", enhanced=enhanced)[0])
    assert str(dataset.PatientName).startswith("SIMULATED^")
    assert dataset.PatientID.startswith("SIMULATED")
    assert dataset.StudyDescription.startswith("SIMULATED")
    assert dataset.SeriesDescription.startswith("SIMULATED")
    assert dataset.ImageComments.startswith("SIMULATED BY AIQA")
    assert dataset.QualityControlSubject == "YES"


def test_the_same_sample_is_the_same_bytes(tmp_path):
    first = [path.read_bytes() for path in series_files(tmp_path / "a", "same")]
    assert first == [path.read_bytes() for path in series_files(tmp_path / "b", "same")]
    assert sample("same").ref != sample("same", series_number=2).ref != sample("other").ref


@pytest.mark.parametrize(("peak", "tolerance"), [(0.8, 2e-4), (500.0, 0.07), (3000.0, 0.0), (60000.0, 0.0)])
def test_values_survive_with_twelve_bits_or_more(tmp_path, peak, tolerance):
    images = stack(peak=1.0) if peak < 1 else stack(peak=peak)
    if peak < 1:
        images.voxels[:] = np.random.default_rng(2).random(images.voxels.shape) * peak
    write_series(images, tmp_path / "out", sample("peak"))
    loaded = DicomSeriesReader().load(sorted((tmp_path / "out").iterdir()))
    assert np.abs(loaded.stack.voxels - images.voxels).max() <= tolerance


def test_negative_values_survive(tmp_path):
    images = stack()
    images.voxels[0, 0] = -17.0
    write_series(images, tmp_path / "out", sample("negative"))
    loaded = DicomSeriesReader().load(sorted((tmp_path / "out").iterdir()))
    assert np.array_equal(loaded.stack.voxels, images.voxels)


@pytest.mark.dicom3tools
def test_a_classic_simulated_series_conforms(tmp_path):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (Debian: dicom3tools)")
    path = series_files(tmp_path, "conform")[0]
    checked = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True, check=False)
    assert [line for line in checked.stderr.splitlines() if line.startswith("Error")] == []
