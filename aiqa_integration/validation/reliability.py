"""Whether probabilities mean what they say, as they are and recalibrated on other sites."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from aiqa_integration.artifact_detection.recalibration import platt_scaling
from aiqa_integration.validation.ranking import Flags, Interval, Scores, roc_auc, share

BINS = 10
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Series of similar probability: how many, their mean probability, the share that has the artifact."""

    count: int
    mean_probability: float
    observed: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Calibration curve, expected calibration error, and mean square error of the probability (Brier)."""

    bins: tuple[Bin, ...]
    expected_calibration_error: float
    brier_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutSite:
    """One site's series, their probabilities recalibrated (Platt) on all other sites."""

    site: str
    count: int
    present: int
    auc: float | None
    slope: float
    intercept: float
    before: Reliability
    after: Reliability


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveOneSiteOut:
    """Each site, and all their series together with the probabilities that the other sites gave them."""

    sites: tuple[LeftOutSite, ...]
    auc: float | None
    before: Reliability
    after: Reliability


def reliability(probabilities: Scores, present: Flags) -> Reliability:
    """Return the calibration of at least one series, in ten bins of equal width.

    Source: Naeini, AAAI 2015 (expected calibration error); Brier, Mon Weather Rev 1950;78:1.
    """
    places = np.minimum((probabilities * BINS).astype(np.intp), BINS - 1)
    bins, error = [], 0.0
    for place in np.unique(places):
        inside = places == place
        count, mean = int(inside.sum()), float(probabilities[inside].mean())
        observed = share(int(present[inside].sum()), count)
        if observed is not None:
            bins.append(Bin(count=count, mean_probability=mean, observed=observed))
            error += count / places.size * abs(observed.value - mean)
    brier = float(np.mean((probabilities - present) ** 2))
    return Reliability(bins=tuple(bins), expected_calibration_error=error, brier_score=brier)


def leave_one_site_out(probabilities: Scores, present: Flags, sites: Sequence[str]) -> LeaveOneSiteOut | None:
    """Return each site with probabilities that only the other sites have calibrated; None where there is one site."""
    names = sorted(set(sites))
    if len(names) < 2:
        return None
    logits = logit(np.clip(probabilities, _LEAST_PROBABILITY, 1.0 - _LEAST_PROBABILITY))
    found, recalibrated = [], np.empty_like(logits)
    for name in names:
        here = np.array([site == name for site in sites], np.bool_)
        slope, intercept = platt_scaling(logits[~here], present[~here])
        recalibrated[here] = expit(slope * logits[here] + intercept)
        found.append(
            LeftOutSite(
                site=name,
                count=int(here.sum()),
                present=int(present[here].sum()),
                auc=roc_auc(probabilities[here], present[here]),
                slope=slope,
                intercept=intercept,
                before=reliability(probabilities[here], present[here]),
                after=reliability(recalibrated[here], present[here]),
            )
        )
    return LeaveOneSiteOut(
        sites=tuple(found),
        auc=roc_auc(recalibrated, present),
        before=reliability(probabilities, present),
        after=reliability(recalibrated, present),
    )
