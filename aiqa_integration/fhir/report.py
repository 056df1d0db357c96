"""The DiagnosticReport of a run."""

from aiqa_integration.fhir.codes import (
    BASE,
    CATEGORY_RADIOLOGY,
    NOT_EVALUABLE,
    Element,
    outcome,
)
from aiqa_integration.fhir.identity import Identifier, RunNodes, report_sr_uid
from aiqa_integration.fhir.observation import category, narrative, profile, result_status, run_code
from aiqa_integration.fhir.series_quality import rating
from aiqa_integration.fhir.style import Style
from aiqa_integration.fhir.times import fhir_date_time, fhir_instant
from aiqa_integration.fhir.wording import conclusion
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.report import QaReport

_PROFILE: Element = {"meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-report"]}}


def run_report(nodes: RunNodes, report: QaReport, header: SeriesHeader | None, style: Style) -> Element:
    """Return the DiagnosticReport of a run; its conclusion is the readable text, "not evaluable" if refused."""
    words = conclusion(report, nodes)
    effective = fhir_date_time(header.acquired_at) if header else None
    return {
        "resourceType": "DiagnosticReport",
        **(profile(report, "aiqa-report") if not nodes.of_patient else _PROFILE),
        "text": narrative(words),
        "identifier": [nodes.report.key.element, Identifier.of_dicom(report_sr_uid(report)).element],
        **nodes.orders,
        "status": "preliminary" if nodes.of_patient else result_status(report),
        "category": [CATEGORY_RADIOLOGY, category(report)],
        "code": run_code(report),
        "subject": nodes.subject,
        **({"effectiveDateTime": effective} if effective else {}),
        "issued": fhir_instant(report.provenance.created_at),
        **style.performers,
        "result": [nodes.observation.reference, *(node.reference for node in nodes.members)],
        "imagingStudy": [nodes.study_reference],
        "conclusion": words,
        "conclusionCode": [_conclusion_code(nodes, report)],
    }


def _conclusion_code(nodes: RunNodes, report: QaReport) -> Element:
    if report.refused is not None:
        return NOT_EVALUABLE
    return rating(report) if nodes.of_patient else outcome(report.verdict)
