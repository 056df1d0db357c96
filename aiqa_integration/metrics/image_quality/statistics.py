"""Order statistics of small arrays, by selection instead of sorting: a slice needs dozens of them."""

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.ranks import median

Floats = NDArray[np.float64]


def mean_of(values: NDArray[np.generic]) -> float:
    """Return the mean of all values (at least one)."""
    return float(np.add.reduce(values, axis=None)) / values.size


def deviation_of(values: NDArray[np.float32] | Floats) -> float:
    """Return the standard deviation of all values (at least one)."""
    rest = values - values.dtype.type(mean_of(values))
    return float(np.sqrt(mean_of(rest * rest)))


def quantile(values: Floats | NDArray[np.float32], part: float) -> float:
    """Return the value that ``part`` of the values (none of them empty) lie below, without interpolation."""
    place = round(part * (values.size - 1))
    return float(np.partition(values, place)[place])


def robust_deviation(values: Floats) -> float:
    """Return the standard deviation as the median departure from the median tells it, for a normal distribution."""
    return 1.4826 * median(np.abs(values - median(values)))


def running_median(values: Floats, width: int) -> Floats:
    """Return the median of the ``width`` (odd) values around each, the ends going on as they are."""
    half = width // 2
    padded = np.concatenate([np.full(half, values[0]), values, np.full(half, values[-1])])
    windows = np.stack([padded[start : start + values.size] for start in range(width)], axis=1)
    return np.asarray(np.partition(windows, half, axis=1)[:, half], np.float64)


def correlation(one: Floats, other: Floats) -> float:
    """Return Pearson's correlation; 0 where one of the two does not change."""
    first, second = one - one.mean(), other - other.mean()
    size = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / size if size > 1e-9 * one.size else 0.0
