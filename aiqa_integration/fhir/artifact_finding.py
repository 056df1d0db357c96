"""An artifact in a patient's series, of which somebody is told; preliminary until a person confirms it."""

from decimal import Decimal

from aiqa_integration.fhir.codes import (
    AFFECTED_SLICE_FRACTION,
    BASE,
    CATEGORY_CLINICAL,
    CATEGORY_IMAGING,
    CERTAINTY,
    QUALITY_FINDING,
    SERIES_INSTANCE_UID,
    Element,
    code_coding,
    concept,
    interpretation,
)
from aiqa_integration.fhir.identity import RESULT, Identifier, Node, RunNodes, result_uuid
from aiqa_integration.fhir.quantity import quantity
from aiqa_integration.fhir.style import Style
from aiqa_integration.fhir.times import fhir_date_time, fhir_instant
from aiqa_integration.model import codes
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.quantity import PERCENT
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.rounding import rounded


def told_findings(report: QaReport) -> tuple[Finding, ...]:
    """Return the findings that alert, the worst of each artifact."""
    worst: dict[str, Finding] = {}
    for finding in report.findings:
        known = worst.get(finding.artifact)
        if finding.alerts and (known is None or _weight(finding) > _weight(known)):
            worst[finding.artifact] = finding
    return tuple(worst.values())


def finding_node(report: QaReport, finding: Finding) -> Node:
    """Return the name of a finding: of series, analysis and artifact, so that a later result amends it."""
    key = result_uuid(report, f"finding-{finding.artifact}")
    return Node(resource_type="Observation", key=Identifier(system=RESULT, value=str(key)))


def artifact_finding(
    node: Node, nodes: RunNodes, report: QaReport, header: SeriesHeader | None, *, finding: Finding, style: Style
) -> Element:
    """Return the Observation of one artifact."""
    effective = fhir_date_time(header.acquired_at) if header else None
    return {
        "resourceType": "Observation",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-artifact-finding"]},
        "identifier": [node.key.element],
        **nodes.orders,
        "partOf": [nodes.study_reference],
        "status": "preliminary",
        "category": [CATEGORY_CLINICAL, CATEGORY_IMAGING],
        "code": concept(QUALITY_FINDING),
        "subject": nodes.subject,
        **({"effectiveDateTime": effective} if effective else {}),
        "issued": fhir_instant(report.provenance.created_at),
        **style.performers,
        "valueCodeableConcept": concept(code_coding(codes.finding_code(finding.artifact)), text=finding.artifact),
        "interpretation": [interpretation("A")],
        "note": [{"text": finding.explanation}],
        "method": concept(
            code_coding(codes.IMAGE_QUALITY_ANALYSIS), text=f"{report.analysis} {report.analysis_version}"
        ),
        "device": nodes.algorithm.reference,
        "derivedFrom": nodes.sources,
        "component": _components(report, finding),
    }


def _components(report: QaReport, finding: Finding) -> list[Element]:
    series = {"code": SERIES_INSTANCE_UID, "valueString": report.ref.series_instance_uid}
    severity = {
        "code": concept(code_coding(codes.SEVERITY)),
        "valueCodeableConcept": concept(code_coding(codes.SEVERITIES[finding.severity])),
    }
    certainty = {"code": CERTAINTY, "valueQuantity": _percent(finding.probability)}
    images = len(set(report.provenance.source_instance_uids))
    if not 0 < len(finding.slices) <= images:  # the slices of a multi-frame image are more than its instances
        return [series, severity, certainty]
    share = {"code": AFFECTED_SLICE_FRACTION, "valueQuantity": _percent(len(finding.slices) / images)}
    return [series, severity, certainty, share]


def _percent(part: float) -> Element:
    return quantity(Decimal(rounded(part * 100, 0)), PERCENT)


def _weight(finding: Finding) -> tuple[int, float]:
    return finding.severity, finding.probability
