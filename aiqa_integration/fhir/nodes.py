"""The names of all resources of a report: what is written, and what the EHR is to be asked for."""

from aiqa_integration.fhir.artifact_finding import finding_node, told_findings
from aiqa_integration.fhir.audit_event import audit_node
from aiqa_integration.fhir.device import algorithm_node, phantom_node, printable, scanner_node
from aiqa_integration.fhir.identity import (
    PROVENANCE,
    REPORT,
    REPORT_KIND,
    RESULT,
    Identifier,
    Node,
    RunNodes,
    result_uuid,
    run_uuid,
)
from aiqa_integration.fhir.lookup import order_node, patient_node
from aiqa_integration.fhir.phantom_metric import metric_node
from aiqa_integration.fhir.sr_document import document_node, endpoint_node
from aiqa_integration.fhir.style import PLAIN, Style
from aiqa_integration.model.identity import identity
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.report import QaReport


def run_nodes(report: QaReport, header: SeriesHeader | None = None, style: Style = PLAIN) -> RunNodes:
    """Return the names of all resources of a report."""
    scanner = scanner_node(printable(report.device))
    phantom = phantom_node(report, scanner)
    study_uid = report.ref.study_instance_uid
    study_key = Identifier.of_dicom(study_uid) if study_uid else None
    of_patient = report.subject == "patient" and report.refused is None
    patient = patient_node(header.patient) if of_patient and header and header.patient else None
    order = order_node(header.order) if patient and header and header.order else None
    known = phantom is not None or patient is not None
    revision = identity("fhir", "provenance", report.report_uid)
    return RunNodes(
        observation=Node(resource_type="Observation", key=Identifier(system=RESULT, value=str(run_uuid(report)))),
        report=Node(
            resource_type="DiagnosticReport",
            key=Identifier(system=REPORT, value=str(result_uuid(report, REPORT_KIND))),
        ),
        provenance=Node(resource_type="Provenance", key=Identifier(system=PROVENANCE, value=str(revision))),
        algorithm=algorithm_node(report),
        scanner=scanner,
        phantom=phantom,
        study=Node(resource_type="ImagingStudy", key=study_key) if known and study_key else None,
        study_key=study_key,
        of_patient=of_patient,
        patient=patient,
        order=order,
        document=document_node(report) if style.archive_url and header else None,
        endpoint=endpoint_node(style.archive_url) if style.archive_url and phantom else None,
        audit=audit_node(report) if style.audit else None,
        members=_members(report, style, of_patient=of_patient),
    )


def _members(report: QaReport, style: Style, *, of_patient: bool) -> tuple[Node, ...]:
    if of_patient:
        return tuple(finding_node(report, finding) for finding in told_findings(report))
    if style.observations == "expanded":
        return tuple(metric_node(report, judgement) for judgement in report.judgements)
    return ()
