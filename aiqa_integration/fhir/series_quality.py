"""The quality of a patient's series, of which somebody is told; preliminary until a person confirms it."""

from aiqa_integration.fhir.codes import (
    BASE,
    CATEGORY_CLINICAL,
    CATEGORY_IMAGING,
    SERIES_INSTANCE_UID,
    SERIES_QUALITY,
    Element,
    code_coding,
    concept,
    interpretation,
)
from aiqa_integration.fhir.identity import Identifier, RunNodes, observation_uid
from aiqa_integration.fhir.style import Style
from aiqa_integration.fhir.times import fhir_date_time, fhir_instant
from aiqa_integration.model.codes import IMAGE_QUALITY_ANALYSIS, series_rating
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.report import QaReport


def rating(report: QaReport) -> Element:
    """Return PS3.16 CID 7036 for the worst finding that alerts: limited or non-diagnostic, else diagnostic."""
    worst = max((finding.severity for finding in report.findings if finding.alerts), default=0)
    return concept(code_coding(series_rating(worst)))


def series_quality(
    nodes: RunNodes, report: QaReport, header: SeriesHeader | None, text: Element, *, style: Style
) -> Element:
    """Return the Observation of a patient's series; ``text`` is its narrative."""
    effective = fhir_date_time(header.acquired_at) if header else None
    return {
        "resourceType": "Observation",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-clinical-quality"]},
        "text": text,
        "identifier": [nodes.observation.key.element, Identifier.of_dicom(observation_uid(report)).element],
        **nodes.orders,
        "partOf": [nodes.study_reference],
        "status": "preliminary",
        "category": [CATEGORY_CLINICAL, CATEGORY_IMAGING],
        "code": SERIES_QUALITY,
        "subject": nodes.subject,
        **({"effectiveDateTime": effective} if effective else {}),
        "issued": fhir_instant(report.provenance.created_at),
        **style.performers,
        "valueCodeableConcept": rating(report),
        "interpretation": [interpretation("A")],
        "method": concept(code_coding(IMAGE_QUALITY_ANALYSIS), text=f"{report.analysis} {report.analysis_version}"),
        "device": nodes.algorithm.reference,
        **({"hasMember": [node.reference for node in nodes.members]} if nodes.members else {}),
        "derivedFrom": nodes.sources,
        "component": [{"code": SERIES_INSTANCE_UID, "valueString": report.ref.series_instance_uid}],
    }
