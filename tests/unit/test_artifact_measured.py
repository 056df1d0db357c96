"""What the network says is held against the artifact's own measure, taken in an image whose truth is known."""

from typing import TypeVar

import numpy as np
import pytest

from aiqa_integration.artifact_detection.air import air_of, level_in_air, signal_to_noise
from aiqa_integration.artifact_detection.fat_shift import FAT_SHIFT
from aiqa_integration.artifact_detection.gate import BANDS
from aiqa_integration.artifact_detection.inputs import metrics_by_id, series_metrics, slice_metrics
from aiqa_integration.artifact_detection.lines import brightest_line
from aiqa_integration.artifact_detection.measured import MEASURES, Measured, readings, worst_of
from aiqa_integration.artifact_detection.pool import Assessment
from aiqa_integration.artifact_detection.said import Said
from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId
from aiqa_integration.model.calibration import ArtifactCalibration

SIDE, SIGNAL, RAYLEIGH_SD = 160, 100.0, 0.655
SLICES = 5
T = TypeVar("T")


def scan(*, noise=1.0, added=0.0, ghost=0.0, seed=1):
    """Return a stack of a textured disc in complex noise, ``added`` to its signal before the magnitude is taken."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    rng = np.random.default_rng(seed)
    radius = np.hypot(y - 0.017, x + 0.011)  # a symmetric object has no signal at the ends of k-space
    disc = SIGNAL * (1 + 0.2 * np.cos(9 * y) * np.cos(7 * x)) * (radius < 0.6)
    disc = disc + ghost * np.roll(disc, SIDE // 2, axis=0)
    thermal = noise * (rng.normal(size=(SLICES, SIDE, SIDE)) + 1j * rng.normal(size=(SLICES, SIDE, SIDE)))
    return np.abs(disc + thermal + added).astype(np.float32)


def line(level, noise=1.0, seed=2):
    """Return a tone along the rows' index at one column: random phases, so many times the background's spread."""
    rng = np.random.default_rng(seed)
    tone = rng.normal(size=(SLICES, SIDE)) + 1j * rng.normal(size=(SLICES, SIDE))
    added = np.zeros((SLICES, SIDE, SIDE), complex)
    added[:, :, 30] = tone * level * RAYLEIGH_SD * noise / np.abs(tone).mean()
    return added


def stripes(amplitude):
    """Return the stripes of one point of k-space, over the object's signal."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return amplitude * SIGNAL * np.exp(2j * np.pi * (21 * y + 34 * x) / SIDE)


def truncated(kept, *, disc):
    """Return a scan whose k-space ends at ``kept`` cycles per pixel, all around or along the rows' index."""
    frequency = np.abs(np.fft.fftfreq(SIDE))
    radius = np.hypot(frequency[:, None], frequency) if disc else np.broadcast_to(frequency[:, None], (SIDE, SIDE))
    return np.abs(np.fft.ifft2(np.fft.fft2(scan(noise=0.5)) * (radius <= kept))).astype(np.float32)


def measured(artifact, voxels, phase_axis=None, slices=(1, 2)):
    metrics = np.stack([slice_metrics(image, pixel_mm=(1.0, 1.0), phase_axis=None) for image in voxels])
    series = series_metrics(voxels, (1.0, 1.0), None)
    read = readings(artifact, voxels, metrics_by_id(metrics, series[None]), phase_axis, slices)
    return worst_of(artifact, read, slices)


def known(found: T | None) -> T:
    assert found is not None
    return found


@pytest.mark.parametrize("noise", [1.0, 4.0, 8.0])
def test_signal_to_noise_is_read_from_the_air(noise):
    # the object is found with a rim of four pixels that is no part of this small disc: its mean is up to 15 % lower
    assert 0.84 * SIGNAL / noise < known(signal_to_noise(scan(noise=noise)[0])) < 1.02 * SIGNAL / noise


def test_stripes_show_in_the_air_as_strong_as_they_are():
    # over the mean of the object as it is found, up to 15 % lower than the disc's own
    assert 0.05 < known(level_in_air(scan(noise=0.3, added=stripes(0.05))[0])) < 0.06
    assert known(level_in_air(scan(noise=0.3)[0])) < 0.005


@pytest.mark.parametrize("level", [2.0, 3.0, 6.0, 15.0])
@pytest.mark.parametrize("phase_axis", [1, None])
def test_a_line_is_as_bright_as_it_was_made(level, phase_axis):
    found = [known(brightest_line(image, phase_axis)) for image in scan(added=line(level))]
    assert np.mean(found) == pytest.approx(level, rel=0.2)


@pytest.mark.parametrize("level", [3.0, 6.0, 15.0])
def test_ghosts_hide_no_line(level):
    found = [known(brightest_line(image, 1)) for image in scan(added=line(level), ghost=0.04)]
    # ghosts four times as bright as the noise may add to it
    assert 0.8 * level < np.mean(found) < 1.5 * level


def test_where_the_air_does_not_tell_nothing_is_measured():
    blanked = scan()
    blanked[:, :40] = blanked[:, -40:] = blanked[:, :, :40] = blanked[:, :, -40:] = 0
    drowned = scan(noise=30.0)
    for voxels in (blanked, drowned, np.zeros_like(blanked)):
        assert air_of(voxels[0]) is None
        for artifact in (ArtifactId.ZIPPER, ArtifactId.SPIKE, ArtifactId.LOW_SNR):
            assert measured(artifact, voxels) is None
    assert measured(ArtifactId.GIBBS, scan()) is None  # its k-space is full
    assert measured(ArtifactId.SLICE_DROPOUT, scan()[:2], slices=()) is None
    assert measured(ArtifactId.MOTION, scan()) is None


def test_a_line_that_may_lie_where_no_air_is_is_not_measured():
    voxels = scan()
    voxels[:, :, 60:100] += 50  # a band of signal from border to border: no air along these columns
    assert brightest_line(voxels[0], 1) is None
    assert brightest_line(voxels[0], 2) is not None


@pytest.mark.parametrize("disc", [False, True])
@pytest.mark.parametrize("kept", [0.3, 0.36, 0.445])
def test_the_end_of_k_space_is_found_whichever_way_it_ends(kept, disc):
    found = known(measured(ArtifactId.GIBBS, truncated(kept, disc=disc)))
    assert found.value == pytest.approx(kept, abs=2.5 / SIDE)
    assert found.denies == (kept > 0.42 + 2.5 / SIDE)


def dropped(loss):
    voxels = scan()
    voxels[2] *= 1 - loss
    return voxels


@pytest.mark.parametrize(
    ("artifact", "limiting", "less"),
    [
        (ArtifactId.ZIPPER, scan(added=line(3.2)), scan(added=line(1.9))),
        (ArtifactId.SPIKE, scan(noise=0.3, added=stripes(0.032)), scan(noise=0.3, added=stripes(0.014))),
        (ArtifactId.LOW_SNR, scan(noise=SIGNAL / 14), scan(noise=SIGNAL / 24)),
        (ArtifactId.GIBBS, truncated(0.40, disc=True), truncated(0.45, disc=True)),
        (ArtifactId.SLICE_DROPOUT, dropped(0.17), dropped(0.08)),
    ],
)
def test_what_limits_is_not_denied_and_what_is_less_is(artifact, limiting, less):
    slices = () if artifact is ArtifactId.SLICE_DROPOUT else (1, 2)
    assert not known(measured(artifact, limiting, slices=slices)).denies
    denied = known(measured(artifact, less, slices=slices))
    assert denied.denies
    limit = ARTIFACTS_BY_ID[artifact].anchors[1] * MEASURES[artifact].shown_as
    assert denied.evidence.limit == pytest.approx(limit)


@pytest.mark.parametrize(("pixels", "denies"), [(0.4, True), (0.99, True), (1.01, False), (3.5, False)])
def test_a_shift_of_fat_is_held_against_what_the_header_says(pixels, denies):
    told = {FAT_SHIFT: np.array([pixels], np.float32)}
    one = known(worst_of(ArtifactId.CHEMICAL_SHIFT, readings(ArtifactId.CHEMICAL_SHIFT, scan(), told, 1, (2,)), (2,)))
    assert (one.denies, one.slice_index) == (denies, None)
    assert one.sentence == f"by the header fat is shifted by {round(pixels, 1):g} pixels (limit 2)"
    assert worst_of(ArtifactId.CHEMICAL_SHIFT, readings(ArtifactId.CHEMICAL_SHIFT, scan(), {}, 1, (2,)), (2,)) is None


def test_one_slice_that_cannot_be_measured_leaves_all_unmeasured():
    read = np.array([[1.0, 1.2], [np.nan, np.nan]])
    assert worst_of(ArtifactId.ZIPPER, read, (4, 7)) is None
    assert worst_of(ArtifactId.ZIPPER, np.zeros((0, 2)), ()) is None
    worst = known(worst_of(ArtifactId.ZIPPER, np.array([[1.0, 1.2], [2.0, 2.4]]), (4, 7)))
    assert (worst.value, worst.slice_index) == (2.0, 7)
    lowest = known(worst_of(ArtifactId.LOW_SNR, np.array([[30.0, 26.0], [16.0, 14.0]]), (4, 7)))
    assert (lowest.value, lowest.slice_index, lowest.denies) == (16.0, 7, False)


def said(probability, nearest, calibration=None, artifact=ArtifactId.ZIPPER):
    assessment = Assessment(artifact=artifact, reached=(0.99, probability, probability / 2), severity=2, slices=(1,))
    found = None if nearest is None else Measured(artifact=artifact, value=1.9, nearest=nearest, slice_index=1)
    return Said(assessment=assessment, calibration=calibration or ArtifactCalibration(), measured=found)


FITTED = ArtifactCalibration(state="active", threshold=0.5, reviewed=60, positives=20, ppv_low=0.6, revision=3)


@pytest.mark.parametrize("calibration", [ArtifactCalibration(), ArtifactCalibration(state="active"), FITTED])
def test_network_and_measure_must_agree_before_anybody_is_told(calibration):
    for nearest in (None, 3.0):
        one = said(0.83, nearest, calibration)
        assert (one.answer, one.severity, one.denied) == ("present", 2, None)
    one = said(0.83, 2.9, calibration)
    assert (one.answer, one.severity) == ("left open", 1)
    assert "says 0.83, present from" in one.why_open
    assert one.why_open.endswith("brightest line in the air 1.9 times the background's spread (limit 3)")


def test_a_measure_opens_nothing_that_the_network_does_not_say():
    low = BANDS[ArtifactId.ZIPPER].low
    one = said(low / 2, 2.9)
    assert (one.answer, one.denied) == ("absent", None)
    between = said((low + BANDS[ArtifactId.ZIPPER].high) / 2, 2.9)
    assert between.denied is None
    assert between.why_open.startswith("left open: absent below")
