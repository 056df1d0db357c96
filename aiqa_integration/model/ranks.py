"""Medians and percentiles of finite values.

numpy's own ask for several ranks at once, so that NaN are found too, and take up to seven times as long.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]


def median(values: Values | Sequence[float]) -> float:
    """Return the median of all values."""
    return percentile(values, 50.0)


def percentile(values: Values | Sequence[float], percent: float) -> float:
    """Return a percentile of all values, linear between two."""
    flat = np.asarray(values).reshape(-1)
    at = percent / 100.0 * (flat.size - 1)
    rank = int(at)
    parted = np.partition(flat, rank)
    near = float(parted[rank])
    return near if at == rank else near + (float(parted[rank + 1 :].min()) - near) * (at - rank)


def median_along(values: Values, axis: int = -1) -> Values:
    """Return the medians along an axis."""
    return percentile_along(values, 50.0, axis)


def percentile_along(values: Values, percent: float, axis: int = -1) -> Values:
    """Return a percentile along an axis, linear between two values."""
    ordered = np.sort(values, axis=axis)
    at = percent / 100.0 * (values.shape[axis] - 1)
    rank = int(at)
    near = ordered.take(rank, axis=axis)
    return np.asarray(near if at == rank else near + (ordered.take(rank + 1, axis=axis) - near) * (at - rank))
