import numpy as np
import pytest

from aiqa_integration.metrics.rod_distance import DISTANCES, measure_rod_distances
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.phantom import LocatedPhantom, PhantomImages
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_series
from tests.drawn_phantom import between, disk, header, images, places, pose

CELLS = [(column, row) for row in (-1, 0, 1) for column in (-1, 0, 1)]


def _slice(pose_, *, pitch=(40.0, 40.0), moved=(), without=(), height=300.0, floor=10.0):
    """Slice 5: water 1000, a dark plate, nine round marks; ``moved`` shifts marks by (cell, du, dv)."""
    u, v = places(pose_)
    plate = between(u, -60.0, 60.0) * between(v, -60.0, 60.0)
    image = 1000.0 * disk(u, v, half_width=82.5, half_height=82.5) * (1 - plate) + floor * plate
    shifts = {cell: (du, dv) for cell, du, dv in moved}
    for cell in CELLS:
        if cell in without:
            continue
        du, dv = shifts.get(cell, (0.0, 0.0))
        squared = (u - cell[0] * pitch[0] - du) ** 2 + (v - cell[1] * pitch[1] - dv) ** 2
        image += height * np.exp(-squared / 2 / 0.9**2)
    return image


def _measure(image, pose_, number=5):
    found = measure_rod_distances(images({number: image}, pose_=pose_), diameter_mm=165.0, pitch_mm=40.0)
    return {m.metric.id.removeprefix("mr-rod-distance-"): m for m in found}


@pytest.mark.parametrize("rotation", [0.0, -20.0, 90.0])
def test_reads_the_distances_drawn(rotation):
    pose_ = pose(rotation=rotation, centre=(125.3, 130.1))
    found = _measure(_slice(pose_, pitch=(40.3, 39.8)), pose_)
    assert len(found) == len(DISTANCES) == 6
    for name, measurement in found.items():
        expected = 80.6 if name.startswith("row") else 79.6
        assert measurement.quantity.value == pytest.approx(expected, abs=0.03), name


@pytest.mark.parametrize("mirrored", [False, True])
def test_each_distance_has_its_own_marks(mirrored):
    pose_ = pose(mirrored=mirrored)
    moved = [((-1, -1), -0.5, 0.0), ((1, 1), 0.0, 0.8)]
    values = {name: m.quantity.value for name, m in _measure(_slice(pose_, moved=moved), pose_).items()}
    assert values["row-top"] == pytest.approx(80.5, abs=0.03)
    assert values["col-bottom"] == pytest.approx(80.8, abs=0.03)
    for name in ("row-middle", "row-bottom", "col-top", "col-middle"):
        assert values[name] == pytest.approx(80.0, abs=0.03), name


def test_a_hidden_mark_leaves_only_its_own_distances_out():
    pose_ = pose()
    rng = np.random.default_rng(4)
    found = _measure(_slice(pose_, without=[(1, 0)]) + rng.normal(0, 5.0, (256, 256)), pose_)
    missing = [name for name, m in found.items() if isinstance(m, NotMeasured)]
    assert missing == ["row-middle"]
    assert found["row-middle"].reason is Reason.FEATURE_NOT_FOUND
    assert "right column" in found["row-middle"].detail


def test_a_grid_or_water_in_slice_5_is_no_plate():
    pose_ = pose()
    u, v = places(pose_)
    water = 1000.0 * disk(u, v, half_width=82.5, half_height=82.5)
    grid = water * ((np.abs(u % 15.0 - 7.5) > 0.7) & (np.abs(v % 15.0 - 7.5) > 0.7))
    for image in (water, grid):
        for measurement in _measure(image, pose_).values():
            assert isinstance(measurement, NotMeasured)
            assert measurement.reason is Reason.FEATURE_NOT_FOUND
            assert "no dark plate" in measurement.detail


def test_a_plate_without_marks_or_with_few_is_not_measured():
    pose_ = pose()
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 5.0, (256, 256))
    for without in (CELLS, CELLS[:5]):
        found = _measure(_slice(pose_, without=without) + noise, pose_)
        assert all(isinstance(m, NotMeasured) for m in found.values())


def test_slice_5_missing_or_cut_off():
    pose_ = pose()
    assert _measure(_slice(pose_), pose_, number=4)["row-top"].reason is Reason.SLICE_MISSING
    aside = pose(centre=(40.0, 128.0))
    assert _measure(_slice(aside), aside)["row-top"].reason is Reason.ROI_OUTSIDE_IMAGE


def test_the_uncertainty_covers_the_error_on_simulated_phantoms():
    rng = np.random.default_rng(21)
    ratios = []
    for matrix in (192, 256, 256, 256, 320, 320):
        scale = float(rng.uniform(0.985, 1.015))
        scan = Scan(
            matrix=(matrix, matrix),
            pixel_mm=(250 / matrix, 250 / matrix),
            slice_count=1,
            first_slice=5,
            snr=float(np.exp(rng.uniform(np.log(40), np.log(200)))),
            scale=(scale, scale),
            oversampling=3,
        )
        at = Pose(offset_mm=(float(rng.uniform(-12, 12)), 3.0), rotation_deg=float(rng.uniform(-25, 25)))
        series = simulate_series("acr-mri-medium", rng=rng, scan=scan, pose=at)
        located = LocatedPhantom(
            phantom="acr-mri-medium",
            slices={5: 0},
            poses=series.truth.poses,
            tilt_deg=None,
            residual_mm=0.0,
            confidence=1.0,
        )
        seen = PhantomImages(stack=series.stack, header=header(), located=located)
        for found in measure_rod_distances(seen, diameter_mm=165.0, pitch_mm=40.0):
            assert isinstance(found, Measured), found
            assert found.uncertainty is not None
            ratios.append(abs(found.quantity.value - 80.0 * scale) / found.uncertainty)
    assert max(ratios) < 2.5
    assert np.mean(np.array(ratios) < 1.0) >= 0.85
