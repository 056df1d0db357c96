"""Findings of artifacts explain themselves: marks lie where the artifact is, every number told is evidence."""

import re
from dataclasses import replace

import numpy as np
import pytest

from aiqa_integration.artifact_detection.explain import Scored, deletion, explain, worst_slices
from aiqa_integration.artifact_detection.figures import shown
from aiqa_integration.artifact_detection.fold import fold_paths
from aiqa_integration.artifact_detection.lines import interference_lines
from aiqa_integration.artifact_detection.marks import marks_of, phase_direction
from aiqa_integration.artifact_detection.measured import Measured
from aiqa_integration.artifact_detection.slice_profile import lost_slices
from aiqa_integration.artifact_detection.stripes import stripes_of
from aiqa_integration.artifact_detection.supports import SUPPORTS
from aiqa_integration.artifact_detection.wording import places_text
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import EnergyMap
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import ImageStack, SeriesHeader, SliceRef
from aiqa_integration.simulate.label_maps import draw_anatomy
from aiqa_integration.simulate.mri_artifacts.draw import draw_artifact
from aiqa_integration.simulate.mri_artifacts.scan import Acquisition
from aiqa_integration.simulate.mri_artifacts.spike import Spike, SpikePoint, frequency_of
from aiqa_integration.simulate.mri_artifacts.wrap import Wrap
from aiqa_integration.simulate.mri_artifacts.zipper import Zipper

SLICES, SIDE = 7, 128


def anatomy(seed, region="limbs", slices=SLICES):
    """Return an object scanned in full with little noise; phase along columns."""
    drawn = draw_anatomy(np.random.default_rng(seed), shape=(slices, SIDE, SIDE), region=region, fat_suppressed=False)
    return replace(drawn, acquisition=Acquisition(seed=seed), noise_sd=drawn.reference / 40, phase_axis=1)


def stack_of(voxels, affine_mm=None):
    slices = tuple(
        SliceRef(
            sop_instance_uid=f"1.{k}", sop_class_uid="1", frame_number=None, instance_number=k + 1, position_mm=4.0 * k
        )
        for k in range(len(voxels))
    )
    affine = np.diag([1.0, 1.0, 4.0, 1.0]) if affine_mm is None else affine_mm
    return ImageStack(voxels=voxels, spacing_mm=(4.0, 1.0, 1.0), affine_mm=affine, value_unit="1", slices=slices)


def header(phase="COLUMN"):
    ref = SeriesRef(study_instance_uid="1.2", series_instance_uid="1.3")
    return SeriesHeader(ref=ref, modality="MR", device=Device(), instance_count=SLICES, phase_encoding=phase)


@pytest.mark.parametrize("phase_axis", [1, 2, None])
def test_a_zipper_is_marked_at_its_place_with_its_level(phase_axis):
    found, levels = 0, []
    for seed in range(6):
        scanned = replace(anatomy(seed), phase_axis=phase_axis or 2)
        place = 0.08 + 0.14 * seed
        voxels = Zipper(target=10.0, places=(place,), width_px=0.0, slices_hit=1.0, seed=seed).apply(scanned).voxels
        (line, *_) = interference_lines(voxels, (2, 3), phase_axis)
        assert line.axis == scanned.read_axis
        found += abs(line.place - place * (SIDE - 1)) <= 1
        levels.append(line.level)
    assert found == 6
    # where the line lies over the object alone its level is not known
    known = [level for level in levels if level is not None]
    assert len(known) >= 5
    assert known == pytest.approx([10.0] * len(known), rel=0.4)


def test_no_line_is_marked_in_clean_air():
    assert interference_lines(np.zeros((3, SIDE, SIDE), np.float32), (0, 1), 1) == ()
    noise = np.abs(np.random.default_rng(1).normal(size=(3, SIDE, SIDE))).astype(np.float32)
    assert marks_of(ArtifactId.ZIPPER, stack_of(noise), header(), (0, 1, 2)).regions == ()


@pytest.mark.parametrize("last", [False, True])
def test_the_edge_of_a_fold_is_marked_as_deep_as_it_folds(last):
    close = []
    for seed in range(6):
        scanned = anatomy(seed, slices=1)
        seen = Wrap(target=0.12, side=float(not last)).apply(scanned)
        paths = fold_paths(seen.voxels[0], 1)
        widths = {path.points[0][1] > SIDE / 2: path.width for path in paths}
        close.append(
            abs(widths.get(not last, 0.0) - seen.measure) < 0.025 or abs(widths.get(last, 0.0) - seen.measure) < 0.025
        )
    assert sum(close) >= 5


def test_no_fold_is_marked_where_the_object_ends_inside():
    disc = np.zeros((SIDE, SIDE), np.float32)
    y, x = np.indices(disc.shape) - SIDE / 2
    disc[np.hypot(y, x) < 40] = 100
    assert fold_paths(disc, 1) == ()
    assert fold_paths(np.zeros_like(disc), None) == ()


@pytest.mark.parametrize(("row", "column"), [(0.4, 0.1), (0.1, -0.45), (0.0, 0.3), (-0.35, 0.35)])
def test_stripes_have_the_spikes_period_and_direction(row, column):
    point = SpikePoint(row=row, column=column, slice_place=0.5, size=1.0, phase_rad=0.3)
    scanned = anatomy(2, slices=1)
    seen = Spike(target=0.1, points=(point,)).apply(scanned)
    stripes = stripes_of(seen.voxels[0], 0, (1.0, 1.0))
    assert stripes is not None
    down, across = frequency_of(point, scanned)
    assert stripes.period_mm == pytest.approx(SIDE / np.hypot(down, across), rel=0.03)
    away = (stripes.angle_deg - np.degrees(np.arctan2(across, down))) % 180
    assert min(away, 180 - away) < 3
    assert stripes.height == pytest.approx(0.1, rel=0.35)


def test_a_stripe_is_drawn_along_the_bright_lines():
    y, x = np.indices((SIDE, SIDE))
    image = (100 + 10 * np.cos(2 * np.pi * (8 * x + 20 * y) / SIDE)).astype(np.float32)
    (mark,) = marks_of(ArtifactId.SPIKE, stack_of(image[None]), header(), (0,)).regions
    (start_x, start_y), (end_x, end_y) = mark.points
    assert 8 * (end_x - start_x) + 20 * (end_y - start_y) == pytest.approx(0, abs=2)
    assert stripes_of(np.zeros((SIDE, SIDE), np.float32), 0, (1.0, 1.0)) is None


@pytest.mark.parametrize(
    ("lost", "alternate"), [({3: 0.3}, False), ({1: 0.2, 4: 0.5}, False), ({1: 0.2, 3: 0.2, 5: 0.2}, True)]
)
def test_slices_that_lost_signal_are_named(lost, alternate):
    voxels = (
        draw_artifact(ArtifactId.SLICE_DROPOUT, np.random.default_rng(1), 0, shape=(SLICES, SIDE, SIDE))
        .apply(anatomy(5))
        .voxels
    )
    for index, loss in lost.items():
        voxels[index] *= 1 - loss
    found = lost_slices(voxels)
    assert found.alternate == alternate
    assert set(found.losses) == set(lost)
    for index, loss in lost.items():
        assert found.losses[index] == pytest.approx(loss, abs=0.06)


def test_an_even_stack_lost_nothing():
    assert lost_slices(np.full((9, 32, 32), 5.0, np.float32)).losses == {}
    assert lost_slices(np.zeros((9, 32, 32), np.float32)).losses == {}
    assert lost_slices(np.full((2, 32, 32), 5.0, np.float32)).losses == {}


def test_the_phase_direction_is_the_patients():
    voxels = np.ones((2, 16, 16), np.float32)
    sagittal = np.array([[0, 0, 4.0, 0], [1.0, 0, 0, 0], [0, -1.0, 0, 0], [0, 0, 0, 1.0]])
    assert phase_direction(header("COLUMN"), stack_of(voxels)) == "A–P"
    assert phase_direction(header("ROW"), stack_of(voxels)) == "R–L"
    assert phase_direction(header("COLUMN"), stack_of(voxels, sagittal)) == "F–H"
    assert phase_direction(header(None), stack_of(voxels)) is None
    assert marks_of(ArtifactId.GHOST, stack_of(voxels), header(None), (0,)).regions == ()
    (arrow,) = marks_of(ArtifactId.GHOST, stack_of(voxels), header("COLUMN"), (1,)).regions
    assert arrow.slice_index == 1
    assert arrow.points[1][1] > arrow.points[0][1]
    assert arrow.points[1][0] == arrow.points[0][0]


def scored(artifact, severity=2, probability=0.9, **given):
    scores = np.array([0.1, 0.2, 0.9, 0.8, 0.1, 0.1, 0.1])
    return Scored(artifact=artifact, probability=probability, severity=severity, slice_scores=scores, **given)


def measured():
    """Return made-up metric values, the third slice being the worst."""
    values = np.array([0.01, 0.02, 0.0944, 0.05, 0.01, 0.01, 0.01])
    return {
        support.metric: values * (1 if support.worse == "high" else 200)
        for supports in SUPPORTS.values()
        for support in supports
    }


@pytest.mark.parametrize("artifact", ArtifactId)
@pytest.mark.parametrize("severity", [1, 2, 3])
def test_every_number_of_the_text_is_evidence(artifact, severity):
    seen = draw_artifact(artifact, np.random.default_rng(3), 3, shape=(SLICES, SIDE, SIDE))
    scanned = anatomy(4)
    scanned = scanned.suppressed() if artifact is ArtifactId.FAT_SAT_FAILURE else scanned
    stack = stack_of(seen.apply(scanned).voxels)
    usual = dict.fromkeys(measured(), 0.012)
    (finding,) = explain([scored(artifact, severity)], stack=stack, header=header(), metrics=measured(), usual=usual)
    told = set()
    for number in finding.evidence:
        told |= {shown(value) for value in (number.quantity.value, number.limit, number.usual) if value is not None}
    told |= {str(severity), "3"} | {str(index + 1) for index in finding.slices}
    numbers = re.findall(r"\d+(?:\.\d+)?", finding.explanation.replace("–", " "))
    assert set(numbers) <= told
    assert finding.evidence
    assert finding.explanation.endswith(".")
    assert ("Suggest: " in finding.explanation) == (severity > 1)


def test_a_ghost_is_told_with_value_limit_median_slices_direction_and_advice():
    stack = stack_of(anatomy(1).signal.real.astype(np.float32))
    usual = {"mr-iqm-ghost-level-phase": 0.012}
    metrics = {"mr-iqm-ghost-level-phase": measured()["mr-iqm-ghost-level-phase"]}
    (finding,) = explain([scored(ArtifactId.GHOST)], stack=stack, header=header(), metrics=metrics, usual=usual)
    assert finding.explanation == (
        "Motion/ghosting (rather ghosting), severity 2 of 3 (moderate). "
        "Background ghost 9.4 % of signal (limit 5 %, this protocol's median 1.2 %). "
        "Worst images 3–4, phase encoding A–P. "
        "Suggest: swap the phase-encoding direction, add a saturation band or gating, and repeat."
    )
    (number,) = finding.evidence
    assert (number.quantity.value, number.limit, number.usual, number.slice_index) == (9.4, 5.0, 1.2, 2)
    assert finding.slices == (2, 3)


def test_a_text_says_when_no_number_speaks_for_it():
    stack = stack_of(np.ones((SLICES, 32, 32), np.float32))
    (finding,) = explain([scored(ArtifactId.BIAS)], stack=stack, header=header(), metrics={})
    assert "only the network's look" in finding.explanation
    metrics = {"mr-iqm-field-deviation": np.full(SLICES, np.nan)}
    (finding,) = explain([scored(ArtifactId.BIAS)], stack=stack, header=header(), metrics=metrics)
    assert finding.evidence == ()


def told_with(artifact, value, nearest, severity=2):
    """Return the finding of an artifact that was measured in an image without marks."""
    found = Measured(artifact=artifact, value=value, nearest=nearest, slice_index=2)
    stack = stack_of(np.ones((SLICES, 32, 32), np.float32))
    given = [scored(artifact, severity, measured=found)]
    (finding,) = explain(given, stack=stack, header=header(), metrics={})
    return finding


def test_an_artifacts_own_measure_is_told_with_its_limit():
    finding = told_with(ArtifactId.GIBBS, 0.35, 0.34)
    assert "K-space filled to 70 % of its radius (limit 84 %). " in finding.explanation
    assert "Suggest: " in finding.explanation
    (number,) = finding.evidence
    assert (number.quantity.value, number.limit, number.slice_index) == (70.0, 84.0, 2)


def test_a_measure_that_denies_is_told_and_asks_a_reader():
    finding = told_with(ArtifactId.GIBBS, 0.45, 0.44, severity=1)
    assert "Left open: " in finding.explanation
    assert "k-space filled to 90 % of its radius (limit 84 %)" in finding.explanation
    assert finding.explanation.endswith("A reader is to say which is right.")


def test_how_bad_it_is_at_most_is_no_number_of_how_bad_it_is():
    assert told_with(ArtifactId.ZIPPER, 61.0, 73.5).evidence == ()
    (number,) = told_with(ArtifactId.ZIPPER, 1.9, 2.3, severity=1).evidence
    assert number.quantity.value == 1.9


def test_motion_and_ghosting_are_one_finding_and_the_worst_comes_first():
    stack = stack_of(np.ones((SLICES, 32, 32), np.float32))
    given = [
        scored(ArtifactId.MOTION, 2, 0.6),
        scored(ArtifactId.GHOST, 2, 0.8),
        scored(ArtifactId.LOW_SNR, 3, 0.7),
        scored(ArtifactId.GIBBS, 0, 0.1),
    ]
    findings = explain(given, stack=stack, header=header(), metrics={})
    assert [finding.artifact for finding in findings] == ["low-snr", "ghost"]


def test_maps_are_given_for_local_artifacts_only():
    stack, energy = (
        stack_of(np.ones((SLICES, 32, 32), np.float32)),
        EnergyMap(slices=(2,), values=np.ones((1, 4, 4), np.float32)),
    )
    given = [scored(ArtifactId.BIAS, energy=energy), scored(ArtifactId.SPIKE, energy=energy)]
    findings = {finding.artifact: finding for finding in explain(given, stack=stack, header=header(), metrics={})}
    assert findings["bias"].energy is energy
    assert findings["spike"].energy is None


def test_the_worst_slices_are_few_and_bad():
    assert worst_slices(np.array([0.1, 0.9, 0.5, 0.3, 0.2, 0.1])) == (1, 2)
    assert worst_slices(np.array([0.1, 0.9, 0.4, 0.3, 0.2, 0.1])) == (1,)
    assert worst_slices(np.zeros(5)) == ()


def test_places_are_named_as_a_viewer_does():
    stack = stack_of(np.ones((9, 8, 8), np.float32))
    assert places_text(stack.slices, (3, 1, 2, 7)) == "images 2–4, 8"
    assert places_text(stack.slices, (4,)) == "image 5"
    assert places_text(stack.slices, ()) == ""
    frames = tuple(replace(ref, frame_number=10 + k) for k, ref in enumerate(stack.slices))
    assert places_text(frames, (0, 1)) == "frames 10–11"
    unnamed = tuple(replace(ref, instance_number=None) for ref in stack.slices)
    assert places_text(unnamed, (0, 2)) == "slices 1, 3"


def test_deleting_fills_what_the_map_points_at_from_around():
    voxels = np.full((3, 64, 64), 10.0, np.float32)
    voxels[1, 16:24, 16:24] = 500.0
    values = np.zeros((1, 16, 16), np.float32)
    values[0, 3:7, 3:7] = 1.0
    filled = deletion(voxels, EnergyMap(slices=(1,), values=values))
    assert filled[1].max() < 60
    np.testing.assert_array_equal(filled[0], voxels[0])
    np.testing.assert_array_equal(filled[1, 40:], voxels[1, 40:])
