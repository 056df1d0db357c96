"""One Observation a metric, for receivers that cannot search components; members of the run's Observation."""

from aiqa_integration.fhir.codes import BASE, CATEGORY_IMAGING, CATEGORY_PHANTOM, SERIES_INSTANCE_UID, Element
from aiqa_integration.fhir.identity import RESULT, Identifier, Node, RunNodes, result_uuid
from aiqa_integration.fhir.observation import component, result_status
from aiqa_integration.fhir.style import Style
from aiqa_integration.fhir.times import fhir_date_time, fhir_instant
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.report import QaReport


def metric_node(report: QaReport, judgement: Judgement) -> Node:
    """Return the name of one metric of a run."""
    key = result_uuid(report, f"metric-{judgement.measurement.metric.id}")
    return Node(resource_type="Observation", key=Identifier(system=RESULT, value=str(key)))


def phantom_metric(
    node: Node, nodes: RunNodes, report: QaReport, header: SeriesHeader | None, *, judgement: Judgement, style: Style
) -> Element:
    """Return the Observation of one metric: what is a component of the run in the other style."""
    effective = fhir_date_time(header.acquired_at) if header else None
    return {
        "resourceType": "Observation",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-phantom-metric"]},
        "identifier": [node.key.element],
        "partOf": [nodes.study_reference],
        "status": result_status(report),
        "category": [CATEGORY_PHANTOM, CATEGORY_IMAGING],
        "subject": nodes.scanner_reference,
        **({"effectiveDateTime": effective} if effective else {}),
        "issued": fhir_instant(report.provenance.created_at),
        **style.performers,
        **component(judgement),
        "device": nodes.algorithm.reference,
        "derivedFrom": nodes.sources,
        "component": [{"code": SERIES_INSTANCE_UID, "valueString": report.ref.series_instance_uid}],
    }
