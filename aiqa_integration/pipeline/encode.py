"""Turn a report into the effects that its sinks will have: encoded once, sent as the same bytes every time."""

from collections.abc import Iterable

from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries, PlannedEffect, Sink


def plan_effects(report: QaReport, series: LoadedSeries | None, sinks: Iterable[Sink]) -> tuple[PlannedEffect, ...]:
    """Return every effect of a report, in the order of the sinks; none of one in shadow. Raises EncodingError."""
    if report.shadow:
        return ()
    return tuple(effect for sink in sinks for effect in sink.plan(report, series))
