"""The rotation is read off the dark parts of all slices, whatever the network's landmarks say."""

import numpy as np
import pytest

from aiqa_integration.errors import PhantomNotFound
from aiqa_integration.metrics.pose import locate_acr_mri
from aiqa_integration.metrics.pose.pattern import match_pattern
from aiqa_integration.simulate.acr_mri import Pose
from aiqa_integration.simulate.scanner import Shading
from tests.unit.test_pose import SMALL, perfect_outputs, series_of


def _match(series):
    truth = series.truth
    pixel_mm = series.stack.spacing_mm[1:]
    centres = np.array([truth.poses[place].centre for place in range(len(series.stack.slices))]) * pixel_mm[::-1]
    return match_pattern(series.stack.voxels, truth.slices, centres, pixel_mm, truth.phantom)


@pytest.mark.parametrize("phantom", ["acr-mri-large", "acr-mri-medium"])
@pytest.mark.parametrize(("turn", "mirrored"), [(0.0, False), (91.5, False), (-178.0, True), (45.0, True)])
def test_any_turn_and_mirror(phantom, turn, mirrored):
    series = series_of(
        phantom,
        pose=Pose(rotation_deg=turn, mirrored=mirrored),
        snr=15.0,
        shading=Shading(linear_x=0.5, bowl=-0.3),
        slice_count=7,
    )
    match = _match(series)
    assert (match.rotation_deg - turn + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1.0)
    assert match.mirrored == mirrored
    assert match.contrast > 0.6


def test_without_the_lower_slices_the_turn_is_told_and_no_mirror_assumed():
    match = _match(series_of(pose=Pose(rotation_deg=90.0), first_slice=6, slice_count=3))
    assert match.rotation_deg == pytest.approx(90.0, abs=1.5)
    assert not match.mirrored


@pytest.mark.parametrize("kind", ["water", "noise", "nothing"])
def test_what_has_no_such_parts_has_no_contrast(kind):
    rows, columns = np.indices((128, 128))
    water = np.where(np.hypot(rows - 63.5, columns - 63.5) * 1.95 < 95.0, 1000.0, 0.0)
    pixels = {"water": water, "noise": np.random.default_rng(1).rayleigh(20.0, (128, 128)), "nothing": 0 * water}[kind]
    voxels = np.stack([pixels] * 3).astype(np.float32)
    centres = np.full((3, 2), 63.5 * 1.95)
    match = match_pattern(voxels, {1: 0, 2: 1, 3: 2}, centres, SMALL.pixel_mm, "acr-mri-large")
    assert match.contrast < 0.3


def test_a_network_that_takes_the_bar_for_the_housing_is_overruled():
    """The housing's peaks of most slices lie where another slice has an end of the ramp bar."""
    series = series_of(pose=Pose(rotation_deg=90.0))
    outputs = perfect_outputs(series)
    for place in range(7):
        outputs["heat"][place, 1] = outputs["heat"][0, 3]
    found = locate_acr_mri(series.stack, outputs, phantom="acr-mri-large", diameter_mm=190.0)
    pose = next(iter(found.poses.values()))
    assert pose.rotation_deg == pytest.approx(90.0, abs=0.5)
    assert not pose.mirrored


def test_perfect_landmarks_on_plain_water_are_no_phantom():
    series = series_of()
    outputs = perfect_outputs(series)
    rows, columns = np.indices(series.stack.voxels.shape[1:])
    series.stack.voxels[:] = np.where(np.hypot(rows - 63.5, columns - 63.5) * 1.95 < 95.0, 1000.0, 0.0)
    with pytest.raises(PhantomNotFound, match="inserts"):
        locate_acr_mri(series.stack, outputs, phantom="acr-mri-large", diameter_mm=190.0)
