"""Spokes counted on simulated series, whose visibility is known; the reader against many readings; nonsense; limits."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.ndimage import zoom

from aiqa_integration.metrics.low_contrast import METRICS, measure_low_contrast
from aiqa_integration.metrics.low_contrast.disks import Disks
from aiqa_integration.metrics.low_contrast.insert import SPOKES, Placement, disk_places
from aiqa_integration.metrics.low_contrast.reader import THRESHOLD, expanded, read_slice, response_of
from aiqa_integration.metrics.low_contrast.template import KINDS, disk_filters, disk_shape
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.phantom import LocatedPhantom, PhantomImages
from aiqa_integration.phantoms.acr_mri_large import LOW_CONTRAST_CENTRE_MM as LARGE_CENTRE
from aiqa_integration.phantoms.acr_mri_medium import LOW_CONTRAST_CENTRE_MM as MEDIUM_CENTRE
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, Variant, disk_centres
from aiqa_integration.simulate.scanner import Shading
from tests.drawn_phantom import header

CENTRES = {"acr-mri-large": LARGE_CENTRE, "acr-mri-medium": MEDIUM_CENTRE}
BASE = Scan(first_slice=8, slice_count=4, snr=80.0)


def _series(phantom="acr-mri-large", scan=BASE, pose=None, variant=None, seed=5):
    simulated = simulate_series(
        phantom, rng=np.random.default_rng(seed), scan=scan, pose=pose or Pose(), variant=variant
    )
    located = LocatedPhantom(
        phantom=phantom,
        slices=simulated.truth.slices,
        poses=simulated.truth.poses,
        tilt_deg=0.0,
        residual_mm=0.0,
        confidence=1.0,
    )
    return PhantomImages(stack=simulated.stack, header=header(), located=located)


def _measure(series):
    return measure_low_contrast(series, ring_centre_mm=CENTRES[series.located.phantom])


def _counts(series):
    found = _measure(series)
    assert [m.metric for m in found] == list(METRICS)
    assert all(isinstance(m, Measured) for m in found), found
    return [m.quantity.value for m in found]


@cache
def _base(phantom="acr-mri-large"):
    return _measure(_series(phantom))


def _same(found, base):
    for one, other in zip(found, base, strict=True):
        allowed = max(np.hypot(one.uncertainty, other.uncertainty), 1.0)
        assert abs(one.quantity.value - other.quantity.value) <= allowed, (one, other)


def _plain_reader(visibility, rng, scans=4000):
    """The median count of a reader who sees a disk where d' of that scan exceeds the threshold."""
    seen = visibility + rng.normal(size=(scans, *visibility.shape)) > THRESHOLD
    return float(np.median(np.cumprod(seen.all(axis=2), axis=1).sum(axis=1)))


@pytest.mark.parametrize("strength", [0.0, 0.4, 0.8, 1.2, 1.7, 2.5, 4.0])
def test_the_count_is_the_median_of_many_readings(strength):
    rng = np.random.default_rng(3)
    noise = np.repeat(1 / np.linspace(7.0, 1.5, SPOKES)[:, None], 3, axis=1)
    disks = Disks(contrast=np.full((SPOKES, 3), strength), noise=noise, noise_error=np.full(SPOKES, 0.05))
    expected = _plain_reader(strength / noise, rng)
    assert read_slice(disks, 1.0, seed=8).count == pytest.approx(expected, abs=1.0 if 0 < expected < SPOKES else 0.0)


def test_a_missing_disk_ends_the_count():
    noise = np.repeat(0.1 / np.linspace(7.0, 1.5, SPOKES)[:, None], 3, axis=1)
    contrast = np.full((SPOKES, 3), 0.5)
    contrast[4, 1] = 0.0
    assert read_slice(Disks(contrast=contrast, noise=noise, noise_error=np.full(SPOKES, 0.05)), 1.0, seed=8).count == 4


def test_an_absent_spoke_is_seen_in_less_than_one_scan_in_a_hundred():
    rng = np.random.default_rng(2)
    noise = np.repeat(1 / np.linspace(7.0, 1.5, SPOKES)[:, None], 3, axis=1)
    present, seen = np.full((SPOKES, 3), 1.6), 0
    present[3] = 0.0
    for _ in range(400):
        disks = Disks(
            contrast=present + noise * rng.normal(size=noise.shape), noise=noise, noise_error=np.zeros(SPOKES)
        )
        seen += read_slice(disks, 1.0, seed=8).count > 3
    assert seen <= 8


def test_noise_without_disks_gives_no_spokes():
    rng = np.random.default_rng(4)
    noise = np.full((SPOKES, 3), 0.01)
    for _ in range(100):
        disks = Disks(contrast=noise * rng.normal(size=noise.shape), noise=noise, noise_error=np.zeros(SPOKES))
        assert read_slice(disks, 1.0, seed=8).count == 0


def test_the_uncertainty_holds_95_percent_of_the_draws():
    assert expanded(5.0, np.array([5.0] * 96 + [9.0] * 4)) == 0.0
    assert expanded(5.0, np.array([5.0] * 90 + [7.0] * 10)) == 2.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [(0.0, 0.0), (0.4, -0.3)])
def test_a_filter_answers_1_to_its_disk_and_0_to_water(kind, at):
    columns, rows = np.meshgrid(np.arange(-14, 15) * 0.9 - at[0], np.arange(-14, 15) * 1.1 - at[1])
    distance = np.hypot(columns, rows)
    diameters = np.array([4.0, 2.5])
    found = disk_filters(np.stack([distance, distance]), diameters, (0.9, 1.1))[kind]
    for one, diameter in zip(found, diameters, strict=True):
        assert float((one * disk_shape(distance, diameter, 0.3)).sum()) == pytest.approx(1.0)
        assert float(one.sum()) == pytest.approx(0.0, abs=1e-9)


def test_a_blurred_disk_holds_as_much_as_a_sharp_one():
    columns, rows = np.meshgrid(np.arange(-60, 61) * 0.1, np.arange(-60, 61) * 0.1)
    for diameter, blur in ((1.5, 0.6), (4.0, 0.3)):
        shape = disk_shape(np.hypot(columns, rows), diameter, blur)
        assert float(shape.sum()) * 0.01 == pytest.approx(np.pi * diameter**2 / 4, rel=2e-3)


@pytest.mark.parametrize("number", [8, 9, 10, 11])
def test_the_disks_lie_where_the_simulator_draws_them(number):
    drawn = np.array(disk_centres(LAYOUTS["acr-mri-large"], number))
    u, v = disk_places(number, Placement(centre_mm=LAYOUTS["acr-mri-large"].ring_centre))
    assert np.abs(np.column_stack([u.ravel(), v.ravel()]) - drawn[:, :2]).max() < 1e-6


@pytest.mark.parametrize("phantom", sorted(CENTRES))
def test_a_clean_scan_shows_nearly_all_spokes(phantom):
    total, *singles = _counts(_series(phantom, replace(BASE, snr=250.0), variant=Variant(disk_gain=1.3)))
    assert total >= 37
    assert total == sum(singles)


@pytest.mark.parametrize("phantom", sorted(CENTRES))
def test_no_disks_no_spokes(phantom):
    assert _counts(_series(phantom, variant=Variant(disk_gain=0.0))) == [0.0] * 5


def test_more_noise_shows_fewer_spokes_and_deeper_slices_more():
    totals = []
    for snr in (20.0, 45.0, 100.0):
        total, *singles = _counts(_series(scan=replace(BASE, snr=snr)))
        totals.append(total)
        assert singles == sorted(singles)
    assert totals == sorted(totals)
    assert totals[0] < 15
    assert totals[2] > 28


def test_darker_disks_count_as_well():
    bright, dark = (_counts(_series(variant=Variant(disk_gain=gain))) for gain in (1.0, -1.0))
    assert dark[0] == pytest.approx(bright[0], abs=3)


def test_gain_changes_nothing():
    series = _series()
    louder = replace(series, stack=replace(series.stack, voxels=4 * series.stack.voxels))
    assert [(m.quantity, m.uncertainty) for m in _measure(louder)] == [(m.quantity, m.uncertainty) for m in _base()]


@pytest.mark.parametrize("phantom", sorted(CENTRES))
@pytest.mark.parametrize(
    "pose", [Pose(rotation_deg=22.0), Pose(mirrored=True), Pose(rotation_deg=90.0), Pose(offset_mm=(14.0, -10.0))]
)
def test_how_the_phantom_lies_changes_nothing(phantom, pose):
    _same(_measure(_series(phantom, pose=pose)), _base(phantom))


def test_order_and_coil_change_nothing():
    _same(_measure(_series(scan=replace(BASE, descending=True))), _base())
    _same(_measure(_series(scan=replace(BASE, shading=Shading(linear_x=0.3, bowl=0.3)))), _base())


def test_interpolation_changes_nothing():
    series = _series()
    finer = np.stack([zoom(image, 2, order=3, grid_mode=True, mode="nearest") for image in series.stack.voxels])
    poses = {
        place: replace(
            pose,
            centre=(2 * pose.centre[0] + 0.5, 2 * pose.centre[1] + 0.5),
            pixel_mm=(pose.pixel_mm[0] / 2, pose.pixel_mm[1] / 2),
        )
        for place, pose in series.located.poses.items()
    }
    doubled = replace(
        series,
        stack=replace(series.stack, voxels=finer.astype(np.float32)),
        located=replace(series.located, poses=poses),
    )
    _same(_measure(doubled), _base())


def test_a_pose_a_little_off_changes_nothing():
    series = _series()
    poses = {
        place: replace(pose, centre=(pose.centre[0] + 0.5, pose.centre[1] - 0.4), rotation_deg=1.5)
        for place, pose in series.located.poses.items()
    }
    _same(_measure(replace(series, located=replace(series.located, poses=poses))), _base())


def test_a_missing_slice_leaves_no_total():
    found = _measure(_series(scan=replace(BASE, missing=(1,))))
    assert isinstance(found[0], NotMeasured)
    assert found[0].reason is Reason.SLICE_MISSING
    assert "slice 9" in found[0].detail
    assert [type(m) for m in found[1:]] == [Measured, NotMeasured, Measured, Measured]


def test_slices_without_the_ring_are_not_measured():
    series = _series(scan=replace(BASE, first_slice=5))
    wrong = replace(series, located=replace(series.located, slices={8: 0, 9: 1, 10: 2, 11: 3}))
    found = _measure(wrong)
    assert isinstance(found[0], NotMeasured)
    assert all(isinstance(m, NotMeasured) and m.reason is Reason.FEATURE_NOT_FOUND for m in found[1:3])


def test_coarse_pixels_are_not_measured():
    found = _measure(_series(scan=replace(BASE, matrix=(64, 64), pixel_mm=(3.9, 3.9))))
    assert all(isinstance(m, NotMeasured) for m in found)


def test_the_disks_that_count_are_drawn():
    found = _base()
    for m in found[1:]:
        assert len(m.regions) == 3 * m.quantity.value
        assert {region.slice_index for region in m.regions} <= {m.slice_index}


def test_the_blur_of_small_disks_is_read_from_the_images():
    rng = np.random.default_rng(6)
    smallness = 1 / np.linspace(7.0, 1.5, SPOKES) - 1 / 7.0
    noise = np.repeat(0.02 / np.linspace(7.0, 1.5, SPOKES)[:, None], 3, axis=1)
    slices = [
        Disks(
            contrast=contrast * (1 - 0.6 * smallness[:, None]) + noise * rng.normal(size=noise.shape),
            noise=noise,
            noise_error=np.zeros(SPOKES),
        )
        for contrast in (0.014, 0.025, 0.036, 0.051)
    ]
    found = response_of(slices)
    assert abs(found.slope_mm + 0.6) <= 3 * found.slope_sd_mm
    assert found.slope_sd_mm < 0.2
