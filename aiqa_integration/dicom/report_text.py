"""The readable report as SR content: verdict and what to do, every metric on a line, remarks, how it was made."""

from collections import Counter
from collections.abc import Sequence

from highdicom import sr

from aiqa_integration.dicom.result_object import concept
from aiqa_integration.model import codes
from aiqa_integration.model.advice import report_meaning
from aiqa_integration.model.coding import Code
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.image import SliceRef
from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import (
    INTENDED_USE,
    finding_text,
    judgement_text,
    place_text,
    recommendation_text,
    summary_text,
)

SIMULATED_TEXT = "These images were made by a simulator. The result says nothing about a real device."

MOST_PLACES = 12
"""Images named in a line."""

_CONTAINS = sr.RelationshipTypeValues.CONTAINS


def add_report_text(content: sr.ContentSequence, report: QaReport, slices: Sequence[SliceRef]) -> None:
    """Add the sections of the readable report to the root's content."""
    if report.simulated:
        content.append(_text(codes.SIMULATED, SIMULATED_TEXT))
    content.append(_text(codes.SUMMARY, summary_text(report)))
    _add_verdict(content, report)
    content.append(_text(codes.RECOMMENDATION, _recommendation(report)))
    content.append(_section(codes.SUBJECT, _subject_lines(report)))
    if report.refused:
        content.append(_text(codes.REFUSAL, f"{report.refused.detail} ({report.refused.code})"))
    if report.judgements:
        content.append(_section(codes.FINDINGS, _metric_lines(report, slices)))
    if report.findings:
        remarks = [(codes.REMARK, _remark(finding, slices)) for finding in report.findings]
        content.append(_section(codes.REMARKS, remarks))
    content.append(_section(codes.PROVENANCE, _provenance_lines(report)))
    content.append(_text(codes.INTENDED_USE, INTENDED_USE))


def _recommendation(report: QaReport) -> str:
    """Return why the result is as it is and what to do next; the proposal of the analysis where it made one."""
    meaning, proposed = report_meaning(report), report.recommendation
    if proposed is None:
        return f"{meaning.means} {meaning.advice}"
    return recommendation_text(proposed)


def _remark(finding: Finding, slices: Sequence[SliceRef]) -> str:
    """Return what was found, how much it matters, and the images to look at."""
    text = f"{finding_text(finding)} (severity: {codes.SEVERITIES[finding.severity].meaning.lower()})"
    places = [place_text(slices[place], place) for place in finding.slices if 0 <= place < len(slices)]
    shown = ", ".join(places[:MOST_PLACES]) + (f" and {left} more" if (left := len(places) - MOST_PLACES) > 0 else "")
    return f"{text} [{shown}]" if places else text


def _add_verdict(content: sr.ContentSequence, report: QaReport) -> None:
    content.append(_coded(codes.VERDICT, codes.VERDICTS[report.verdict]))
    if report.verdict in codes.QUALITY_ASSESSMENTS:
        content.append(_coded(codes.QUALITY_ASSESSMENT, codes.QUALITY_ASSESSMENTS[report.verdict]))


def _metric_lines(report: QaReport, slices: Sequence[SliceRef]) -> list[tuple[Code, str]]:
    """Return one line per metric, with its label where metrics share a code and its name cannot tell them apart."""
    metrics = [judgement.measurement.metric for judgement in report.judgements]
    uses = Counter(metric.code for metric in metrics)
    return [
        (metric.code, (f"{metric.label}: " if uses[metric.code] > 1 else "") + _line(judgement, slices))
        for metric, judgement in zip(metrics, report.judgements, strict=True)
    ]


def _line(judgement: Judgement, slices: Sequence[SliceRef]) -> str:
    """Return value, limits and verdict, the image to look at, what explains the verdict, and the limits' source."""
    text, place = judgement_text(judgement), judgement.measurement.slice_index
    if place is not None and 0 <= place < len(slices):
        text += f" [{place_text(slices[place], place)}]"
    if judgement.note:
        text += f"; {judgement.note}"
    return f"{text}; limits: {judgement.limits.source}" if judgement.limits else text


def _subject_lines(report: QaReport) -> list[tuple[Code, str]]:
    device = report.device
    named = (device.manufacturer, device.model, device.station, device.serial and f"serial {device.serial}")
    return _filled(
        [
            (codes.PHANTOM, report.phantom or ""),
            (codes.ANALYSIS, f"{report.analysis} {report.analysis_version}"),
            (codes.DEVICE, ", ".join(part for part in named if part)),
        ]
    )


def _provenance_lines(report: QaReport) -> list[tuple[Code, str]]:
    made, bundle = report.provenance, report.bundle
    return _filled(
        [
            (codes.SOFTWARE, f"AIQA {made.software_version}"),
            (
                codes.BUNDLE,
                f"{bundle.name} {bundle.version}, weights SHA-256 {bundle.weights_sha256}" if bundle else "",
            ),
            (codes.RULE, f"{made.rule_name}, revision {made.rule_revision}"),
            (codes.LIMIT_SET, f"{made.limit_set}, revision {made.limit_set_revision}" if made.limit_set else ""),
            (codes.CREATED, made.created_at),
            (codes.REVISION, str(report.revision)),
        ]
    )


def _filled(lines: list[tuple[Code, str]]) -> list[tuple[Code, str]]:
    return [(name, value) for name, value in lines if value]


def _section(name: Code, lines: Sequence[tuple[Code, str]]) -> sr.ContainerContentItem:
    section = sr.ContainerContentItem(concept(name), is_content_continuous=False, relationship_type=_CONTAINS)
    section.ContentSequence = sr.ContentSequence([_text(code, value) for code, value in lines])
    return section


def _text(name: Code, value: str) -> sr.TextContentItem:
    return sr.TextContentItem(concept(name), value, _CONTAINS)


def _coded(name: Code, value: Code) -> sr.CodeContentItem:
    return sr.CodeContentItem(concept(name), concept(value), _CONTAINS)
