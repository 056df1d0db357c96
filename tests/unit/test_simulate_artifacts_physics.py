"""Each MRI artifact is where physics puts it, as strong as its measure says."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import fft

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.bias import Bias
from aiqa_integration.simulate.mri_artifacts.disturbance import clean
from aiqa_integration.simulate.mri_artifacts.draw import draw_artifact
from aiqa_integration.simulate.mri_artifacts.fat import ChemicalShift, FatSatFailure
from aiqa_integration.simulate.mri_artifacts.ghost import Ghost
from aiqa_integration.simulate.mri_artifacts.gibbs import Gibbs
from aiqa_integration.simulate.mri_artifacts.low_snr import LowSnr
from aiqa_integration.simulate.mri_artifacts.motion import Motion, turned
from aiqa_integration.simulate.mri_artifacts.scan import Acquisition, Anatomy, field_of_view, prepare
from aiqa_integration.simulate.mri_artifacts.slice_dropout import SliceDropout
from aiqa_integration.simulate.mri_artifacts.spike import Spike, SpikePoint
from aiqa_integration.simulate.mri_artifacts.susceptibility import Susceptibility
from aiqa_integration.simulate.mri_artifacts.wrap import Wrap
from aiqa_integration.simulate.mri_artifacts.zipper import RAYLEIGH_SD, Zipper

SIDE = 128
SIGNAL = 100.0


def block(rows=(48, 80), columns=(40, 88), slices=1, **given):
    """Return a bright rectangle in air, of one value."""
    signal = np.zeros((slices, SIDE, SIDE), np.complex64)
    signal[:, slice(*rows), slice(*columns)] = SIGNAL
    return Anatomy(signal=signal, foreground=np.abs(signal) > 0, pixel_mm=1.0, **given)


def smooth(slices=1, **given):
    """Return a smooth blob whose k-space lies well inside the sampled part."""
    y, x = np.indices((SIDE, SIDE)) - SIDE / 2
    blob = SIGNAL * np.exp(-(y**2 / 400 + x**2 / 700))
    signal = np.repeat(blob[None], slices, axis=0).astype(np.complex64)
    return Anatomy(signal=signal, foreground=np.abs(signal) > 10, pixel_mm=1.0, **given)


def energy(values):
    return float(np.sum(np.abs(values) ** 2))


@pytest.mark.parametrize("artifact", [ArtifactId.MOTION, ArtifactId.GHOST, ArtifactId.SPIKE, ArtifactId.ZIPPER])
def test_the_error_has_the_same_energy_in_the_image_and_in_kspace(artifact):
    for seed in range(5):
        scanned = block(slices=2)
        disturbance = draw_artifact(artifact, np.random.default_rng(seed), 3, shape=scanned.signal.shape)
        disturbed = disturbance.disturb(scanned).anatomy.signal
        in_image = energy(disturbed - scanned.signal)
        in_kspace = energy(fft.fft2(disturbed, norm="ortho") - fft.fft2(scanned.signal, norm="ortho"))
        assert in_image == pytest.approx(in_kspace, rel=1e-4)
        if artifact == ArtifactId.MOTION:
            measure = disturbance.disturb(scanned).measure
            assert measure == pytest.approx(np.sqrt(in_kspace / energy(scanned.signal)), rel=1e-3)


@pytest.mark.parametrize("phase_axis", [1, 2])
@pytest.mark.parametrize(
    ("kind", "period", "distance"), [("odd-even", 2.0, 64), ("amplitude", 4.0, 32), ("phase", 8.0, 16)]
)
def test_a_ghost_lies_the_field_of_view_over_its_period_away(phase_axis, kind, period, distance):
    scanned = block((60, 68), (60, 68), phase_axis=phase_axis)
    seen = Ghost(target=0.1, kind=kind, period=period).apply(scanned)
    lines = seen.voxels[0].max(axis=2 - phase_axis)
    where = (64 + distance) % SIDE
    assert lines[where] == pytest.approx(0.1 * SIGNAL, rel=0.03)
    assert lines[(where + 10) % SIDE] < (0.03 if kind == "phase" else 0.005) * SIGNAL
    assert seen.measure == pytest.approx(0.1, rel=0.01)


def test_a_pulsating_part_ghosts_alone():
    scanned = block((20, 110), (20, 110))
    seen = Ghost(target=0.05, kind="amplitude", period=2.0, part=(0.25, 0.5, 0.03)).apply(scanned)
    change = seen.error[0]
    assert change[96, 64] > 0
    assert change[64, 30] < 1e-6
    assert seen.measure == pytest.approx(0.05, rel=0.02)


@pytest.mark.parametrize("phase_axis", [1, 2])
def test_the_fold_has_the_stated_width_and_the_folded_signal_adds(phase_axis):
    scanned = block((4, 124), (4, 124), phase_axis=phase_axis)
    seen = Wrap(target=0.125, side=1.0).apply(scanned)
    lines = np.median(seen.voxels[0], axis=2 - phase_axis)
    assert seen.measure == pytest.approx(0.125, abs=1 / SIDE)
    assert np.median(lines[2:110]) == pytest.approx(SIGNAL, rel=0.02)
    assert np.median(lines[-14:-2]) == pytest.approx(2 * SIGNAL, rel=0.05)
    assert int((lines > 1.5 * SIGNAL).sum()) == pytest.approx(16, abs=1)
    assert int((seen.error[0].max(axis=2 - phase_axis) > 0.5).sum()) == pytest.approx(16, abs=1)


def test_a_small_object_folds_on_one_side_only():
    seen = Wrap(target=0.1, side=0.0).apply(block((60, 80)))
    lines = seen.voxels[0].max(axis=1)
    assert seen.measure == pytest.approx(0.1, abs=1 / SIDE)
    assert lines[:12].min() > 0.8 * SIGNAL
    assert lines[20:80].max() < 0.1 * SIGNAL


def test_a_field_of_view_keeps_pixels_square_and_signal():
    scanned = block()
    seen = field_of_view(scanned, 0.8)
    assert seen.pixel_mm == pytest.approx(0.8)
    assert seen.foreground[0].any(axis=1).sum() == pytest.approx(32 / 0.8, abs=1)
    assert seen.foreground[0].any(axis=0).sum() == pytest.approx(48 / 0.8, abs=1)
    assert np.abs(seen.signal[0])[seen.foreground[0]].mean() == pytest.approx(SIGNAL, rel=0.02)


def test_truncation_overshoots_an_edge_by_nine_percent():
    scanned = block((32, 96), (32, 96), phase_axis=2)
    profile = Gibbs(target=0.1, both=False).apply(scanned).voxels[0, 64]
    # Wilbraham's constant, 8.95 % of the step, half a period of the last frequency inside the edge at 31.5
    assert profile.max() / SIGNAL - 1 == pytest.approx(0.0895, abs=0.006)
    assert np.argmax(profile[:64]) == pytest.approx(31.5 + 0.5 / 0.1, abs=0.6)
    rounded = clean(replace(scanned, acquisition=Acquisition(kept=(0.5, 0.1), window="hann", strength=1.0)))
    assert rounded.max() / SIGNAL - 1 < 0.01


@pytest.mark.parametrize(("row", "column"), [(0.5, 0.0), (0.0, 0.25), (0.375, -0.25)])
def test_a_spike_makes_stripes_of_its_frequency_across_the_image(row, column):
    point = SpikePoint(row=row, column=column, slice_place=0.6, size=1.0, phase_rad=1.0)
    scanned = smooth(slices=4)
    step = Spike(target=0.1, points=(point,)).disturb(scanned)
    change = step.anatomy.signal - scanned.signal
    assert [bool(layer.any()) for layer in change] == [False, False, True, False]
    spectrum = np.abs(fft.fft2(change[2]))
    peak = np.unravel_index(np.argmax(spectrum), spectrum.shape)
    assert peak == (round(row * SIDE / 2) % SIDE, round(column * SIDE / 2) % SIDE)
    assert np.abs(change[2]) == pytest.approx(0.1 * scanned.reference, rel=1e-3)
    assert energy(change[2]) == pytest.approx(spectrum.max() ** 2 / SIDE**2, rel=1e-3)


@pytest.mark.parametrize("phase_axis", [1, 2])
def test_a_zipper_is_a_line_along_phase_at_its_place_and_height(phase_axis):
    scanned = block((40, 60), (40, 60), slices=3, phase_axis=phase_axis, noise_sd=1.0)
    seen = Zipper(target=8.0, places=(0.75,), width_px=0.0, slices_hit=1.0, seed=4).disturb(scanned)
    line = np.abs(seen.anatomy.signal - scanned.signal)
    profile = line.mean(axis=(0, phase_axis))
    assert np.argmax(profile) == round(0.75 * (SIDE - 1))
    peak = np.abs(np.take(seen.anatomy.signal, np.argmax(profile), axis=3 - phase_axis))
    assert peak.mean() == pytest.approx(8.0 * RAYLEIGH_SD, rel=0.06)
    one = Zipper(target=8.0, places=(0.75,), width_px=0.0, slices_hit=0.1, seed=4).disturb(scanned)
    assert (np.abs(one.anatomy.signal - scanned.signal).max(axis=(1, 2)) > 1).sum() == 1


@pytest.mark.parametrize("how", [Acquisition(), Acquisition(kept=(0.3, 0.35), window="gauss", strength=1.0)])
def test_noise_is_rician_of_the_stated_level_whatever_the_filter(how):
    scanned = block((32, 96), (32, 96), slices=6, acquisition=how)
    seen = LowSnr(target=10.0).apply(scanned)
    air, inside = seen.voxels[:, :20, :20], seen.voxels[:, 48:80, 48:80]
    assert seen.measure == pytest.approx(10.0)
    assert air.mean() == pytest.approx(10.0 * np.sqrt(np.pi / 2), rel=0.05)
    assert air.std() == pytest.approx(10.0 * RAYLEIGH_SD, rel=0.05)
    assert inside.std() == pytest.approx(10.0, rel=0.06)
    assert inside.mean() == pytest.approx(SIGNAL + 10.0**2 / (2 * SIGNAL), rel=0.02)


@pytest.mark.parametrize("kind", ["smooth", "coil"])
def test_the_logarithm_of_the_field_has_the_stated_spread(kind):
    scanned = block((10, 118), (10, 118), slices=3)
    seen = Bias(target=0.4, kind=kind, order=2, seed=3).disturb(scanned)
    gain = np.abs(seen.anatomy.signal[scanned.foreground]) / SIGNAL
    assert np.log(gain).std() == pytest.approx(0.4, rel=0.01)
    assert gain.mean() == pytest.approx(1.0, rel=0.01)
    assert seen.measure == pytest.approx(0.4, rel=0.01)


@pytest.mark.parametrize("phase_axis", [1, 2])
def test_fat_moves_along_read_by_whole_and_part_pixels(phase_axis):
    scanned = smooth(phase_axis=phase_axis)
    fat = np.roll(np.abs(scanned.signal), 5, axis=1) * 0
    fat[0, 50:60, 50:60] = 0.8 * np.abs(scanned.signal)[0, 50:60, 50:60]
    scanned = replace(scanned, fat=fat.astype(np.float32))
    whole = ChemicalShift(target=3.0, sign=-1).disturb(scanned).anatomy
    assert whole.fat is not None
    np.testing.assert_allclose(whole.fat, np.roll(fat, -3, axis=scanned.read_axis), atol=0.05)
    water = np.abs(scanned.signal) - fat
    np.testing.assert_allclose(np.abs(whole.signal), water + np.roll(fat, -3, axis=scanned.read_axis), atol=0.05)
    part = ChemicalShift(target=2.5, sign=1).disturb(replace(scanned, fat=np.abs(scanned.signal))).anatomy
    place = np.arange(SIDE)
    centre = [
        float((np.abs(a.signal[0]).sum(axis=2 - a.read_axis) * place).sum()) / energy(a.signal[0] ** 0.5)
        for a in (scanned, part)
    ]
    assert centre[1] - centre[0] == pytest.approx(2.5, abs=0.05)


def test_a_coil_hears_fat_as_it_hears_all():
    scanned = block(acquisition=Acquisition(coil_log_sd=0.14, phase_rad=1.0, seed=3))
    prepared = prepare(replace(scanned, fat=np.abs(scanned.signal)))
    assert prepared.fat is not None
    np.testing.assert_allclose(prepared.fat, np.abs(prepared.signal), rtol=1e-4)
    assert np.ptp(prepared.fat[scanned.foreground]) > 0.1 * SIGNAL
    moved = ChemicalShift(target=4.0, sign=1).disturb(prepared).anatomy
    assert np.abs(moved.signal[0, :, :36]).max() < 1e-3 * SIGNAL


def test_the_stated_part_of_fat_is_left():
    ring = block((20, 108), (20, 108))
    fat = np.where(block((30, 98), (30, 98)).foreground, 0, np.abs(ring.signal)).astype(np.float32)
    scanned = replace(ring, fat=fat).suppressed()
    seen = FatSatFailure(target=0.4, softness=0.2, seed=2).disturb(scanned)
    back = np.abs(seen.anatomy.signal) - np.abs(scanned.signal)
    assert back.sum() / fat.sum() == pytest.approx(0.4, abs=0.01)
    assert np.abs(back[0, 64, 64]) < 1e-3


def test_good_suppression_may_leave_a_part_of_the_fat():
    ring = block((20, 108), (20, 108))
    fat = np.where(block((30, 98), (30, 98)).foreground, 0, np.abs(ring.signal)).astype(np.float32)
    left = replace(ring, fat=fat).suppressed(0.1)
    np.testing.assert_allclose(np.abs(left.signal)[fat > 0], 0.1 * SIGNAL, rtol=1e-4)
    np.testing.assert_allclose(np.abs(left.signal)[fat == 0], np.abs(ring.signal)[fat == 0], rtol=1e-4)


def test_fat_of_opposed_phase_cancels_water_in_the_same_pixel():
    half = replace(block(), fat=np.abs(block().signal) / 2)
    how = Acquisition(fat_shift_px=1e-6, fat_phase_rad=np.pi)
    opposed = prepare(replace(half, acquisition=how))
    assert np.abs(opposed.signal).max() < 1e-2 * SIGNAL
    moved = ChemicalShift(target=4.0, sign=1).apply(replace(half, acquisition=how))
    assert moved.voxels[0, 64, 41] == pytest.approx(SIGNAL / 2, rel=0.02)
    assert moved.voxels[0, 64, 64] < 1e-2 * SIGNAL


def test_an_elliptic_scan_leaves_the_corners_of_k_space_out():
    point = np.zeros((1, SIDE, SIDE), np.complex64)
    point[0, 64, 64] = SIGNAL
    scanned = Anatomy(signal=point, foreground=np.abs(point) > 0, pixel_mm=1.0)
    peaks = [
        clean(replace(scanned, acquisition=Acquisition(kept=(0.4, 0.3), elliptic=elliptic))).max()
        for elliptic in (False, True)
    ]
    assert peaks[0] == pytest.approx(SIGNAL * 4 * 0.4 * 0.3, rel=0.03)
    assert peaks[1] == pytest.approx(SIGNAL * np.pi * 0.4 * 0.3, rel=0.06)


def test_metal_voids_the_stated_area_and_loses_no_signal_by_shifting():
    scanned = block((10, 118), (10, 118))
    metal = Susceptibility(target=0.02, place=0.5, radius=0.03, field_deg=0.0, shift_px=3.0)
    seen = metal.apply(scanned)
    _, row, column = metal.centre(scanned)
    assert seen.measure == pytest.approx(0.02, rel=0.05)
    assert seen.voxels[0, row, column] < 0.3 * SIGNAL
    assert seen.voxels.max() > 1.15 * SIGNAL
    mild = replace(metal, target=0.003, shift_px=1.0).disturb(scanned)
    lost = 1 - np.abs(mild.anatomy.signal.sum()) / np.abs(scanned.signal.sum())
    assert 0.003 * 128**2 / 108**2 < lost < 0.06


def test_metal_reaches_into_neighbouring_slices():
    scanned = block((10, 118), (10, 118), slices=5, slice_mm=3.0)
    error = Susceptibility(target=0.05, place=0.5, radius=0.05, field_deg=90.0, shift_px=2.0).apply(scanned).error
    assert np.argmax(error.sum(axis=(1, 2))) == 2
    assert error[1].sum() > error[0].sum() > 0


@pytest.mark.parametrize(("places", "lost"), [((), [0, 2, 4]), ((0.5,), [2])])
def test_slices_lose_the_stated_signal(places, lost):
    scanned = block(slices=5)
    seen = SliceDropout(target=0.3, places=places, parity=0).apply(scanned)
    level = seen.voxels.max(axis=(1, 2)) / SIGNAL
    assert [k for k in range(5) if level[k] == pytest.approx(0.7, rel=0.01)] == lost
    assert seen.measure == pytest.approx(0.3, rel=0.01)


def test_one_pose_throughout_is_no_motion_and_the_centre_pose_is_the_reference():
    scanned = smooth()
    early = Motion(target=0.2, times=(0.001,), poses=((3.0, 2.0, 0.0, 0.0),)).disturb(scanned)
    assert early.measure < 0.02
    path = Motion(target=0.2, times=(0.3, 0.7), poses=((3.0, 0, 0, 1.0), (5.0, 0, 0, 2.0))).path(SIDE)
    assert not path[0].any()
    assert set(path[:, 0]) == {-3.0, 0.0, 2.0}


def test_a_shift_after_the_centre_changes_the_phase_of_the_later_lines_only():
    scanned = smooth(phase_axis=1)
    motion = Motion(target=0.3, times=(0.52,), poses=((0.0, 1.0, 0.0, 0.0),))
    step = motion.disturb(scanned)
    spectrum = fft.fft2(step.anatomy.signal - scanned.signal)
    moved = np.flatnonzero(np.abs(spectrum[0]).max(axis=1) > 1e-4 * np.abs(spectrum).max())
    row = np.fft.fftfreq(SIDE)[moved]
    assert (row > 0.02).all()
    before, after = (np.abs(fft.fft2(image[0])) for image in (scanned.signal, step.anatomy.signal))
    np.testing.assert_allclose(after, before, atol=1e-4 * before.max())


def test_turning_keeps_energy_and_turns_by_the_angle():
    y, x = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
    image = np.exp(-((y - 0) ** 2 + (x - 30) ** 2) / 50)[None].astype(np.complex64)
    seen = turned(image, 10.0)
    weight = np.abs(seen[0]) ** 2
    place = (float((weight * x).sum() / weight.sum()), float((weight * y).sum() / weight.sum()))
    assert energy(seen) == pytest.approx(energy(image), rel=1e-4)
    assert np.hypot(*place) == pytest.approx(30, abs=0.1)
    assert abs(np.degrees(np.arctan2(place[1], place[0]))) == pytest.approx(10.0, abs=0.1)


def test_motion_through_the_plane_mixes_neighbouring_slices():
    scanned = smooth(slices=3)
    dark = scanned.signal.copy()
    dark[1] = 0
    motion = Motion(target=0.3, times=(0.499,), poses=((0.0, 0.0, 0.5, 0.0),))
    seen = motion.disturb(replace(scanned, signal=dark))
    assert np.abs(seen.anatomy.signal[1]).max() > 0.05 * SIGNAL
