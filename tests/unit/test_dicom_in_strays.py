"""A few stray images don't cost a series its stack; two stacks in one series are never chosen between."""

import shutil

import numpy as np
import pytest

from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import MixedGeometry
from aiqa_integration.model.image import LeftOut
from tests.dicom_samples import edited, series_files

READER = DicomSeriesReader()
AXES = {
    "axial": [1, 0, 0, 0, 1, 0],
    "sagittal": [0, 1, 0, 0, 0, -1],
    "coronal": [1, 0, 0, 0, 0, -1],
}


@pytest.fixture
def files(tmp_path):
    return series_files(tmp_path, "strays", slices=11)


def stray(files, number, **changes):
    """Add an image to a series: a copy of its first one, changed."""
    path = files[0].with_name(f"stray-{number}.dcm")
    shutil.copyfile(files[0], path)
    return edited(path, SOPInstanceUID=f"2.25.{900 + number}", **changes)


def test_a_localizer_in_the_series_is_left_out_and_counted(files):
    alone = READER.load(files)
    localizer = stray(files, 1, ImageOrientationPatient=AXES["sagittal"])
    both = READER.load([localizer, *files])
    assert both.left_out == (LeftOut(images=1, reason="sagittal beside 11 axial ones"),)
    assert np.array_equal(both.stack.voxels, alone.stack.voxels)
    assert both.stack.slices == alone.stack.slices
    assert localizer not in both.files
    assert both.header.instance_count == 12
    assert alone.left_out == ()


def test_three_planes_of_a_localizer_beside_the_stack(files):
    strays = [stray(files, n, ImageOrientationPatient=AXES[plane]) for n, plane in enumerate(("sagittal", "coronal"))]
    strays.append(stray(files, 3, PixelSpacing=[2, 2]))
    loaded = READER.load([*strays, *files])
    assert len(loaded.stack.slices) == 11
    assert {part.reason for part in loaded.left_out} == {
        "sagittal beside 11 axial ones",
        "coronal beside 11 axial ones",
        "of another orientation or pixel spacing beside 11 axial ones",
    }


def test_another_matrix_is_named(files):
    loaded = READER.load([*files, stray(files, 1, Rows=36, Columns=128)])
    assert loaded.left_out == (LeftOut(images=1, reason="128 × 36 beside 11 64 × 72 ones"),)


def test_two_stacks_are_not_chosen_between(files, tmp_path):
    other = series_files(tmp_path / "other", "strays", slices=11)
    for number, path in enumerate(other):
        edited(path, ImageOrientationPatient=AXES["coronal"], SOPInstanceUID=f"2.25.{number + 1}")
    with pytest.raises(MixedGeometry, match="2 orientations: 11 "):
        READER.load([*files, *other])


def test_four_strays_beside_eleven_are_too_many(files):
    strays = [stray(files, n, ImageOrientationPatient=AXES["sagittal"]) for n in range(4)]
    with pytest.raises(MixedGeometry, match="2 orientations: 11 axial, 4 sagittal"):
        READER.load([*files, *strays])


def test_images_stored_twice_under_other_uids_count_once(files):
    copies = []
    for number, path in enumerate(files):
        copies.append(path.with_name(f"copy-{number}.dcm"))
        shutil.copyfile(path, copies[-1])
        edited(copies[-1], SOPInstanceUID=f"2.25.{number + 1}")
    alone, both = READER.load(files), READER.load([*files, *copies])
    assert both.left_out == (LeftOut(images=11, reason="equal to another at its place"),)
    assert np.array_equal(both.stack.voxels, alone.stack.voxels)


def test_a_second_acquisition_at_the_same_places_is_refused(files):
    again = []
    for number, path in enumerate(files):
        again.append(path.with_name(f"again-{number}.dcm"))
        shutil.copyfile(files[(number + 1) % len(files)], again[-1])
        header = READER.load([path]).stack.affine_mm[:3, 3].tolist()
        edited(again[-1], SOPInstanceUID=f"2.25.{number + 1}", ImagePositionPatient=header)
    with pytest.raises(MixedGeometry, match="22 images at 11 places"):
        READER.load([*files, *again])
