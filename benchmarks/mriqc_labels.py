"""How well do simple models rank scans by people's ratings, on sites that they have not seen?

Real labels: MRIQC's ratings of 1 101 T1-weighted scans of 17 sites (ABIDE) and 265 of two more (DS030), with its
image-quality metrics, as the package mriqc-learn (Apache-2.0, development only) publishes them. What is tested is the
classical way: logarithms of image-quality metrics, ridge-penalised logistic regression, the penalty chosen by
leave-one-site-out on the sites at hand; the numbers are MRIQC's, not those of aiqa_integration.metrics.image_quality,
for the images are not published with them. DS030 has no part in any choice.

python -m benchmarks.mriqc_labels; exits with 1 below the gates.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from aiqa_integration.validation.ranking import Flags, Scores, auc_interval, roc_auc

UNSEEN_SITE_GATE = 0.85
DS030_GATE = 0.74
PENALTIES = (10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
NOT_METRICS = frozenset({"subject_id", "site", "rater_1", "rater_2", "rater_3", "has_ghost"})
WITHOUT_SEGMENTATION = ("efc", "fber", "fwhm", "qi_", "summary_bg", "size", "spacing")
"""Starts of the names of those of MRIQC's metrics that need no tissue classes."""

_STEPS = 40
Model = Callable[[NDArray[np.float64]], Scores]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratings:
    """Metrics ``[scan, metric]``, names of the metrics, sites, and whether a person would leave the scan out."""

    names: tuple[str, ...]
    metrics: NDArray[np.float64]
    sites: NDArray[np.str_]
    excluded: Flags

    def of(self, which: Flags) -> "Ratings":
        """Return some of the scans."""
        return Ratings(
            names=self.names, metrics=self.metrics[which], sites=self.sites[which], excluded=self.excluded[which]
        )

    def only(self, starts: Sequence[str]) -> "Ratings":
        """Return the metrics whose names start so."""
        kept = [place for place, name in enumerate(self.names) if name.startswith(tuple(starts))]
        return Ratings(
            names=tuple(self.names[place] for place in kept),
            metrics=self.metrics[:, kept],
            sites=self.sites,
            excluded=self.excluded,
        )


def read_ratings(name: str, rater: str) -> Ratings:
    """Return a table of the package; -1 of ``rater`` is "exclude"."""
    file = distribution("mriqc-learn").locate_file(f"mriqc_learn/datasets/{name}.tsv")
    with open(str(file), newline="") as table:  # noqa: PTH123 - the place may be no path
        rows = list(csv.DictReader(table, delimiter="\t"))
    names = tuple(name for name in rows[0] if name not in NOT_METRICS)
    values = np.array([[float(row[name]) for name in names] for row in rows])
    return Ratings(
        names=names,
        metrics=np.sign(values) * np.log1p(np.abs(values)),
        sites=np.array([row["site"] for row in rows]),
        excluded=np.array([float(row[rater]) < 0 for row in rows]),
    )


def abide() -> Ratings:
    """Return the 17 sites; rater 3 alone rated every scan."""
    return read_ratings("abide", "rater_3")


def ds030() -> Ratings:
    """Return the two sites that are kept apart."""
    return read_ratings("ds030", "rater_1")


def fit(ratings: Ratings, penalty: float) -> Model:
    """Return a ridge-penalised logistic regression on standardised metrics, by Newton's method."""
    mean, deviation = ratings.metrics.mean(axis=0), ratings.metrics.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)

    def design(metrics: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([np.ones(len(metrics)), (metrics - mean) / deviation])

    given, ridge = design(ratings.metrics), np.diag([1e-9, *[penalty] * ratings.metrics.shape[1]])
    weights = np.zeros(given.shape[1])
    for _ in range(_STEPS):
        probability = expit(given @ weights)
        slope = given.T @ (ratings.excluded - probability) - ridge @ weights
        curvature = (given * (probability * (1 - probability))[:, None]).T @ given + ridge
        step = np.linalg.solve(curvature, slope)
        weights += step
        if np.abs(step).max() < 1e-5:
            break
    return lambda metrics: design(metrics) @ weights


def unseen_sites(ratings: Ratings, penalty: float) -> Scores:
    """Return each scan's score by a model that has not seen its site."""
    scores = np.empty(len(ratings.sites))
    for site in np.unique(ratings.sites):
        here = ratings.sites == site
        scores[here] = fit(ratings.of(~here), penalty)(ratings.metrics[here])
    return scores


def best_penalty(ratings: Ratings) -> float:
    """Return the penalty that ranks unseen sites best."""
    return max(PENALTIES, key=lambda penalty: roc_auc(unseen_sites(ratings, penalty), ratings.excluded) or 0.0)


def nested_unseen_sites(ratings: Ratings) -> Scores:
    """Return each scan's score by a model that has not seen its site, nor was its penalty chosen with it."""
    scores = np.empty(len(ratings.sites))
    for site in np.unique(ratings.sites):
        here = ratings.sites == site
        others = ratings.of(~here)
        scores[here] = fit(others, best_penalty(others))(ratings.metrics[here])
    return scores


def main() -> int:
    """Print the figures."""
    seen, apart = abide(), ds030()
    scores = nested_unseen_sites(seen)
    print(f"ABIDE, {len(scores)} scans, {seen.excluded.sum()} excluded by a person; each site unseen:")
    for site in np.unique(seen.sites):
        here = seen.sites == site
        area = roc_auc(scores[here], seen.excluded[here])
        shown = "-" if area is None else f"{area:.3f}"
        print(f"  {site:10} {here.sum():4} scans {seen.excluded[here].sum():3} excluded  AUC {shown}")
    unseen = _show("all, leave one site out", scores, seen.excluded)
    penalty = best_penalty(seen)
    other = _show(f"DS030 (penalty {penalty:g} of ABIDE)", fit(seen, penalty)(apart.metrics), apart.excluded)
    few, few_apart = seen.only(WITHOUT_SEGMENTATION), apart.only(WITHOUT_SEGMENTATION)
    print(f"Only the {len(few.names)} metrics that need no segmentation:")
    _show("all, leave one site out", nested_unseen_sites(few), few.excluded)
    _show("DS030", fit(few, best_penalty(few))(few_apart.metrics), apart.excluded)
    return int(unseen < UNSEEN_SITE_GATE or other < DS030_GATE)


def _show(what: str, scores: Scores, excluded: Flags) -> float:
    found = auc_interval(scores, excluded)
    if found is None:
        return 0.0
    print(f"  {what}: AUC {found.value:.3f} (95 % {found.low:.3f} to {found.high:.3f})")
    return found.value


if __name__ == "__main__":
    raise SystemExit(main())
