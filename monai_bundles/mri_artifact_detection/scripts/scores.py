"""Figures of merit: area under the curve, calibration error, likeness of maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]


def auc(truth: Flags, score: Floats) -> float:
    """Return the area under the ROC curve; NaN where one side is empty."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def calibration_error(truth: Flags, probability: Floats, bins: int = 10) -> float:
    """Return the expected calibration error over equal bins of probability."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [
        abs(float(truth[place == k].mean()) - float(probability[place == k].mean())) * float((place == k).mean())
        for k in range(bins)
        if (place == k).any()
    ]
    return float(sum(gaps))


def likeness(one: Floats, other: Floats) -> float:
    """Return the correlation of two maps; 0 where one of them is even."""
    first, second = one.astype(float).ravel(), other.astype(float).ravel()
    first, second = first - first.mean(), second - second.mean()
    size = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / size if size else 0.0
