"""Values of simulated series don't change when only the way they were scanned does."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.stats import rice

from aiqa_integration.metrics.geometric_accuracy import measure_lengths
from aiqa_integration.metrics.ghosting import measure_ghosting
from aiqa_integration.metrics.slice_thickness import measure_slice_thickness
from aiqa_integration.metrics.uniformity import LargeRegion, measure_uniformity
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.phantom import LocatedPhantom, PhantomImages
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_series
from aiqa_integration.simulate.scanner import Shading
from tests.drawn_phantom import header

DIAMETERS = {"acr-mri-large": 190.0, "acr-mri-medium": 165.0}
GHOST, SNR = 0.03, 100.0
BASE = Scan(slice_count=7, snr=SNR, thickness_mm=5.0, ghost=GHOST)


def _series(phantom, scan=BASE, pose=None, seed=11):
    simulated = simulate_series(phantom, rng=np.random.default_rng(seed), scan=scan, pose=pose or Pose())
    truth = simulated.truth
    return PhantomImages(
        stack=simulated.stack,
        header=header(phase_encoding=simulated.phase_encoding),
        located=LocatedPhantom(
            phantom=phantom,
            slices=truth.slices,
            poses=truth.poses,
            tilt_deg=truth.tilt_deg,
            residual_mm=0.0,
            confidence=1.0,
        ),
    )


def _measure(series):
    diameter = DIAMETERS[series.located.phantom]
    area = 20_000.0 * (diameter / 190.0) ** 2
    centre = (0.0, 2.5 if diameter == 190.0 else 5.5)
    found = (
        *measure_lengths(series, diameter_mm=diameter),
        *measure_slice_thickness(series, diameter_mm=diameter),
        *measure_uniformity(series, diameter_mm=diameter, large=LargeRegion(area_mm2=area, centre_mm=centre)),
        *measure_ghosting(series, diameter_mm=diameter, large_area_mm2=area, large_centre_mm=centre),
    )
    assert all(isinstance(m, Measured) for m in found), found
    return {m.metric.id: m for m in found}


@cache
def _base(phantom):
    return _measure(_series(phantom))


def _same(found, base, *, except_for=()):
    """Within three standard uncertainties of the difference: of dozens of values a few lie outside of two by chance."""
    for name, value in found.items():
        if name in except_for:
            continue
        allowed = 1.5 * np.hypot(value.uncertainty, base[name].uncertainty)
        assert abs(value.quantity.value - base[name].quantity.value) <= allowed, (name, value, base[name])


@pytest.mark.parametrize("phantom", sorted(DIAMETERS))
def test_the_base_is_true(phantom):
    base = _base(phantom)
    for name, value in base.items():
        if name.startswith("mr-length"):
            assert value.quantity.value == pytest.approx(DIAMETERS[phantom], abs=0.2)
    assert base["mr-slice-thickness"].quantity.value == pytest.approx(5.0, abs=0.2)
    assert base["mr-percent-image-uniformity"].quantity.value > 97.0
    psg = base["mr-percent-signal-ghosting"].quantity.value
    assert psg == pytest.approx(100 * (rice.mean(GHOST * SNR) - rice.mean(0.0)) / SNR, abs=0.15)


@pytest.mark.parametrize("phantom", sorted(DIAMETERS))
def test_rotation(phantom):
    _same(_measure(_series(phantom, pose=Pose(rotation_deg=22.0))), _base(phantom))


def test_mirror():
    _same(_measure(_series("acr-mri-large", pose=Pose(mirrored=True))), _base("acr-mri-large"))


def test_shift():
    """15 mm off centre; the large phantom needs a larger field of view to keep room for the ghosting regions."""
    wide = replace(BASE, matrix=(288, 288))
    found = _measure(_series("acr-mri-large", wide, Pose(offset_mm=(15.0, -15.0))))
    _same(found, _base("acr-mri-large"), except_for={"mr-percent-signal-ghosting"})
    found = _measure(_series("acr-mri-medium", pose=Pose(offset_mm=(15.0, -15.0))))
    _same(found, _base("acr-mri-medium"))


def test_gain():
    series = _series("acr-mri-large")
    louder = replace(series, stack=replace(series.stack, voxels=4 * series.stack.voxels))
    for name, value in _measure(louder).items():
        assert value.quantity.value == pytest.approx(_base("acr-mri-large")[name].quantity.value, rel=1e-5), name


def test_resampling():
    fine = replace(BASE, matrix=(312, 312), pixel_mm=(0.8, 0.8))
    _same(_measure(_series("acr-mri-large", fine)), _base("acr-mri-large"))


def test_oblong_pixels():
    oblong = replace(BASE, matrix=(208, 256), pixel_mm=(1.2, 0.977))
    _same(_measure(_series("acr-mri-medium", oblong)), _base("acr-mri-medium"))


def test_reversed_order():
    found = _measure(_series("acr-mri-large", replace(BASE, descending=True)))
    _same(found, _base("acr-mri-large"))
    assert found["mr-slice-thickness"].slice_index == 6


def test_coil_shading_changes_uniformity_alone():
    shaded = replace(BASE, shading=Shading(linear_x=0.3, bowl=0.3))
    found = _measure(_series("acr-mri-large", shaded))
    _same(found, _base("acr-mri-large"), except_for={"mr-percent-image-uniformity", "mr-percent-signal-ghosting"})
    assert found["mr-percent-image-uniformity"].quantity.value < 80.0
