"""Concepts of results that SR and FHIR share, by name: the codes stand in ``codes.yaml``; metrics bring their own."""

from aiqa_integration.model.catalogue import catalogue, code_of
from aiqa_integration.model.coding import Code
from aiqa_integration.model.finding import Severity
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import Reason
from aiqa_integration.model.quantity import Unit

REPORT_TITLE = code_of("report-title")
SERIES_REPORT_TITLE = code_of("series-report-title")
VERDICT = code_of("verdict")
SUBJECT = code_of("subject")
PROVENANCE = code_of("provenance")
SIMULATED = code_of("simulated")
INTENDED_USE = code_of("intended-use")
REFUSAL = code_of("refusal")
REMARKS = code_of("remarks")
REMARK = code_of("remark")
NOT_MEASURED_REASON = code_of("not-measured-reason")

DEVICE = code_of("device")
PHANTOM = code_of("phantom")
ANALYSIS = code_of("analysis")
BUNDLE = code_of("bundle")
SOFTWARE = code_of("software")
RULE = code_of("rule")
LIMIT_SET = code_of("limit-set")
CREATED = code_of("created")
REVISION = code_of("revision")

MEASURED_AREA = code_of("measured-area")
MEASURED_LINE = code_of("measured-line")

SUMMARY = code_of("summary")
RECOMMENDATION = code_of("recommendation")
COMMENT = code_of("comment")
FINDINGS = code_of("findings")
QUALITY_ASSESSMENT = code_of("quality-assessment")
QUALITY_FINDING = code_of("quality-finding")
MEASUREMENT_REPORT = code_of("measurement-report")
QUALITY_ISSUE = code_of("quality-issue")
REJECTED_FOR_QUALITY = code_of("rejected-for-quality")
OBSERVER_TYPE = code_of("observer-type")
OBSERVER_DEVICE = code_of("observer-device")
OBSERVER_PERSON = code_of("observer-person")
OBSERVER_UID = code_of("observer-uid")
OBSERVER_NAME = code_of("observer-name")
LANGUAGE = code_of("language")
ENGLISH = code_of("english")
ACQUISITION_EQUIPMENT = code_of("acquisition-equipment")
SOURCE_IMAGE = code_of("source-image")
IMAGING_PROCEDURE = code_of("imaging-procedure")
IMAGE_QUALITY_ANALYSIS = code_of("image-quality-analysis")
SPATIAL_CONCEPT = code_of("spatial-concept")
ARTIFICIAL_INTELLIGENCE = code_of("artificial-intelligence")
SALIENCY = code_of("saliency")
EVIDENCE = code_of("evidence")
PROBABILITY = code_of("probability")
SEVERITY = code_of("severity")

SEVERITIES: dict[Severity, Code] = {
    0: code_of("severity-0"),
    1: code_of("severity-1"),
    2: code_of("severity-2"),
    3: code_of("severity-3"),
}
"""The severity of a finding as a coded value."""

VERDICTS: dict[Verdict, Code] = {
    verdict: code_of(f"verdict-{verdict.value.lower().replace('_', '-')}") for verdict in Verdict
}
"""The verdict as a coded value."""

QUALITY_ASSESSMENTS: dict[Verdict, Code] = {
    Verdict.PASS: code_of("meets-standard"),
    Verdict.ACTION: code_of("does-not-meet-standard"),
}
"""CID 6044 for the verdicts that it can say; whether an image is unusable (111235) is a person's judgement."""

_RATINGS: tuple[Code, ...] = (code_of("rating-diagnostic"), code_of("rating-limited"), code_of("rating-non-diagnostic"))


def series_rating(severity: int) -> Code:
    """Return the rating of a series (CID 7036) whose worst artifact has this severity: 0 and 1 are diagnostic."""
    return _RATINGS[max(severity - 1, 0)]


REASONS: dict[Reason, Code] = {reason: code_of(f"reason-{reason.value}") for reason in Reason}
"""Why a metric has no value, as a coded value."""

_NOT_ATTEMPTED = code_of("qualifier-not-attempted")
_FAILURE = code_of("qualifier-failure")
_OUT_OF_RANGE = code_of("qualifier-out-of-range")
_INDETERMINATE = code_of("qualifier-indeterminate")

VALUE_QUALIFIERS: dict[Reason, Code] = {
    Reason.SLICE_MISSING: _NOT_ATTEMPTED,
    Reason.FEATURE_NOT_FOUND: _FAILURE,
    Reason.ROI_OUTSIDE_IMAGE: _NOT_ATTEMPTED,
    Reason.BACKGROUND_ZEROED: _NOT_ATTEMPTED,
    Reason.BACKGROUND_TOO_SMALL: _NOT_ATTEMPTED,
    Reason.SIGNAL_TOO_LOW: _INDETERMINATE,
    Reason.IMPLAUSIBLE: _OUT_OF_RANGE,
    Reason.POSE_UNCERTAIN: _INDETERMINATE,
    Reason.WRONG_ORIENTATION: _NOT_ATTEMPTED,
    Reason.ATTRIBUTE_MISSING: _NOT_ATTEMPTED,
    Reason.ANALYSIS_FAILED: _FAILURE,
}
"""Numeric Value Qualifier (0040,A301) of a NUM without a value: PS3.16 CID 42."""


def finding_code(artifact: str) -> Code:
    """Return what a finding is: the row of its name, else of its name without the first word, else any artifact."""
    rows = catalogue().findings
    row = rows.get(artifact) or rows.get(artifact.partition("-")[2]) or rows["any-artifact"]
    return row.code


def finding_probability(artifact: str) -> Code:
    """Return the name of a finding's probability, which tells by itself of what: viewers show it without its group.

    For an artifact whose probability is a metric it is the metric's; of a finding that the catalogue lacks it is that
    of any.
    """
    found = catalogue()
    for name in (artifact, artifact.partition("-")[2]):
        row = found.metrics.get(f"mr-artifact-{name}") or found.concepts.get(f"probability-{name}")
        if row:
            return row.code
    return PROBABILITY


def unit_code(unit: Unit) -> Code:
    """Return the UCUM code of a unit; the meaning is what a person reads."""
    meaning = unit.display or {"1": "no units", "{score}": "score"}.get(unit.ucum, unit.ucum)
    return Code(value=unit.ucum, scheme="UCUM", meaning=meaning)
