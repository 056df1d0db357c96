"""The document ``aiqa-report/1`` as pages read it: fields typed, values turned back into the model's own nouns."""

import math
from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel, ConfigDict, ValidationError

from aiqa_integration.errors import LedgerError
from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.judgement import Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, NotMeasured, Reason
from aiqa_integration.model.quantity import UNITS, Quantity, Unit
from aiqa_integration.model.recommendation import RecommendationKind
from aiqa_integration.phantoms import all_phantoms

_MOST_DECIMALS = 6
_PLAIN_DECIMALS = 2


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DeviceDocument(_Part):
    """The scanner."""

    manufacturer: str
    model: str
    serial: str
    station: str


class Named(_Part):
    """Analysis or bundle with its version."""

    name: str
    version: str
    weights_sha256: str = ""


class Revised(_Part):
    """Rule or limit set with its revision."""

    name: str
    revision: str


class RefusalDocument(_Part):
    """Why nothing was measured."""

    code: str
    detail: str


class LimitsDocument(_Part):
    """Limits of a value; None where a side is open."""

    tolerance_low: float | None
    tolerance_high: float | None
    action_low: float | None
    action_high: float | None
    source: str
    revision: str


class MeasurementDocument(_Part):
    """A value, or the reason why there is none."""

    metric: str
    label: str
    value: float | None
    unit: str
    uncertainty: float | None
    reason: Reason | None
    detail: str | None
    limits: LimitsDocument | None
    verdict: Verdict
    note: str | None = None
    required: bool
    slice: int | None


class EvidenceDocument(_Part):
    """A number behind a finding: its limit, and the scanner's median for this protocol family."""

    label: str
    value: float
    unit: str
    limit: float | None
    usual: float | None


class FindingDocument(_Part):
    """What is remarkable besides the values; ``slices`` are one-based places in the stack."""

    artifact: str
    probability: float
    severity: int
    state: str
    slices: tuple[int, ...]
    explanation: str
    evidence: tuple[EvidenceDocument, ...] = ()


class RecommendationDocument(_Part):
    """What the program proposes."""

    kind: RecommendationKind
    reason: str
    text: str
    urgency: str
    change: str | None
    until: str | None = None


class ProvenanceDocument(_Part):
    """What made the result."""

    software_version: str
    rule: Revised
    limit_set: Revised
    instances_digest: str
    source_instance_uids: tuple[str, ...]
    created_at: str


class ReportDocument(_Part):
    """One analysis of one series."""

    report_uid: str
    study_instance_uid: str
    series_instance_uid: str
    modality: str
    device: DeviceDocument
    analysis: Named
    bundle: Named | None
    subject: str
    phantom: str | None
    verdict: Verdict
    measurements: tuple[MeasurementDocument, ...]
    findings: tuple[FindingDocument, ...] = ()
    recommendation: RecommendationDocument | None = None
    refused: RefusalDocument | None
    simulated: bool
    revision: int
    predecessor_uid: str | None
    provenance: ProvenanceDocument
    timings_s: dict[str, float]


def read_document(content: bytes) -> ReportDocument:
    """Return a stored report; raises LedgerError where the bytes are no such document."""
    try:
        return ReportDocument.model_validate_json(content)
    except ValidationError as error:
        raise LedgerError(f"the stored report is no aiqa-report/1 document ({error.error_count()} mistakes)") from error


def judgement(row: MeasurementDocument) -> Judgement:
    """Return a row of the document as the judgement that it was."""
    limits = Tolerance(**row.limits.model_dump()) if row.limits else None
    return Judgement(
        measurement=_measurement(row), limits=limits, verdict=row.verdict, required=row.required, note=row.note
    )


def _measurement(row: MeasurementDocument) -> Measurement:
    unit = UNITS.get(row.unit) or Unit(ucum=row.unit, display=row.unit, dimension="unknown", to_base=1.0)
    metric = MetricDef(
        id=row.metric,
        label=row.label,
        unit=unit,
        better="target",
        source=row.limits.source if row.limits else "",
        version="",
        code=aiqa_code("as-reported", "As reported"),
        decimals=decimals(row),
    )
    place = None if row.slice is None else row.slice - 1
    if row.value is None:
        reason = row.reason or Reason.ANALYSIS_FAILED
        return NotMeasured(metric=metric, reason=reason, detail=row.detail or "", slice_index=place)
    return Measured(
        metric=metric,
        quantity=Quantity(row.value, unit),
        uncertainty=row.uncertainty,
        slice_index=place,
        detail=row.detail,
    )


def decimals(row: MeasurementDocument) -> int:
    """Return how many decimals a value is shown with.

    As many as the metric's definition says, so that SR, picture and console agree; of a metric that is not known (any
    more), two digits of the uncertainty (JCGM 100:2008, 7.2.6).
    """
    known = _known_decimals().get(row.metric)
    if known is not None:
        return known
    return _uncertain_decimals(row.uncertainty) if row.uncertainty else _PLAIN_DECIMALS


def _uncertain_decimals(uncertainty: float) -> int:
    return min(max(1 - math.floor(math.log10(uncertainty)), 0), _MOST_DECIMALS)


@cache
def _known_decimals() -> Mapping[str, int]:
    tests = (test for phantom in all_phantoms() for test in phantom.tests)
    return {metric.id: metric.decimals for test in tests for metric in test.metrics}
