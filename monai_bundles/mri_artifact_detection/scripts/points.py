"""Operating points: the probabilities below which an artifact is absent, and from which it is said to limit reading."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from aiqa_integration.artifact_detection.pool import CLASSES
from aiqa_integration.model.artifact import ArtifactId
from scripts.dataset import UNKNOWN
from scripts.scores import Floats

Said = tuple[Floats, NDArray[np.int8]]
"""What is said of stacks (probability, or of one class its log odds), and the severities."""

MOST_CALLED, MOST_MINOR, MOST_OTHER = 0.005, 0.04, 0.05
"""Shares of clean stacks, of those with a minor artifact and of those with other artifacts that may be called: the
first two below the limits of 1 % and 5 %, since real series differ from drawn ones."""
MOST_MISSED = 0.05
MARGINS = tuple(k / 4 for k in range(17))
MOST_MINOR_ELSEWHERE = 0.05
GUARD, FEWEST, ALONE = 0.25, 3, 1.5
"""Log odds added to the margin that heads ask of each other; how many heads ask at least; the margin of fewer."""
CLEAN = -2
"""Stands for the severity 0 of a class in a stack that has no artifact at all."""


def operating_points(
    drawn: Said, heads: Sequence[Said], artifacts: Sequence[ArtifactId] = CLASSES
) -> dict[str, tuple[float, float]]:
    """Return by class of those given the probabilities below which it is absent and from which it limits reading.

    From drawn stacks and those of real heads: the strictest decides, raised by a margin of the class's own.
    """
    points = {}
    for place, artifact in enumerate(CLASSES):
        if artifact not in artifacts:
            continue
        told = [_of_class(one, place) for one in (drawn, *heads)]
        if not all(any(known(level).any() for _, level in told) for known in (_none, _minor, _limiting)):
            continue
        high = max(map(_bound, told)) + margin(told[0], told[1:])
        missed = np.concatenate([one[_limiting(level)] for one, level in told])
        low = min(float(np.quantile(missed, MOST_MISSED)), high)
        points[str(artifact)] = (round(float(expit(low)), 3), round(float(expit(high)), 3))
    return points


def margin(drawn: Said, heads: Sequence[Said]) -> float:
    """Return what is added to the log odds from which a class is said, for heads that are none of these.

    The least of ``MARGINS`` with which, over heads whose own stacks set no limit, no more clean ones are called than
    ``MOST_CALLED`` and no more minor ones than ``MOST_MINOR_ELSEWHERE``; and ``GUARD`` more. Of few heads ``ALONE``.
    """
    telling = [head for head in heads if (head[1] != UNKNOWN).any()]
    if len(telling) < FEWEST:
        return ALONE
    bounds = [_bound(head) for head in telling]
    for raised in MARGINS:
        clean, minor = [], []
        for place, (said, level) in enumerate(telling):
            limit = max(_bound(drawn), *(bound for other, bound in enumerate(bounds) if other != place)) + raised
            clean.append(float((said[_clean(level)] >= limit).mean()) if _clean(level).any() else 0.0)
            minor.extend(said[_minor(level)] >= limit)
        if np.mean(clean) <= MOST_CALLED and (not minor or np.mean(minor) <= MOST_MINOR_ELSEWHERE):
            break
    return raised + GUARD


def _of_class(one: Said, place: int) -> Said:
    """Return the log odds of a class and its severities; CLEAN where the stack has no artifact at all."""
    said, level = one
    known = np.where((level <= 0).all(axis=1) & (level[:, place] == 0), CLEAN, level[:, place])
    return logit(np.clip(said[:, place], 1e-6, 1 - 1e-6)), known


def _bound(one: Said) -> float:
    """Return the log odds that no more than the allowed parts of clean, minor and otherwise disturbed stacks reach."""
    said, level = one
    parts = ((_clean, MOST_CALLED, 1), (_minor, MOST_MINOR, 5), (_other, MOST_OTHER, 1))
    found = [np.quantile(said[which(level)], 1 - most) for which, most, few in parts if which(level).sum() >= few]
    return float(max(found, default=-np.inf))


def _clean(level: NDArray[np.int8]) -> NDArray[np.bool_]:
    return level == CLEAN


def _other(level: NDArray[np.int8]) -> NDArray[np.bool_]:
    return level == 0


def _none(level: NDArray[np.int8]) -> NDArray[np.bool_]:
    return (level == 0) | (level == CLEAN)


def _minor(level: NDArray[np.int8]) -> NDArray[np.bool_]:
    return level == 1


def _limiting(level: NDArray[np.int8]) -> NDArray[np.bool_]:
    return level >= 2
