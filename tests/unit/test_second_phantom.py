"""The second phantom against mathematics, against the simulator, and through the whole chain: its truth comes back."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from aiqa_integration.infer.bundle import find_bundles
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.phantoms import phantoms_of
from aiqa_integration.pipeline.infer import find_phantom
from aiqa_integration.pipeline.measure import measure_phantom
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_series
from aiqa_integration.simulate.acr_mri_layout import Variant
from aiqa_integration.simulate.acr_mri_truth import Circle, true_values
from aiqa_integration.simulate.scanner import Shading
from tests.second_phantom import Setup, scan, truth
from tests.second_phantom.kspace import KSpace, Plane

PHANTOMS = {phantom.name: phantom for phantom in phantoms_of("acr-mri-phantom")}
REGIONS = {
    "acr-mri-large": Circle(centre_mm=(0.0, 2.5), radius_mm=float(np.sqrt(20_000 / np.pi))),
    "acr-mri-medium": Circle(centre_mm=(0.0, 5.5), radius_mm=float(np.sqrt(15_000 / np.pi))),
}
BUNDLE = find_bundles().get("mri_phantom_scoring")
SETUPS = {
    "upright": Setup(snr=100.0),
    "turned, tilted, shaded": Setup(
        phantom="acr-mri-medium",
        rotation=22.0,
        tilt=(0.8, 0.5),
        offset=(4.0, -6.0),
        position_error=-2.0,
        slope=(0.1, -0.1),
        bowl=0.2,
        scale=(1.01, 0.99),
        snr=80.0,
    ),
    "mirrored, noisy": Setup(mirrored=True, rotation=-10.0, offset=(3.0, -3.0), thickness=6.0, snr=30.0, seed=4),
    "ghost, fine, on its side": Setup(
        phantom="acr-mri-medium",
        matrix=(384, 384),
        pixel=(0.651, 0.651),
        rotation=90.0,
        tilt=(-1.0, 1.0),
        ghost=0.04,
        phase_axis=1,
        snr=120.0,
    ),
    "coarse, oblong, plate": Setup(
        matrix=(180, 224), pixel=(1.4, 1.12), grid=False, thickness=5.5, position_error=1.5, rotation=3.0, snr=150.0
    ),
}


def _kspace(**changes):
    return KSpace(Plane(replace(Setup(matrix=(128, 128), pixel=(1.0, 1.0)), **changes), 7, 60.0))


def test_areas_are_exact_wherever_the_slice_lies():
    """The image's sum is k-space's middle: the area, stretched by the scanner and by the cosine of the tilt."""
    tilted = 1 / float(np.cos(np.radians(3.0)))
    for changes, area in (({}, 1.0), ({"scale": (1.1, 0.9), "rotation": 30.0}, 0.99), ({"tilt": (3.0, 0.0)}, tilted)):
        for draw, expected in (
            (lambda k: k.disks([(5.0, -3.0)], 20.0, 1.0, (-1e3, 1e3)), np.pi * 400),
            (lambda k: k.box((-10.0, 20.0), (5.0, 15.0), 1.0), 300.0),
            (lambda k: k.boxes([(0.0, 0.0), (20.0, 20.0)], 3.0, 1.0, (-1e3, 1e3)), 72.0),
            (lambda k: k.polygon([(0.0, 0.0), (0.0, 30.0), (30.0, 0.0)], 1.0), 450.0),
        ):
            kspace = _kspace(**changes)
            draw(kspace)
            assert kspace.image().sum() == pytest.approx(expected * area, rel=1e-6)


def test_a_polygon_of_many_corners_is_a_disk():
    disk, polygon = _kspace(), _kspace()
    disk.disks([(3.0, 4.0)], 30.0, 1.0, (-1e3, 1e3))
    turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    polygon.polygon(np.stack([3.0 + 30.0 * np.cos(turn), 4.0 + 30.0 * np.sin(turn)], axis=1), 1.0)
    assert np.abs(disk.image() - polygon.image()).max() < 2e-3


def test_a_ramps_plateau_and_width():
    """A 1 mm slab in a 5 mm slice shows a fifth of the water over 10 times the thickness."""
    kspace = KSpace(Plane(Setup(pixel=(1.0, 1.0)), 1, 0.0))
    kspace.ramp(0.1, (-6.0, 6.0), 88.0)
    profile = kspace.image()[127:129].mean(axis=0)
    assert profile[118:138].mean() == pytest.approx(0.2, abs=0.002)
    assert profile.sum() == pytest.approx(10.0, rel=0.01)
    assert np.count_nonzero(profile > 0.1) == pytest.approx(50, abs=1)


def test_a_ramp_that_would_leave_its_slab_is_refused():
    with pytest.raises(ValueError, match="slab"):
        scan(Setup(position_error=6.0, tilt=(2.5, 0.0)), numbers=(1,))


@pytest.mark.parametrize("phantom", sorted(PHANTOMS))
def test_both_simulators_draw_the_same_images(phantom):
    """Turned, off centre, shaded, stretched, out of place: 1 % of the water on average over the image, at most.

    Left out: slices 8 and 9, where the simulator lets a tilted slice graze the low-contrast ring and a wedge's far end.
    """
    setup = Setup(
        phantom=phantom,
        offset=(3.0, -4.0),
        rotation=12.0,
        tilt=(0.5, -0.4),
        position_error=1.0,
        slope=(0.1, 0.05),
        bowl=0.1,
        scale=(1.01, 0.99),
        snr=None,
    )
    second = scan(setup)
    first = _first(setup)
    for number in (3, 4, 5, 6, 7) if phantom == "acr-mri-medium" else (1, 2, 3, 4, 5, 6, 7, 10, 11):
        place = second.images.located.slices[number]
        off = float(np.sqrt(np.mean((second.clean[place] - first.truth.noise_free[place]) ** 2)))
        assert off < 12.0, number
    for place, pose in second.images.located.poses.items():
        assert pose.centre == pytest.approx(first.truth.poses[place].centre, abs=0.01)
    theirs = true_values(first, REGIONS[phantom])
    for metric, value in truth(second).items():
        assert value == pytest.approx(theirs[metric], abs=0.15), metric


def _first(setup):
    return simulate_series(
        setup.phantom,
        rng=np.random.default_rng(3),
        pose=Pose(
            offset_mm=setup.offset,
            rotation_deg=setup.rotation,
            mirrored=setup.mirrored,
            tilt_x_deg=setup.tilt[0],
            tilt_y_deg=setup.tilt[1],
        ),
        scan=Scan(
            matrix=setup.matrix,
            pixel_mm=setup.pixel,
            thickness_mm=setup.thickness,
            position_error_mm=setup.position_error,
            snr=setup.snr,
            scale=setup.scale,
            shading=Shading(linear_x=setup.slope[0], linear_y=setup.slope[1], bowl=setup.bowl),
        ),
        variant=Variant(bubble_mm=setup.bubble, bubble_z=(-28.0, 45.0)),
    )


@cache
def _runner():
    return BundleRunner(find_bundles())


@cache
def _scanned(name):
    return scan(SETUPS[name])


def _measured(scanned, *, located=None):
    images = scanned.images
    if located is not None:
        images = PhantomImages(stack=images.stack, header=images.header, located=located)
    return {m.metric.id: m for m in measure_phantom(images, PHANTOMS[scanned.setup.phantom])}


def _agree(found, expected):
    """Nine intervals in ten hold the truth, which leaves room for chance at 95 %, and none is far off."""
    judged = {metric: found[metric] for metric in expected if metric in found}
    assert len(judged) >= 8
    assert all(isinstance(value, Measured) for value in judged.values()), judged
    away = {m: abs(v.quantity.value - expected[m]) / v.uncertainty for m, v in judged.items()}
    assert sum(ratio <= 1.0 for ratio in away.values()) >= len(away) - 1, away
    assert max(away.values()) <= 2.0, away


@pytest.mark.parametrize("name", SETUPS)
def test_where_the_phantom_lies_is_known_the_truth_comes_back(name):
    scanned = _scanned(name)
    _agree(_measured(scanned), truth(scanned))


@pytest.mark.skipif(
    BUNDLE is None or not any((BUNDLE.folder / "models").glob("*.pt")), reason="the bundle has no weights"
)
@pytest.mark.parametrize("name", SETUPS)
def test_found_by_the_bundle_the_truth_comes_back(name):
    scanned = _scanned(name)
    series = LoadedSeries(header=scanned.images.header, stack=scanned.images.stack, files=())
    phantom, located, _ = find_phantom(series, "acr-mri-phantom", _runner())
    assert phantom.name == scanned.setup.phantom
    assert located.slices == scanned.images.located.slices
    for place, pose in located.poses.items():
        assert pose.centre == pytest.approx(scanned.images.located.poses[place].centre, abs=1.0)
        assert pose.mirrored == scanned.setup.mirrored
        assert (pose.rotation_deg - scanned.setup.rotation + 180) % 360 - 180 == pytest.approx(0.0, abs=0.5)
    _agree(_measured(scanned, located=located), truth(scanned))


def test_an_interpolated_scan_has_the_noise_of_one_that_was_not_in_part_of_its_band():
    plain, filled = (
        scan(Setup(matrix=(128, 128), pixel=(2.0, 2.0), kept=kept, snr=20.0), numbers=(7,))
        for kept in ((1.0, 1.0), (0.6, 0.8))
    )
    for scanned in (plain, filled):
        middle = (scanned.images.stack.voxels[0] - scanned.clean[0])[54:74, 54:74]
        assert float(np.std(middle)) == pytest.approx(1000.0 / 20.0, rel=0.15)
    empty = np.abs(np.fft.fft2(filled.clean[0]))[np.abs(np.fft.fftfreq(128)) > 0.31]
    assert float(empty.max()) < 1e-6 * float(np.abs(np.fft.fft2(plain.clean[0])).max())
