from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from aiqa_integration.metrics.high_contrast_resolution import METRICS, measure_high_contrast_resolution, metrics_of
from aiqa_integration.metrics.high_contrast_resolution.block import HoleArray
from aiqa_integration.metrics.high_contrast_resolution.fine import fine_patch
from aiqa_integration.metrics.high_contrast_resolution.lines import peaks_and_troughs
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.sampling import PhantomSlice
from aiqa_integration.phantoms import acr_mri_large, acr_mri_medium
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, hole_centres
from aiqa_integration.tolerances.limits import judge, limit_set_for, shipped_limit_sets
from tests.drawn_phantom import between, disk, header, images, places, pose

PHANTOMS = {phantom.NAME: phantom for phantom in (acr_mri_large, acr_mri_medium)}
UL, LR = "mr-high-contrast-resolution-ul", "mr-high-contrast-resolution-lr"
PLACED = Pose(offset_mm=(1.3, -2.2), rotation_deg=0.7)
BASE = Scan(slice_count=1, oversampling=3, matrix=(210, 210), pixel_mm=(0.977, 0.977))


def _measure(image, pose_, phantom="acr-mri-large", number=1):
    table = PHANTOMS[phantom]
    found = measure_high_contrast_resolution(
        images({number: image}, pose_=pose_), diameter_mm=table.DIAMETER_MM, arrays=table.HOLE_ARRAYS
    )
    assert [m.metric for m in found] == list(metrics_of(table.HOLE_ARRAYS))
    return {m.metric.id: m for m in found}


def _values(found):
    return {name: m.quantity.value for name, m in found.items()}


@cache
def _series(phantom="acr-mri-large", scan=BASE, placed=PLACED, seed=1):
    series = simulate_series(phantom, rng=np.random.default_rng(seed), pose=placed, scan=scan)
    return series.stack.voxels[0].astype(np.float64), series.truth.poses[0], series.truth.noise_free[0]


@cache
def _simulated(phantom="acr-mri-large", scan=BASE, placed=PLACED, seed=1):
    image, pose_, _ = _series(phantom, scan, placed, seed)
    return _measure(image, pose_, phantom)


def _drawn(pose_, sigma, matrix=256):
    """Slice 1 with a normal spot of ``sigma`` mm at every hole: bright 600, water 1000, block 0."""
    u, v = places(pose_, matrix)
    image = (
        1000.0 * disk(u, v, half_width=95.0, half_height=95.0) * (1 - between(v, 18.0, 57.0) * between(u, -57.0, 57.0))
    )
    for u0, v0, _ in hole_centres(LAYOUTS["acr-mri-large"]):
        image += 600.0 * np.exp(-((u - u0) ** 2 + (v - v0) ** 2) / (2 * sigma**2))
    return image


def _dip(size, sigma):
    """Shallowest relative dip of normal spots on the best row, from the formula alone."""
    holes = [(u, v) for u, v, d in hole_centres(LAYOUTS["acr-mri-large"]) if d == size]
    corner = next((u, v) for d, u, v in LAYOUTS["acr-mri-large"].hole_arrays if d == size)

    def signal(u, v):
        band = v + np.linspace(-size / 2, size / 2, 9)
        return np.mean([sum(np.exp(-((u - a) ** 2 + (b - c) ** 2) / (2 * sigma**2)) for a, c in holes) for b in band])

    best = 0.0
    for row in range(4):
        at = [corner[0] + (place - 3) * 2 * size + (row - 3) * size / 4 for place in range(4)]
        height = corner[1] + (row - 3) * 2 * size
        peaks = [signal(u, height) for u in at]
        troughs = [signal(u + size, height) for u in at[:3]]
        dips = [min(peaks[i], peaks[i + 1]) - troughs[i] for i in range(3)]
        best = max(best, min(dips) / np.mean(peaks))
    return best


@pytest.mark.parametrize("sigma", [0.4, 0.55, 0.79, 0.875, 1.2])
def test_resolves_the_spots_whose_formula_dips_enough(sigma):
    resolved = [size for size in (1.1, 1.0, 0.9) if _dip(size, sigma) >= 0.08]
    drawn = pose(pixel=(0.5, 0.5), matrix=440, centre=(219.3, 220.1))
    found = _measure(_drawn(drawn, sigma, 440), drawn)
    expected = min(resolved, default=1.2)
    for corner in (UL, LR):
        measured = found[corner]
        assert measured.quantity.value == pytest.approx(expected), (corner, measured)
        assert (measured.uncertainty is None) == (not resolved)
        assert ("lower bound" in measured.detail) == (not resolved)


def test_the_drawn_spots_cover_all_answers():
    answers = [tuple(_dip(size, sigma) >= 0.08 for size in (1.1, 1.0, 0.9)) for sigma in (0.4, 0.79, 0.875, 1.2)]
    assert answers == [(True, True, True), (True, True, False), (True, False, False), (False, False, False)]


def test_contrast_response_is_mean_peak_less_mean_trough_over_mean_peak():
    """Between pixels of 0.33 mm, a straight line misses up to 5 % of a spot of 0.5 mm."""
    drawn = pose(pixel=(0.33, 0.33), matrix=600)
    found = _measure(_drawn(drawn, 0.5, 600), drawn)
    for size in (1.1, 1.0, 0.9):
        trough = 2 * np.exp(-(size**2) / (2 * 0.5**2))
        response = found[f"mr-contrast-response-{size}-horizontal"]
        assert response.quantity.value == pytest.approx(1 - trough, abs=0.05)
        assert abs(response.quantity.value - (1 - trough)) <= response.uncertainty + 0.05


def test_the_fourier_interpolation_knows_a_wave_between_the_pixels():
    pose_ = pose(pixel=(1.0, 1.0), matrix=128)
    column, row = np.meshgrid(np.arange(128.0), np.arange(128.0))
    wave = 60 / 128
    image = 5.0 + np.cos(2 * np.pi * wave * column) + np.sin(2 * np.pi * wave * row)
    patch = fine_patch(PhantomSlice(index=0, image=image, pose=pose_), u_mm=(-20.0, 20.0), v_mm=(-20.0, 20.0))
    assert patch is not None
    u, v = np.random.default_rng(1).uniform(-20, 20, (2, 500))
    at_column, at_row = u + 63.5, v + 63.5
    expected = 5.0 + np.cos(2 * np.pi * wave * at_column) + np.sin(2 * np.pi * wave * at_row)
    assert patch.at(u, v) == pytest.approx(expected, abs=0.03)


def test_spots_between_the_holes_are_not_the_holes():
    at = np.arange(-32, 4 * 32 + 1) / 32
    assert (peaks_and_troughs(np.cos(2 * np.pi * at))[0] > 0.99).all()
    peaks, troughs = peaks_and_troughs(-np.cos(2 * np.pi * at))
    assert (np.minimum(peaks[:-1], peaks[1:]) <= troughs + 1e-9).all()


def test_a_pair_of_arrays_shares_one_hole_and_is_the_simulators():
    for name, phantom in PHANTOMS.items():
        drawn = {(round(u, 3), round(v, 3)) for u, v, _ in hole_centres(LAYOUTS[name])}
        ours = [point for array in phantom.HOLE_ARRAYS for point in zip(*array.holes(), strict=True)]
        assert len(ours) == 31 * len(phantom.HOLE_ARRAYS)
        assert {(round(float(u), 3), round(float(v), 3)) for u, v in ours} == drawn
    array = HoleArray(diameter_mm=1.0, corner_mm=(3.0, 4.0))
    assert (array.row(3)[0][3], array.row(3)[1][3]) == (3.0, 4.0) == (array.column(0)[0][0], array.column(0)[1][0])


@pytest.mark.parametrize(
    ("kept", "upper_left", "lower_right"),
    [((1.0, 1.0), {0.9}, {0.9}), ((0.85, 1.0), {0.9}, {1.0}), ((1.0, 0.75), {1.2}, {0.9}), ((0.7, 0.7), {1.2}, {1.2})],
)
def test_follows_the_acquired_resolution_of_each_direction(kept, upper_left, lower_right):
    """Pitch 2·d is passed down to the acquired pixel d; the ends of a row of four soften that by a tenth."""
    found = _simulated(scan=replace(BASE, kept=kept))
    assert found[UL].quantity.value in upper_left
    assert found[LR].quantity.value in lower_right


def test_nothing_resolved_is_outside_the_limits_and_1_mm_inside():
    limits = limit_set_for("acr-mri-large", [], shipped_limit_sets())
    found = _simulated(scan=replace(BASE, kept=(0.85, 0.75)))
    assert judge(found[UL], limits, header()).verdict is Verdict.ACTION
    assert found[LR].quantity.value == 1.0
    assert judge(found[LR], limits, header()).verdict is Verdict.PASS


@pytest.mark.parametrize("kept", [(1.0, 1.0), (0.85, 0.75)])
def test_an_interpolated_matrix_resolves_no_more(kept):
    halved = replace(BASE, kept=kept)
    doubled = replace(
        BASE, matrix=(420, 420), pixel_mm=(0.4885, 0.4885), kept=(kept[0] / 2, kept[1] / 2), oversampling=2
    )
    fine, coarse = _simulated(scan=doubled), _simulated(scan=halved)
    for name in (UL, LR):
        assert fine[name].quantity.value == coarse[name].quantity.value
    for name in set(fine) - {UL, LR}:
        allowed = np.hypot(fine[name].uncertainty, coarse[name].uncertainty)
        assert abs(fine[name].quantity.value - coarse[name].quantity.value) <= allowed, name


@pytest.mark.parametrize(
    "placed",
    [
        Pose(rotation_deg=22.0),
        Pose(rotation_deg=-90.0, offset_mm=(9.0, -9.0)),
        Pose(mirrored=True, rotation_deg=3.0, tilt_x_deg=2.0),
    ],
    ids=["turned", "on its side", "mirrored and tilted"],
)
def test_any_presentation_gives_the_same_values(placed):
    base, found = _simulated("acr-mri-medium"), _simulated("acr-mri-medium", placed=placed)
    for name, value in found.items():
        allowed = np.hypot(value.uncertainty, base[name].uncertainty) + 1e-9
        assert abs(value.quantity.value - base[name].quantity.value) <= allowed, (name, value, base[name])


def test_gain_changes_nothing():
    image, pose_, _ = _series()
    assert _values(_measure(4.0 * image, pose_)) == pytest.approx(_values(_simulated()), rel=1e-6)


def test_finds_the_arrays_where_the_pose_is_3_mm_off():
    image, pose_, _ = _series()
    moved = replace(pose_, centre=(pose_.centre[0] + 2.5, pose_.centre[1] - 2.0), rotation_deg=pose_.rotation_deg + 0.7)
    found, base = _measure(image, moved), _simulated()
    assert found[UL].quantity.value == base[UL].quantity.value
    name = "mr-contrast-response-1.1-vertical"
    assert found[name].quantity.value == pytest.approx(base[name].quantity.value, abs=0.05)


def test_the_stated_uncertainty_covers_noise():
    _, pose_, clean = _series("acr-mri-medium", replace(BASE, kept=(0.85, 0.9)))
    truth = _measure(clean.astype(np.float64), pose_, "acr-mri-medium")
    rng = np.random.default_rng(9)
    within = []
    for _ in range(8):
        noisy = np.hypot(clean + rng.normal(0, 1000 / 50, clean.shape), rng.normal(0, 1000 / 50, clean.shape))
        found = _measure(noisy, pose_, "acr-mri-medium")
        within += [
            abs(value.quantity.value - truth[name].quantity.value) <= value.uncertainty + 1e-9
            for name, value in found.items()
        ]
    assert len(within) == 80
    assert np.mean(within) >= 0.93


@pytest.mark.parametrize("displaced", [-5.0, 5.0, 8.0])
def test_a_slice_beside_the_block_is_not_measured(displaced):
    found = _simulated(scan=replace(BASE, position_error_mm=displaced))
    assert {m.reason for m in found.values() if isinstance(m, NotMeasured)} == {Reason.FEATURE_NOT_FOUND}
    assert not any(isinstance(m, Measured) for m in found.values())


@pytest.mark.parametrize("snr", [4.0, 10.0])
def test_holes_lost_in_noise_are_not_measured(snr):
    found = _simulated(scan=replace(BASE, snr=snr))
    assert all(isinstance(m, NotMeasured) for m in found.values())
    assert {m.reason for m in found.values()} <= {Reason.SIGNAL_TOO_LOW, Reason.FEATURE_NOT_FOUND}


def test_arrays_outside_the_image_or_a_missing_slice():
    image, pose_, _ = _series()
    cut = _measure(image[:140], pose_)
    assert {m.reason for m in cut.values()} == {Reason.ROI_OUTSIDE_IMAGE}
    assert {m.reason for m in _measure(image, pose_, number=5).values()} == {Reason.SLICE_MISSING}


def test_only_the_medium_phantom_has_0_8_mm_holes():
    assert {metric.id for metric in metrics_of(acr_mri_medium.HOLE_ARRAYS)} == {metric.id for metric in METRICS}
    assert not any("0.8" in metric.id for metric in metrics_of(acr_mri_large.HOLE_ARRAYS))
