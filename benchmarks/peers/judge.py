"""Judges what the tools answered: pure functions from results and truths to checks, and from checks to shares."""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.peers.outcome import Kind, Outcome, Result
from benchmarks.peers.truth import Truth

ONE_SETUP_MM = {"mr-slice-thickness": 0.25, "mr-slice-position-error": 0.5, "mr-length": 1.0}
"""By how much T1 and T2 of one set-up may differ, by the start of the metric id: the phantom didn't move."""

UNCHANGED_RELATIVE, UNCHANGED = 1e-3, 0.005
"""A value is the same if it moves by less than a thousandth, or by the half of the digit that hazen rounds to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One value of a tool against something it has to agree with; ``found`` is None where there is no value.

    ``truth`` says whether that is known apart from the tool, or another value of the same tool.
    """

    group: str
    tool: str
    series: str
    metric: str
    found: float | None
    expected: float | None
    tolerance: float
    within: bool
    note: str
    truth: bool


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the checks of a group were kept, and in how many the tool gave no value."""

    within: int
    all: int
    missing: int


def offered(results: Iterable[Result], known: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Return what each tool tries to measure: as known, else every metric that appears in one of its results."""
    seen: dict[str, set[str]] = {}
    for result in results:
        seen.setdefault(result.tool, set()).update(result.outcomes)
    return {tool: known.get(tool, frozenset(metrics)) for tool, metrics in seen.items()}


def against_truth(results: Iterable[Result], truths: Sequence[Truth], metrics: frozenset[str]) -> Iterator[Check]:
    """Yield a tool's checks against known values, of the tests that it offers; no value doesn't keep a tolerance."""
    by_series = {result.series: result for result in results if result.factor == 1}
    for truth in truths:
        result = by_series.get(truth.series)
        if result is None or truth.metric not in metrics:
            continue
        outcome = result.of(truth.metric)
        expected = _nearer(outcome, truth)
        yield Check(
            group=truth.group,
            tool=result.tool,
            series=truth.series,
            metric=truth.metric,
            found=outcome.value,
            expected=expected,
            tolerance=truth.tolerance,
            within=_close(outcome, expected, truth.tolerance),
            note=outcome.detail or truth.source,
            truth=True,
        )


def _nearer(outcome: Outcome, truth: Truth) -> float:
    if truth.other is None or outcome.value is None:
        return truth.value
    value = outcome.value
    return min(truth.value, truth.other, key=lambda reading: abs(value - reading))


def pairs(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the series that are T1 and T2 of one set-up, by their names."""
    known = set(names)
    for name in sorted(known):
        if name.endswith("T1") and (other := f"{name[:-2]}T2") in known:
            yield name, other


def one_setup(results: Iterable[Result], metrics: frozenset[str]) -> Iterator[Check]:
    """Yield a tool's checks that geometry doesn't depend on the contrast."""
    by_series = {result.series: result for result in results if result.factor == 1}
    for first, second in pairs(by_series):
        for metric in sorted(metrics):
            allowed = next((mm for start, mm in ONE_SETUP_MM.items() if metric.startswith(start)), None)
            if allowed is None:
                continue
            one, other = by_series[first].of(metric), by_series[second].of(metric)
            what = "diameter" if metric.startswith("mr-length") else "position" if "position" in metric else "thickness"
            yield Check(
                group=f"T1 and T2 of one set-up agree, {what} within {allowed:g} mm",
                tool=by_series[first].tool,
                series=second,
                metric=metric,
                found=other.value,
                expected=one.value,
                tolerance=allowed,
                within=one.value is not None and _close(other, one.value, allowed),
                note=other.detail or one.detail or f"expected is {first}",
                truth=False,
            )


def unscaled(results: Iterable[Result], metrics: frozenset[str]) -> Iterator[Check]:
    """Yield a tool's checks that a factor on all pixel values changes nothing; no value twice is the same too."""
    known = list(results)
    plain = {result.series: result for result in known if result.factor == 1}
    for result in known:
        if result.factor == 1 or result.series not in plain:
            continue
        for metric in sorted(metrics):
            before, after = plain[result.series].of(metric), result.of(metric)
            if before.value is None and after.value is None:
                continue
            allowed = max(UNCHANGED, UNCHANGED_RELATIVE * abs(before.value or 0.0))
            yield Check(
                group=f"values unchanged by pixel values ×{result.factor}",
                tool=result.tool,
                series=result.series,
                metric=metric,
                found=after.value,
                expected=before.value,
                tolerance=allowed,
                within=before.value is not None and _close(after, before.value, allowed),
                note=after.detail or before.detail,
                truth=False,
            )


def _close(outcome: Outcome, expected: float, tolerance: float) -> bool:
    return outcome.value is not None and abs(outcome.value - expected) <= tolerance + 1e-9


def shares(checks: Iterable[Check]) -> dict[str, Share]:
    """Return the shares by group, in the order of the checks."""
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.group, []).append(check)
    return {
        group: Share(
            sum(c.within for c in found), len(found), sum(c.found is None or c.expected is None for c in found)
        )
        for group, found in groups.items()
    }


def analysed(result: Result, metrics: frozenset[str]) -> bool:
    """Return whether a series gave any value at all."""
    return any(result.of(metric).kind is Kind.MEASURED for metric in metrics)


def whole(result: Result, metrics: frozenset[str]) -> bool:
    """Return whether a series was analysed and each test ended with a value or a reasoned refusal."""
    kinds = {result.of(metric).kind for metric in result.tests(metrics)}
    return analysed(result, metrics) and kinds <= {Kind.MEASURED, Kind.REFUSED}


def endings(results: Iterable[Result], metrics: frozenset[str]) -> Counter[Kind]:
    """Return how often the tests that a tool offers ended in each way."""
    return Counter(result.of(metric).kind for result in results for metric in result.tests(metrics))


def median_and_most(values: Sequence[float]) -> tuple[float, float]:
    """Return median and maximum."""
    return statistics.median(values), max(values)
