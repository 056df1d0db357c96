"""Has what a scanner sends, or what is found in it, changed? Tests that hold for small windows.

Values by the two-sample Kolmogorov-Smirnov test, shares (how many series were flagged) by the pooled z test of two
proportions; over all that is watched the false discovery rate is held by Benjamini and Hochberg's procedure. The
population stability index is not used: below some 250 values it raises false alarms more often than not. Drift of
inputs is no loss of performance: it opens a review and changes nothing by itself.

Source: Y. Benjamini and Y. Hochberg, J R Stat Soc B 57 (1995) 289.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from scipy.stats import ks_2samp, norm

FALSE_DISCOVERY_RATE = 1e-3
LEAST_REFERENCE = 50
LEAST_RECENT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A change: of what, by which test, its p value, and the middle (or share) before and now."""

    name: str
    test: Literal["kolmogorov-smirnov", "two-proportions"]
    p_value: float
    before: float
    now: float


def value_drift(name: str, reference: Sequence[float], recent: Sequence[float]) -> Drift | None:
    """Return how far recent values differ from the reference; None where there are too few of either."""
    if len(reference) < LEAST_REFERENCE or len(recent) < LEAST_RECENT:
        return None
    return Drift(
        name=name,
        test="kolmogorov-smirnov",
        p_value=float(ks_2samp(reference, recent).pvalue),
        before=float(np.median(reference)),
        now=float(np.median(recent)),
    )


def share_drift(name: str, reference: tuple[int, int], recent: tuple[int, int]) -> Drift | None:
    """Return how far a share (cases, of how many) differs from the reference; None where there are too few."""
    (cases_before, all_before), (cases_now, all_now) = reference, recent
    if all_before < LEAST_REFERENCE or all_now < LEAST_RECENT:
        return None
    before, now = cases_before / all_before, cases_now / all_now
    pooled = (cases_before + cases_now) / (all_before + all_now)
    spread = sqrt(pooled * (1.0 - pooled) * (1.0 / all_before + 1.0 / all_now))
    p_value = 2.0 * float(norm.sf(abs(now - before) / spread)) if spread > 0 else 1.0
    return Drift(name=name, test="two-proportions", p_value=p_value, before=before, now=now)


def significant(found: Sequence[Drift | None], rate: float = FALSE_DISCOVERY_RATE) -> tuple[Drift, ...]:
    """Return the changes that hold at a false discovery rate, the surest first."""
    tested = sorted((drift for drift in found if drift is not None), key=lambda drift: drift.p_value)
    passed = [place for place, drift in enumerate(tested, 1) if drift.p_value <= rate * place / len(tested)]
    return tuple(tested[: max(passed, default=0)])


def value_drifts(
    reference: Sequence[Mapping[str, float]], recent: Sequence[Mapping[str, float]]
) -> tuple[Drift | None, ...]:
    """Return how far each named value of series differs between two groups of them; ``significant`` says which count.

    Nothing is left out here: one false discovery rate holds only for all that is watched together.
    """
    names = sorted({name for row in reference for name in row} & {name for row in recent for name in row})
    return tuple(
        value_drift(name, [row[name] for row in reference if name in row], [r[name] for r in recent if name in r])
        for name in names
    )
