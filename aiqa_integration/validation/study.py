"""Labels against reports: every label is scored, or accounted for with the reason why it could not be."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from aiqa_integration.artifact_detection.gate import band_of
from aiqa_integration.metrics.artifact_probability import ARTIFACT_PROBABILITIES
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import UNCALIBRATED
from aiqa_integration.model.judgement import Judgement, Tolerance
from aiqa_integration.model.measurement import Measured, MetricDef
from aiqa_integration.model.report import QaReport
from aiqa_integration.validation.agreement import Agreement, Pair, agreement
from aiqa_integration.validation.labels import ArtifactLabel, Label, NumberLabel
from aiqa_integration.validation.ranking import (
    Confusion,
    Interval,
    auc_interval,
    confusion,
    roc_auc,
    roc_curve,
)
from aiqa_integration.validation.reliability import LeaveOneSiteOut, Reliability, leave_one_site_out, reliability


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A labelled artifact and the probability that the analysis gave it; flagged from ``threshold`` on."""

    label: ArtifactLabel
    series_instance_uid: str
    probability: float
    threshold: float
    scanner: str
    site: str

    @property
    def flagged(self) -> bool:
        """Whether the analysis says that it is there."""
        return self.probability >= self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A labelled number and the one that was measured."""

    label: NumberLabel
    series_instance_uid: str
    metric: MetricDef
    pair: Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A label without a score: the code of the refusal (or ``no-series``, ``not-answered``) and why."""

    label: Label
    series_instance_uid: str
    code: str
    detail: str


Case = Scored | Compared | LeftOut
Said = frozenset[tuple[str, str]]
"""Analyses, and what each of them found in any series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult:
    """The same figures for the series of one scanner."""

    name: str
    count: int
    present: int
    auc: float | None
    counts: Confusion


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactResult:
    """How well one artifact is found."""

    artifact: str
    count: int
    present: int
    auc: Interval | None
    curve: tuple[tuple[float, float], ...]
    thresholds: tuple[float, ...]
    counts: Confusion
    reliability: Reliability
    scanners: tuple[GroupResult, ...]
    sites: LeaveOneSiteOut | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricResult:
    """How well one metric agrees."""

    metric: MetricDef
    agreement: Agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """The outcome of a validation."""

    cases: tuple[Case, ...]
    artifacts: tuple[ArtifactResult, ...]
    metrics: tuple[MetricResult, ...]

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Labels without a score."""
        return tuple(case for case in self.cases if isinstance(case, LeftOut))


def study_of(labels: Sequence[Label], reports: Mapping[int, QaReport], *, threshold: float | None = None) -> Study:
    """Return how the reports, by the line of their label, do against the labels.

    ``threshold`` replaces the one that each scanner's calibration, or the bundle, has.
    """
    said = frozenset((report.analysis, found.artifact) for report in reports.values() for found in report.findings)
    cases = tuple(_case(label, reports.get(label.place.line), said, threshold) for label in labels)
    by_artifact: dict[str, list[Scored]] = defaultdict(list)
    by_metric: dict[str, list[Compared]] = defaultdict(list)
    for case in cases:
        if isinstance(case, Scored):
            by_artifact[case.label.artifact].append(case)
        elif isinstance(case, Compared):
            by_metric[case.metric.id].append(case)
    return Study(
        cases=cases,
        artifacts=tuple(_artifact_result(name, by_artifact[name]) for name in sorted(by_artifact)),
        metrics=tuple(
            MetricResult(metric=found[0].metric, agreement=agreement([case.pair for case in found]))
            for _, found in sorted(by_metric.items())
        ),
    )


def _case(label: Label, report: QaReport | None, said: Said, threshold: float | None) -> Case:
    if report is None:
        return LeftOut(label=label, series_instance_uid="", code="no-series", detail="no such series in the folder")
    uid = report.ref.series_instance_uid
    if report.refused is not None:
        return LeftOut(label=label, series_instance_uid=uid, code=report.refused.code, detail=report.refused.detail)
    if isinstance(label, ArtifactLabel):
        return _scored(label, report, said, threshold)
    if isinstance(label, NumberLabel):
        return _compared(label, report)
    assert_never(label)


def _scored(label: ArtifactLabel, report: QaReport, said: Said, threshold: float | None) -> Case:
    """Return the artifact's probability: of the metric that states it for every series, else of its finding.

    What the same analysis finds in some series (``said``) and not in this one has the probability 0 here.
    """
    uid, judgement = report.ref.series_instance_uid, _judgement(report, _metric_of(label.artifact))
    shipped = _shipped_threshold(label.artifact)
    if judgement is None:
        if (report.analysis, label.artifact) not in said:
            detail = f"{report.analysis} found no such thing in any series: it may not look for it"
            return LeftOut(label=label, series_instance_uid=uid, code="not-answered", detail=detail)
        found = (finding.probability for finding in report.findings if finding.artifact == label.artifact)
        probability = max(found, default=0.0)
    elif isinstance(judgement.measurement, Measured):
        probability = judgement.measurement.quantity.value
        shipped = _highest(judgement.limits) or shipped
    else:
        return LeftOut(label=label, series_instance_uid=uid, code="not-answered", detail=judgement.measurement.detail)
    return Scored(
        label=label,
        series_instance_uid=uid,
        probability=probability,
        threshold=shipped if threshold is None else threshold,
        scanner=label.place.scanner or _scanner(report),
        site=label.place.site or label.place.scanner or _scanner(report),
    )


def _shipped_threshold(artifact: str) -> float:
    """Return the probability from which on the bundle calls an artifact present; an even chance for other findings."""
    return band_of(ArtifactId(artifact), UNCALIBRATED).high if artifact in _ARTIFACTS else _EVEN


def _highest(limits: Tolerance | None) -> float | None:
    """Return the lower of the limits above which a probability is not tolerated."""
    if limits is None:
        return None
    return limits.tolerance_high if limits.tolerance_high is not None else limits.action_high


_ARTIFACTS = frozenset(artifact.value for artifact in ArtifactId)
_EVEN = 0.5


def _metric_of(artifact: str) -> str:
    return ARTIFACT_PROBABILITIES[ArtifactId(artifact)].id if artifact in _ARTIFACTS else ""


def _compared(label: NumberLabel, report: QaReport) -> Case:
    uid, judgement = report.ref.series_instance_uid, _judgement(report, label.metric)
    if judgement is None:
        detail = f"the analysis {report.analysis} doesn't measure it"
        return LeftOut(label=label, series_instance_uid=uid, code="not-answered", detail=detail)
    found = judgement.measurement
    if not isinstance(found, Measured):
        return LeftOut(label=label, series_instance_uid=uid, code=found.reason.value, detail=found.detail)
    pair = Pair(
        line=label.place.line, measured=found.quantity.value, labelled=label.value, uncertainty=found.uncertainty
    )
    return Compared(label=label, series_instance_uid=uid, metric=found.metric, pair=pair)


def _judgement(report: QaReport, metric: str) -> Judgement | None:
    return next((judged for judged in report.judgements if judged.measurement.metric.id == metric), None)


def _scanner(report: QaReport) -> str:
    device = report.device
    return " ".join(part for part in (device.manufacturer, device.model, device.serial) if part) or "not stated"


def _artifact_result(artifact: str, cases: Sequence[Scored]) -> ArtifactResult:
    probabilities = np.array([case.probability for case in cases])
    present = np.array([case.label.present for case in cases])
    flagged = np.array([case.flagged for case in cases])
    return ArtifactResult(
        artifact=artifact,
        count=len(cases),
        present=int(present.sum()),
        auc=auc_interval(probabilities, present),
        curve=roc_curve(probabilities, present),
        thresholds=tuple(sorted({case.threshold for case in cases})),
        counts=confusion(flagged, present),
        reliability=reliability(probabilities, present),
        scanners=tuple(_groups(cases)),
        sites=leave_one_site_out(probabilities, present, [case.site for case in cases]),
    )


def _groups(cases: Sequence[Scored]) -> Iterable[GroupResult]:
    for name in sorted({case.scanner for case in cases}):
        own = [case for case in cases if case.scanner == name]
        present = np.array([case.label.present for case in own])
        yield GroupResult(
            name=name,
            count=len(own),
            present=int(present.sum()),
            auc=roc_auc(np.array([case.probability for case in own]), present),
            counts=confusion(np.array([case.flagged for case in own]), present),
        )
