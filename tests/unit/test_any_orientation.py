"""How a phantom lies in patient coordinates changes no image that is measured: only slices across its axis count."""

import numpy as np
import pytest

from aiqa_integration.dicom.sample_study import write_series
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.metrics.pose import locate_acr_mri
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.phantoms import all_phantoms
from aiqa_integration.pipeline.measure import measure_phantom
from aiqa_integration.simulate.acr_mri import Scan
from tests.dicom_samples import edited, sample
from tests.unit.test_pose import perfect_outputs, series_of

LARGE = next(phantom for phantom in all_phantoms() if phantom.name == "acr-mri-large")
ORIENTATIONS = {
    "sagittal": ([0, 1, 0], [0, 0, -1]),
    "coronal": ([1, 0, 0], [0, 0, -1]),
    "oblique": ([0.8, 0.6, 0], [-0.6, 0.8, 0]),
    "double oblique": ([0.8, 0.6, 0], [-0.48, 0.64, 0.6]),
}


@pytest.fixture(scope="module")
def simulated():
    return series_of(slice_count=7, snr=Scan().snr)


def _loaded(simulated, folder, row, column):
    """Write a simulated series as if its slices had lain in another plane of the patient, and read it."""
    write_series(simulated.stack, folder, sample("orientation"))
    normal = np.cross(row, column)
    for number, path in enumerate(sorted(folder.iterdir())):
        edited(path, ImageOrientationPatient=[*row, *column], ImagePositionPatient=[*(10.0 * number * normal)])
    return DicomSeriesReader().load(sorted(folder.iterdir()))


def _values(loaded, simulated):
    located = locate_acr_mri(loaded.stack, perfect_outputs(simulated), phantom=LARGE.name, diameter_mm=190.0)
    images = PhantomImages(stack=loaded.stack, header=loaded.header, located=located)
    return located, {one.metric.id: one for one in measure_phantom(images, LARGE)}


@pytest.mark.parametrize("orientation", sorted(ORIENTATIONS))
def test_a_stack_across_the_axis_is_measured_alike_in_any_plane(simulated, tmp_path, orientation):
    straight = _loaded(simulated, tmp_path / "axial", [1, 0, 0], [0, 1, 0])
    turned = _loaded(simulated, tmp_path / "turned", *ORIENTATIONS[orientation])
    assert np.array_equal(turned.stack.voxels, straight.stack.voxels)
    assert turned.stack.spacing_mm == pytest.approx(straight.stack.spacing_mm)
    (one, expected), (other, found) = _values(straight, simulated), _values(turned, simulated)
    assert one.slices == other.slices
    for name, value in expected.items():
        assert type(found[name]) is type(value), name
        if hasattr(value, "quantity"):
            assert found[name].quantity.value == pytest.approx(value.quantity.value, rel=1e-9), name
