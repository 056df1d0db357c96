"""From reviewers' answers to a calibration: probabilities that hold on this scanner, and proof that alerts are right.

Platt scaling of the bundle's logit with a strong prior (the bundle's own slope is kept unless many answers speak
against it, the offset is the scanner's own), fitted as a maximum a posteriori by Newton's method. Answers of the random
audit sample stand for all the series that were not flagged, so they weigh one over the sampling share. The share of
right alerts (positive predictive value) is bounded from below by the beta distribution of flagged cases, each judged by
a fit that had not seen it.

Source: J. Platt, Advances in Large Margin Classifiers (1999) 61; L. Brown, T. Cai and A. DasGupta, Statistical Science
16 (2001) 101 (Jeffreys' interval).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import beta

from aiqa_integration.artifact_detection.audit_sample import AUDIT_SHARE
from aiqa_integration.artifact_detection.states import CalibrationEvent, next_state
from aiqa_integration.model.calibration import ArtifactCalibration

FloatArray = NDArray[np.float64]

LEAST_REVIEWED = 50
LEAST_POSITIVES = 10
LEAST_PPV = 0.5
ONE_SIDED_CONFIDENCE = 0.95
ALERT_PROBABILITY = 0.5
"""An alert is to be right more often than wrong: the threshold of the calibrated probability."""
_SLOPE_SPREAD = 0.3
_INTERCEPT_SPREAD = 1.5
_FOLDS = 5
_NEWTON_STEPS = 50
_LEAST_RAW = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reviewer's answer to one series: the bundle's raw probability, whether the artifact is at least moderate.

    ``audit`` is set where the series was looked at as part of the random sample, not because it was flagged.
    """

    raw: float
    present: bool
    audit: bool = False


def recalibrated(answers: Sequence[Answer], current: ArtifactCalibration) -> ArtifactCalibration:
    """Return the calibration that answers, oldest first, speak for; with too few of them only the counts change.

    The state follows ``states.TRANSITIONS``: proved where the lower bound of the share of right alerts reaches
    ``LEAST_PPV``, failed where it does not.
    """
    positives = sum(answer.present for answer in answers)
    counted = replace(current, reviewed=len(answers), positives=positives)
    if len(answers) < LEAST_REVIEWED or positives < LEAST_POSITIVES:
        return counted
    logits, present, weights = _arrays(answers)
    slope, intercept = _platt(logits, present, weights)
    held_out = _held_out(logits, present, weights)
    flagged = held_out >= ALERT_PROBABILITY
    right = int(present[flagged].sum())
    ppv_low = ppv_lower_bound(right, int(flagged.sum()) - right)
    event = CalibrationEvent.PROVED if ppv_low >= LEAST_PPV else CalibrationEvent.FAILED
    return replace(
        counted,
        state=next_state(current.state, event),
        slope=round(slope, 6),
        intercept=round(intercept, 6),
        threshold=ALERT_PROBABILITY,
        ppv_low=round(ppv_low, 4),
        revision=current.revision + 1,
    )


def ppv_lower_bound(right: int, wrong: int) -> float:
    """Return the one-sided 95 % lower bound of the share of right alerts (Jeffreys' prior); 0 where there was none."""
    if right == 0:
        return 0.0
    return float(beta.ppf(1.0 - ONE_SIDED_CONFIDENCE, right + 0.5, wrong + 0.5))


def sensitivity(answers: Sequence[Answer], calibration: ArtifactCalibration) -> float | None:
    """Return the estimated share of present artifacts that are flagged; None where none was seen.

    Unflagged ones are known from the audit sample only: each stands for one over the sampling share.
    """
    found = sum(1.0 for a in answers if a.present and calibration.probability(a.raw) >= calibration.threshold)
    missed = sum(_weight(a) for a in answers if a.present and calibration.probability(a.raw) < calibration.threshold)
    return found / (found + missed) if found + missed else None


def _weight(answer: Answer) -> float:
    return 1.0 / AUDIT_SHARE if answer.audit else 1.0


def _arrays(answers: Sequence[Answer]) -> tuple[FloatArray, NDArray[np.bool_], FloatArray]:
    """Return logits, answers and weights; the weights add up to the number of answers."""
    raw = np.clip([answer.raw for answer in answers], _LEAST_RAW, 1.0 - _LEAST_RAW)
    weights = np.array([_weight(answer) for answer in answers])
    return logit(raw), np.array([answer.present for answer in answers]), weights * len(weights) / weights.sum()


def _platt(logits: FloatArray, present: NDArray[np.bool_], weights: FloatArray) -> tuple[float, float]:
    """Return slope and intercept at the maximum of likelihood times prior."""
    design = np.stack([logits, np.ones_like(logits)], axis=1)
    precision = np.diag([_SLOPE_SPREAD**-2.0, _INTERCEPT_SPREAD**-2.0])
    prior, found = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(_NEWTON_STEPS):
        given = expit(design @ found)
        gradient = design.T @ (weights * (present - given)) - precision @ (found - prior)
        curvature = (design * (weights * given * (1.0 - given))[:, None]).T @ design + precision
        step = np.linalg.solve(curvature, gradient)
        found = found + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-9:
            break
    return float(found[0]), float(found[1])


def _held_out(logits: FloatArray, present: NDArray[np.bool_], weights: FloatArray) -> FloatArray:
    """Return the probability of each case by a fit to the other folds; cases are dealt out in turn."""
    folds = np.arange(len(logits)) % _FOLDS
    given = np.empty_like(logits)
    for fold in range(_FOLDS):
        rest = folds != fold
        slope, intercept = _platt(logits[rest], present[rest], weights[rest])
        given[~rest] = expit(slope * logits[~rest] + intercept)
    return given
