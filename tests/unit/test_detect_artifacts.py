"""From scores to what is said of them: the scanner's calibration, the class's band, the record that is kept."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from aiqa_integration.artifact_detection import ARTIFACT_BUNDLE
from aiqa_integration.artifact_detection.gate import BANDS, MOST_UNLIKE
from aiqa_integration.artifact_detection.pool import CLASSES
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import ArtifactCalibration
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.pipeline.analyst import Analyst, Stopwatch
from aiqa_integration.pipeline.detect_artifacts import detect_artifacts
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.recognition import CLASSES as KINDS_SEEN
from aiqa_integration.rules.schema import default_rules
from tests.drawn_phantom import header, images, pose

ACTIVE = ArtifactCalibration(state="active")
FITTED = ArtifactCalibration(state="active", threshold=0.5, reviewed=60, positives=20, ppv_low=0.6, revision=3)
SLICES = 5


class StandIn:
    """A network that sees a patient with one artifact of a given probability."""

    def __init__(self, artifact, limiting):
        self._severity = np.full((SLICES, len(CLASSES), 3), 0.01, np.float32)
        self._severity[:, CLASSES.index(artifact)] = (max(limiting, 0.9), limiting, limiting / 2)

    def run(self, name, inputs):
        if name != ARTIFACT_BUNDLE:
            seen = np.full((len(inputs["image"]), len(KINDS_SEEN)), 1e-6, np.float32)
            seen[:, KINDS_SEEN.index(("patient", "any"))] = 1.0
            return {"class": seen, "logit": np.log(seen) + 9.0}
        return {
            "severity": self._severity.reshape(SLICES, -1),
            "dropped": np.full((SLICES, 3), 0.01, np.float32),
            "energy": np.zeros((SLICES, len(CLASSES), 24, 24), np.float32),
            "assessable": np.ones((SLICES, 1), np.float32),
            "unlike": np.full((SLICES, 1), MOST_UNLIKE / 2, np.float32),
        }

    def version(self, name):
        return BundleVersion(name=name, version="1", weights_sha256="0" * 64)


def detected(artifact, probability, calibration=None, voxels=None, **stated):
    """What is detected in a series whose network says ``probability``; of no air where no ``voxels`` are given.

    ``stated`` is what the header says besides.
    """
    given = np.random.default_rng(1).uniform(0, 9, (SLICES, 64, 64)) if voxels is None else voxels
    stack = images(dict(enumerate(given)), pose_=pose(matrix=given.shape[-1])).stack
    series = LoadedSeries(
        header=replace(header(), keywords={"ScanningSequence": ("SE",)}, **stated), stack=stack, files=(), left_out=()
    )
    known = {} if calibration is None else {artifact: calibration}
    analyst = Analyst(
        inferencer=StandIn(artifact, probability),
        rules=default_rules(),
        limit_sets=(),
        clock=SimpleNamespace(now=lambda: datetime(2026, 3, 4, tzinfo=UTC)),
        software_version="0",
        record=SimpleNamespace(calibrations=lambda *_: known, usual=lambda *_: {}),
    )
    return detect_artifacts(series, analyst, Stopwatch())


def judged(found, artifact):
    return next(j for j in found.judgements if j.measurement.metric.id == f"mr-artifact-{artifact.value}")


def severity(found, artifact):
    return max((finding.severity for finding in found.findings if finding.artifact == artifact), default=0)


@pytest.mark.parametrize("artifact", [ArtifactId.MOTION, ArtifactId.WRAP, ArtifactId.BIAS])
def test_an_adopted_calibration_alerts_from_the_classs_own_limit_on(artifact):
    high = BANDS[artifact].high
    found = detected(artifact, high + 0.01, ACTIVE)
    assert judged(found, artifact).limits.tolerance_high == high
    assert judged(found, artifact).verdict is Verdict.TOLERANCE
    assert severity(found, artifact) == 2
    below = detected(artifact, high - 0.01, ACTIVE)
    assert judged(below, artifact).verdict in {Verdict.NOT_ASSESSED, Verdict.PASS}
    assert severity(below, artifact) < 2


TOLD = [one for one in ArtifactId if one not in {ArtifactId.FAT_SAT_FAILURE, ArtifactId.SLICE_DROPOUT}]
"""What can be told in this series, slice by slice."""


@pytest.mark.parametrize("artifact", TOLD)
def test_an_adopted_calibration_calls_absent_what_lies_below_the_classs_band(artifact):
    found = detected(artifact, max(BANDS[artifact].low - 0.01, 0.0), ACTIVE)
    assert judged(found, artifact).verdict is Verdict.PASS


@pytest.mark.parametrize("artifact", TOLD)
def test_a_minor_artifact_is_reported_and_alerts_nobody(artifact):
    found = detected(artifact, max(BANDS[artifact].low - 0.01, 0.0), ACTIVE)
    assert severity(found, artifact) == 1
    assert not any(finding.alerts for finding in found.findings)


def test_what_the_scanners_reviewers_know_to_be_no_artifact_is_not_even_minor():
    known_better = replace(FITTED, intercept=-12.0)
    found = detected(ArtifactId.MOTION, 0.99, known_better)
    assert judged(found, ArtifactId.MOTION).verdict is Verdict.PASS
    assert severity(found, ArtifactId.MOTION) == 0


def test_a_fitted_calibration_alerts_from_its_own_threshold_on_and_leaves_open_below_it():
    fitted = replace(FITTED, intercept=-1.0)
    at_threshold = 1 / (1 + np.exp(-1.0))
    found = detected(ArtifactId.MOTION, at_threshold + 0.02, fitted)
    assert judged(found, ArtifactId.MOTION).limits.tolerance_high == 0.5
    assert judged(found, ArtifactId.MOTION).verdict is Verdict.TOLERANCE
    open_ = detected(ArtifactId.MOTION, at_threshold - 0.02, fitted)
    assert judged(open_, ArtifactId.MOTION).verdict is Verdict.NOT_ASSESSED
    assert judged(open_, ArtifactId.MOTION).note.endswith("present from 0.5")
    assert judged(detected(ArtifactId.MOTION, 0.001, fitted), ArtifactId.MOTION).verdict is Verdict.PASS


def test_what_is_not_calibrated_is_not_judged_and_the_distance_is_kept_over_its_limit():
    found = detected(ArtifactId.MOTION, 0.99)
    assert judged(found, ArtifactId.MOTION).verdict is Verdict.NOT_ASSESSED
    assert judged(found, ArtifactId.MOTION).limits is None
    assert found.screening.distance == pytest.approx(0.5)
    assert found.screening.raw[ArtifactId.MOTION] == pytest.approx(0.99)


def disc_with_line(level):
    """Return a disc in noise of 1 with an interference line, so many times the background's spread, in every slice."""
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    rng = np.random.default_rng(4)
    noise, tone = rng.normal(size=(2, SLICES, 128, 128)), rng.normal(size=(2, SLICES, 128))
    lines = np.zeros((SLICES, 128, 128), complex)
    lines[:, :, 20] = (tone[0] + 1j * tone[1]) * level * 0.655 / np.hypot(*tone).mean()
    return np.abs(60.0 * (np.hypot(y, x) < 0.6) + noise[0] + 1j * noise[1] + lines)


@pytest.mark.parametrize("calibration", [ACTIVE, FITTED])
def test_a_line_that_is_faint_by_its_measure_is_left_open_with_its_number(calibration):
    found = detected(ArtifactId.ZIPPER, 0.83, calibration, disc_with_line(1.8))
    judgement = judged(found, ArtifactId.ZIPPER)
    assert judgement.verdict is Verdict.NOT_ASSESSED
    assert "the network says 0.83" in judgement.note
    (finding,) = (finding for finding in found.findings if finding.artifact == ArtifactId.ZIPPER)
    assert finding.severity == 1
    assert not finding.alerts
    number = finding.evidence[0]
    assert 1.4 < number.quantity.value < 2.5
    assert number.limit == 3.0
    assert (
        f"brightest line in the air {number.quantity.value:g} times the background's spread (limit 3)" in judgement.note
    )
    assert "by its own measure it does not: brightest line in the air" in finding.explanation
    assert "A reader is to say which is right." in finding.explanation


def test_a_line_that_is_bright_by_its_measure_alerts():
    found = detected(ArtifactId.ZIPPER, 0.83, ACTIVE, disc_with_line(6.0))
    assert judged(found, ArtifactId.ZIPPER).verdict is Verdict.TOLERANCE
    assert severity(found, ArtifactId.ZIPPER) == 2
    assert any(finding.alerts for finding in found.findings)


def test_where_nothing_can_be_measured_the_networks_word_stands():
    found = detected(ArtifactId.ZIPPER, 0.83, ACTIVE)
    assert judged(found, ArtifactId.ZIPPER).verdict is Verdict.TOLERANCE
    assert severity(found, ArtifactId.ZIPPER) == 2


@pytest.mark.parametrize(("bandwidth", "verdict"), [(651.0, Verdict.NOT_ASSESSED), (62.0, Verdict.TOLERANCE)])
def test_a_chemical_shift_that_the_header_rules_out_is_left_open(bandwidth, verdict):
    stated = {"centre_frequency_mhz": 63.87, "read_bandwidth_hz_per_pixel": bandwidth, "acquired_read_pixels": 64}
    found = detected(ArtifactId.CHEMICAL_SHIFT, 0.9, ACTIVE, phase_encoding="ROW", **stated)
    assert judged(found, ArtifactId.CHEMICAL_SHIFT).verdict is verdict
    (finding,) = (finding for finding in found.findings if finding.artifact == ArtifactId.CHEMICAL_SHIFT)
    assert finding.evidence[0].quantity.value == pytest.approx(3.4 * 63.87 / bandwidth, abs=0.05)
    assert "by the header fat is shifted by" in finding.explanation.lower()
