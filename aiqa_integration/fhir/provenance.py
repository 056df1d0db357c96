"""Who made the results, from which images, when."""

from aiqa_integration.fhir.codes import ASSEMBLER, BASE, CREATED, REVISED, Element
from aiqa_integration.fhir.identity import INSTANCES, Identifier, RunNodes, report_sr_uid
from aiqa_integration.fhir.style import Style
from aiqa_integration.fhir.task import decision_nodes
from aiqa_integration.fhir.times import fhir_instant
from aiqa_integration.model.report import QaReport


def run_provenance(nodes: RunNodes, report: QaReport, style: Style) -> Element:
    """Return the Provenance of one revision of a run; it is found again by its tag, R4 gives it no identifier."""
    time = fhir_instant(report.provenance.created_at)
    key = nodes.provenance.key
    return {
        "resourceType": "Provenance",
        "meta": {
            "profile": [f"{BASE}/StructureDefinition/aiqa-provenance"],
            "tag": [{"system": key.system, "code": key.value}],
        },
        "target": [
            nodes.observation.reference,
            *(node.reference for node in nodes.members),
            nodes.report.reference,
            *(node.reference for node in decision_nodes(report)),
        ],
        "occurredDateTime": time,
        "recorded": time,
        "policy": [f"{BASE}/policy/automated-qa-v1"],
        "activity": CREATED if report.revision == 1 else REVISED,
        "agent": [{"type": ASSEMBLER, "who": nodes.algorithm.reference, **_on_behalf_of(style)}],
        "entity": _entities(nodes, report),
    }


def _on_behalf_of(style: Style) -> Element:
    if not style.organization:
        return {}
    return {"onBehalfOf": {"type": "Organization", "display": style.organization}}


def _entities(nodes: RunNodes, report: QaReport) -> list[Element]:
    instances = Identifier(system=INSTANCES, value=report.provenance.instances_digest)
    count = len(set(report.provenance.source_instance_uids))
    display = f"{count} instances of series {report.ref.series_instance_uid}"
    entities = [{"role": "source", "what": nodes.study_reference}]
    if instances.value:
        entities.append({"role": "source", "what": {"identifier": instances.element, "display": display}})
    if nodes.document is not None:
        entities.append({"role": "derivation", "what": nodes.document.reference})
    if report.predecessor is not None:
        former = Identifier.of_dicom(report_sr_uid(report, report.predecessor))
        entities.append({"role": "revision", "what": former.logical("DiagnosticReport")})
    return entities
