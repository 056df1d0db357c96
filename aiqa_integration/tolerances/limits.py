"""Judging values by limit sets: which limits hold for a series, and what they say of a value."""

from collections.abc import Iterable, Sequence
from typing import cast

from aiqa_integration.errors import ConfigurationError
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.judgement import Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, NotMeasured
from aiqa_integration.tolerances.limit_file import CONDITIONS, Condition, Limit, LimitSet, shipped_limit_sets

__all__ = ["LimitSet", "check_limit_set", "judge", "limit_set_for", "shipped_limit_sets"]


def limit_set_for(phantom: str, wanted: Sequence[str], limit_sets: Iterable[LimitSet]) -> LimitSet | None:
    """Return the limit set of a phantom: the first that is wanted by id, or the newest where none is wanted by id.

    None where no set fits the phantom. Raises ConfigurationError where a wanted set doesn't exist.
    """
    by_id = {limit_set.id: limit_set for limit_set in limit_sets}
    missing = sorted(set(wanted) - set(by_id))
    if missing:
        raise ConfigurationError(f"no such limit set: {', '.join(missing)}; known: {', '.join(sorted(by_id))}")
    named = [by_id[name] for name in wanted if by_id[name].phantom == phantom]
    if wanted:
        return named[0] if named else None
    fitting = [limit_set for limit_set in by_id.values() if limit_set.phantom == phantom]
    return max(fitting, key=lambda limit_set: (limit_set.effective, limit_set.id), default=None)


def check_limit_set(limit_set: LimitSet, metrics: Iterable[MetricDef]) -> None:
    """Raise ConfigurationError for limits of unknown metrics or in other units than the metric's."""
    units = {metric.id: metric.unit.ucum for metric in metrics}
    for limit in limit_set.limits:
        if limit.metric not in units:
            raise ConfigurationError(f"limit set {limit_set.id}: no metric is called {limit.metric}")
        if units[limit.metric] != limit.unit:
            message = f"limit set {limit_set.id}: {limit.metric} is in {units[limit.metric]}, not {limit.unit}"
            raise ConfigurationError(message)


def judge(measurement: Measurement, limit_set: LimitSet | None, header: SeriesHeader) -> Judgement:
    """Return the verdict on one measurement by the limits that hold for the series.

    A value without limits that certainly apply is NOT_ASSESSED, and the note says why. Raises ConfigurationError where
    the limits are in another unit than the value.
    """
    rows = [limit for limit in limit_set.limits if limit.metric == measurement.metric.id] if limit_set else []
    holding = [limit for limit in rows if all(_holds(condition, header) for condition in limit.when)]
    required = any(limit.required for limit in rows)
    limits = holding[0].tolerance if holding else None
    if isinstance(measurement, NotMeasured):
        return Judgement(measurement=measurement, limits=limits, verdict=Verdict.NOT_MEASURED, required=required)
    if not holding:
        note = _why_not(limit_set, rows, header)
        return Judgement(
            measurement=measurement, limits=None, verdict=Verdict.NOT_ASSESSED, required=required, note=note
        )
    if holding[0].unit != measurement.quantity.unit.ucum:
        raise ConfigurationError(f"{measurement.metric.id}: value in {measurement.quantity.unit.ucum}, limits are not")
    return _judged(measurement, holding[0].tolerance, required=required)


def _judged(measured: Measured, limits: Tolerance, *, required: bool) -> Judgement:
    value = measured.quantity.value
    margin = _margin(value, limits.action_low, limits.action_high)
    inner = _margin(value, limits.tolerance_low, limits.tolerance_high)
    verdict = Verdict.PASS
    if margin is not None and margin < 0:
        verdict = Verdict.ACTION
    elif inner is not None and inner < 0:
        verdict = Verdict.TOLERANCE
    nearest = min((abs(distance) for distance in (margin, inner) if distance is not None), default=None)
    close = nearest is not None and measured.uncertainty is not None and nearest < measured.uncertainty
    note = "within its uncertainty of a limit" if close else None
    return Judgement(measurement=measured, limits=limits, verdict=verdict, margin=margin, required=required, note=note)


def _margin(value: float, low: float | None, high: float | None) -> float | None:
    """Return the distance to the nearer limit, positive inside; None where both sides are open."""
    distances = [value - low] if low is not None else []
    distances += [high - value] if high is not None else []
    return min(distances, default=None)


def _holds(condition: Condition, header: SeriesHeader) -> bool:
    value = _attribute(header, condition.attribute)
    return value is not None and condition.at_least <= value < condition.below


def _attribute(header: SeriesHeader, name: str) -> float | None:
    return cast("float | None", getattr(header, name))


def _why_not(limit_set: LimitSet | None, rows: Sequence[Limit], header: SeriesHeader) -> str:
    """Return a sentence: why no limit holds."""
    if limit_set is None:
        return "no limit set applies to this phantom"
    if not rows:
        return f"{limit_set.title} has no limit for this metric"
    for attribute in dict.fromkeys(condition.attribute for row in rows for condition in row.when):
        words, unit = CONDITIONS[attribute]
        value = _attribute(header, attribute)
        if value is None:
            return f"the images don't state the {words} that the limit depends on"
        conditions = [one for row in rows for one in row.when if one.attribute == attribute]
        if not any(_holds(condition, header) for condition in conditions):
            return f"{limit_set.title} has no limit for a {words} of {value:g} {unit}"
    return f"{limit_set.title} has no limit for these conditions"
