"""What the artifact network is given, when its answer counts, how slices become a series."""

import numpy as np
import pytest

from aiqa_integration.artifact_detection.gate import ABSTAIN, BANDS, MOST_UNLIKE, Band, band_of, likeness, worth_a_look
from aiqa_integration.artifact_detection.inputs import GRID, detection_inputs, slice_channels
from aiqa_integration.artifact_detection.pool import CLASSES, energy_of, pool
from aiqa_integration.artifact_detection.recalibration import ALERT_PROBABILITY
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import UNCALIBRATED, ArtifactCalibration
from tests.drawn_phantom import images, pose


def disk(rows, columns):
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    noise = np.random.default_rng(1).normal(0, 0.02, (2, rows, columns))
    return np.hypot((x**2 + y**2 < 0.5) + noise[0], noise[1]).astype(np.float32)


@pytest.mark.parametrize("shape", [(64, 64), (192, 192), (256, 256), (512, 384), (100, 301)])
def test_every_matrix_becomes_one_grid(shape):
    channels = slice_channels(disk(*shape))
    assert channels.shape == (3, GRID, GRID)
    assert channels.dtype == np.float32
    assert channels.min() >= 0.0
    assert channels.max() <= 1.5
    inside, outside = channels[0, 80:112, 80:112].mean(), channels[0, :10, :10].mean()
    assert inside == pytest.approx(1.0, abs=0.1)
    assert outside < 0.05


def test_channels_keep_the_mean_and_do_not_change_with_gain():
    image = disk(320, 256)
    channels = slice_channels(image)
    assert channels[0].mean() == pytest.approx(image.mean() / np.percentile(image, 99.5), rel=1e-3)
    assert np.allclose(slice_channels(image * 4000), channels, atol=1e-4)


def test_a_single_point_of_k_space_survives_the_grid():
    image = disk(448, 448)
    y, x = np.mgrid[:448, :448]
    striped = image + 0.02 * np.cos(2 * np.pi * (0.31 * x + 0.17 * y)).astype(np.float32)
    assert (slice_channels(striped)[2] - slice_channels(image)[2]).max() > 0.15


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_what_holds_nothing_gives_finite_channels(value):
    assert np.isfinite(slice_channels(np.full((64, 80), value, np.float32))).all()


def test_inputs_of_a_series_fit_together():
    stack = images(dict(enumerate([disk(128, 128)] * 4)), pose_=pose(matrix=128, pixel=(1.5, 1.5))).stack
    inputs = detection_inputs(stack, 0)
    assert {key: len(array) for key, array in inputs.items()} == {"image": 4, "metrics": 4, "series": 4}
    assert all(array.dtype == np.float32 and np.isfinite(array).all() for array in inputs.values())
    assert (inputs["series"] == inputs["series"][0]).all()


def outputs_of(slices):
    """Answers that see nothing in any slice."""
    return {
        "severity": np.full((slices, 36), 0.01, np.float32),
        "dropped": np.full((slices, 3), 0.01, np.float32),
        "energy": np.zeros((slices, 12, 24, 24), np.float32),
        "assessable": np.ones((slices, 1), np.float32),
        "unlike": np.full((slices, 4), 0.25, np.float32),
    }


def test_the_worst_fifth_of_the_slices_stands_for_the_series():
    outputs = outputs_of(10)
    place = CLASSES.index(ArtifactId.WRAP)
    outputs["severity"][[3, 7], 3 * place : 3 * place + 3] = [[0.99, 0.98, 0.2], [0.96, 0.92, 0.4]]
    outputs["energy"][7, place, 5, 6] = 1.0
    found = {one.artifact: one for one in pool(outputs)}
    assert list(found) == list(ArtifactId)
    wrap = found[ArtifactId.WRAP]
    assert wrap.slices == (3, 7)
    assert wrap.probability == pytest.approx(0.95)
    assert wrap.severity == 2
    assert energy_of(outputs, wrap).values[1, 5, 6] == 1.0
    assert found[ArtifactId.MOTION].severity == 0


def test_one_slice_is_enough_for_what_may_hit_a_single_one():
    outputs = outputs_of(30)
    for artifact in (ArtifactId.SPIKE, ArtifactId.ZIPPER, ArtifactId.GHOST):
        place = CLASSES.index(artifact)
        outputs["severity"][11, 3 * place : 3 * place + 3] = (0.99, 0.97, 0.2)
    found = {one.artifact: one for one in pool(outputs)}
    for artifact in (ArtifactId.SPIKE, ArtifactId.ZIPPER):
        assert found[artifact].slices == (11,)
        assert found[artifact].severity == 2
    assert len(found[ArtifactId.GHOST].slices) == 6
    assert found[ArtifactId.GHOST].severity == 0


def test_a_worse_severity_is_never_likelier():
    outputs = outputs_of(3)
    outputs["severity"][:, :3] = (0.4, 0.9, 0.95)
    reached = pool(outputs)[0].reached
    assert reached == pytest.approx((0.4, 0.4, 0.4))


def test_dropped_slices_are_told_by_the_series_alone():
    outputs = outputs_of(5)
    outputs["severity"][:, 33:36] = 0.99
    outputs["dropped"][:] = (0.9, 0.8, 0.1)
    dropout = pool(outputs)[-1]
    assert dropout.reached == pytest.approx((0.9, 0.8, 0.1))
    assert dropout.slices == ()


def test_what_is_unlike_the_training_or_no_scan_is_not_scored():
    usual = outputs_of(5)
    assert likeness(usual).scored
    assert likeness(usual).reason == ""
    at_limit = usual | {"unlike": np.full((5, 4), MOST_UNLIKE / 2, np.float32)}
    assert likeness(at_limit).distance == pytest.approx(1.0)
    far = usual | {"unlike": usual["unlike"] * 3}
    assert not likeness(far).scored
    assert "1.5 times" in likeness(far).reason
    other = usual | {"assessable": usual["assessable"] * 0.2}
    assert "no MR images" in likeness(other).reason


def test_between_the_bands_nothing_is_said():
    assert [ABSTAIN.answer(p) for p in (0.1, 0.5, 0.9)] == ["absent", "left open", "present"]
    assert Band(low=0.5, high=0.5).answer(0.5) == "present"


ADOPTED = ArtifactCalibration(state="active")
FITTED = ArtifactCalibration(state="active", slope=0.8, intercept=-2.0, threshold=ALERT_PROBABILITY, ppv_low=0.6)


@pytest.mark.parametrize("artifact", ArtifactId)
def test_without_answers_each_class_has_its_own_band(artifact):
    assert band_of(artifact, UNCALIBRATED) == BANDS[artifact]
    assert band_of(artifact, ADOPTED) == BANDS[artifact]


@pytest.mark.parametrize("artifact", ArtifactId)
def test_a_fitted_calibration_brings_its_threshold_and_the_classs_width(artifact):
    def logit(probability):
        return np.log(probability / (1 - probability))

    own, found = BANDS[artifact], band_of(artifact, FITTED)
    assert found.high == FITTED.threshold
    assert logit(found.high) - logit(found.low) == pytest.approx(0.8 * (logit(own.high) - logit(own.low)), abs=1e-6)
    as_the_bundle = ArtifactCalibration(state="active", threshold=own.high, ppv_low=0.6)
    assert band_of(artifact, as_the_bundle).low == pytest.approx(own.low)


def test_a_scanners_offset_moves_no_band_and_a_slope_of_nothing_leaves_none():
    shifted = band_of(ArtifactId.MOTION, ArtifactCalibration(threshold=0.5, intercept=3.0, ppv_low=0.6))
    assert shifted == band_of(ArtifactId.MOTION, ArtifactCalibration(threshold=0.5, intercept=-3.0, ppv_low=0.6))
    flat = band_of(ArtifactId.MOTION, ArtifactCalibration(threshold=0.5, slope=-0.1, ppv_low=0.6))
    assert flat.low == pytest.approx(flat.high)


def test_a_person_looks_at_what_is_likely_and_at_what_is_said_to_be_present():
    raw = dict.fromkeys(ArtifactId, 0.0)
    assert worth_a_look(raw) == frozenset()
    assert worth_a_look({**raw, ArtifactId.GHOST: 0.5, ArtifactId.MOTION: 0.49}) == {ArtifactId.GHOST}
    below_half = BANDS[ArtifactId.ZIPPER].high
    assert below_half < 0.5
    assert worth_a_look({**raw, ArtifactId.ZIPPER: below_half}) == {ArtifactId.ZIPPER}
    assert worth_a_look({**raw, ArtifactId.ZIPPER: below_half - 0.01}) == frozenset()
