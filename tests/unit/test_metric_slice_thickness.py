import numpy as np
import pytest

from aiqa_integration.metrics.slice_thickness import measure_slice_thickness
from aiqa_integration.metrics.slice_thickness.ramp import _box, _box_slopes, _Profile
from aiqa_integration.model.measurement import NotMeasured, Reason
from tests.drawn_phantom import between, disk, edge, images, places, pose

RAMP_SIGNAL = 180.0


def _slice(pose_, *, thickness=5.0, tilt=0.0, shift=0.0, softness=4.0, height=11.0, ramp=RAMP_SIGNAL):
    """Slice 1: water 1000, slab 0, two ramps that rise 1 mm in 10; ``tilt`` is the slope of the slice along u."""
    u, v = places(pose_)
    water = 1000.0 * disk(u, v, half_width=95.0, half_height=95.0)
    slab = between(v, -height / 2, height / 2) * between(u, -89.0, 89.0)
    image = water * (1 - slab)
    for side, slope in ((-1.0, 0.1 - tilt), (1.0, 0.1 + tilt)):
        length = thickness / slope
        middle = side * shift
        profile = edge((u - middle + length / 2) / softness) * edge((middle + length / 2 - u) / softness)
        half = between(v, -height / 2, -0.4) if side < 0 else between(v, 0.4, height / 2)
        image += ramp * profile * half * between(u, -89.0, 89.0)
    return image


def _measure(image, pose_, number=1):
    (found,) = measure_slice_thickness(images({number: image}, pose_=pose_), diameter_mm=190.0)
    return found


@pytest.mark.parametrize("thickness", [4.0, 5.0, 6.0, 8.0, 10.0])
def test_reads_the_thickness_drawn(thickness):
    pose_ = pose(centre=(126.8, 128.6))
    found = _measure(_slice(pose_, thickness=thickness), pose_)
    assert found.quantity.value == pytest.approx(thickness, abs=0.03 * thickness)
    assert abs(found.quantity.value - thickness) <= found.uncertainty


def test_tilt_and_shift_of_the_slice_cancel():
    pose_ = pose()
    straight = _measure(_slice(pose_), pose_).quantity.value
    tilted = _measure(_slice(pose_, tilt=0.02, shift=18.0), pose_)
    assert tilted.quantity.value == pytest.approx(straight, abs=0.1)
    lengths = [np.ptp([x for x, _ in region.points]) for region in tilted.regions]
    assert lengths[0] == pytest.approx(62.5, abs=2.0)
    assert lengths[1] == pytest.approx(41.7, abs=2.0)


@pytest.mark.parametrize("rotation", [-20.0, 1.5, 20.0])
def test_follows_the_phantom_when_it_is_turned(rotation):
    drawn = pose(rotation=rotation, centre=(124.2, 129.9))
    assert _measure(_slice(drawn), drawn).quantity.value == pytest.approx(5.0, abs=0.15)


def test_follows_the_slab_when_the_pose_is_a_degree_off():
    drawn, believed = pose(rotation=1.0), pose(rotation=0.0, centre=(127.2, 128.3))
    assert _measure(_slice(drawn), believed).quantity.value == pytest.approx(5.0, abs=0.15)


def test_coil_shading_does_not_change_the_thickness():
    pose_ = pose()
    u, _ = places(pose_)
    shaded = _slice(pose_) * (0.6 + 0.8 * (u / 95.0) ** 2 + 0.3 * u / 95.0)
    assert _measure(shaded, pose_).quantity.value == pytest.approx(5.0, abs=0.15)


@pytest.mark.parametrize("snr", [20.0, 40.0, 100.0])
def test_the_stated_uncertainty_covers_the_error(snr):
    rng = np.random.default_rng(7)
    pose_ = pose(centre=(127.1, 127.9))
    image = _slice(pose_)
    for _ in range(5):
        noisy = np.hypot(image + rng.normal(0, 1000 / snr, image.shape), rng.normal(0, 1000 / snr, image.shape))
        found = _measure(noisy, pose_)
        assert abs(found.quantity.value - 5.0) <= 1.5 * found.uncertainty


def test_ramps_lost_in_noise_are_not_measured():
    rng = np.random.default_rng(3)
    pose_ = pose()
    image = _slice(pose_)
    noisy = np.hypot(image + rng.normal(0, 250, image.shape), rng.normal(0, 250, image.shape))
    found = _measure(noisy, pose_)
    assert isinstance(found, NotMeasured)
    assert found.reason in {Reason.SIGNAL_TOO_LOW, Reason.FEATURE_NOT_FOUND}


def test_a_slab_without_ramps_is_not_measured():
    pose_ = pose()
    assert isinstance(_measure(_slice(pose_, ramp=0.0), pose_), NotMeasured)


def test_water_without_a_slab_is_not_measured():
    pose_ = pose()
    u, v = places(pose_)
    found = _measure(1000.0 * disk(u, v, half_width=95.0, half_height=95.0), pose_)
    assert isinstance(found, NotMeasured)
    assert found.reason is Reason.FEATURE_NOT_FOUND


def test_a_dark_band_of_another_height_is_not_the_slab():
    pose_ = pose()
    found = _measure(_slice(pose_, height=22.0), pose_)
    assert isinstance(found, NotMeasured)
    assert found.reason is Reason.FEATURE_NOT_FOUND


def test_a_ramp_that_runs_out_of_the_slab_is_not_measured():
    pose_ = pose()
    found = _measure(_slice(pose_, shift=70.0), pose_)
    assert isinstance(found, NotMeasured)


def test_nothing_but_noise_zeros_or_one_value_is_not_measured():
    noise = np.random.default_rng(2).rayleigh(10.0, (256, 256))
    for image in (noise, np.zeros((256, 256)), np.full((256, 256), 300.0)):
        assert isinstance(_measure(image, pose()), NotMeasured)


def test_slice_1_missing():
    pose_ = pose()
    assert _measure(_slice(pose_), pose_, number=5).reason is Reason.SLICE_MISSING


def test_the_slopes_of_a_ramp_are_those_of_its_profile():
    u = np.arange(-80.0, 80.1, 0.5)
    profile = _Profile(u_mm=u, values=np.zeros_like(u), water=1 + 0.001 * u)
    ramp, step = np.array([3.0, 50.0, 100.0, 6.0, 8.0]), 1e-5
    _, by_signal, by_floor = profile.shown_and_slopes(_box(u, ramp), ramp[4])
    slopes = np.column_stack([by_signal[:, None] * _box_slopes(u, ramp), by_floor])
    for index in range(ramp.size):
        low, high = (ramp + way * step * np.eye(ramp.size)[index] for way in (-1, 1))
        rise = profile.shown(_box(u, high), high[4]) - profile.shown(_box(u, low), low[4])
        assert slopes[:, index] == pytest.approx(rise / (2 * step), abs=1e-6)
