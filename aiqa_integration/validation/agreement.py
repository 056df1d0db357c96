"""How measured numbers agree with labelled ones.

Source: Bland and Altman, Lancet 1986;327:307.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

_WIDTH = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A measured number beside its label; ``uncertainty`` is the measurement's own (k = 2), None where not stated."""

    line: int
    measured: float
    labelled: float
    uncertainty: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Mean difference (measured - labelled) with its 95 % interval, limits of agreement, and what the limits hold.

    The interval and the limits are None with a single pair. ``within_uncertainty`` is the share of the pairs whose
    label lies within the stated uncertainty, None where none is stated.
    """

    pairs: tuple[Pair, ...]
    bias: float
    bias_interval: tuple[float, float] | None
    limits: tuple[float, float] | None
    root_mean_square: float
    within_uncertainty: float | None


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """Return how at least one pair agrees."""
    differences = np.array([pair.measured - pair.labelled for pair in pairs])
    bias, interval, limits = float(differences.mean()), None, None
    if differences.size > 1:
        deviation = float(differences.std(ddof=1))
        half = float(t.ppf(0.975, differences.size - 1)) * deviation / float(np.sqrt(differences.size))
        interval = (bias - half, bias + half)
        limits = (bias - _WIDTH * deviation, bias + _WIDTH * deviation)
    stated = [abs(p.measured - p.labelled) <= p.uncertainty for p in pairs if p.uncertainty is not None]
    return Agreement(
        pairs=tuple(pairs),
        bias=bias,
        bias_interval=interval,
        limits=limits,
        root_mean_square=float(np.sqrt(np.mean(differences**2))),
        within_uncertainty=float(np.mean(stated)) if stated else None,
    )
