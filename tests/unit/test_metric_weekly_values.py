"""Values of the header: as stated, or not there."""

from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.metrics.weekly_values import read_weekly_values
from aiqa_integration.model.measurement import Measured
from tests.dicom_samples import series_files
from tests.drawn_phantom import images, pose


def test_what_the_header_states_is_reported_and_nothing_else():
    drawn = images({7: np.ones((16, 16))}, pose_=pose(matrix=16))
    assert read_weekly_values(drawn) == ()
    stated = replace(drawn, header=replace(drawn.header, centre_frequency_mhz=63.863039, transmitter_gain=135.0))
    found = {one.metric.id: one.quantity for one in read_weekly_values(stated) if isinstance(one, Measured)}
    assert {name: (quantity.value, quantity.unit.ucum) for name, quantity in found.items()} == {
        "mr-centre-frequency": (63.863039, "MHz"),
        "mr-transmitter-gain": (135.0, "1"),
    }


@pytest.mark.parametrize(("creator", "value", "gain"), [("GEMS_ACQU_01", "135", 135.0), ("OTHER", "135", None)])
def test_a_gain_is_read_from_the_vendors_own_block_only(tmp_path, creator, value, gain):
    file = series_files(tmp_path, "gain")[0]
    instance = dcmread(file)
    instance.ImagingFrequency = "63.863039"
    instance.private_block(0x0019, creator, create=True).add_new(0xF9, "DS", value)
    instance.save_as(file)
    header = DicomSeriesReader().header([file])
    assert (header.centre_frequency_mhz, header.transmitter_gain) == (63.863039, gain)
