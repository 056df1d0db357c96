"""What a person reads of a run: one paragraph, worst first."""

from aiqa_integration.fhir.codes import OUTCOMES, phantom_name, run_name
from aiqa_integration.fhir.identity import RunNodes
from aiqa_integration.fhir.quantity import range_text, rounded
from aiqa_integration.model.judgement import Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.report import QaReport

SIMULATED_NOTE = "Simulated images: made by software, not by a scanner. Not for use in judging a device."


def subject_words(report: QaReport, nodes: RunNodes) -> str:
    """Return what was scanned, on what."""
    what = phantom_name(report.phantom).title if report.phantom else run_name(report.analysis).display
    return f"{what} on {nodes.scanner.display}" if nodes.scanner else what


def conclusion(report: QaReport, nodes: RunNodes) -> str:
    """Return the outcome in words: verdict, every metric outside its limits, every one without a value."""
    opening = f"{'SIMULATED IMAGES. ' if report.simulated else ''}{subject_words(report, nodes)}"
    if report.refused is not None:
        return f"{opening}: NOT EVALUABLE. {_sentence(report.refused.detail)} Reason code: {report.refused.code}."
    parts = [f"{opening}: {OUTCOMES[report.verdict]['text']}."]
    for verdict, words in (
        (Verdict.ACTION, "Outside action limits"),
        (Verdict.TOLERANCE, "Outside tolerance limits"),
        (Verdict.NOT_MEASURED, "Not measured"),
    ):
        found = [judgement_words(judgement) for judgement in report.judgements if judgement.verdict is verdict]
        if found:
            parts.append(f"{words}: {'; '.join(found)}.")
    passed = sum(judgement.verdict is Verdict.PASS for judgement in report.judgements)
    unjudged = sum(judgement.verdict is Verdict.NOT_ASSESSED for judgement in report.judgements)
    parts.append(f"{passed} of {len(report.judgements)} metrics within limits.")
    if unjudged:
        parts.append(f"{unjudged} measured without limits.")
    return " ".join(parts)


def judgement_words(judgement: Judgement) -> str:
    """Return one metric with its value beside the limit that it broke, or why it has none."""
    measurement, limits = judgement.measurement, judgement.limits
    if not isinstance(measurement, Measured):
        return f"{measurement.metric.label} ({measurement.detail})"
    value = rounded(measurement.quantity.value, measurement.metric.decimals, limits)
    unit = f" {measurement.quantity.unit.display}" if measurement.quantity.unit.display else ""
    low, high = _limits(limits, judgement.verdict)
    beside = "" if low is None and high is None else f" (limit {range_text(low, high, measurement.quantity.unit)})"
    return f"{measurement.metric.label} {value:f}{unit}{beside}"


def _limits(limits: Tolerance | None, verdict: Verdict) -> tuple[float | None, float | None]:
    if limits is None:
        return None, None
    if verdict is Verdict.TOLERANCE:
        return limits.tolerance_low, limits.tolerance_high
    return limits.action_low, limits.action_high


def _sentence(text: str) -> str:
    stripped = text.strip()
    return stripped if not stripped or stripped.endswith((".", "!", "?")) else f"{stripped}."
