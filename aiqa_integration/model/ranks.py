"""Medians and percentiles of finite values, at least one.

numpy's own ask for several ranks at once, so that NaN are found too, and take up to seven times as long.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]] | NDArray[np.integer[Any]] | Sequence[float]
_Float = TypeVar("_Float", np.float32, np.float64)


def median(values: Values) -> float:
    """Return the median of all values."""
    return percentile(values, 50.0)


def percentile(values: Values, percent: float) -> float:
    """Return a percentile of all values, linear between two."""
    flat = np.asarray(values).reshape(-1)
    at = percent / 100.0 * (flat.size - 1)
    rank = int(at)
    parted = np.partition(flat, rank)
    near = float(parted[rank])
    return near if at == rank else near + (float(parted[rank + 1 :].min()) - near) * (at - rank)


def median_along(values: NDArray[_Float], axis: int = -1) -> NDArray[_Float]:
    """Return the medians along an axis."""
    return percentile_along(values, 50.0, axis)


def percentile_along(values: NDArray[_Float], percent: float, axis: int = -1) -> NDArray[_Float]:
    """Return a percentile along an axis, linear between two values."""
    ordered = np.sort(values, axis=axis)
    at = percent / 100.0 * (values.shape[axis] - 1)
    rank = int(at)
    near = ordered.take(rank, axis=axis)
    found = near if at == rank else near + (ordered.take(rank + 1, axis=axis) - near) * (at - rank)
    return np.asarray(found, values.dtype)
