"""The length along the axis is the simulator's, however the localizer was taken; what hides an end costs the value."""

from dataclasses import replace

import numpy as np
import pytest

from aiqa_integration.errors import PhantomNotFound
from aiqa_integration.metrics.pose import locate_acr_mri, prepare_inputs
from aiqa_integration.metrics.superior_inferior_length import measure_superior_inferior_length
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.phantom import LocatedPhantom, PhantomImages, PlanePose
from aiqa_integration.model.straight_edge import straight_edge
from aiqa_integration.phantoms import all_phantoms
from aiqa_integration.pipeline.measure import measure_phantom
from aiqa_integration.simulate.acr_mri import LocalizerCut, Pose, Scan, simulate_localizer
from aiqa_integration.simulate.acr_mri_layout import Variant
from aiqa_integration.simulate.scanner import Shading
from tests.drawn_phantom import between, header, pose

SIZES = {"acr-mri-large": (190.0, 148.0), "acr-mri-medium": (165.0, 134.0)}
SCAN = Scan(thickness_mm=20.0, snr=60.0, oversampling=1)


def _outputs(count=1, view=12):
    """What a network says that is sure of a localizer; of which phantom is not its business."""
    classes = np.zeros((count, 13), np.float32)
    classes[:, view] = 1.0
    return {
        "kind": np.tile(np.array([0.02, 0.49, 0.49], np.float32), (count, 1)),
        "slice": classes,
        "heat": np.zeros((count, 6, 96, 96), np.float32),
    }


def _located(stack, phantom):
    return locate_acr_mri(stack, _outputs(len(stack.slices)), phantom=phantom, diameter_mm=SIZES[phantom][0])


def _measure(stack, phantom):
    found = PhantomImages(stack=stack, header=header(), located=_located(stack, phantom))
    diameter, length = SIZES[phantom]
    (one,) = measure_superior_inferior_length(found, diameter_mm=diameter, length_mm=length)
    return one


def _localizer(phantom="acr-mri-large", seed=1, **changes):
    scan = changes.pop("scan", SCAN)
    return simulate_localizer(phantom, rng=np.random.default_rng(seed), scan=scan, **changes)


@pytest.mark.parametrize("phantom", sorted(SIZES))
@pytest.mark.parametrize(
    ("where", "scan"),
    [
        (Pose(), SCAN),
        (Pose(rotation_deg=2.5, offset_mm=(12.0, -9.0)), SCAN),
        (Pose(rotation_deg=90.0), replace(SCAN, matrix=(180, 256), pixel_mm=(1.4, 0.977))),
        (Pose(tilt_x_deg=1.5), replace(SCAN, matrix=(192, 192), pixel_mm=(1.3, 1.3), snr=15.0)),
        (Pose(offset_mm=(3.3, 0.4)), replace(SCAN, shading=Shading(linear_x=0.4, linear_y=-0.4, bowl=0.3))),
    ],
)
def test_the_length_is_the_vessels(phantom, where, scan):
    found = _measure(_localizer(phantom, pose=where, scan=scan), phantom)
    assert isinstance(found, Measured), found
    assert found.quantity.value == pytest.approx(SIZES[phantom][1], abs=found.uncertainty)
    assert found.uncertainty is not None
    assert found.uncertainty < 0.65
    assert found.slice_index == 0


@pytest.mark.parametrize("phantom", sorted(SIZES))
def test_a_coronal_image_beside_the_axis_does_as_well(phantom):
    found = _measure(_localizer(phantom, cut=LocalizerCut(plane="coronal", aside_mm=22.0)), phantom)
    assert found.quantity.value == pytest.approx(SIZES[phantom][1], abs=found.uncertainty)


def test_a_bubble_along_the_vessel_and_a_stretched_image():
    stretched = replace(SCAN, scale=(1.0, 1.02))
    bubble = Variant(bubble_mm=6.0, bubble_z=(-30.0, 130.0))
    found = _measure(_localizer(scan=stretched, variant=bubble), "acr-mri-large")
    assert found.quantity.value == pytest.approx(148.0 * 1.02, abs=found.uncertainty)


def test_gain_changes_nothing_and_the_line_is_the_length():
    stack = _localizer(pose=Pose(rotation_deg=2.0))
    one = _measure(stack, "acr-mri-large")
    other = _measure(replace(stack, voxels=4 * stack.voxels), "acr-mri-large")
    assert other.quantity.value == pytest.approx(one.quantity.value, rel=1e-6)
    (x0, y0), (x1, y1) = one.regions[0].points
    assert np.hypot(x1 - x0, y1 - y0) * 0.977 == pytest.approx(one.quantity.value, abs=0.05)


def test_each_phantom_is_told_by_its_measures():
    large, medium = _localizer("acr-mri-large"), _localizer("acr-mri-medium")
    with pytest.raises(PhantomNotFound, match=r"outline of 16\d x 13\d mm .*190 x 148 mm"):
        _located(medium, "acr-mri-large")
    with pytest.raises(PhantomNotFound, match=r"outline of 19\d x 14\d mm .*165 x 134 mm"):
        _located(large, "acr-mri-medium")


def test_a_stack_along_the_axis_and_images_without_outline_are_refused():
    stack = _localizer()
    six = replace(stack, voxels=np.repeat(stack.voxels, 6, axis=0), slices=stack.slices * 6)
    with pytest.raises(PhantomNotFound, match="6 slices along the phantom's axis: the tests need slices across it"):
        _located(six, "acr-mri-large")
    noise = np.random.default_rng(1).rayleigh(20.0, stack.voxels.shape).astype(np.float32)
    for voxels in (noise, np.zeros_like(noise), np.ones_like(noise)):
        with pytest.raises(PhantomNotFound, match="localizer"):
            _located(replace(stack, voxels=voxels), "acr-mri-large")


def test_a_coronal_image_that_the_network_knows_by_no_class_is_told_by_its_outline():
    stack = _localizer(cut=LocalizerCut(plane="coronal", aside_mm=22.0))
    found = locate_acr_mri(stack, _outputs(view=0), phantom="acr-mri-large", diameter_mm=190.0)
    assert found.view == "localizer"
    nobody = _outputs(view=0) | {"kind": np.array([[0.98, 0.01, 0.01]], np.float32)}
    with pytest.raises(PhantomNotFound, match="none of 1 images"):
        locate_acr_mri(stack, nobody, phantom="acr-mri-large", diameter_mm=190.0)
    many = replace(stack, voxels=np.repeat(stack.voxels, 7, axis=0), slices=stack.slices * 7)
    with pytest.raises(PhantomNotFound, match="7 slices along the phantom's axis"):
        locate_acr_mri(many, _outputs(7, view=0), phantom="acr-mri-large", diameter_mm=190.0)


def test_of_three_images_those_with_the_phantom_are_read():
    stack = _localizer(seed=2)
    far = _localizer(cut=LocalizerCut(aside_mm=90.0), seed=3)
    three = replace(stack, voxels=np.concatenate([far.voxels, stack.voxels, far.voxels]), slices=stack.slices * 3)
    found = _measure(three, "acr-mri-large")
    assert found.slice_index == 1
    assert found.quantity.value == pytest.approx(148.0, abs=found.uncertainty)


def test_a_localizer_is_asked_for_nothing_else_and_a_stack_not_for_this():
    large = next(phantom for phantom in all_phantoms() if phantom.name == "acr-mri-large")
    stack = _localizer()
    located = _located(stack, "acr-mri-large")
    found = measure_phantom(PhantomImages(stack=stack, header=header(), located=located), large)
    assert [one.metric.id for one in found] == ["mr-length-superior-inferior"]
    axial = replace(located, view="axial")
    found = measure_phantom(PhantomImages(stack=stack, header=header(), located=axial), large)
    assert "mr-length-superior-inferior" not in {one.metric.id for one in found}
    (missing,) = measure_superior_inferior_length(
        PhantomImages(stack=stack, header=header(), located=axial), diameter_mm=190.0, length_mm=148.0
    )
    assert isinstance(missing, NotMeasured)
    assert missing.reason is Reason.SLICE_MISSING


def test_an_end_that_is_not_there_gives_no_number():
    where = pose(centre=(127.5, 40.0))
    located = LocatedPhantom(
        phantom="acr-mri-large",
        slices={},
        poses={0: where},
        tilt_deg=0.0,
        residual_mm=0.1,
        confidence=1.0,
        view="localizer",
    )
    stack = _localizer()
    (found,) = measure_superior_inferior_length(
        PhantomImages(stack=stack, header=header(), located=located), diameter_mm=190.0, length_mm=148.0
    )
    assert isinstance(found, NotMeasured)
    assert found.reason is Reason.FEATURE_NOT_FOUND


def test_the_wall_is_the_outermost_line_not_the_bubble_before_it():
    """Two thirds of the wall stand behind a bubble of 5 mm whose level is as straight as the wall."""
    columns, rows = np.meshgrid(np.arange(200.0), np.arange(200.0))
    wall = np.where(columns < 130, 145.0, 150.3) + 0.01 * (columns - 100)
    image = 1000.0 * between(rows, 50.0, 0.0 * rows + wall)
    where = PlanePose(centre=(100.0, 100.0), rotation_deg=0.0, pixel_mm=(1.0, 1.0))
    edge = straight_edge(image, where, np.arange(-70.0, 71.0), place_mm=48.0)
    assert edge is not None
    assert edge.place_mm == pytest.approx(50.3, abs=0.15)
    assert edge.slope == pytest.approx(0.01, abs=0.01)
    assert edge.share == pytest.approx(41 / 141, abs=0.08)


@pytest.mark.parametrize("angle", [-67.0, -22.0, 22.0, 40.0, 112.0])
def test_the_network_sees_a_localizer_that_lies_askew_upright(angle):
    """It learned upright ones; askew, it is shown a picture much like that of one turned by quarter turns alone."""
    upright = prepare_inputs(_localizer(pose=Pose(rotation_deg=90.0 * round(angle / 90.0))))["image"]
    askew = prepare_inputs(_localizer(pose=Pose(rotation_deg=angle)))["image"]
    assert np.abs(askew - upright).mean() < 0.04


def test_ends_along_the_pixels_are_less_certain():
    upright, turned = (_measure(_localizer(pose=Pose(rotation_deg=turn)), "acr-mri-large") for turn in (0.0, 3.0))
    assert upright.uncertainty > 1.3 * turned.uncertainty
