"""Every code system and concept that AIQA writes into FHIR, in one table."""

from dataclasses import dataclass
from typing import Any

from aiqa_integration.model import codes
from aiqa_integration.model.coding import PRIVATE_SCHEME, PRIVATE_SCHEME_UID, Code
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import MetricDef, Reason
from aiqa_integration.model.wording import WORDS

Element = dict[str, Any]
"""A FHIR resource or element as JSON; numbers with a fraction are ``decimal.Decimal``, so that digits stay."""

BASE = "https://w3id.org/aiqa/fhir"
"""Canonical base of AIQA's profiles, code systems and identifier systems."""

UCUM = "http://unitsofmeasure.org"
DICOM_UID = "urn:dicom:uid"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
SCT = "http://snomed.info/sct"
HL7 = "http://terminology.hl7.org/CodeSystem"
INTERPRETATION = f"{HL7}/v3-ObservationInterpretation"
DATA_ABSENT_REASON = f"{HL7}/data-absent-reason"

QA_METRIC = f"{BASE}/CodeSystem/qa-metric"
QA_CATEGORY = f"{BASE}/CodeSystem/qa-category"
QA_OUTCOME = f"{BASE}/CodeSystem/qa-outcome"
QA_RANGE_TYPE = f"{BASE}/CodeSystem/qa-range-type"
QA_NOT_MEASURED = f"{BASE}/CodeSystem/qa-not-measured"
QA_REFUSAL = f"{BASE}/CodeSystem/qa-refusal"
QA_TASK = f"{BASE}/CodeSystem/qa-task"
QA_TAG = f"{BASE}/CodeSystem/qa-tag"

UNCERTAINTY = "http://hl7.org/fhir/StructureDefinition/iso21090-uncertainty"
"""R4 core extension of Quantity, decimal: the standard deviation of the value, in its unit."""

UNCERTAINTY_TYPE = "http://hl7.org/fhir/StructureDefinition/iso21090-uncertaintyType"
INSTANTIATES = "http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical"

_SCHEMES: dict[str, str] = {
    "DCM": DCM,
    "SCT": SCT,
    "UCUM": UCUM,
    "RADLEX": "http://radlex.org",
    "LN": "http://loinc.org",
    PRIVATE_SCHEME: f"urn:oid:{PRIVATE_SCHEME_UID}",
}
"""DICOM coding scheme designator -> FHIR code system (FHIR R4 terminologies-systems; own scheme by its UID)."""


def coding(system: str, code: str, display: str) -> Element:
    """Return a FHIR Coding."""
    return {"system": system, "code": code, "display": display}


def concept(*codings: Element, text: str = "") -> Element:
    """Return a FHIR CodeableConcept."""
    return {"coding": list(codings), **({"text": text} if text else {})}


def dcm(code: str, display: str) -> Element:
    """Return a Coding of the DICOM controlled terminology."""
    return coding(DCM, code, display)


def code_coding(code: Code) -> Element:
    """Return the Coding of a concept as SR writes it; raises KeyError for a scheme that the table lacks."""
    return coding(_SCHEMES[code.scheme], code.value, code.meaning)


def metric_concept(metric: MetricDef) -> Element:
    """Return the code of a metric: its catalogue id in ``qa-metric``, and the code that the SR carries."""
    return concept(coding(QA_METRIC, metric.id, metric.label), code_coding(metric.code), text=metric.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunName:
    """What an analysis is called as the code of its Observation."""

    code: str
    display: str


_RUNS: dict[str, RunName] = {
    "acr-mri-phantom": RunName(code="acr-mri-run", display="ACR MRI phantom run"),
    "ct-acr-464": RunName(code="acr-ct-run", display="ACR CT phantom run"),
    "mammography-phantom": RunName(code="acr-dm-run", display="ACR digital mammography phantom run"),
}


def run_name(analysis: str) -> RunName:
    """Return the code and name of a phantom analysis' run; an analysis without a row is named by its own name."""
    return _RUNS.get(analysis, RunName(code=f"{analysis}-run", display=f"{analysis} run"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomName:
    """What a phantom is called, and its code of PS3.16 CID 4052 where there is one."""

    title: str
    type_coding: Element | None = None


_ACR_MR = dcm("113683", "ACR Accreditation Phantom - MR")
_ACR_CT = dcm("113682", "ACR Accreditation Phantom - CT")
_ACR_MG = dcm("113684", "ACR Accreditation Phantom - Mammography")

_PHANTOMS: dict[str, PhantomName] = {
    "acr-mri-large": PhantomName(title="ACR MRI phantom, large", type_coding=_ACR_MR),
    "acr-mri-medium": PhantomName(title="ACR MRI phantom, medium", type_coding=_ACR_MR),
    "acr-ct-464": PhantomName(title="ACR CT phantom (464)", type_coding=_ACR_CT),
    "acr-mammography-dm": PhantomName(title="ACR digital mammography phantom", type_coding=_ACR_MG),
    "acr-mammography-small": PhantomName(title="ACR mammography phantom, small", type_coding=_ACR_MG),
}

PHANTOM_TYPE = coding(SCT, "706342009", "Phantom")


def phantom_name(phantom: str) -> PhantomName:
    """Return what a phantom is called; one without a row is named by its id."""
    return _PHANTOMS.get(phantom, PhantomName(title=phantom))


_MODALITIES: dict[str, str] = {
    "MR": "Magnetic Resonance",
    "CT": "Computed Tomography",
    "MG": "Mammography",
    "DX": "Digital Radiography",
    "CR": "Computed Radiography",
    "PT": "Positron emission tomography",
    "US": "Ultrasound",
    "OT": "Other Modality",
}

OTHER_MODALITY = "OT"


def modality_coding(modality: str) -> Element:
    """Return the Coding of a Modality (0008,0060)."""
    display = _MODALITIES.get(modality)
    return dcm(modality, display) if display else {"system": DCM, "code": modality}


CATEGORY_PHANTOM = concept(coding(QA_CATEGORY, "phantom-qa", "Phantom quality assurance"))
CATEGORY_CLINICAL = concept(coding(QA_CATEGORY, "clinical-image-quality", "Clinical image quality"))
CATEGORY_IMAGING = concept(coding(f"{HL7}/observation-category", "imaging", "Imaging"))
CATEGORY_RADIOLOGY = concept(coding(f"{HL7}/v2-0074", "RAD", "Radiology"))
QUALITY_ASSESSMENT = code_coding(codes.QUALITY_ASSESSMENT)
SERIES_QUALITY = concept(dcm("130550", "Imaging Series Quality"))
SERIES_INSTANCE_UID = concept(dcm("112002", "Series Instance UID"))
STUDY_INSTANCE_UID_TYPE = concept(dcm("110180", "Study Instance UID"))
QUALITY_CONTROL_INTENT = concept(dcm("113680", "Quality Control Intent"))
INSTITUTION_STANDARD = dcm("111240", "Institutionally defined quality control standard")
ARTIFICIAL_INTELLIGENCE = code_coding(codes.ARTIFICIAL_INTELLIGENCE)
SERIAL_NUMBER_TYPE = concept(coding(f"{HL7}/v2-0203", "SNO", "Serial Number"))
ACTION_LIMIT = concept(coding(QA_RANGE_TYPE, "action-limit", "Action limit"))
WARNING_LIMIT = concept(coding(QA_RANGE_TYPE, "warning-limit", "Warning limit"))
ASSEMBLER = concept(coding(f"{HL7}/provenance-participant-type", "assembler", "Assembler"))
CREATED = concept(coding(f"{HL7}/v3-DataOperation", "CREATE", "create"))
REVISED = concept(coding(f"{HL7}/v3-DataOperation", "UPDATE", "revise"))
SIMULATED_SECURITY = coding(f"{HL7}/v3-ActReason", "HTEST", "test health data")
SIMULATED_TAG = coding(QA_TAG, "simulated", "Simulated images")
MADE_BY_AIQA_TAG = coding(QA_TAG, "made-by-aiqa", "Made by AIQA")

_OUTCOMES: dict[Verdict, tuple[str, str]] = {
    Verdict.PASS: ("pass", "Pass"),
    Verdict.TOLERANCE: ("warning", "Warning"),
    Verdict.ACTION: ("fail", "Fail"),
    Verdict.NOT_ASSESSED: ("not-assessed", "Not assessed"),
    Verdict.NOT_MEASURED: ("incomplete", "Incomplete"),
}


def outcome(verdict: Verdict) -> Element:
    """Return the outcome of a run: PS3.16 CID 6044 where it has a word for it, the local one, the one of the SR."""
    standard = [code_coding(codes.QUALITY_ASSESSMENTS[verdict])] if verdict in codes.QUALITY_ASSESSMENTS else []
    local = coding(QA_OUTCOME, *_OUTCOMES[verdict])
    return concept(*standard, local, code_coding(codes.VERDICTS[verdict]), text=WORDS[verdict])


NOT_EVALUABLE = concept(coding(QA_OUTCOME, "not-evaluable", "Not evaluable"), text="REFUSED: not evaluable")
"""Conclusion of a refused series."""


def interpretation(code: str) -> Element:
    """Return an interpretation of the R4 table; raises KeyError for a code that the table lacks."""
    return concept(coding(INTERPRETATION, code, _INTERPRETATIONS[code]))


_INTERPRETATIONS: dict[str, str] = {
    "N": "Normal",
    "H": "High",
    "L": "Low",
    "HH": "Critical high",
    "LL": "Critical low",
    "A": "Abnormal",
    "AA": "Critical abnormal",
    "QCF": "Quality control failure",
    "IND": "Indeterminate",
}

_ABSENT: dict[str, str] = {"error": "Error", "unknown": "Unknown", "not-performed": "Not Performed"}

_ABSENT_BECAUSE: dict[Reason, str] = {
    Reason.SLICE_MISSING: "not-performed",
    Reason.WRONG_ORIENTATION: "not-performed",
    Reason.ATTRIBUTE_MISSING: "unknown",
}
"""R4 word for a reason; every other reason is ``error``: the measurement was tried and gave no value."""


def absent_because(reason: Reason, detail: str) -> Element:
    """Return the dataAbsentReason of a metric without a value: R4's word, the exact one, the SR's, the sentence."""
    word, exact = _ABSENT_BECAUSE.get(reason, "error"), codes.REASONS[reason]
    local = coding(QA_NOT_MEASURED, reason.value, exact.meaning)
    return concept(coding(DATA_ABSENT_REASON, word, _ABSENT[word]), local, code_coding(exact), text=detail)


def refused_because(code: str, detail: str) -> Element:
    """Return the dataAbsentReason of a series that could not be evaluated; ``code`` is the stable error code."""
    display = code.replace("-", " ").capitalize()
    return concept(
        coding(DATA_ABSENT_REASON, "error", _ABSENT["error"]), coding(QA_REFUSAL, code, display), text=detail
    )
