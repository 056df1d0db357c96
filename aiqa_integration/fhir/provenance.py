"""Who made the results, from which images, when."""

from aiqa_integration.fhir.codes import ASSEMBLER, BASE, CREATED, REVISED, Element
from aiqa_integration.fhir.identity import INSTANCES, Identifier, RunNodes, report_sr_uid
from aiqa_integration.fhir.times import fhir_instant
from aiqa_integration.model.report import QaReport


def run_provenance(nodes: RunNodes, report: QaReport) -> Element:
    """Return the Provenance of one revision of a run; it is found again by its tag, R4 gives it no identifier."""
    time = fhir_instant(report.provenance.created_at)
    key = nodes.provenance.key
    return {
        "resourceType": "Provenance",
        "meta": {
            "profile": [f"{BASE}/StructureDefinition/aiqa-provenance"],
            "tag": [{"system": key.system, "code": key.value}],
        },
        "target": [nodes.observation.reference, nodes.report.reference],
        "occurredDateTime": time,
        "recorded": time,
        "policy": [f"{BASE}/policy/automated-qa-v1"],
        "activity": CREATED if report.revision == 1 else REVISED,
        "agent": [{"type": ASSEMBLER, "who": nodes.algorithm.reference}],
        "entity": _entities(nodes, report),
    }


def _entities(nodes: RunNodes, report: QaReport) -> list[Element]:
    instances = Identifier(system=INSTANCES, value=report.provenance.instances_digest)
    count = len(set(report.provenance.source_instance_uids))
    display = f"{count} instances of series {report.ref.series_instance_uid}"
    entities = [{"role": "source", "what": nodes.study_reference}]
    if instances.value:
        entities.append({"role": "source", "what": {"identifier": instances.element, "display": display}})
    if report.predecessor is not None:
        former = Identifier.of_dicom(report_sr_uid(report, report.predecessor))
        entities.append({"role": "revision", "what": former.logical("DiagnosticReport")})
    return entities
