"""What to do after a run with a test object: nothing, lay it anew and scan again, ask the physicist, call service."""

from dataclasses import replace
from datetime import datetime

from aiqa_integration.model.finding import Finding
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.notice import NoticeKind, PlannedNotice
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import finding_names
from aiqa_integration.recommendations.context import ScannerContext, StudyContext
from aiqa_integration.recommendations.decision import Decision
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.recommendations.remedies import SETUP_EXPLAINS
from aiqa_integration.recommendations.service import scanner_subject

_QUIET: dict[Verdict, tuple[RecommendationKind, str, str]] = {
    Verdict.PASS: (RecommendationKind.ACCEPT, "within-limits", "Nothing to do at the scanner."),
    Verdict.TOLERANCE: (
        RecommendationKind.REVIEW,
        "outside-tolerance",
        "Scan the test object once more; where values stay outside tolerance, the physicist looks.",
    ),
    Verdict.NOT_ASSESSED: (
        RecommendationKind.REVIEW,
        "no-limits",
        "The physicist decides whether limits should apply.",
    ),
    Verdict.NOT_MEASURED: (
        RecommendationKind.REVIEW,
        "not-measured",
        "Mend what kept required values from being measured, and scan the test object once more.",
    ),
}


_LAY_ANEW = "lay the test object anew and scan it once more"


def failed_metrics(report: QaReport) -> frozenset[str]:
    """Return the metrics outside their action limits."""
    judged = (judgement for judgement in report.judgements if judgement.verdict is Verdict.ACTION)
    return frozenset(judgement.measurement.metric.id for judgement in judged)


def decide_phantom(
    report: QaReport, study: StudyContext, scanner: ScannerContext, now: datetime, policy: Policy
) -> Decision:
    """Return what to do after a run; who is at the scanner is told only if the run is fresh."""
    if report.verdict is not Verdict.ACTION:
        kind, reason, text = _QUIET[report.verdict]
        return Decision(recommendation=Recommendation(kind=kind, reason=reason, text=text, urgency="none"))
    recommendation = _proposal(report, scanner.failed_before)
    return _told(report, recommendation, study=study, now=now, policy=policy)


def _proposal(report: QaReport, failed_before: frozenset[str]) -> Recommendation:
    failed = failed_metrics(report)
    setup = [finding for finding in report.findings if _explained(finding, failed)]
    laid, artifacts = finding_names(setup), tuple(finding.artifact for finding in setup)
    unexplained = failed.difference(*(_explained(finding, failed) for finding in setup))
    if not unexplained:
        return Recommendation(
            kind=RecommendationKind.REVIEW,
            reason="set-up",
            text=f"How the test object lay ({laid}) can explain what is outside action limits.",
            urgency="today",
            change=_LAY_ANEW,
            artifacts=artifacts,
        )
    again = unexplained & failed_before
    if again:
        return Recommendation(
            kind=RecommendationKind.SERVICE,
            reason="outside-limits-again",
            text=f"Outside action limits twice in a row ({_labels(report, again)}), and how the test object lay does "
            "not explain it: the physicist decides about the scanner and calls service.",
            urgency="today",
            artifacts=artifacts,
        )
    return Recommendation(
        kind=RecommendationKind.REVIEW,
        reason="outside-limits",
        text=f"Outside action limits ({_labels(report, failed)}){_partly(laid)}; where it stays outside, call the "
        "physicist.",
        urgency="today",
        change=_LAY_ANEW if setup else None,
        artifacts=artifacts,
    )


def _told(
    report: QaReport, recommendation: Recommendation, *, study: StudyContext, now: datetime, policy: Policy
) -> Decision:
    acquired = study.series.acquired_at
    if acquired is None or study.series.arrived_at - acquired > policy.late_after:
        return Decision(recommendation=replace(recommendation, urgency="none"))
    service = recommendation.kind is RecommendationKind.SERVICE
    notice = PlannedNotice(
        scope="scanner",
        subject=scanner_subject(report.device, report.analysis),
        kind=NoticeKind.SERVICE if service else NoticeKind.REVIEW,
        text=recommendation.text,
        change=recommendation.change,
        until=None if service else now + policy.review_for,
    )
    return Decision(recommendation=recommendation, notices=(notice,))


def _explained(finding: Finding, failed: frozenset[str]) -> frozenset[str]:
    """Return the failed metrics that a finding about the set-up can have pushed outside their limits."""
    beginnings = SETUP_EXPLAINS.get(finding.artifact, ())
    likely = finding.severity >= 1 and finding.probability >= 0.5
    return frozenset(metric for metric in failed if likely and metric.startswith(beginnings))


def _partly(laid: str) -> str:
    if not laid:
        return ": scan the test object once more"
    return f", of which how the test object lay ({laid}) explains a part"


def _labels(report: QaReport, metrics: frozenset[str]) -> str:
    labels = {j.measurement.metric.id: j.measurement.metric.label for j in report.judgements}
    return ", ".join(label for metric, label in labels.items() if metric in metrics)
