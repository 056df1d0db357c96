import numpy as np
import pytest

from aiqa_integration.metrics.uniformity import LargeRegion, _half_width, measure_uniformity
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from tests.drawn_phantom import disk, images, places, pose

LARGE = LargeRegion(area_mm2=20_000.0, centre_mm=(0.0, 0.0))
REACH = np.sqrt(20_000.0 / np.pi) - np.sqrt(100.0 / np.pi)


def _measure(image, pose_, large=LARGE, number=7):
    (found,) = measure_uniformity(images({number: image}, pose_=pose_), diameter_mm=190.0, large=large)
    return found


def _water(pose_, shading):
    u, v = places(pose_)
    return 1000.0 * disk(u, v, half_width=95.0, half_height=95.0) * shading(u, v)


def test_even_water_is_100_percent():
    pose_ = pose()
    assert _measure(_water(pose_, lambda u, _: np.ones_like(u)), pose_).quantity.value == pytest.approx(100.0, abs=1e-6)


@pytest.mark.parametrize("slope", [0.05, 0.2, 0.4])
def test_a_linear_slope_gives_its_analytic_value(slope):
    """Disk means of a plane are its values at their centres, which reach ``REACH`` from the axis: PIU = 1 - slope."""
    pose_ = pose(centre=(127.3, 126.8), rotation=12.0)
    found = _measure(_water(pose_, lambda u, v: 1 + slope * (0.6 * u + 0.8 * v) / REACH), pose_)
    assert found.quantity.value == pytest.approx(100 * (1 - slope), abs=0.25)


def test_a_bowl_gives_its_analytic_value():
    """Mean of 1 + b r² over a disk of radius s around distance d is 1 + b (d² + s²/2)."""
    pose_, bowl = pose(), 0.3 / REACH**2
    low, high = 1 + bowl * 100 / np.pi / 2, 1 + bowl * (REACH**2 + 100 / np.pi / 2)
    found = _measure(_water(pose_, lambda u, v: 1 + bowl * (u * u + v * v)), pose_)
    assert found.quantity.value == pytest.approx(100 * (1 - (high - low) / (high + low)), abs=0.15)
    _, bright, dark = found.regions
    assert np.hypot(*np.subtract(dark.points[0], pose_.centre)) < 1.5
    assert np.hypot(*np.subtract(bright.points[0], pose_.centre)) == pytest.approx(REACH, abs=1.5)


@pytest.mark.parametrize("pixel", [(0.5, 0.5), (0.9, 1.4)])
def test_pixel_size_and_shape_do_not_matter(pixel):
    matrix = 512 if pixel[0] == 0.5 else 256
    pose_ = pose(pixel=pixel, matrix=matrix)
    u, v = places(pose_, matrix)
    image = 1000.0 * disk(u, v, half_width=95.0, half_height=95.0) * (1 + 0.2 * u / REACH)
    assert _measure(image, pose_).quantity.value == pytest.approx(80.0, abs=0.3)


def test_gain_does_not_matter():
    pose_ = pose()
    image = _water(pose_, lambda u, _: 1 + 0.1 * u / REACH)
    assert _measure(4 * image, pose_).quantity.value == pytest.approx(_measure(image, pose_).quantity.value, abs=1e-9)


def test_the_region_lies_where_the_phantom_says():
    """A dark bar at the phantom's top counts only for a region that reaches it."""
    pose_ = pose(rotation=180.0)
    image = _water(pose_, lambda u, v: 1 - 0.5 * ((np.abs(u) < 12) & (v < -70)))
    low = _measure(image, pose_, LargeRegion(area_mm2=20_000.0, centre_mm=(0.0, 12.0)))
    assert low.quantity.value == pytest.approx(100.0, abs=0.1)
    assert _measure(image, pose_).quantity.value < 90.0


def test_noise_stays_inside_the_stated_uncertainty():
    """Extremes of noisy disks always spread: the value may only fall, and by no more than a few uncertainties."""
    rng, pose_ = np.random.default_rng(5), pose()
    clean = _water(pose_, lambda u, _: 1 + 0.15 * u / REACH)
    truth = _measure(clean, pose_).quantity.value
    for snr in (20.0, 60.0):
        found = _measure(np.hypot(clean + rng.normal(0, 1000 / snr, clean.shape), rng.normal(0, 1, clean.shape)), pose_)
        assert abs(found.quantity.value - truth) <= 2 * found.uncertainty


def test_no_water_no_number():
    rng = np.random.default_rng(6)
    for image in (rng.rayleigh(10.0, (256, 256)), np.zeros((256, 256)), -np.ones((256, 256))):
        found = _measure(image, pose())
        assert isinstance(found, NotMeasured)
        assert found.reason is Reason.SIGNAL_TOO_LOW


def test_an_even_image_without_a_phantom_is_not_100_percent():
    assert _measure(np.full((256, 256), 500.0), pose()).reason is Reason.IMPLAUSIBLE


def test_a_hole_in_the_water_is_a_low_value_not_an_error():
    pose_ = pose()
    found = _measure(_water(pose_, lambda u, v: np.where(np.hypot(u - 20, v) < 8, 0.2, 1.0)), pose_)
    assert isinstance(found, Measured)
    assert found.quantity.value == pytest.approx(100 * (1 - 0.8 / 1.2), abs=0.5)


def test_region_outside_the_image_and_slice_missing():
    pose_ = pose(centre=(60.0, 127.5))
    image = _water(pose_, lambda u, _: np.ones_like(u))
    assert _measure(image, pose_).reason is Reason.ROI_OUTSIDE_IMAGE
    assert _measure(image, pose_, number=5).reason is Reason.SLICE_MISSING


@pytest.mark.parametrize(("sd", "reach"), [(1.0, 0.0), (0.0, 1.0), (1.0, 0.5), (0.3, 1.0), (0.05, 1.0)])
def test_the_interval_of_a_normal_and_an_even_error_holds_95_percent(sd, reach):
    rng = np.random.default_rng(1)
    errors = rng.normal(0, 1, 200_000) * sd + rng.uniform(-1, 1, 200_000) * reach
    assert np.mean(np.abs(errors) <= _half_width(sd=sd, reach=reach)) == pytest.approx(0.95, abs=0.003)
