"""What a person reads of a run in an EHR: one paragraph, worst first, in the words of SR and console."""

from aiqa_integration.fhir.codes import phantom_name, run_name
from aiqa_integration.fhir.identity import RunNodes
from aiqa_integration.model.judgement import Judgement, Verdict
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import (
    finding_text,
    headline,
    limits_text,
    number_text,
    recommendation_text,
    with_unit,
)

SIMULATED_NOTE = "Simulated images: made by software, not by a scanner. Not for use in judging a device."


def conclusion(report: QaReport, nodes: RunNodes) -> str:
    """Return the outcome in words: verdict, every metric outside its limits, every one without a value."""
    opening = f"{'SIMULATED IMAGES. ' if report.simulated else ''}{_subject(report, nodes)}: {headline(report)}"
    if report.refused is not None:
        return f"{opening}, not evaluable. {_sentence(report.refused.detail)} Reason code: {report.refused.code}."
    if nodes.of_patient:
        return f"{opening.rpartition(': ')[0]}. {_proposed(report)}"
    parts = [f"{opening}."]
    for verdict, words in (
        (Verdict.ACTION, "Outside action limits"),
        (Verdict.TOLERANCE, "Outside tolerance limits"),
        (Verdict.NOT_MEASURED, "Not measured"),
    ):
        found = [_metric(judgement) for judgement in report.judgements if judgement.verdict is verdict]
        if found:
            parts.append(f"{words}: {'; '.join(found)}.")
    passed = sum(judgement.verdict is Verdict.PASS for judgement in report.judgements)
    unjudged = sum(judgement.verdict is Verdict.NOT_ASSESSED for judgement in report.judgements)
    parts.append(f"{passed} of {len(report.judgements)} metrics within limits.")
    if unjudged:
        parts.append(f"{unjudged} measured, not judged.")
    if report.findings:
        parts.append(f"Remarks: {' '.join(finding_text(finding) for finding in report.findings)}")
    if report.recommendation:
        parts.append(_proposed(report))
    return " ".join(parts)


def judgement_notes(report: QaReport) -> list[str]:
    """Return what the judges remarked on single metrics."""
    return [
        f"{judgement.measurement.metric.label}: {judgement.note}" for judgement in report.judgements if judgement.note
    ]


def _metric(judgement: Judgement) -> str:
    """Return one metric with its value beside the limits, or why it has none."""
    measurement, limits = judgement.measurement, judgement.limits
    metric = measurement.metric
    if not isinstance(measurement, Measured):
        return f"{metric.label} ({measurement.detail})"
    value = with_unit(number_text(measurement.quantity.value, metric, limits), metric)
    return f"{metric.label} {value} ({limits_text(limits, metric)})" if limits else f"{metric.label} {value}"


def _proposed(report: QaReport) -> str:
    recommendation = report.recommendation
    return f"Proposed: {recommendation_text(recommendation)}" if recommendation else ""


def _subject(report: QaReport, nodes: RunNodes) -> str:
    run = run_name(report.analysis).display if report.subject == "phantom" else "Image series"
    what = phantom_name(report.phantom).title if report.phantom else run
    return f"{what} on {nodes.scanner.display}" if nodes.scanner else what


def _sentence(text: str) -> str:
    stripped = text.strip()
    return stripped if not stripped or stripped.endswith((".", "!", "?")) else f"{stripped}."
