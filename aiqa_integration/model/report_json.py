"""A report as the ``aiqa-report/1`` document (DESIGN 2.2): what ``aiqa analyze`` writes and the console reads."""

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from jsonschema_rs import Draft202012Validator

from aiqa_integration.errors import EncodingError
from aiqa_integration.model.finding import Evidence, Finding
from aiqa_integration.model.image import SliceRef
from aiqa_integration.model.judgement import Judgement, Tolerance
from aiqa_integration.model.measurement import Measured, Region
from aiqa_integration.model.recommendation import Recommendation
from aiqa_integration.model.report import Provenance, QaReport
from aiqa_integration.model.screening import Screening

SCHEMA_ID = "aiqa-report/1"

Json = dict[str, Any]


def report_document(report: QaReport, slices: Sequence[SliceRef] = ()) -> Json:
    """Return the document of a report.

    ``slices`` are the stack's slice references; they name the SOP instance of a value where the report alone cannot
    tell (several multi-frame objects). Raises EncodingError where the document breaks its schema.
    """
    refused = report.refused
    document: Json = {
        "schema": SCHEMA_ID,
        "report_uid": report.report_uid,
        "study_instance_uid": report.ref.study_instance_uid,
        "series_instance_uid": report.ref.series_instance_uid,
        "modality": report.modality,
        "device": {
            "manufacturer": report.device.manufacturer,
            "model": report.device.model,
            "serial": report.device.serial,
            "station": report.device.station,
        },
        "analysis": {"name": report.analysis, "version": report.analysis_version},
        "bundle": _bundle(report),
        "subject": report.subject,
        "phantom": report.phantom,
        "verdict": report.verdict.value,
        "measurements": [_measurement(judgement, _instance_uids(report, slices)) for judgement in report.judgements],
        "findings": [_finding(finding) for finding in report.findings],
        "recommendation": _recommendation(report.recommendation),
        "screening": _screening(report.screening),
        "refused": None if refused is None else {"code": refused.code, "detail": refused.detail},
        "simulated": report.simulated,
        "revision": report.revision,
        "predecessor_uid": report.predecessor.object_uid(report.ref, "report") if report.predecessor else None,
        "provenance": _provenance(report.provenance),
        "timings_s": dict(report.timings_s),
    }
    check_document(document)
    return document


def report_bytes(report: QaReport, slices: Sequence[SliceRef] = ()) -> bytes:
    """Return the document as UTF-8 JSON; the same report gives the same bytes. Raises EncodingError."""
    document = report_document(report, slices)
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def check_document(document: object) -> None:
    """Raise EncodingError where a document breaks the schema ``aiqa-report/1``."""
    try:
        error = next(_validator().iter_errors(document), None)
    except ValueError:  # numpy's floats are no JSON, but are written as such
        error = next(_validator().iter_errors(json.loads(json.dumps(document))), None)
    if error is not None:
        raise EncodingError(f"report document, {'/'.join(map(str, error.instance_path)) or 'top'}: {error.message}")


@cache
def report_schema() -> Json:
    """Return the JSON Schema of the document."""
    schema: Json = json.loads(resources.files("aiqa_integration.model").joinpath("report.schema.json").read_bytes())
    return schema


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(report_schema())


def _bundle(report: QaReport) -> Json | None:
    bundle = report.bundle
    if bundle is None:
        return None
    return {"name": bundle.name, "version": bundle.version, "weights_sha256": bundle.weights_sha256}


def _instance_uids(report: QaReport, slices: Sequence[SliceRef]) -> tuple[str, ...]:
    """Return the SOP Instance UID of each place of the stack, as far as it is known."""
    if slices:
        return tuple(ref.sop_instance_uid for ref in slices)
    uids = report.provenance.source_instance_uids
    return uids if len(uids) > 1 else uids * (1 + max((_place(j) for j in report.judgements), default=0))


def _place(judgement: Judgement) -> int:
    index = judgement.measurement.slice_index
    return -1 if index is None else index


def _measurement(judgement: Judgement, instance_uids: Sequence[str]) -> Json:
    measurement, place = judgement.measurement, _place(judgement)
    measured = measurement if isinstance(measurement, Measured) else None
    regions = [_region(region) for region in measurement.regions]
    return {
        "metric": measurement.metric.id,
        "label": measurement.metric.label,
        "status": "not-measured" if measured is None else "measured",
        "value": None if measured is None else measured.quantity.value,
        "unit": measurement.metric.unit.ucum,
        "uncertainty": None if measured is None else measured.uncertainty,
        "reason": None if isinstance(measurement, Measured) else measurement.reason.value,
        "detail": measurement.detail,
        "limits": None if judgement.limits is None else _limits(judgement.limits),
        "verdict": judgement.verdict.value,
        "note": judgement.note,
        "required": judgement.required,
        "slice": place + 1 if place >= 0 else None,
        "sop_instance_uid": instance_uids[place] if 0 <= place < len(instance_uids) else None,
        "region": regions[0] if regions else None,
        "further_regions": regions[1:],
    }


def _finding(finding: Finding) -> Json:
    return {
        "artifact": finding.artifact,
        "probability": finding.probability,
        "severity": finding.severity,
        "state": finding.state,
        "slices": [place + 1 for place in finding.slices],
        "region": None if finding.region is None else _region(finding.region),
        "explanation": finding.explanation,
        "calibration": finding.calibration,
        "marks": [_region(mark) for mark in finding.marks],
        "evidence": [_evidence(evidence) for evidence in finding.evidence],
    }


def _evidence(evidence: Evidence) -> Json:
    return {
        "metric": evidence.metric,
        "label": evidence.label,
        "value": evidence.quantity.value,
        "unit": evidence.quantity.unit.ucum,
        "limit": evidence.limit,
        "usual": evidence.usual,
        "slice": None if evidence.slice_index is None else evidence.slice_index + 1,
    }


def _screening(screening: Screening | None) -> Json | None:
    if screening is None:
        return None
    return {
        "family": screening.family,
        "raw": {artifact.value: probability for artifact, probability in screening.raw.items()},
        "metrics": dict(screening.metrics),
        "distance": screening.distance,
        "audit": screening.audit,
    }


def _recommendation(recommendation: Recommendation | None) -> Json | None:
    if recommendation is None:
        return None
    return {
        "kind": recommendation.kind.value,
        "reason": recommendation.reason,
        "text": recommendation.text,
        "urgency": recommendation.urgency,
        "change": recommendation.change,
        "artifacts": list(recommendation.artifacts),
        "until": recommendation.until,
    }


def _limits(limits: Tolerance) -> Json:
    return {
        "tolerance_low": limits.tolerance_low,
        "tolerance_high": limits.tolerance_high,
        "action_low": limits.action_low,
        "action_high": limits.action_high,
        "source": limits.source,
        "revision": limits.revision,
    }


def _region(region: Region) -> Json:
    return {
        "shape": region.shape,
        "slice": region.slice_index + 1,
        "points": [[column, row] for column, row in region.points],
        "label": region.label,
    }


def _provenance(provenance: Provenance) -> Json:
    return {
        "software_version": provenance.software_version,
        "rule": {"name": provenance.rule_name, "revision": provenance.rule_revision},
        "limit_set": {"name": provenance.limit_set, "revision": provenance.limit_set_revision},
        "instances_digest": provenance.instances_digest,
        "source_instance_uids": list(provenance.source_instance_uids),
        "created_at": provenance.created_at,
    }
