"""Calibration from answers: what simulated reviewers teach, and that no alert is trusted without proof."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from aiqa_integration.artifact_detection.audit_sample import AUDIT_SHARE, in_audit_sample
from aiqa_integration.artifact_detection.recalibration import (
    LEAST_PPV,
    LEAST_REVIEWED,
    Answer,
    ppv_lower_bound,
    recalibrated,
    sensitivity,
)
from aiqa_integration.artifact_detection.states import TRANSITIONS, CalibrationEvent, next_state
from aiqa_integration.model.calibration import UNCALIBRATED, ArtifactCalibration


def _answers(count: int, *, offset: float, slope: float = 1.0, spread: float = 3.0, seed: int = 1) -> list[Answer]:
    """Return answers of a scanner on which the bundle's logit is off by ``offset``."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, spread, count)
    present = rng.random(count) < expit(slope * logits + offset)
    return [Answer(raw=float(expit(at)), present=bool(truth)) for at, truth in zip(logits, present, strict=True)]


def test_too_few_answers_change_only_the_counts() -> None:
    answers = _answers(LEAST_REVIEWED - 1, offset=0.0)
    found = recalibrated(answers, UNCALIBRATED)
    assert found == replace(UNCALIBRATED, reviewed=len(answers), positives=sum(a.present for a in answers))
    assert found.state == "uncalibrated"


def test_too_few_positives_do_not_activate() -> None:
    answers = [Answer(raw=0.9, present=index < 9) for index in range(200)]
    assert recalibrated(answers, UNCALIBRATED).state == "uncalibrated"


def test_a_scanners_own_offset_is_learnt() -> None:
    found = recalibrated(_answers(2000, offset=-2.0), UNCALIBRATED)
    assert found.intercept == pytest.approx(-2.0, abs=0.25)
    assert found.slope == pytest.approx(1.0, abs=0.12)
    assert found.probability(0.5) == pytest.approx(float(expit(-2.0)), abs=0.04)


def test_good_answers_activate_and_raise_the_revision() -> None:
    found = recalibrated(_answers(300, offset=0.0), UNCALIBRATED)
    assert found.state == "active"
    assert found.ppv_low is not None
    assert found.ppv_low >= LEAST_PPV
    assert found.revision == 1


def test_alerts_that_are_wrong_suspend_what_was_active() -> None:
    rng = np.random.default_rng(3)
    chance = [Answer(raw=float(rng.uniform(0.5, 1.0)), present=bool(rng.random() < 0.3)) for _ in range(300)]
    active = ArtifactCalibration(state="active", revision=4)
    found = recalibrated(chance, active)
    assert found.state == "suspended"
    assert found.revision == 5


def test_the_lower_bound_holds_the_truth_in_95_of_100_cases() -> None:
    rng = np.random.default_rng(8)
    held = [ppv_lower_bound(right, 60 - right) <= 0.6 for right in rng.binomial(60, 0.6, 4000)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.025)
    assert ppv_lower_bound(0, 10) == 0.0


def test_a_scanner_without_skill_is_hardly_ever_activated() -> None:
    """Answers that have nothing to do with the score, 30 % present: PPV is 0.3 at best, so activation is an error."""
    activated = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        answers = [Answer(raw=float(expit(rng.normal(0, 3))), present=bool(rng.random() < 0.3)) for _ in range(80)]
        activated += recalibrated(answers, UNCALIBRATED).state == "active"
    assert activated <= 2


def test_missed_cases_of_the_audit_sample_weigh_as_many_as_they_stand_for() -> None:
    flagged = [Answer(raw=0.9, present=True)] * 50
    missed = [Answer(raw=0.1, present=True, audit=True)]
    assert sensitivity(flagged + missed, UNCALIBRATED) == pytest.approx(50 / (50 + 1 / AUDIT_SHARE))
    assert sensitivity([], UNCALIBRATED) is None


def test_probabilities_never_leave_the_unit_interval() -> None:
    steep = ArtifactCalibration(slope=5.0, intercept=3.0)
    assert 0.0 < steep.probability(0.0) < steep.probability(0.5) < steep.probability(1.0) <= 1.0


def test_suspended_never_resumes_by_itself() -> None:
    assert next_state("suspended", CalibrationEvent.PROVED) == "suspended"
    assert next_state("suspended", CalibrationEvent.RESUMED_BY_PERSON) == "uncalibrated"
    assert "active" not in {to for (state, _), to in TRANSITIONS.items() if state == "suspended"}


def test_an_event_that_a_state_does_not_know_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not know"):
        next_state("active", CalibrationEvent.RESUMED_BY_PERSON)


def test_the_audit_sample_is_two_in_a_hundred_and_stable() -> None:
    uids = [f"1.2.840.{number}" for number in range(20_000)]
    chosen = [uid for uid in uids if in_audit_sample(uid)]
    assert len(chosen) / len(uids) == pytest.approx(AUDIT_SHARE, abs=0.004)
    assert all(in_audit_sample(uid) for uid in chosen)
