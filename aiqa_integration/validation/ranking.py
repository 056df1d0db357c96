"""How well scores tell series with an artifact from those without: ROC curve, area, interval, confusion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]

RESAMPLES = 2000
_SEED = 20260101
_NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts at a threshold."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @property
    def sensitivity(self) -> Interval | None:
        """Share of the present ones that were flagged; None where none was present."""
        return share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> Interval | None:
        """Share of the absent ones that were not flagged; None where none was absent."""
        return share(self.true_negative, self.true_negative + self.false_positive)

    @property
    def predictive_value(self) -> Interval | None:
        """Share of the flagged ones that were present; None where none was flagged."""
        return share(self.true_positive, self.true_positive + self.false_positive)


def roc_auc(scores: Scores, present: Flags) -> float | None:
    """Return the probability that a present one scores higher than an absent one, ties counting half.

    None where one of the two is missing. Source: Hanley and McNeil, Radiology 1982;143:29 (the Mann-Whitney statistic).
    """
    positives, negatives = int(present.sum()), int((~present).sum())
    if positives == 0 or negatives == 0:
        return None
    ranks = float(rankdata(scores)[present].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def auc_interval(scores: Scores, present: Flags) -> Interval | None:
    """Return the area with its bootstrap interval, drawing series with replacement; None where undefined.

    Source: Efron, Ann Stat 1979;7:1; percentiles 2.5 and 97.5 of 2 000 draws (those that
    miss one of the two are not counted).
    """
    area = roc_auc(scores, present)
    if area is None:
        return None
    rng = np.random.default_rng(_SEED)
    draws = (rng.integers(0, scores.size, scores.size) for _ in range(RESAMPLES))
    areas = [found for drawn in draws if (found := roc_auc(scores[drawn], present[drawn])) is not None]
    low, high = np.percentile(areas, [2.5, 97.5]) if areas else (0.0, 1.0)
    return Interval(value=area, low=float(low), high=float(high))


def roc_curve(scores: Scores, present: Flags) -> tuple[tuple[float, float], ...]:
    """Return the corners (false positive rate, true positive rate) from (0, 0) to (1, 1), one a distinct score."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    true = np.cumsum(present[order])[last] / max(int(present.sum()), 1)
    false = np.cumsum(~present[order])[last] / max(int((~present).sum()), 1)
    return ((0.0, 0.0), *zip(false.tolist(), true.tolist(), strict=True))


def confusion(flagged: Flags, present: Flags) -> Confusion:
    """Return the counts of flagged against present."""
    return Confusion(
        true_positive=int((flagged & present).sum()),
        false_positive=int((flagged & ~present).sum()),
        false_negative=int((~flagged & present).sum()),
        true_negative=int((~flagged & ~present).sum()),
    )


def share(hits: int, of: int) -> Interval | None:
    """Return a share with Wilson's interval, None of nothing. Source: Wilson, J Am Stat Assoc 1927;22:209."""
    if of == 0:
        return None
    part, square = hits / of, _NORMAL_95**2
    middle = (part + square / (2 * of)) / (1 + square / of)
    half = _NORMAL_95 / (1 + square / of) * float(np.sqrt(part * (1 - part) / of + square / (4 * of**2)))
    return Interval(value=part, low=max(middle - half, 0.0), high=min(middle + half, 1.0))
