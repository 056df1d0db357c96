"""One series, from images to a judged report: infer, measure, judge. No effect on the outside world."""

from dataclasses import dataclass

from aiqa_integration.errors import AiqaError, InputError, MeasurementError, NoRule
from aiqa_integration.model.identity import instances_digest
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.report import Provenance, QaReport, Refusal, Version
from aiqa_integration.phantoms import phantoms_of
from aiqa_integration.pipeline.analyst import Analysed, Analyst, Stopwatch
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.pipeline.score_phantom import score_phantom
from aiqa_integration.rules.match import Match

NO_ANALYSIS = "none"
"""Analysis of a report about a series that no rule wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Which result of the series this is."""

    revision: int = 1
    predecessor: Version | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of a series under a rule: its report, or why there is nothing to report."""

    route: Match
    outcome: QaReport | AiqaError


def first_result(
    series: LoadedSeries, wanted: Match, analyst: Analyst, *, lineage: Lineage, watch: Stopwatch
) -> Attempt:
    """Return the report under the first rule that finds something, or what the last one tried said.

    A rule passes a series on by ``when_not_found = "next"`` only. Raises NoRule, BundleError, TransientError.
    """
    for route in (wanted, *wanted.following):
        try:
            return Attempt(route, analyse(series, route, analyst, lineage=lineage, watch=watch))
        except (InputError, MeasurementError) as error:
            attempt = Attempt(route, error)
        if route.rule is None or route.rule.when_not_found != "next":
            break
    return attempt


def analyse(series: LoadedSeries, route: Match, analyst: Analyst, *, lineage: Lineage, watch: Stopwatch) -> QaReport:
    """Return the report of a series under a rule.

    Raises NoRule, InputError or MeasurementError where there is nothing to measure, BundleError, TransientError.
    """
    if route.rule is None:
        raise NoRule(route.reason)
    outcome = score_phantom(series, route.rule, analyst, watch)
    return _report(series.header, route, analyst, lineage=lineage, watch=watch, outcome=outcome)


def refused_report(
    header: SeriesHeader, route: Match, analyst: Analyst, *, error: AiqaError, lineage: Lineage
) -> QaReport:
    """Return the report that says why a series has no values; ``route`` may be without a rule."""
    refusal = Refusal(code=error.code, detail=str(error))
    return _report(header, route, analyst, lineage=lineage, watch=Stopwatch(), outcome=refusal)


def _report(
    header: SeriesHeader,
    route: Match,
    analyst: Analyst,
    *,
    lineage: Lineage,
    watch: Stopwatch,
    outcome: Analysed | Refusal,
) -> QaReport:
    rule = route.rule
    result = outcome if isinstance(outcome, Analysed) else None
    limits = result.limits if result else None
    return QaReport(
        ref=header.ref,
        modality=header.modality,
        device=header.device,
        analysis=rule.analysis if rule else NO_ANALYSIS,
        analysis_version=result.analysis_version if result else _version_of(rule.analysis if rule else ""),
        bundle=result.bundle if result else None,
        subject=rule.subject if rule else "patient",
        phantom=result.phantom if result else None,
        judgements=result.judgements if result else (),
        findings=result.findings if result else (),
        refused=outcome if isinstance(outcome, Refusal) else None,
        provenance=Provenance(
            software_version=analyst.software_version,
            rule_revision=analyst.rules.revision,
            rule_name=rule.name if rule else "",
            limit_set=limits.id if limits else "",
            limit_set_revision=limits.revision if limits else "",
            instances_digest=instances_digest(header.instance_uids),
            source_instance_uids=header.instance_uids,
            created_at=analyst.clock.now().isoformat(timespec="seconds"),
        ),
        revision=lineage.revision,
        predecessor=lineage.predecessor,
        simulated=header.simulated,
        timings_s=watch.seconds,
    )


def _version_of(analysis: str) -> str:
    """Return the version of an analysis that found nothing."""
    phantom = next(iter(phantoms_of(analysis)), None)
    return phantom.analysis_version if phantom else "0"
