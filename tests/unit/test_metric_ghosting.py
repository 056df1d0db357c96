import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from aiqa_integration.metrics.ghosting import measure_ghosting
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from tests.drawn_phantom import disk, images, places, pose


def _measure(image, pose_, *, phase="COLUMN", number=7, diameter=190.0):
    (found,) = measure_ghosting(
        images({number: image}, pose_=pose_, phase_encoding=phase),
        diameter_mm=diameter,
        large_area_mm2=20_000.0,
        large_centre_mm=(0.0, 0.0),
    )
    return found


def _scan(pose_, *, ghost=0.0, axis=0, noise=3.0, diameter=190.0, seed=1):
    """Water 1000 in Rician noise, with a ghost half a field of view away along the array axis."""
    u, v = places(pose_)
    rng = np.random.default_rng(seed)
    image = 1000.0 * disk(u, v, half_width=diameter / 2, half_height=diameter / 2)
    image = image + ghost * np.roll(image, 128, axis=axis)
    return np.hypot(image + rng.normal(0, noise, image.shape), rng.normal(0, noise, image.shape))


@pytest.mark.parametrize(("axis", "phase"), [(0, "COLUMN"), (1, "ROW")])
@pytest.mark.parametrize("ghost", [0.01, 0.03, 0.1])
def test_reads_the_ghost_drawn(axis, phase, ghost):
    """The ghost fills both regions on its axis: PSG = ghost / (1 + the part of it that lies over the water)."""
    pose_ = pose()
    image = _scan(pose_, ghost=ghost, axis=axis, noise=0.05)
    found = _measure(image, pose_, phase=phase)
    assert found.quantity.value == pytest.approx(100 * ghost, rel=0.06)
    assert "brighter along it" in found.detail


def test_no_ghost_is_zero_within_the_uncertainty():
    inside = []
    for seed in range(20):
        found = _measure(_scan(pose(), seed=seed), pose())
        inside.append(found.quantity.value <= found.uncertainty)
    assert np.mean(inside) >= 0.9


def test_the_noise_floor_cancels():
    found = _measure(_scan(pose(), noise=30.0), pose())
    assert found.quantity.value < 0.3


def test_a_zeroed_background_is_not_a_ghost_free_one():
    pose_ = pose()
    u, v = places(pose_)
    image = np.where(np.hypot(u, v) < 97, _scan(pose_), 0.0)
    image[0] = image[-1] = image[:, 0] = image[:, -1] = 1.0
    found = _measure(image, pose_)
    assert isinstance(found, NotMeasured)
    assert found.reason is Reason.BACKGROUND_ZEROED


def test_a_background_zeroed_on_one_side_only_is_noticed():
    pose_ = pose()
    image = _scan(pose_)
    image[2:30] = 0.0
    assert _measure(image, pose_).reason is Reason.BACKGROUND_ZEROED


def test_single_zeros_of_a_quiet_scanner_are_no_filter():
    pose_ = pose()
    found = _measure(np.round(_scan(pose_, noise=0.7)), pose_)
    assert isinstance(found, Measured), found


def test_zero_padding_ends_the_field_of_view():
    """The padding holds no signal: regions move into what was imaged; where that is too little there is no value."""
    pose_ = pose()
    padded = _scan(pose_)
    padded[:, :4] = padded[:, -4:] = 0.0
    found = _measure(padded, pose_)
    assert isinstance(found, Measured), found
    left = next(region for region in found.regions if region.label == "Background, left")
    assert min(column for column, _ in left.points) >= 4
    padded[:18] = 0.0
    assert _measure(padded, pose_).reason is Reason.BACKGROUND_TOO_SMALL


def test_a_phantom_near_the_edge_gets_a_narrower_region_or_none():
    near, too_near = pose(centre=(127.5, 116.0)), pose(centre=(127.5, 103.0))
    found = _measure(_scan(near), near)
    assert isinstance(found, Measured), found
    top = next(region for region in found.regions if region.label == "Background, top")
    rows, columns = [row for _, row in top.points], [column for column, _ in top.points]
    assert np.ptp(columns) > 4.5 * np.ptp(rows)
    assert max(rows) < 116.0 - 95.0
    refused = _measure(_scan(too_near), too_near)
    assert refused.reason is Reason.BACKGROUND_TOO_SMALL
    assert refused.detail.startswith("top")


def test_regions_keep_off_the_phantom_and_inside_the_image():
    pose_ = pose(centre=(131.0, 125.0), rotation=20.0)
    found = _measure(_scan(pose_), pose_)
    for region in found.regions[1:]:
        for column, row in region.points:
            assert np.hypot(column - 131.0, row - 125.0) > 97.0
            assert 0 <= column <= 255
            assert 0 <= row <= 255


def test_phase_direction_not_stated_is_said():
    assert "not stated" in _measure(_scan(pose()), pose(), phase=None).detail


def test_no_water_wrong_place_and_slice_missing():
    noise = np.random.default_rng(3).rayleigh(5.0, (256, 256))
    assert _measure(noise, pose()).reason is Reason.SIGNAL_TOO_LOW
    assert _measure(np.full((256, 256), 500.0) + noise, pose()).reason is Reason.IMPLAUSIBLE
    assert _measure(np.zeros((256, 256)), pose()).reason is Reason.BACKGROUND_TOO_SMALL
    assert _measure(_scan(pose()), pose(), number=5).reason is Reason.SLICE_MISSING


@pytest.mark.parametrize("shared", [1, 3])
def test_the_uncertainty_is_how_much_values_differ(shared):
    """40 scans of a ghost of 3 %; of noise that ``shared`` rows and columns share, too. Their SD is known to 11 %."""
    pose_ = pose()
    found = []
    for seed in range(40):
        noise = np.random.default_rng(seed).normal(0, 10.0, (2, 256, 256))
        noise = np.stack([uniform_filter(part, shared) * shared for part in noise])
        image = _scan(pose_, ghost=0.03, noise=0.0) + noise[0]
        found.append(_measure(np.hypot(image, noise[1]), pose_))
    spread = np.std([m.quantity.value for m in found])
    stated = np.sqrt(np.mean([m.uncertainty**2 for m in found])) / 2
    assert stated == pytest.approx(spread, rel=0.4)


def _sampled(*, damped):
    """Water 1000 without noise and ghost, off the middle, from k-space cut to 128²; ``damped`` lets it fade to the rim.

    The image is signed: its ringing stands in the air as well.
    """
    fine = pose(pixel=(0.25, 0.25), matrix=1024, centre=(511.5 + 24.0, 511.5 - 8.0))
    u, v = places(fine, 1024)
    spectrum = np.fft.fftshift(np.fft.fft2(1000.0 * disk(u, v, half_width=95.0, half_height=95.0)))[448:576, 448:576]
    rim = np.abs(np.linspace(-1.0, 1.0, 128))
    fade = 0.54 + 0.46 * np.cos(np.pi * rim) if damped else np.ones(128)
    image = np.fft.ifft2(np.fft.ifftshift(spectrum * np.outer(fade, fade))).real / 64
    return image, pose(pixel=(2.0, 2.0), matrix=128, centre=(63.5 + 3.0, 63.5 - 1.0))


def test_ringing_of_the_edge_is_in_the_uncertainty_where_the_image_holds_it():
    """Without a ghost the truth is 0; the damped image hardly rings."""
    found = {}
    for damped in (False, True):
        image, pose_ = _sampled(damped=damped)
        scans = []
        for seed in range(8):
            noise = np.random.default_rng(seed).normal(0.0, 4.0, (2, 128, 128))
            scans.append(_measure(np.hypot(image + noise[0], noise[1]), pose_))
        found[damped] = scans
    wide, narrow = (float(np.mean([m.uncertainty for m in found[damped]])) for damped in (False, True))
    assert wide > 1.5 * narrow
    assert all(m.quantity.value <= m.uncertainty for m in found[False])


def test_an_uneven_background_is_less_certain():
    """The guidance leaves open where a region lies between phantom and edge."""
    pose_ = pose()
    _, v = places(pose_)
    even = _measure(_scan(pose_), pose_)
    uneven = _measure(_scan(pose_) + np.where(np.abs(v) < 20.0, 10.0, 0.0), pose_)
    assert uneven.uncertainty > 3 * even.uncertainty
