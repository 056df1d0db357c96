"""The shift of fat follows from the header alone."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from aiqa_integration.artifact_detection.fat_shift import fat_shift_px
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import HeaderValue, ImageStack, SeriesHeader, SliceRef

REF = SeriesRef(study_instance_uid="1.2", series_instance_uid="1.3")
HEADER = SeriesHeader(
    ref=REF,
    modality="MR",
    device=Device(),
    instance_count=3,
    centre_frequency_mhz=63.87,
    read_bandwidth_hz_per_pixel=108.579,
    acquired_read_pixels=256,
    phase_encoding="ROW",
)
TRAIN: Mapping[str, HeaderValue] = {"ScanningSequence": ("SE",), "EchoTrainLength": 8.0}


def stack(rows, columns):
    refs = tuple(
        SliceRef(
            sop_instance_uid=f"1.{k}", sop_class_uid="1", frame_number=None, instance_number=k + 1, position_mm=4.0 * k
        )
        for k in range(3)
    )
    voxels = np.ones((3, rows, columns), np.float32)
    return ImageStack(voxels=voxels, spacing_mm=(4.0, 1.0, 1.0), affine_mm=np.eye(4), value_unit="1", slices=refs)


def test_two_pixels_at_half_the_bandwidth_of_one_and_more_where_pixels_are_interpolated():
    assert fat_shift_px(HEADER, stack(256, 192)) == pytest.approx(2.0, abs=1e-3)
    assert fat_shift_px(replace(HEADER, read_bandwidth_hz_per_pixel=217.158), stack(256, 192)) == pytest.approx(
        1.0, abs=1e-3
    )
    assert fat_shift_px(HEADER, stack(512, 192)) == pytest.approx(4.0, abs=2e-3)
    assert fat_shift_px(replace(HEADER, phase_encoding="COLUMN"), stack(512, 192)) == pytest.approx(1.5, abs=1e-3)


@pytest.mark.parametrize(
    "header",
    [
        replace(HEADER, centre_frequency_mhz=None),
        replace(HEADER, read_bandwidth_hz_per_pixel=None),
        replace(HEADER, acquired_read_pixels=None),
        replace(HEADER, phase_encoding=None),
        replace(HEADER, read_bandwidth_hz_per_pixel=31.25, echo_time_ms=15.0),
        replace(HEADER, read_bandwidth_hz_per_pixel=31.25, echo_time_ms=22.0, keywords=TRAIN),
    ],
    ids=["frequency", "bandwidth", "matrix", "direction", "longer than an echo", "longer than between echoes"],
)
def test_nothing_is_said_where_the_header_does_not_tell(header):
    assert fat_shift_px(header, stack(256, 192)) is None


def test_a_low_bandwidth_that_fits_a_long_echo_is_believed():
    slow = replace(HEADER, read_bandwidth_hz_per_pixel=31.25, echo_time_ms=22.0)
    assert fat_shift_px(slow, stack(256, 192)) == pytest.approx(6.95, abs=0.01)
