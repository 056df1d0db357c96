"""Drawn disturbances of every MRI artifact: replayed alike, of the demanded severity, worse when demanded worse."""

import json
from dataclasses import asdict, replace
from functools import cache

import numpy as np
import pytest

from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId, severity_of
from aiqa_integration.model.finding import Severity
from aiqa_integration.simulate.label_maps import draw_anatomy
from aiqa_integration.simulate.label_regions import REGIONS, Tissue
from aiqa_integration.simulate.mri_artifacts.disturbance import clean, corrupt
from aiqa_integration.simulate.mri_artifacts.draw import draw_artifact, possible
from aiqa_integration.simulate.mri_artifacts.scan import anatomy_of, draw_acquisition

SHAPE = (4, 80, 80)
SEVERITIES: tuple[Severity, ...] = (1, 2, 3)


def rng(*seed):
    return np.random.default_rng(seed)


def anatomy(artifact, seed=3, shape=SHAPE):
    return head(seed, shape, artifact == ArtifactId.FAT_SAT_FAILURE)


@cache
def head(seed, shape, fat_suppressed):
    return draw_anatomy(rng(seed), shape=shape, fat_suppressed=fat_suppressed, region="head")


@pytest.mark.parametrize("artifact", ArtifactId)
def test_replay_gives_the_same_array(artifact):
    disturbance = draw_artifact(artifact, rng(1), 2, shape=SHAPE)
    first, second = disturbance.apply(anatomy(artifact)), disturbance.apply(anatomy(artifact))
    assert disturbance == draw_artifact(artifact, rng(1), 2, shape=SHAPE)
    np.testing.assert_array_equal(first.voxels, second.voxels)
    np.testing.assert_array_equal(first.error, second.error)
    assert first.measure == second.measure
    assert json.loads(json.dumps(asdict(disturbance)))["target"] == disturbance.target


@pytest.mark.parametrize("artifact", ArtifactId)
def test_severity_0_leaves_the_scan_as_it_is(artifact):
    scanned = anatomy(artifact)
    undisturbed = draw_artifact(artifact, rng(1), 0, shape=SHAPE).apply(scanned)
    np.testing.assert_array_equal(undisturbed.voxels, clean(scanned))
    assert undisturbed.severity == 0
    assert not undisturbed.error.any()
    assert undisturbed.artifact == artifact
    assert severity_of(ARTIFACTS_BY_ID[artifact], undisturbed.measure) == 0


@pytest.mark.parametrize("artifact", ArtifactId)
def test_the_demanded_severity_is_met(artifact):
    met = []
    for seed in range(3):
        for severity in SEVERITIES:
            disturbance = draw_artifact(artifact, rng(seed, severity), severity, shape=SHAPE)
            seen = disturbance.apply(anatomy(artifact, seed))
            met.append(seen.severity == severity)
            assert seen.voxels.dtype == np.float32
            assert seen.voxels.shape == seen.error.shape == SHAPE
            assert np.isfinite(seen.voxels).all()
            assert np.isfinite(seen.error).all()
    # a motion or fold can't always be had: it may move too little of k-space, or fold whole rows only
    assert sum(met) >= (6 if artifact in {ArtifactId.MOTION, ArtifactId.WRAP} else 9)


@pytest.mark.parametrize("artifact", ArtifactId)
def test_a_worse_target_makes_a_worse_measure_and_more_error(artifact):
    scanned = anatomy(artifact)
    drawn = draw_artifact(artifact, rng(7), 3, shape=SHAPE)
    anchors = ARTIFACTS_BY_ID[artifact].anchors
    seen = [replace(drawn, target=anchor * 1.01).apply(scanned) for anchor in anchors]
    rising = anchors[2] > anchors[0]
    measures = [corrupted.measure if rising else -corrupted.measure for corrupted in seen]
    assert measures == sorted(measures)
    assert measures[0] < measures[2]
    assert seen[0].error.sum() < seen[2].error.sum()


def test_several_disturbances_act_in_the_order_of_a_scan_and_are_told_apart():
    scanned = anatomy(ArtifactId.MOTION)
    drawn = [
        draw_artifact(artifact, rng(5), 2, shape=SHAPE)
        for artifact in (ArtifactId.ZIPPER, ArtifactId.LOW_SNR, ArtifactId.GHOST, ArtifactId.WRAP)
    ]
    voxels, effects = corrupt(scanned, drawn)
    other, same = corrupt(scanned, drawn[::-1])
    np.testing.assert_array_equal(voxels, other)
    assert [effect.artifact for effect in effects] == [disturbance.artifact for disturbance in drawn]
    assert [effect.measure for effect in same] == [effect.measure for effect in effects[::-1]]


def test_an_artifact_is_refused_where_it_cannot_be():
    shown, suppressed = anatomy(ArtifactId.GHOST), anatomy(ArtifactId.FAT_SAT_FAILURE)
    with pytest.raises(ValueError, match="slices"):
        draw_artifact(ArtifactId.SLICE_DROPOUT, rng(1), shape=(2, 80, 80))
    with pytest.raises(ValueError, match="suppressed fat"):
        draw_artifact(ArtifactId.FAT_SAT_FAILURE, rng(1), shape=SHAPE).apply(shown)
    with pytest.raises(ValueError, match="fat"):
        draw_artifact(ArtifactId.CHEMICAL_SHIFT, rng(1), shape=SHAPE).apply(suppressed)
    assert ArtifactId.FAT_SAT_FAILURE not in possible(shown)
    assert ArtifactId.CHEMICAL_SHIFT not in possible(suppressed)
    assert ArtifactId.SLICE_DROPOUT not in possible(anatomy(ArtifactId.GHOST, shape=(1, 80, 80)))
    assert set(possible(shown)) | set(possible(suppressed)) == set(ArtifactId)


@pytest.mark.parametrize("artifact", ArtifactId)
def test_an_empty_object_breaks_nothing(artifact):
    nothing = anatomy_of(np.zeros((3, 32, 32)), pixel_mm=1.0)
    disturbance = draw_artifact(artifact, rng(2), 3, shape=(3, 32, 32))
    if artifact in {ArtifactId.FAT_SAT_FAILURE, ArtifactId.CHEMICAL_SHIFT}:
        with pytest.raises(ValueError, match="fat"):
            disturbance.apply(nothing)
        return
    assert np.isfinite(disturbance.apply(nothing).voxels).all()


@pytest.mark.parametrize("region", REGIONS)
def test_label_maps_are_bodies_in_air_that_change_smoothly(region):
    for seed in range(3):
        drawn = draw_anatomy(rng(seed), shape=(4, 80, 80), region=region, fat_suppressed=False)
        magnitude = np.abs(drawn.signal)
        assert 0.1 < drawn.foreground.mean() <= 1.0
        assert magnitude[~drawn.foreground].mean() < 0.2 * drawn.reference if (~drawn.foreground).any() else True
        assert drawn.fat is not None
        assert (drawn.fat <= magnitude + 1e-2).all()
        assert 20 <= drawn.reference / drawn.noise_sd <= 101
        near = np.abs(np.diff(magnitude, axis=0)).mean()
        assert near < np.abs(magnitude[:-1] - np.roll(magnitude[1:], 20, axis=2)).mean()
        np.testing.assert_array_equal(
            drawn.signal, draw_anatomy(rng(seed), shape=(4, 80, 80), region=region, fat_suppressed=False).signal
        )


def test_suppressing_takes_the_fat_alone():
    drawn = draw_anatomy(rng(4), shape=(1, 80, 80), region="limbs", fat_suppressed=False)
    suppressed = drawn.suppressed()
    assert drawn.fat is not None
    np.testing.assert_allclose(np.abs(drawn.signal) - drawn.fat, np.abs(suppressed.signal), atol=0.5)
    assert suppressed.suppressed() is suppressed
    assert len(Tissue) == 13


def test_clean_scans_differ_as_scanners_do():
    how = [draw_acquisition(rng(seed)) for seed in range(200)]
    assert len({acquisition.window for acquisition in how}) == 4
    assert all(acquisition.window != "none" for acquisition in how if min(acquisition.kept) < 0.46)
    assert 0.4 < np.mean([min(acquisition.kept) == 0.5 for acquisition in how]) < 0.6
    assert max(acquisition.coil_log_sd for acquisition in how) < 0.15
    assert {acquisition.partial_fourier for acquisition in how} == {1.0, 0.875, 0.75}
