"""A phantom run as one Observation, a component per metric."""

from html import escape

from aiqa_integration.fhir.codes import (
    BASE,
    CATEGORY_CLINICAL,
    CATEGORY_IMAGING,
    CATEGORY_PHANTOM,
    INSTANTIATES,
    INSTITUTION_STANDARD,
    QA_METRIC,
    QUALITY_ASSESSMENT,
    SERIES_INSTANCE_UID,
    SERIES_QUALITY,
    Element,
    absent_because,
    coding,
    concept,
    interpretation,
    metric_concept,
    outcome,
    refused_because,
    run_name,
)
from aiqa_integration.fhir.identity import Identifier, RunNodes, observation_uid
from aiqa_integration.fhir.quantity import measured_quantity, reference_ranges
from aiqa_integration.fhir.style import Style
from aiqa_integration.fhir.times import fhir_date_time, fhir_instant
from aiqa_integration.fhir.wording import SIMULATED_NOTE, conclusion, judgement_notes
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.judgement import Judgement, Verdict
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.report import QaReport

_RUN_INTERPRETATION: dict[Verdict, str] = {
    Verdict.PASS: "N",
    Verdict.TOLERANCE: "A",
    Verdict.ACTION: "QCF",
    Verdict.NOT_MEASURED: "IND",
}

_OUTSIDE: dict[Verdict, tuple[str, str, str]] = {Verdict.TOLERANCE: ("L", "H", "A"), Verdict.ACTION: ("LL", "HH", "AA")}
"""Interpretation of a value below, above, or otherwise outside its limits."""


def result_status(report: QaReport) -> str:
    """Return the status of a run's result: a person need not confirm it.

    A later revision amends it, or corrects it where the images are the same and only what was made of them changed.
    """
    if report.revision == 1:
        return "final"
    before = report.predecessor
    same_images = before is not None and before.instances_digest == report.provenance.instances_digest
    return "corrected" if same_images else "amended"


def narrative(text: str) -> Element:
    """Return a Narrative of plain text."""
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(text, quote=False)}</div>',
    }


def phantom_run(nodes: RunNodes, report: QaReport, header: SeriesHeader | None, style: Style) -> Element:
    """Return the Observation of a run; a refused one has no value but the reason why (dataAbsentReason)."""
    words = conclusion(report, nodes)
    effective = fhir_date_time(header.acquired_at) if header else None
    return {
        "resourceType": "Observation",
        **profile(report, "aiqa-phantom-run"),
        "text": narrative(words),
        **_limit_set(report),
        "identifier": [nodes.observation.key.element, Identifier.of_dicom(observation_uid(report)).element],
        "partOf": [nodes.study_reference],
        "status": result_status(report),
        "category": [category(report), CATEGORY_IMAGING],
        "code": run_code(report),
        "subject": nodes.subject,
        **({"effectiveDateTime": effective} if effective else {}),
        "issued": fhir_instant(report.provenance.created_at),
        **style.performers,
        **_outcome(report),
        "note": _notes(report, words),
        "method": concept(INSTITUTION_STANDARD, text=_method(report)),
        "device": nodes.algorithm.reference,
        **({"hasMember": [node.reference for node in nodes.members]} if nodes.members else {}),
        "derivedFrom": nodes.sources,
        "component": [
            {"code": SERIES_INSTANCE_UID, "valueString": report.ref.series_instance_uid},
            *(component(judgement) for judgement in report.judgements if not nodes.members),
        ],
    }


def profile(report: QaReport, name: str) -> Element:
    """Return the profile that a phantom's resource follows; a series of a patient follows none while it is refused."""
    return {"meta": {"profile": [f"{BASE}/StructureDefinition/{name}"]}} if report.subject == "phantom" else {}


def category(report: QaReport) -> Element:
    """Return whether a result is of phantom or of clinical quality assurance."""
    return CATEGORY_PHANTOM if report.subject == "phantom" else CATEGORY_CLINICAL


def run_code(report: QaReport) -> Element:
    """Return the code of a run, shared by Observation and DiagnosticReport."""
    if report.subject == "patient":
        return SERIES_QUALITY
    run = run_name(report.analysis)
    return concept(coding(QA_METRIC, run.code, run.display), QUALITY_ASSESSMENT, text=run.display)


def component(judgement: Judgement) -> Element:
    """Return one metric: value or reason, verdict, and the limits that it was judged by."""
    measurement, limits = judgement.measurement, judgement.limits
    ranges = reference_ranges(limits, measurement.metric.unit) if limits else []
    meant = _meaning(judgement)
    value = (
        {"valueQuantity": measured_quantity(measurement, limits)}
        if isinstance(measurement, Measured)
        else {"dataAbsentReason": absent_because(measurement.reason, measurement.detail)}
    )
    return {
        "code": metric_concept(measurement.metric),
        **value,
        **({"interpretation": [interpretation(meant)]} if meant else {}),
        **({"referenceRange": ranges} if ranges else {}),
    }


def _meaning(judgement: Judgement) -> str | None:
    if judgement.verdict is Verdict.PASS:
        return "N"
    if judgement.verdict not in _OUTSIDE or not isinstance(judgement.measurement, Measured):
        return None
    below, above, outside = _OUTSIDE[judgement.verdict]
    value, limits = judgement.measurement.quantity.value, judgement.limits
    if limits is None:
        return outside
    action = judgement.verdict is Verdict.ACTION
    low = limits.action_low if action else limits.tolerance_low
    high = limits.action_high if action else limits.tolerance_high
    if low is not None and value < low:
        return below
    return above if high is not None and value > high else outside


def _outcome(report: QaReport) -> Element:
    if report.refused is not None:
        return {"dataAbsentReason": refused_because(report.refused.code, report.refused.detail)}
    meant = _RUN_INTERPRETATION.get(report.verdict)
    return {
        "valueCodeableConcept": outcome(report.verdict),
        **({"interpretation": [interpretation(meant)]} if meant else {}),
    }


def _limit_set(report: QaReport) -> Element:
    if not report.provenance.limit_set:
        return {}
    canonical = f"{BASE}/PlanDefinition/{report.provenance.limit_set}|{report.provenance.limit_set_revision}"
    return {"extension": [{"url": INSTANTIATES, "valueCanonical": canonical}]}


def _method(report: QaReport) -> str:
    made = report.provenance
    limits = f", limit set {made.limit_set} revision {made.limit_set_revision}" if made.limit_set else ""
    rule = f", rule {made.rule_name} revision {made.rule_revision}" if made.rule_name else ""
    return f"{report.analysis} {report.analysis_version}{limits}{rule}"


def _notes(report: QaReport, words: str) -> list[Element]:
    time = fhir_instant(report.provenance.created_at)
    texts = [words, *([SIMULATED_NOTE] if report.simulated else []), *judgement_notes(report)]
    return [{"time": time, "text": text} for text in texts]
