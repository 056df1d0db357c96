"""Set-up faults that the simulator makes are found with their size; a phantom laid in well gives none."""

from dataclasses import replace

import numpy as np
import pytest

from aiqa_integration.metrics.setup import find_setup_faults
from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.finding import Finding, probability_above
from aiqa_integration.model.image import LeftOut
from aiqa_integration.model.measurement import Measured, MetricDef
from aiqa_integration.model.phantom import LocatedPhantom, PhantomImages, PlanePose
from aiqa_integration.model.quantity import MM, Quantity
from aiqa_integration.phantoms import all_phantoms
from aiqa_integration.pipeline.measure import find_faults
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, Variant
from aiqa_integration.simulate.scanner import Shading
from tests.drawn_phantom import header, images, pose

SCAN = Scan(matrix=(160, 160), pixel_mm=(1.6, 1.6), snr=60.0, slice_count=7, oversampling=1)
DRY = Variant(bubble_mm=0.0)


def _series(phantom="acr-mri-large", *, where=None, scan=SCAN, variant=DRY):
    simulated = simulate_series(phantom, rng=np.random.default_rng(3), scan=scan, pose=where or Pose(), variant=variant)
    truth = simulated.truth
    return PhantomImages(
        stack=simulated.stack,
        header=header(),
        located=LocatedPhantom(
            phantom=phantom,
            slices=truth.slices,
            poses=truth.poses,
            tilt_deg=truth.tilt_deg,
            residual_mm=0.1,
            confidence=0.99,
        ),
    )


def _found(series, measurements=()):
    diameter = LAYOUTS[series.located.phantom].diameter_mm
    return {finding.artifact: finding for finding in find_setup_faults(series, measurements, diameter_mm=diameter)}


@pytest.mark.parametrize("phantom", sorted(LAYOUTS))
def test_a_phantom_laid_in_well_gives_no_finding(phantom):
    assert _found(_series(phantom)) == {}
    slight = Pose(rotation_deg=3.0, tilt_x_deg=0.7, offset_mm=(5.0, -5.0))
    shaded = replace(SCAN, shading=Shading(linear_x=0.1, bowl=0.4))
    assert _found(_series(phantom, where=slight, scan=shaded)) == {}


def test_each_fault_is_told_with_its_size():
    where = Pose(rotation_deg=22.0, tilt_x_deg=2.0, tilt_y_deg=-1.0, offset_mm=(-16.0, 0.0), mirrored=True)
    found = _found(_series("acr-mri-medium", where=where))
    assert set(found) == {"setup-tilt", "setup-roll", "setup-off-centre", "setup-mirrored"}
    assert "tilted by 2.2°" in found["setup-tilt"].explanation
    assert "22.0° clockwise" in found["setup-roll"].explanation
    assert "mm left" in found["setup-off-centre"].explanation
    assert all(finding.state == "present" for finding in found.values())


def test_a_mirror_is_not_told_without_the_slices_that_show_it():
    series = _series("acr-mri-medium", where=Pose(mirrored=True))
    upper = replace(series, located=replace(series.located, slices={6: 5, 7: 6}))
    assert "setup-mirrored" in _found(series)
    assert "setup-mirrored" not in _found(upper)


@pytest.mark.parametrize("phantom", sorted(LAYOUTS))
@pytest.mark.parametrize(("depth", "turn"), [(3.0, 0.0), (6.0, 0.0), (4.0, 30.0)])
def test_a_bubble_is_told_with_its_depth_and_place(phantom, depth, turn):
    """It is at the image's top, wherever the phantom's own twelve o'clock is."""
    radius = LAYOUTS[phantom].radius_mm
    wide = float(np.sqrt(2 * radius * depth))
    up = -90.0 - turn
    variant = Variant(bubble_mm=depth, bubble_half_width_mm=wide, bubble_z=(-30.0, 45.0), bubble_direction_deg=up)
    found = _found(_series(phantom, where=Pose(rotation_deg=turn), variant=variant))
    bubble = found["setup-air-bubble"]
    assert "at 12 o'clock" in bubble.explanation
    told = float(bubble.explanation.partition("bubble ")[2].partition(" mm")[0])
    assert told == pytest.approx(depth, abs=0.7)
    assert set(bubble.slices) <= {0, 1, 2, 3, 4}
    assert len(bubble.slices) >= 4
    assert bubble.region is not None


def test_a_dark_side_is_no_bubble_and_a_bubble_no_dark_side():
    strong = replace(SCAN, shading=Shading(linear_x=0.5))
    found = _found(_series(scan=strong))
    assert set(found) == {"setup-one-sided-signal"}
    assert "towards 3 o'clock" in found["setup-one-sided-signal"].explanation
    assert found["setup-one-sided-signal"].severity == 2


def test_slice_position_is_taken_from_the_wedges_where_they_were_measured():
    metric = MetricDef(
        id="mr-slice-position-error-slice11",
        label="Slice position error, slice 11",
        unit=MM,
        better="target",
        source="test",
        version="1",
        code=aiqa_code("AIQA-TEST", "Test"),
    )
    off = Measured(metric=metric, quantity=Quantity(-6.4, MM), uncertainty=0.6, slice_index=2)
    found = _found(_series(), (off,))["setup-slice-position"]
    assert "Slice 11 lies 3.2 mm beside its place (bars -6.4 mm)" in found.explanation
    assert found.slices == (2,)
    assert _found(_series(), (replace(off, quantity=Quantity(4.9, MM)),)) == {}


def test_a_localizer_says_how_the_phantom_leans():
    located = LocatedPhantom(
        phantom="acr-mri-large",
        slices={},
        poses={0: PlanePose(centre=(60.0, 60.0), rotation_deg=92.5, pixel_mm=(2.0, 2.0))},
        tilt_deg=None,
        residual_mm=0.1,
        confidence=0.9,
        view="localizer",
    )
    series = replace(images({1: np.ones((128, 128))}, pose_=pose(matrix=128)), located=located)
    found = _found(series)
    assert set(found) == {"setup-tilt"}
    assert "tilted by 2.5°" in found["setup-tilt"].explanation


@pytest.mark.parametrize("kind", ["zeros", "noise", "small"])
def test_nonsense_gives_no_bubble_and_no_side(kind):
    pixels = {"zeros": np.zeros((128, 128)), "noise": np.random.default_rng(2).rayleigh(20.0, (128, 128))}
    pixels["small"] = np.ones((3, 3))
    size = pixels[kind].shape[0]
    series = images(dict.fromkeys(range(1, 12), pixels[kind]), pose_=pose(matrix=size, pixel=(2.0, 2.0)))
    assert set(_found(series)) <= {"setup-off-centre"}


def test_images_left_out_are_said_first_and_broken_pixels_cost_the_setup_only():
    phantom = next(one for one in all_phantoms() if one.name == "acr-mri-large")
    broken = images(dict.fromkeys((1, 7), np.full((64, 64), np.nan)), pose_=pose(matrix=64, pixel=(4.0, 4.0)))
    found = find_faults(broken, phantom, (), (LeftOut(images=2, reason="sagittal beside 11 axial ones"),))
    assert [finding.artifact for finding in found] == ["series-images-left-out"]
    assert found[0].explanation.startswith("2 images of the series were left out: sagittal beside 11 axial ones.")
    assert found[0].severity == 0


def test_probability_is_that_of_a_normal_error():
    assert probability_above(1.5, 1.5, 0.1) == pytest.approx(0.5)
    assert probability_above(1.7, 1.5, 0.1) == pytest.approx(0.977, abs=1e-3)
    assert Finding(artifact="x", probability=0.9, severity=1, explanation="x").state == "possible"
    with pytest.raises(ValueError, match="probability"):
        Finding(artifact="x", probability=1.1, severity=1, explanation="x")
