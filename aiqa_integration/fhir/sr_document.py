"""Where the PACS has the readable SR of a result, and where the PACS is."""

from aiqa_integration.fhir.codes import BASE, Element, code_coding, concept, listed
from aiqa_integration.fhir.identity import (
    ENDPOINT,
    Identifier,
    Node,
    RunNodes,
    report_sr_series_uid,
    report_sr_uid,
)
from aiqa_integration.fhir.times import fhir_instant
from aiqa_integration.model import codes
from aiqa_integration.model.identity import identity
from aiqa_integration.model.report import QaReport

_SOP_CLASSES = "urn:oid:1.2.840.10008.2.6.1"
"""DICOM SOP classes and other UIDs as a code system (PS3.6 annex A, R4 terminologies-systems.html)."""

_ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"


def document_node(report: QaReport) -> Node:
    """Return the SR document; a later revision has another one."""
    return Node(resource_type="DocumentReference", key=Identifier.of_dicom(report_sr_uid(report)))


def sr_document(node: Node, nodes: RunNodes, report: QaReport, archive_url: str) -> Element:
    """Return the DocumentReference of the SR; its UID stands twice, as some servers index only ``identifier``."""
    ref, uid = report.ref, report_sr_uid(report)
    path = f"studies/{ref.study_instance_uid}/series/{report_sr_series_uid(report)}/instances/{uid}"
    attachment = {
        "contentType": "application/dicom",
        "url": f"{archive_url}/{path}",
        "title": "DICOM Structured Report",
    }
    former = report.predecessor and Identifier.of_dicom(report_sr_uid(report, report.predecessor))
    return {
        "resourceType": "DocumentReference",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-sr-document"]},
        "masterIdentifier": node.key.element,
        "identifier": [node.key.element],
        "status": "current",
        "docStatus": "preliminary" if nodes.of_patient else "final",
        "type": concept(listed("sr-document-type")),
        "category": [concept(code_coding(codes.MEASUREMENT_REPORT))],
        "subject": nodes.subject,
        "date": fhir_instant(report.provenance.created_at),
        "author": [nodes.algorithm.reference],
        **({"relatesTo": [{"code": "replaces", "target": former.logical("DocumentReference")}]} if former else {}),
        "description": "DICOM SR with the result for a person to read",
        "content": [
            {
                "attachment": attachment,
                "format": {"system": _SOP_CLASSES, "code": _ENHANCED_SR, "display": "Enhanced SR Storage"},
            }
        ],
    }


def endpoint_node(archive_url: str) -> Node:
    """Return the PACS as an endpoint."""
    return Node(resource_type="Endpoint", key=Identifier(system=ENDPOINT, value=str(identity("endpoint", archive_url))))


def endpoint(node: Node, archive_url: str) -> Element:
    """Return the Endpoint by which images and SR are retrieved."""
    return {
        "resourceType": "Endpoint",
        "identifier": [node.key.element],
        "status": "active",
        "connectionType": listed("wado-rs"),
        "name": "PACS, DICOMweb",
        "payloadType": [concept(listed("dicom-study"))],
        "payloadMimeType": ["application/dicom"],
        "address": archive_url,
    }
