"""How values, limits and verdicts read: one wording for SR, overlay, console and mail."""

from collections import Counter
from collections.abc import Sequence

from aiqa_integration.model.artifact import ARTIFACTS
from aiqa_integration.model.finding import Evidence, Finding
from aiqa_integration.model.image import SliceRef
from aiqa_integration.model.judgement import SEVERITY, Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured, MetricDef
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.rounding import decimals_of, rounded, significant

INTENDED_USE = (
    "Quality assurance of imaging equipment and images. Not for diagnosis. "
    "The program proposes; a qualified person decides."
)

WORDS: dict[Verdict, str] = {
    Verdict.PASS: "PASS",
    Verdict.TOLERANCE: "TOLERANCE",
    Verdict.ACTION: "ACTION",
    Verdict.NOT_ASSESSED: "NOT ASSESSED",
    Verdict.NOT_MEASURED: "NOT MEASURED",
}


_TITLES: dict[str, str] = {artifact.id.value: artifact.title.lower() for artifact in ARTIFACTS}


def number_text(value: float, metric: MetricDef, limits: Tolerance | None = None) -> str:
    """Return a number with the digits that the metric needs, more where its side of a limit asks for them."""
    return f"{rounded(value, metric.decimals, limits):f}"


def with_unit(text: str, metric: MetricDef) -> str:
    """Return a number's text followed by the metric's unit as a person writes it."""
    display = metric.unit.display
    return f"{text}{display}" if display == "°" else f"{text} {display}".rstrip()


def value_text(measured: Measured, limits: Tolerance | None = None) -> str:
    """Return value ± expanded uncertainty and unit, with the same digits unless the uncertainty is too small."""
    metric = measured.metric
    value = rounded(measured.quantity.value, metric.decimals, limits)
    text = f"{value:f}"
    if measured.uncertainty is not None:
        text += f" ± {significant(measured.uncertainty, decimals_of(value)):f}"
    return with_unit(text, metric)


def limits_text(limits: Tolerance, metric: MetricDef) -> str:
    """Return the limits as ``limit 187–193 mm`` or ``limit ≥ 87.5 %``; both levels where they differ."""
    tolerance = _range_text(limits.tolerance_low, limits.tolerance_high, metric)
    action = _range_text(limits.action_low, limits.action_high, metric)
    if tolerance and action and tolerance != action:
        return f"tolerance {tolerance}, action {action}"
    return f"limit {action or tolerance}" if action or tolerance else "no limits"


def judgement_text(judgement: Judgement) -> str:
    """Return value, limits and verdict of one metric, or why it has no value."""
    measurement = judgement.measurement
    if not isinstance(measurement, Measured):
        return f"{WORDS[Verdict.NOT_MEASURED]}: {measurement.detail} ({measurement.reason})"
    limits = limits_text(judgement.limits, measurement.metric) if judgement.limits else "no limits"
    return f"{value_text(measurement, judgement.limits)} ({limits}): {WORDS[judgement.verdict]}"


def place_text(ref: SliceRef, index: int) -> str:
    """Return how a person finds a slice in a viewer: frame or image number, else its one-based place in the stack."""
    if ref.frame_number is not None:
        return f"frame {ref.frame_number}"
    return f"slice {index + 1}" if ref.instance_number is None else f"image {ref.instance_number}"


def headline(report: QaReport) -> str:
    """Return the verdict in a word or two.

    INCOMPLETE is a verdict of NOT_MEASURED where other metrics have a value.
    """
    if report.refused:
        return "REFUSED"
    some = any(isinstance(judgement.measurement, Measured) for judgement in report.judgements)
    return "INCOMPLETE" if some and report.verdict is Verdict.NOT_MEASURED else WORDS[report.verdict]


def counts_text(report: QaReport) -> str:
    """Return how many metrics got which verdict, the worst first."""
    counts = Counter(judgement.verdict for judgement in report.judgements)
    worst_first = sorted(counts, key=lambda verdict: -SEVERITY[verdict])
    return ", ".join(f"{counts[verdict]} {WORDS[verdict]}" for verdict in worst_first)


def summary_text(report: QaReport) -> str:
    """Return the verdict with the counts behind it, or why there is none."""
    if report.refused:
        return f"REFUSED: {report.refused.detail} ({report.refused.code})"
    number = len(report.judgements)
    metrics = "1 metric" if number == 1 else f"{number} metrics"
    return f"{headline(report)}: {metrics}: {counts_text(report)}" if number else f"{headline(report)}: no metric"


def finding_text(finding: Finding) -> str:
    """Return what was found and what to do, with its probability where it isn't certain."""
    if finding.state == "present":
        return finding.explanation
    return f"Possibly (probability {100 * finding.probability:.0f} %): {finding.explanation}"


PROPOSALS: dict[RecommendationKind, str] = {
    RecommendationKind.ACCEPT: "ACCEPT",
    RecommendationKind.REPEAT_NOW: "REPEAT NOW",
    RecommendationKind.CHANGE_PROTOCOL: "CHANGE PROTOCOL",
    RecommendationKind.REVIEW: "REVIEW",
    RecommendationKind.SERVICE: "CALL SERVICE",
}
"""What is proposed, in a word or two."""


def recommendation_text(recommendation: Recommendation) -> str:
    """Return what is proposed, why, and what to do differently."""
    text = f"{PROPOSALS[recommendation.kind]}: {recommendation.text}"
    return f"{text} What to change: {recommendation.change.rstrip('.')}." if recommendation.change else text


def evidence_text(evidence: Evidence) -> str:
    """Return a number that supports a finding, with the limit that it broke and what is usual."""
    unit = evidence.quantity.unit.display
    parts = [
        f"{word} {value:.4g}"
        for word, value in (("limit", evidence.limit), ("usual", evidence.usual))
        if value is not None
    ]
    value = f"{evidence.label}: {evidence.quantity.value:.4g} {unit}".rstrip()
    return f"{value} ({', '.join(parts)})" if parts else value


def finding_names(findings: Sequence[Finding]) -> str:
    """Return the findings in a few words each, the most severe first: ``air bubble, off centre``; empty for none."""
    ordered = sorted(findings, key=lambda finding: -finding.severity)
    return ", ".join(dict.fromkeys(_artifact_name(finding.artifact) for finding in ordered))


def _artifact_name(artifact: str) -> str:
    """Return the title of an artifact that has one, else its id without the word before the first hyphen."""
    known = _TITLES.get(artifact)
    return known or (artifact.partition("-")[2] or artifact).replace("-", " ")


def _range_text(low: float | None, high: float | None, metric: MetricDef) -> str:
    if low is not None and high is not None:
        separator = " to " if low < 0 else "–"
        return with_unit(f"{low:g}{separator}{high:g}", metric)
    if low is not None:
        return with_unit(f"≥ {low:g}", metric)
    return with_unit(f"≤ {high:g}", metric) if high is not None else ""
