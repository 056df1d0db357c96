"""What is proposed, as resources that a person decides on: never an order, created only where absent."""

from aiqa_integration.fhir.codes import (
    BASE,
    SERIES_INSTANCE_UID,
    Element,
    code_coding,
    coding,
    concept,
    listed,
)
from aiqa_integration.fhir.identity import Identifier, Node, RunNodes, result_uuid
from aiqa_integration.fhir.times import fhir_instant
from aiqa_integration.model import codes
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import recommendation_text
from aiqa_integration.pipeline.follow_up import TASK_KIND
from aiqa_integration.recommendations.remedies import remedy_of

REPEAT = f"{BASE}/sid/repeat"
TASK = f"{BASE}/sid/task"
APPROVE = coding("http://hl7.org/fhir/CodeSystem/task-code", "approve", "Activate/approve the focal resource")
NOT_AN_ORDER = "Automated recommendation. It is not an order; a technologist or radiologist decides."

_REPEATS = {
    RecommendationKind.REPEAT_NOW: listed("task-repeat-series"),
    RecommendationKind.CHANGE_PROTOCOL: listed("task-change-protocol"),
}
_PHYSICS_REVIEW = listed("task-physics-review")
_IMAGE_REVIEW = listed("task-image-review")
_SERVICE = listed("task-service")
TASK_CODES = (APPROVE, _PHYSICS_REVIEW, _IMAGE_REVIEW, _SERVICE)
"""Codes of every Task of ours."""

Created = tuple[Node, Element]


def decisions(nodes: RunNodes, report: QaReport) -> tuple[Created, ...]:
    """Return the resources by which a person decides about a recommendation; none where it only is to be read."""
    recommendation, named = report.recommendation, decision_nodes(report)
    if recommendation is None or not named:
        return ()
    if len(named) == 1:
        return ((named[0], _review(named[0], nodes, report, recommendation)),)
    proposal, task = named
    return (
        (proposal, _proposal(proposal, nodes, report, recommendation)),
        (task, _decision(task, proposal, nodes, report, recommendation)),
    )


def decision_nodes(report: QaReport) -> tuple[Node, ...]:
    """Return the names of what a person decides on: the proposal and its Task, a Task alone, or nothing."""
    recommendation = report.recommendation
    if recommendation is None or not recommendation.notifies:
        return ()
    task = _node("Task", TASK, report, TASK_KIND)
    return (_node("ServiceRequest", REPEAT, report, "repeat"), task) if recommendation.kind in _REPEATS else (task,)


def _node(resource_type: str, system: str, report: QaReport, kind: str) -> Node:
    return Node(resource_type=resource_type, key=Identifier(system=system, value=str(result_uuid(report, kind))))


def _proposal(node: Node, nodes: RunNodes, report: QaReport, recommendation: Recommendation) -> Element:
    """Return the ServiceRequest that proposes a repeat, for as long as the patient is taken to be on the table."""
    reasons = _reasons(recommendation)
    return {
        "resourceType": "ServiceRequest",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-repeat-proposal"]},
        "identifier": [node.key.element],
        **nodes.orders,
        "status": "draft",
        "intent": "proposal",
        "category": [concept(code_coding(codes.IMAGING_PROCEDURE))],
        "priority": "stat",
        "code": concept(code_coding(codes.IMAGING_PROCEDURE)),
        "orderDetail": [concept(_REPEATS[recommendation.kind], text=recommendation.change or "")],
        "subject": nodes.subject,
        **_window("occurrencePeriod", report, recommendation),
        "authoredOn": fhir_instant(report.provenance.created_at),
        "requester": nodes.algorithm.reference,
        **({"reasonCode": reasons} if reasons else {}),
        "reasonReference": [nodes.observation.reference],
        "supportingInfo": [nodes.study_reference],
        "note": [{"text": NOT_AN_ORDER}],
    }


def _decision(node: Node, proposal: Node, nodes: RunNodes, report: QaReport, recommendation: Recommendation) -> Element:
    task = _task(node, nodes, report, recommendation)
    end = {"period": {"end": fhir_instant(recommendation.until)}} if recommendation.until else {}
    return {
        **task,
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-repeat-task"]},
        "priority": "stat",
        "code": concept(APPROVE),
        "focus": proposal.reference,
        "performerType": [{"text": "Technologist at the scanner"}],
        "restriction": {"repetitions": 1, **end},
    }


def _review(node: Node, nodes: RunNodes, report: QaReport, recommendation: Recommendation) -> Element:
    if recommendation.kind is RecommendationKind.SERVICE:
        code, performer = _SERVICE, "Medical physicist or service engineer"
    elif report.subject == "phantom":
        code, performer = _PHYSICS_REVIEW, "Medical physicist"
    else:
        code, performer = _IMAGE_REVIEW, "Radiologist"
    return {
        **_task(node, nodes, report, recommendation),
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-review-task"]},
        "priority": "urgent",
        "code": concept(code),
        "focus": nodes.report.reference,
        "performerType": [{"text": performer}],
    }


def _task(node: Node, nodes: RunNodes, report: QaReport, recommendation: Recommendation) -> Element:
    at = fhir_instant(report.provenance.created_at)
    about_scanner = recommendation.kind is RecommendationKind.SERVICE or report.subject == "phantom"
    return {
        "resourceType": "Task",
        "identifier": [node.key.element],
        **nodes.orders,
        "status": "requested",
        "intent": "proposal",
        "description": recommendation_text(recommendation),
        "for": nodes.scanner_reference if about_scanner else nodes.subject,
        "authoredOn": at,
        "lastModified": at,
        "requester": nodes.algorithm.reference,
        "reasonReference": nodes.observation.reference,
        "input": [{"type": SERIES_INSTANCE_UID, "valueString": report.ref.series_instance_uid}],
    }


def _window(name: str, report: QaReport, recommendation: Recommendation) -> Element:
    if recommendation.until is None:
        return {}
    start, end = fhir_instant(report.provenance.created_at), fhir_instant(recommendation.until)
    return {name: {"start": start, "end": end}}


def _reasons(recommendation: Recommendation) -> list[Element]:
    remedies = [remedy_of(artifact) for artifact in recommendation.artifacts]
    return [concept(*map(code_coding, remedy.reasons), text=remedy.title) for remedy in remedies if remedy.reasons]
