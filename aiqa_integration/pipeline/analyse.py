"""One series, from images to a judged report: infer, measure, judge. No effect on the outside world."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiqa_integration.errors import AiqaError, NoRule
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.identity import instances_digest
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.phantom import LocatedPhantom, Phantom, PhantomImages
from aiqa_integration.model.report import BundleVersion, Provenance, QaReport, Refusal, Version
from aiqa_integration.phantoms import phantoms_of
from aiqa_integration.pipeline.infer import find_phantom
from aiqa_integration.pipeline.judge import judge_all
from aiqa_integration.pipeline.measure import find_faults, measure_phantom
from aiqa_integration.pipeline.ports import Clock, Inferencer, LoadedSeries
from aiqa_integration.rules.match import Match
from aiqa_integration.rules.schema import RuleSet
from aiqa_integration.tolerances.limits import LimitSet, limit_set_for

NO_ANALYSIS = "none"
"""Analysis of a report about a series that no rule wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyst:
    """What an analysis needs beside the images: bundles, rules, limits, the time and the software's own version."""

    inferencer: Inferencer
    rules: RuleSet
    limit_sets: tuple[LimitSet, ...]
    clock: Clock
    software_version: str


@dataclass(slots=True)
class Stopwatch:
    """Seconds of each step, by name."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of the block to ``name``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Which result of the series this is."""

    revision: int = 1
    predecessor: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What one analysis of a phantom found."""

    phantom: Phantom
    located: LocatedPhantom
    bundle: BundleVersion
    limits: LimitSet | None
    judgements: tuple[Judgement, ...]
    findings: tuple[Finding, ...]


def analyse(series: LoadedSeries, route: Match, analyst: Analyst, *, lineage: Lineage, watch: Stopwatch) -> QaReport:
    """Return the report of a series under a rule.

    Raises NoRule, PhantomNotFound where there is nothing to measure, BundleError, TransientError.
    """
    if route.rule is None:
        raise NoRule(route.reason)
    rule = route.rule
    with watch.step("infer"):
        phantom, located, bundle = find_phantom(series, rule.analysis, analyst.inferencer)
    images = PhantomImages(stack=series.stack, header=series.header, located=located)
    with watch.step("measure"):
        measurements = measure_phantom(images, phantom)
        findings = find_faults(images, phantom, measurements, series.left_out)
    with watch.step("judge"):
        limits = limit_set_for(phantom.name, rule.limit_sets, analyst.limit_sets)
        judgements = judge_all(measurements, limits, series.header)
    result = _Result(
        phantom=phantom, located=located, bundle=bundle, limits=limits, judgements=judgements, findings=findings
    )
    return _report(series.header, route, analyst, lineage=lineage, watch=watch, outcome=result)


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
    outcome: _Result | Refusal,
) -> QaReport:
    rule = route.rule
    result = outcome if isinstance(outcome, _Result) else None
    limits = result.limits if result else None
    phantom = result.phantom if result else next(iter(phantoms_of(rule.analysis if rule else "")), None)
    return QaReport(
        ref=header.ref,
        modality=header.modality,
        device=header.device,
        analysis=rule.analysis if rule else NO_ANALYSIS,
        analysis_version=phantom.analysis_version if phantom else "0",
        bundle=result.bundle if result else None,
        subject=rule.subject if rule else "patient",
        phantom=result.phantom.name if result else None,
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
