from dataclasses import replace

import numpy as np
import pytest

from aiqa_integration.metrics.slice_position import measure_slice_position
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.phantom import LocatedPhantom, PhantomImages
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, PhantomName, Variant
from aiqa_integration.simulate.scanner import Shading
from tests.drawn_phantom import between, disk, edge, header, images, places, pose

FOOT = -62.0


def _slice(pose_, *, left=FOOT, right=FOOT, softness=2.5, matrix=256):
    """Water 1000 with two dark bars side by side that end at the places given, each over about the slice's 5 mm."""
    u, v = places(pose_, matrix)
    water = 1000.0 * disk(u, v, half_width=95.0, half_height=95.0)
    bars = between(u, -6.0, 0.0) * edge((left - v) / softness) + between(u, 0.0, 6.0) * edge((right - v) / softness)
    return water * (1 - np.clip(bars * edge(v + 93.0), 0, 1))


def _measure(image, pose_, number=1):
    found = measure_slice_position(images({number: image}, pose_=pose_), foot_mm=FOOT)
    return found[0 if number == 1 else 1]


@pytest.mark.parametrize("difference", [-9.0, -5.0, -0.4, 0.0, 1.3, 5.0, 9.0])
def test_reads_the_difference_drawn(difference):
    pose_ = pose(centre=(126.8, 128.6))
    found = _measure(_slice(pose_, left=FOOT - difference / 2, right=FOOT + difference / 2), pose_)
    assert found.quantity.value == pytest.approx(difference, abs=max(0.08, 0.02 * abs(difference)))


@pytest.mark.parametrize("rotation", [-20.0, 22.0, 90.0, 180.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_sign_follows_the_guidelines_drawing(rotation, mirrored):
    drawn = pose(rotation=rotation, mirrored=mirrored, centre=(124.2, 129.9))
    found = _measure(_slice(drawn, right=FOOT + 3.0), drawn)
    assert found.quantity.value == pytest.approx(3.0, abs=0.1)
    assert found.detail == "right bar longer: the slice lies 1.5 mm off"


def test_follows_the_bars_when_the_pose_is_off():
    drawn, believed = pose(rotation=0.5), pose(centre=(128.7, 129.0))
    assert _measure(_slice(drawn, right=FOOT + 2.0), believed).quantity.value == pytest.approx(2.0, abs=0.15)


def test_shading_and_a_bubble_above_the_bars_end_do_not_change_it():
    pose_ = pose()
    u, v = places(pose_)
    image = _slice(pose_, right=FOOT + 2.0) * (1.0 + 0.5 * u / 20.0 * 0.3 - 0.015 * (v + 62.0))
    image *= 1 - edge(-72.0 - v) * edge(25.0 - np.abs(u))
    assert _measure(image, pose_).quantity.value == pytest.approx(2.0, abs=0.15)


def test_the_ring_of_slice_11_may_lie_close_below():
    pose_ = pose()
    u, v = places(pose_)
    ring = edge(51.0 - np.hypot(u, v + 6.0)) * edge(np.hypot(u, v + 6.0) - 45.0)
    found = _measure(_slice(pose_, left=FOOT - 1.0, right=FOOT + 1.0) * (1 - ring), pose_, number=11)
    assert found.quantity.value == pytest.approx(2.0, abs=0.2)


def test_gain_changes_nothing():
    pose_ = pose()
    image = _slice(pose_, right=FOOT + 2.0)
    assert _measure(4 * image, pose_).quantity.value == pytest.approx(_measure(image, pose_).quantity.value, rel=1e-6)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(lambda u, v: np.full(u.shape, 300.0), id="no bars"),
        pytest.param(lambda u, v: 1000.0 * (1 - between(u, -15.0, 15.0)), id="too wide"),
        pytest.param(lambda u, v: 1000.0 * (1 - between(u, -6.0, 6.0)), id="no end"),
        pytest.param(lambda u, v: 1000.0 * (1 - between(u, -6.0, 6.0) * edge(-74.0 - v)), id="too short"),
        pytest.param(lambda u, v: 1000.0 * (1 - between(u, -6.0, 6.0)) * edge(-60.0 - v), id="no water below"),
    ],
)
def test_other_things_are_not_bars(image):
    pose_ = pose()
    found = _measure(image(*places(pose_)), pose_)
    assert isinstance(found, NotMeasured)
    assert found.reason is Reason.FEATURE_NOT_FOUND


def test_bars_lost_in_noise_outside_or_missing_are_not_measured():
    rng = np.random.default_rng(3)
    pose_ = pose()
    image = _slice(pose_)
    noisy = np.hypot(image + rng.normal(0, 500, image.shape), rng.normal(0, 500, image.shape))
    assert _measure(noisy, pose_).reason in {Reason.SIGNAL_TOO_LOW, Reason.FEATURE_NOT_FOUND}
    aside = pose(centre=(128.0, 40.0))
    assert _measure(_slice(aside), aside).reason is Reason.ROI_OUTSIDE_IMAGE
    assert _measure(image, pose_, number=5).reason is Reason.SLICE_MISSING


def _true_difference(phantom, pose_, height, number):
    """Right minus left end of the wedges' bars for a leaning phantom: each where the slice's middle meets its wedge."""
    layout = LAYOUTS[phantom]
    foot = layout.housing.v[1] + layout.wedge_half_mm
    lean_x, lean_y = np.tan(np.radians([pose_.tilt_x_deg, pose_.tilt_y_deg]))
    angle, sign = np.radians(pose_.rotation_deg), -1.0 if pose_.mirrored else 1.0
    ends = []
    for side in (-1.0, 1.0):
        end = foot
        for _ in range(20):
            u = 3.0 * side
            x, y = np.cos(angle) * sign * u - np.sin(angle) * end, np.sin(angle) * sign * u + np.cos(angle) * end
            end = foot + side * (
                height + lean_x * (x + lean_x * height) + lean_y * (y + lean_y * height) - 10 * number + 10
            )
        ends.append(end)
    return ends[1] - ends[0]


def _simulated(rng):
    """One slice of a phantom in a pose that is known to a quarter of a degree: its images and the true difference."""
    names: tuple[PhantomName, PhantomName] = ("acr-mri-large", "acr-mri-medium")
    phantom, number = names[int(rng.integers(2))], int(rng.choice([1, 11]))
    matrix = int(rng.choice([128, 192, 256, 256, 320]))
    pose_ = Pose(
        offset_mm=(float(rng.uniform(-12, 12)), float(rng.uniform(-12, 12))),
        rotation_deg=float(rng.choice([rng.uniform(-3, 3), rng.uniform(-25, 25), 90.0])),
        mirrored=bool(rng.random() < 0.2),
        tilt_x_deg=float(rng.normal(0, 0.7)),
        tilt_y_deg=float(rng.normal(0, 0.5)),
    )
    scan = Scan(
        matrix=(matrix, matrix),
        pixel_mm=(250 / matrix, 250 / matrix),
        slice_count=1,
        first_slice=number,
        position_error_mm=float(rng.uniform(-2.5, 2.5)),
        snr=float(np.exp(rng.uniform(np.log(20), np.log(200)))),
        shading=Shading(linear_x=float(rng.normal(0, 0.15)), bowl=float(rng.normal(0, 0.15))),
    )
    series = simulate_series(
        phantom, rng=rng, scan=scan, pose=pose_, variant=Variant(bubble_mm=float(rng.uniform(0, 8)))
    )
    believed = replace(series.truth.poses[0], rotation_deg=pose_.rotation_deg + float(rng.normal(0, 0.25)))
    located = LocatedPhantom(
        phantom=phantom, slices={number: 0}, poses={0: believed}, tilt_deg=None, residual_mm=0.0, confidence=1.0
    )
    truth = _true_difference(phantom, pose_, series.truth.heights_mm[0], number)
    return phantom, number, PhantomImages(stack=series.stack, header=header(), located=located), truth


def test_the_uncertainty_covers_the_error_on_simulated_phantoms():
    rng = np.random.default_rng(20)
    ratios = []
    for _ in range(24):
        phantom, number, series, truth = _simulated(rng)
        foot = -61.0 if phantom == "acr-mri-large" else -52.0
        found = measure_slice_position(series, foot_mm=foot)[0 if number == 1 else 1]
        assert isinstance(found, Measured), found
        ratios.append(abs(found.quantity.value - truth) / found.uncertainty)
    assert max(ratios) < 2.0
    assert np.mean(np.array(ratios) < 1.0) >= 0.85
    assert np.median(ratios) > 0.15
