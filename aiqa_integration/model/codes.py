"""Concepts of results that SR and FHIR share: verdicts, reasons, sections of a report; metrics bring their own code.

Standard concepts come from PS3.16 (checked against pydicom's dictionaries in the tests), the others from 99AIQA.
"""

from aiqa_integration.model.coding import Code, aiqa_code, dcm_code
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import Reason
from aiqa_integration.model.quantity import Unit

REPORT_TITLE = aiqa_code("AIQA-RPT", "AI Image Quality Report")
VERDICT = aiqa_code("AIQA-VERDICT", "Verdict")
SUBJECT = aiqa_code("AIQA-SUBJECT", "What was examined")
PROVENANCE = aiqa_code("AIQA-PROV", "How this result was made")
SIMULATED = aiqa_code("AIQA-SIM", "Simulated data")
INTENDED_USE = aiqa_code("AIQA-USE", "Intended use")
REFUSAL = aiqa_code("AIQA-REFUSED", "Why nothing was measured")
REMARKS = aiqa_code("AIQA-REMARKS", "Remarks on set-up and images")
REMARK = aiqa_code("AIQA-REMARK", "Remark")
NOT_MEASURED_REASON = aiqa_code("AIQA-NM-REASON", "Why this was not measured")

DEVICE = aiqa_code("AIQA-DEVICE", "Device")
PHANTOM = aiqa_code("AIQA-PHANTOM", "Test object")
ANALYSIS = aiqa_code("AIQA-ANALYSIS", "Analysis")
BUNDLE = aiqa_code("AIQA-BUNDLE", "Model bundle")
SOFTWARE = aiqa_code("AIQA-SOFTWARE", "Software")
RULE = aiqa_code("AIQA-RULE", "Routing rule")
LIMIT_SET = aiqa_code("AIQA-LIMITS", "Limit set")
CREATED = aiqa_code("AIQA-CREATED", "Result made at")
REVISION = aiqa_code("AIQA-REVISION", "Revision of this result")

MEASURED_AREA = aiqa_code("AIQA-ROI-AREA", "Measured area")
MEASURED_LINE = aiqa_code("AIQA-ROI-LINE", "Measured line")

SUMMARY = dcm_code("121111", "Summary")
RECOMMENDATION = dcm_code("121075", "Recommendation")
FINDINGS = dcm_code("121070", "Findings")
QUALITY_ASSESSMENT = dcm_code("111050", "Quality Assessment")
MEASUREMENT_REPORT = dcm_code("126000", "Imaging Measurement Report")
OBSERVER_TYPE = dcm_code("121005", "Observer Type")
OBSERVER_DEVICE = dcm_code("121007", "Device")
OBSERVER_UID = dcm_code("121012", "Device Observer UID")
OBSERVER_NAME = dcm_code("121013", "Device Observer Name")
LANGUAGE = dcm_code("121049", "Language of Content Item and Descendants")
ACQUISITION_EQUIPMENT = dcm_code("109101", "Acquisition Equipment")
SOURCE_IMAGE = dcm_code("121322", "Source Image for Image Processing Operation")
IMAGING_PROCEDURE = Code(value="363679005", scheme="SCT", meaning="Imaging procedure")
IMAGE_QUALITY_ANALYSIS = Code(value="133887000", scheme="SCT", meaning="Image quality analysis")
SPATIAL_CONCEPT = Code(value="309825002", scheme="SCT", meaning="Spatial and Relational Concept")
ARTIFICIAL_INTELLIGENCE = dcm_code("123110", "Artificial Intelligence")
ENGLISH = Code(value="en-US", scheme="RFC5646", meaning="English (United States)")

VERDICTS: dict[Verdict, Code] = {
    Verdict.PASS: aiqa_code("AIQA-V-PASS", "Within tolerance"),
    Verdict.TOLERANCE: aiqa_code("AIQA-V-TOL", "Outside tolerance, inside action limits"),
    Verdict.ACTION: aiqa_code("AIQA-V-ACTION", "Outside action limits"),
    Verdict.NOT_ASSESSED: aiqa_code("AIQA-V-NA", "Measured, not judged: no limits apply"),
    Verdict.NOT_MEASURED: aiqa_code("AIQA-V-NM", "Not measured"),
}
"""The verdict as a coded value."""

QUALITY_ASSESSMENTS: dict[Verdict, Code] = {
    Verdict.PASS: dcm_code("111237", "Usable - Meets the quality control standard"),
    Verdict.ACTION: dcm_code("111236", "Usable - Does not meet the quality control standard"),
}
"""CID 6044 for the verdicts that it can say; whether an image is unusable (111235) is a person's judgement."""

_RATINGS: tuple[Code, ...] = (
    Code(value="RID12", scheme="RADLEX", meaning="Diagnostic quality"),
    Code(value="RID13", scheme="RADLEX", meaning="Limited quality"),
    Code(value="RID14", scheme="RADLEX", meaning="Non-diagnostic quality"),
)


def series_rating(severity: int) -> Code:
    """Return the rating of a series (CID 7036) whose worst artifact has this severity: 0 and 1 are diagnostic."""
    return _RATINGS[max(severity - 1, 0)]


REASONS: dict[Reason, Code] = {
    Reason.SLICE_MISSING: aiqa_code("AIQA-R-SLICE", "The slice to measure is missing"),
    Reason.FEATURE_NOT_FOUND: aiqa_code("AIQA-R-FEATURE", "The feature to measure was not found"),
    Reason.ROI_OUTSIDE_IMAGE: aiqa_code("AIQA-R-OUTSIDE", "The region to measure leaves the image"),
    Reason.BACKGROUND_ZEROED: aiqa_code("AIQA-R-BGZERO", "The background was set to zero"),
    Reason.BACKGROUND_TOO_SMALL: aiqa_code("AIQA-R-BGSMALL", "Too little background in the image"),
    Reason.SIGNAL_TOO_LOW: aiqa_code("AIQA-R-SIGNAL", "Too little signal"),
    Reason.IMPLAUSIBLE: aiqa_code("AIQA-R-IMPLAUS", "The value found is not plausible"),
    Reason.POSE_UNCERTAIN: aiqa_code("AIQA-R-POSE", "The position of the test object is uncertain"),
    Reason.WRONG_ORIENTATION: aiqa_code("AIQA-R-ORIENT", "The slices have the wrong orientation"),
    Reason.ATTRIBUTE_MISSING: aiqa_code("AIQA-R-ATTRIB", "The images lack an attribute that is needed"),
    Reason.ANALYSIS_FAILED: aiqa_code("AIQA-R-FAILED", "The analysis failed"),
}
"""Why a metric has no value, as a coded value."""

_NOT_ATTEMPTED = dcm_code("114007", "Measurement not attempted")
_FAILURE = dcm_code("114006", "Measurement failure")
_OUT_OF_RANGE = dcm_code("114009", "Value out of range")
_INDETERMINATE = dcm_code("114011", "Value indeterminate")

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


def unit_code(unit: Unit) -> Code:
    """Return the UCUM code of a unit; the meaning is what a person reads."""
    meaning = unit.display or {"1": "no units", "{score}": "score"}.get(unit.ucum, unit.ucum)
    return Code(value=unit.ucum, scheme="UCUM", meaning=meaning)
