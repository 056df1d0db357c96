"""The audit trail of a delivery: IHE BALP, create or update, of a patient's record or not."""

from urllib.parse import urlsplit

from aiqa_integration.fhir.codes import Element, concept, listed
from aiqa_integration.fhir.identity import AUDIT, CLIENT, Identifier, Node, RunNodes
from aiqa_integration.fhir.style import Audit
from aiqa_integration.fhir.times import fhir_instant
from aiqa_integration.model.identity import identity
from aiqa_integration.model.report import QaReport

_PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit"
_CLIENT_NAME = "aiqa-integration"
_MACHINE_NAME, _URI = "1", "5"
"""AuditEvent.agent.network.type (R4 valueset-network-type)."""


def audit_node(report: QaReport) -> Node:
    """Return the audit event of one revision of a result; it is found again by its tag."""
    return Node(
        resource_type="AuditEvent",
        key=Identifier(system=AUDIT, value=str(identity("fhir", "audit", report.report_uid))),
    )


def audit_event(node: Node, nodes: RunNodes, report: QaReport, audit: Audit) -> Element:
    """Return the AuditEvent of writing a result (IHE BALP 1.1: Create, Update, PatientCreate, PatientUpdate)."""
    update = report.revision > 1
    kind = f"{'Patient' if nodes.patient else ''}{'Update' if update else 'Create'}"
    return {
        "resourceType": "AuditEvent",
        "meta": {"profile": [f"{_PROFILE}.{kind}"], "tag": [{"system": node.key.system, "code": node.key.value}]},
        "type": listed("audit-rest"),
        "subtype": [listed("audit-update" if update else "audit-create")],
        "action": "U" if update else "C",
        "recorded": fhir_instant(report.provenance.created_at),
        "outcome": "0",
        "agent": [
            {
                "type": concept(listed("source-role")),
                "who": {"identifier": {"system": CLIENT, "value": _CLIENT_NAME}},
                "requestor": True,
                "network": {"address": audit.client_host, "type": _MACHINE_NAME},
            },
            {
                "type": concept(listed("destination-role")),
                "who": {"identifier": {"value": urlsplit(audit.server_url).hostname or audit.server_url}},
                "requestor": False,
                "network": {"address": audit.server_url, "type": _URI},
            },
        ],
        "source": {"observer": nodes.algorithm.reference, "type": [listed("application-server")]},
        "entity": _entities(nodes),
    }


def _entities(nodes: RunNodes) -> list[Element]:
    entity = {
        "what": nodes.observation.reference,
        "type": listed("audit-object"),
        "role": listed("role-resource"),
    }
    if nodes.patient is None:
        return [entity]
    return [
        entity,
        {"what": nodes.patient.reference, "type": listed("audit-person"), "role": listed("role-patient")},
    ]
