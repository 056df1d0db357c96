"""The pose that is found is the truth's, whatever the order, rotation, mirror or tilt; other things are turned away."""

from dataclasses import replace

import numpy as np
import pytest

from aiqa_integration.errors import PhantomNotFound
from aiqa_integration.metrics.pose import GRID, GRID_MM, grid_centre, locate_acr_mri, prepare_inputs
from aiqa_integration.metrics.pose.circle import fit_outlines
from aiqa_integration.metrics.pose.landmarks import LANDMARKS_MM, Sighting, expected, fit_turn, peaks
from aiqa_integration.metrics.pose.numbering import number_slices
from aiqa_integration.model.image import ImageStack
from aiqa_integration.model.phantom import LocatedPhantom
from aiqa_integration.simulate.acr_mri import Pose, Scan, SimulatedSeries, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, PhantomName, Variant

SMALL = Scan(matrix=(128, 128), pixel_mm=(1.95, 1.95), snr=60.0)
KINDS = {"acr-mri-large": 1, "acr-mri-medium": 2}


def series_of(phantom: PhantomName = "acr-mri-large", **changes: object) -> SimulatedSeries:
    pose = changes.pop("pose", Pose())
    scan = replace(SMALL, **changes)  # type: ignore[arg-type]
    return simulate_series(phantom, rng=np.random.default_rng(5), pose=pose, scan=scan)  # type: ignore[arg-type]


def perfect_outputs(series: SimulatedSeries, sure: float = 0.9) -> dict[str, np.ndarray]:
    """What a network that makes no mistake would say."""
    truth, stack = series.truth, series.stack
    count = len(stack.voxels)
    classes = np.full((count, 13), (1 - sure) / 12, np.float32)
    kind = np.full((count, 3), (1 - sure) / 2, np.float32)
    kind[:, KINDS[truth.phantom]] = sure
    heat = np.zeros((count, 6, GRID, GRID), np.float32)
    numbers = {place: number for number, place in truth.slices.items()}
    rows, columns = np.indices((GRID, GRID))
    middle = grid_centre(stack)
    for place in range(count):
        number = numbers.get(place, 0)
        classes[place, number] = sure
        marks = {0: (0.0, 0.0), **(expected(truth.phantom, number) if number else {})}
        for index, (u, v) in marks.items():
            pixel = np.subtract(truth.poses[place].to_pixel(u, v), middle) * truth.poses[place].pixel_mm
            column, row = pixel / GRID_MM + (GRID - 1) / 2
            heat[place, index] = np.exp(-((columns - column) ** 2 + (rows - row) ** 2) / 3.4)
    return {"slice": classes, "kind": kind, "heat": heat}


def located(series: SimulatedSeries, sure: float = 0.9) -> LocatedPhantom:
    name = series.truth.phantom
    outputs = perfect_outputs(series, sure)
    return locate_acr_mri(series.stack, outputs, phantom=name, diameter_mm=LAYOUTS[name].diameter_mm)


@pytest.mark.parametrize(
    ("phantom", "pose"),
    [
        ("acr-mri-large", Pose()),
        ("acr-mri-medium", Pose(rotation_deg=-163.0, offset_mm=(9.0, -12.0))),
        ("acr-mri-large", Pose(rotation_deg=21.0, mirrored=True, tilt_x_deg=1.5, tilt_y_deg=-1.0)),
    ],
)
def test_pose_is_the_truths(phantom: PhantomName, pose: Pose) -> None:
    series = series_of(phantom, pose=pose)
    found = located(series)
    assert found.slices == series.truth.slices
    for place, plane in found.poses.items():
        offset = np.subtract(plane.centre, series.truth.poses[place].centre) * plane.pixel_mm
        assert np.hypot(*offset) < 0.3
        assert plane.rotation_deg == pytest.approx(pose.rotation_deg, abs=0.15)
        assert plane.mirrored == pose.mirrored
    assert found.tilt_deg == pytest.approx(series.truth.tilt_deg, abs=0.1)
    assert found.residual_mm < 1.0
    assert found.confidence == pytest.approx(0.9)


def test_reversed_missing_and_extra_slices_are_numbered_rightly() -> None:
    series = series_of(first_slice=0, slice_count=13, missing=(4,), descending=True)
    found = located(series, sure=0.6)
    assert found.slices == series.truth.slices
    assert set(found.slices) == set(range(1, 12)) - {4}


def test_a_single_wrong_answer_of_the_network_does_not_break_the_order() -> None:
    series = series_of()
    outputs = perfect_outputs(series)
    outputs["slice"][4] = outputs["slice"][9]
    outputs["slice"][7] = outputs["slice"][8]
    found = locate_acr_mri(series.stack, outputs, phantom="acr-mri-large", diameter_mm=190.0)
    assert found.slices == series.truth.slices


def test_one_slice_has_a_pose_but_no_tilt() -> None:
    series = series_of(slice_count=1)
    found = located(series)
    assert found.slices == {1: 0}
    assert found.tilt_deg is None


def test_reasons_to_turn_away_are_sentences() -> None:
    series = series_of(slice_count=3, first_slice=5)
    outputs = perfect_outputs(series)

    def reason(
        changed: dict[str, np.ndarray], stack: ImageStack = series.stack, phantom: PhantomName = "acr-mri-large"
    ) -> str:
        diameter = LAYOUTS[phantom].diameter_mm
        with pytest.raises(PhantomNotFound) as raised:
            locate_acr_mri(stack, outputs | changed, phantom=phantom, diameter_mm=diameter)
        return str(raised.value)

    sagittal = np.zeros((3, 13), np.float32)
    sagittal[:, 12] = 1
    nothing = np.tile(np.array([[0.98, 0.01, 0.01]], np.float32), (3, 1))
    assert reason({"slice": sagittal}) == "localizer without a whole outline of the phantom"
    assert reason({"kind": nothing}) == "none of 3 images shows an ACR MRI phantom"
    assert reason({}, phantom="acr-mri-medium") == "large ACR MRI phantom, not the medium ACR MRI phantom"
    noise = np.random.default_rng(1).normal(500, 50, series.stack.voxels.shape).astype(np.float32)
    assert "no round outline of about 190 mm" in reason({}, replace(series.stack, voxels=noise))
    turned = outputs["heat"].copy()
    turned[1, 1], turned[2, 1] = turned[1, 1].T, turned[2, 1, ::-1]
    assert "inserts" in reason({"heat": turned})
    small = replace(series.stack, spacing_mm=(10.0, 1.75, 1.75))
    assert "mm; the large ACR MRI phantom measures 190 mm" in reason({}, small)


@pytest.mark.parametrize("direction", [1.0, -1.0])
def test_numbering_takes_offset_and_direction_from_the_whole_series(direction: float) -> None:
    positions = np.asarray(direction * (np.arange(14) * 10.0 - 17.0), np.float64)
    probability = np.full((14, 12), 0.05)
    for place in range(14):
        probability[place, place - 1 if 2 <= place <= 12 else 0] = 0.5
    order = np.argsort(positions)
    numbering = number_slices(positions[order], probability[order])
    assert {number: order[place] for number, place in numbering.slices.items()} == {n: n + 1 for n in range(1, 12)}
    assert numbering.support == pytest.approx(0.5)


def test_rounding_of_positions_does_not_part_neighbours() -> None:
    """Two slices that both look like slice 2 stay slices 2 and 3, however the header rounds."""
    probability = np.full((11, 12), 0.02)
    probability[np.arange(11), np.arange(1, 12)] = 0.8
    probability[2] = probability[1]
    positions = np.linspace(0.0, 100.0, 11) + np.where(np.arange(11) % 2, 0.004, -0.004) - 45.6
    assert number_slices(positions, probability).slices == {number: number - 1 for number in range(1, 12)}


def test_the_outline_is_found_to_a_tenth_of_a_millimetre_despite_bubble_shading_and_noise() -> None:
    variant = Variant(bubble_mm=5.0, bubble_half_width_mm=35.0)
    scan = replace(SMALL, slice_count=1, snr=40.0)
    series = simulate_series("acr-mri-large", rng=np.random.default_rng(3), scan=scan, variant=variant)
    truth = series.truth.poses[0].centre
    guess = ((truth[0] + 2) * 1.95, (truth[1] - 2) * 1.95)
    images = np.stack([series.stack.voxels[0], np.zeros((128, 128), np.float32)])
    circle, nothing = fit_outlines(images, (1.95, 1.95), np.array([guess, guess]), 95.0)
    assert circle is not None
    assert circle.radius_mm == pytest.approx(95.0, abs=0.15)
    assert (circle.x_mm, circle.y_mm) == pytest.approx((truth[0] * 1.95, truth[1] * 1.95), abs=0.15)
    assert nothing is None


def test_the_turn_ignores_an_outlier_and_tells_a_mirror() -> None:
    table = expected("acr-mri-large", 2)
    angle = np.radians(40.0)
    seen = []
    for u, v in table.values():
        x, y = -u * np.cos(angle) - v * np.sin(angle), -u * np.sin(angle) + v * np.cos(angle)
        seen.append(Sighting(u_mm=u, v_mm=v, x_mm=float(x), y_mm=float(y), weight=1.0))
    seen.append(Sighting(u_mm=0.0, v_mm=8.5, x_mm=80.0, y_mm=0.0, weight=1.0))
    turn = fit_turn(seen)
    assert turn is not None
    assert turn.mirrored
    assert turn.rotation_deg == pytest.approx(40.0, abs=1e-6)
    assert turn.used == 4
    assert fit_turn([]) is None


def test_peaks_are_found_between_grid_points() -> None:
    rows, columns = np.indices((32, 32))
    plane = np.exp(-((columns - 11.3) ** 2 + (rows - 20.6) ** 2) / 4).astype(np.float32)
    column, row, height = peaks(plane[None, None])[0, 0]
    assert (column, row) == pytest.approx((11.3, 20.6), abs=0.05)
    assert height == pytest.approx(plane.max())


def test_landmarks_are_where_the_simulator_puts_the_inserts() -> None:
    for name, layout in LAYOUTS.items():
        axis, housing, tube, left, right, ring = LANDMARKS_MM[name]
        assert axis == (0.0, 0.0)
        assert housing == (sum(layout.housing.u) / 2, sum(layout.housing.v) / 2)
        assert (tube, ring) == (layout.tube_centre, layout.ring_centre)
        assert (left[0], right[0]) == layout.slab.u


def test_the_grid_is_centred_on_the_object_and_keeps_millimetres() -> None:
    series = series_of(slice_count=2, pose=Pose(offset_mm=(25.0, -20.0)))
    image = prepare_inputs(series.stack)["image"]
    assert image.shape == (2, 1, GRID, GRID)
    assert image.dtype == np.float32
    bright = image[0, 0] > 0.5
    assert np.flatnonzero(bright.any(axis=0)).mean() == pytest.approx((GRID - 1) / 2, abs=2)
    assert (np.ptp(np.flatnonzero(bright.any(axis=0))) + 1) * GRID_MM == pytest.approx(190, abs=5)
    blank = replace(series.stack, voxels=np.zeros_like(series.stack.voxels))
    assert np.isfinite(prepare_inputs(blank)["image"]).all()
