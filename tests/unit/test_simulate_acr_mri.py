"""The simulated ACR phantoms show what their truth says."""

import numpy as np
import pytest
from scipy.ndimage import center_of_mass

from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_localizer, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, PhantomName, Variant, disk_centres, hole_centres
from aiqa_integration.simulate.acr_mri_truth import Circle, true_values
from aiqa_integration.simulate.scanner import Shading, add_ghost, add_rician_noise, sample_kspace, zero_background

CLEAN = Variant(bubble_mm=0.0)
BOTH: tuple[PhantomName, ...] = ("acr-mri-large", "acr-mri-medium")


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def at(image: np.ndarray, pose: PlanePose, u: float, v: float) -> float:
    column, row = pose.to_pixel(u, v)
    return float(image[round(row), round(column)])


@pytest.mark.parametrize("phantom", BOTH)
def test_inserts_are_dark_where_the_pose_puts_them(phantom: PhantomName) -> None:
    pose = Pose(offset_mm=(7.0, -5.0), rotation_deg=33.0, mirrored=True)
    series = simulate_series(phantom, rng=rng(), pose=pose, scan=Scan(snr=None, slice_count=2), variant=CLEAN)
    image, plane = series.stack.voxels[0], series.truth.poses[0]
    layout = LAYOUTS[phantom]
    tube_u, tube_v = layout.tube_centre
    assert at(image, plane, tube_u, tube_v) > 800
    assert at(image, plane, tube_u + 15.7, tube_v) < 150
    assert at(image, plane, -tube_u, tube_v) > 800
    assert at(image, plane, 0.0, layout.housing.v[0] + 6) < 150
    assert at(image, plane, 0.0, 0.9 * layout.radius_mm) > 800


@pytest.mark.parametrize(("shape", "pixel"), [((128, 128), 1.9), ((256, 192), 1.2)])
def test_the_vessels_centre_of_mass_and_area_are_the_truths(shape: tuple[int, int], pixel: float) -> None:
    scan = Scan(matrix=shape, pixel_mm=(pixel, pixel), snr=None, first_slice=7, slice_count=1)
    pose = Pose(offset_mm=(3.3, 4.7), rotation_deg=90.0)
    series = simulate_series("acr-mri-large", rng=rng(), pose=pose, scan=scan, variant=CLEAN)
    image = series.truth.noise_free[0]
    housing_mm2 = 12.0 * 13.0
    assert image.sum() / 1000 * pixel**2 == pytest.approx(np.pi * 95**2 - housing_mm2, rel=2e-3)
    centre = series.truth.poses[0].centre
    pull = housing_mm2 * 86.5 / (np.pi * 95**2 - housing_mm2) / pixel
    row, column = center_of_mass(image)
    assert column == pytest.approx(centre[0] - pull, abs=0.05)
    assert row == pytest.approx(centre[1], abs=0.05)


def test_the_ramps_full_width_is_ten_times_the_thickness() -> None:
    for thickness in (4.0, 5.0, 6.5):
        scan = Scan(thickness_mm=thickness, snr=None, slice_count=1, position_error_mm=1.0)
        series = simulate_series("acr-mri-large", rng=rng(), scan=scan, variant=CLEAN)
        plane = series.truth.poses[0]
        u = np.arange(-80, 81)
        for v, shift in ((-2.2, 10.0), (2.2, -10.0)):
            profile = np.array([at(series.stack.voxels[0], plane, float(x), v) for x in u])
            above = u[profile > profile.max() / 2]
            assert above[-1] - above[0] == pytest.approx(10 * thickness, abs=2.5)
            assert above.mean() == pytest.approx(shift, abs=1.5)


@pytest.mark.parametrize("error_mm", [-3.0, 0.0, 2.0])
def test_wedge_bars_differ_by_twice_the_position_error(error_mm: float) -> None:
    scan = Scan(snr=None, position_error_mm=error_mm, matrix=(512, 512), pixel_mm=(0.488, 0.488))
    series = simulate_series("acr-mri-large", rng=rng(), scan=scan, variant=CLEAN)
    for number in (1, 11):
        place = series.truth.slices[number]
        image, plane = series.stack.voxels[place], series.truth.poses[place]
        v = np.arange(-79.0, -35.0, 0.5)
        left, right = (0.5 * sum(at(image, plane, u, float(y)) < 500 for y in v) for u in (-3.0, 3.0))
        assert series.truth.bar_difference_mm[number] == pytest.approx(2 * error_mm)
        assert right - left == pytest.approx(2 * error_mm, abs=1.0)


def test_slices_are_numbered_through_missing_extra_and_reversed_ones() -> None:
    scan = Scan(matrix=(64, 64), pixel_mm=(3.9, 3.9), first_slice=0, slice_count=13, missing=(4,), descending=True)
    series = simulate_series("acr-mri-large", rng=rng(), scan=scan)
    assert series.stack.voxels.shape[0] == 12
    assert series.truth.slices == {
        n: 11 - place for place, n in enumerate([0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12]) if 1 <= n <= 11
    }
    positions = [ref.position_mm for ref in series.stack.slices]
    assert positions == sorted(positions)


def test_the_same_seed_gives_the_same_images_and_another_does_not() -> None:
    scan = Scan(matrix=(64, 64), pixel_mm=(3.9, 3.9), slice_count=2)
    first, again, other = (simulate_series("acr-mri-large", rng=rng(s), scan=scan) for s in (1, 1, 2))
    assert np.array_equal(first.stack.voxels, again.stack.voxels)
    assert first.stack.slices == again.stack.slices
    assert not np.array_equal(first.stack.voxels, other.stack.voxels)


def test_scale_tilt_and_shading_do_what_they_say() -> None:
    scan = Scan(snr=None, first_slice=7, slice_count=2, scale=(1.02, 0.98), shading=Shading(linear_x=0.3))
    pose = Pose(tilt_x_deg=2.0)
    series = simulate_series("acr-mri-large", rng=rng(), scan=scan, pose=pose, variant=CLEAN)
    widths = (
        (series.stack.voxels[0] > 400).sum(axis=1).max() * 0.977,
        (series.stack.voxels[0] > 400).sum(axis=0).max() * 0.977,
    )
    assert widths == pytest.approx(series.truth.diameters_mm, abs=2.0)
    drift = series.truth.poses[1].centre[0] - series.truth.poses[0].centre[0]
    assert drift * 0.977 == pytest.approx(10 * np.tan(np.radians(2)) * 1.02, abs=1e-6)
    assert series.truth.tilt_deg == pytest.approx(2.0)
    assert series.truth.sensitivity[0, 128, 200] > series.truth.sensitivity[0, 128, 56] + 0.3


@pytest.mark.parametrize("phantom", BOTH)
def test_the_localizer_shows_the_vessels_length_and_diameter(phantom: PhantomName) -> None:
    image = simulate_localizer(phantom, rng=rng(), scan=Scan(snr=None, thickness_mm=4.0), variant=CLEAN).voxels[0]
    layout = LAYOUTS[phantom]
    for axis, expected in ((1, layout.z[1] - layout.z[0]), (0, layout.diameter_mm)):
        lit = np.flatnonzero((image > 300).any(axis=axis))
        assert (lit[-1] - lit[0] + 1) * 0.977 == pytest.approx(expected, abs=2.0)


def test_hole_arrays_have_31_holes_and_slices_8_to_11_thirty_disks() -> None:
    large = LAYOUTS["acr-mri-large"]
    assert len(set(hole_centres(large))) == 3 * 31
    assert all(len(disk_centres(large, number)) == 30 for number in (8, 9, 10, 11))


def test_a_point_keeps_its_place_and_sum_through_kspace() -> None:
    dense = np.zeros((96, 64), np.float32)
    dense[41:44, 20:22] = 1.0
    image = sample_kspace(dense, (32, 32))
    assert image.sum() == pytest.approx(1.0, abs=1e-4)
    weights = np.clip(image, 0, None)
    assert divmod(int(weights.argmax()), 32) == (14, 10)


def test_ghost_noise_and_mask() -> None:
    image = np.zeros((64, 64), np.float32)
    image[24:40, 24:40] = 100
    ghosted = add_ghost(image, 0.1, "COLUMN")
    assert ghosted[0, 32] == pytest.approx(10)
    assert ghosted[32, 0] == 0
    assert add_ghost(image, 0.1, "ROW")[32, 0] == pytest.approx(10)
    noisy = add_rician_noise(image, 5.0, rng())
    assert noisy[:16].mean() == pytest.approx(5.0 * np.sqrt(np.pi / 2), rel=0.05)
    assert zero_background(noisy)[:12].max() == 0
    assert zero_background(noisy)[28:36, 28:36].min() > 0


def test_interpolated_noise_keeps_to_the_band_that_was_sampled() -> None:
    noisy = add_rician_noise(np.full((64, 64), 1000.0, np.float32), 5.0, rng(), kept=(0.5, 1.0))
    power = np.abs(np.fft.fft2(noisy - noisy.mean())) ** 2
    outside = np.abs(np.fft.fftfreq(64)) > 0.26
    assert noisy.std() == pytest.approx(5.0, rel=0.05)
    assert power[outside].sum() < 1e-3 * power.sum()
    assert power[:, outside].sum() == pytest.approx(outside.mean() * power.sum(), rel=0.2)


def test_the_true_values_of_a_plain_series_are_what_was_asked_for() -> None:
    scan = Scan(snr=None, scale=(1.01, 0.98), thickness_mm=4.5, position_error_mm=-1.5)
    large = Circle(centre_mm=(0.0, 2.5), radius_mm=float(np.sqrt(20_000 / np.pi)))
    values = true_values(simulate_series("acr-mri-large", rng=rng(), scan=scan, variant=CLEAN), large)
    assert values["mr-length-horizontal-slice5"] == pytest.approx(191.9)
    assert values["mr-length-vertical-slice1"] == pytest.approx(186.2)
    assert values["mr-slice-thickness"] == pytest.approx(4.545)
    assert values["mr-slice-position-error-slice11"] == pytest.approx(-3.0 * 0.98)
    assert values["mr-percent-image-uniformity"] == pytest.approx(100.0, abs=0.1)
    assert values["mr-percent-signal-ghosting"] == pytest.approx(0.0, abs=0.05)


def test_the_true_ghosting_is_the_ghost_where_it_misses_the_water() -> None:
    """200 mm away it touches neither the large region nor the sides; the vessel's ringing there counts as well."""
    scan = Scan(snr=None, ghost=0.04, matrix=(400, 300), pixel_mm=(1.0, 1.0), first_slice=7, slice_count=1)
    large = Circle(centre_mm=(0.0, 5.5), radius_mm=50.0)
    values = true_values(simulate_series("acr-mri-medium", rng=rng(), scan=scan, variant=CLEAN), large)
    assert values["mr-percent-signal-ghosting"] == pytest.approx(4.0, abs=0.2)
