"""Codes as FHIR writes them; the concepts themselves stand in the catalogue ``model/codes.yaml``."""

from dataclasses import dataclass
from typing import Any

from aiqa_integration.model import codes
from aiqa_integration.model.catalogue import catalogue
from aiqa_integration.model.coding import Code
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import MetricDef, Reason
from aiqa_integration.model.wording import WORDS

Element = dict[str, Any]
"""A FHIR resource or element as JSON; numbers with a fraction are ``decimal.Decimal``, so that digits stay."""

BASE = "https://w3id.org/aiqa/fhir"
"""Canonical base of AIQA's profiles, code systems and identifier systems."""

DICOM_UID = "urn:dicom:uid"
_SCHEMES = catalogue().schemes
UCUM = _SCHEMES["UCUM"].uri
DCM = _SCHEMES["DCM"].uri

QA_METRIC = _SCHEMES["qa-metric"].uri
QA_NOT_MEASURED = _SCHEMES["qa-not-measured"].uri
QA_REFUSAL = _SCHEMES["qa-refusal"].uri

UNCERTAINTY = "http://hl7.org/fhir/StructureDefinition/iso21090-uncertainty"
"""R4 core extension of Quantity, decimal: the standard deviation of the value, in its unit."""

UNCERTAINTY_TYPE = "http://hl7.org/fhir/StructureDefinition/iso21090-uncertaintyType"
INSTANTIATES = "http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical"


def coding(system: str, code: str, display: str) -> Element:
    """Return a FHIR Coding."""
    return {"system": system, "code": code, "display": display}


def concept(*codings: Element, text: str = "") -> Element:
    """Return a FHIR CodeableConcept."""
    return {"coding": list(codings), **({"text": text} if text else {})}


def listed(name: str) -> Element:
    """Return the Coding of a concept of the catalogue; raises KeyError where it has no such row."""
    row = catalogue().concepts[name]
    return coding(_SCHEMES[row.scheme].uri, row.value, row.meaning)


def code_coding(code: Code) -> Element:
    """Return the Coding of a concept as SR writes it; raises KeyError for a scheme that the catalogue lacks."""
    return coding(_SCHEMES[code.scheme].uri, code.value, code.meaning)


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


_ACR_MR = listed("phantom-acr-mr")
_ACR_CT = listed("phantom-acr-ct")
_ACR_MG = listed("phantom-acr-mg")

_PHANTOMS: dict[str, PhantomName] = {
    "acr-mri-large": PhantomName(title="ACR MRI phantom, large", type_coding=_ACR_MR),
    "acr-mri-medium": PhantomName(title="ACR MRI phantom, medium", type_coding=_ACR_MR),
    "acr-ct-464": PhantomName(title="ACR CT phantom (464)", type_coding=_ACR_CT),
    "acr-mammography-dm": PhantomName(title="ACR digital mammography phantom", type_coding=_ACR_MG),
    "acr-mammography-small": PhantomName(title="ACR mammography phantom, small", type_coding=_ACR_MG),
}

PHANTOM_TYPE = listed("phantom-type")


def phantom_name(phantom: str) -> PhantomName:
    """Return what a phantom is called; one without a row is named by its id."""
    return _PHANTOMS.get(phantom, PhantomName(title=phantom))


OTHER_MODALITY = "OT"


def modality_coding(modality: str) -> Element:
    """Return the Coding of a Modality (0008,0060)."""
    name = f"modality-{modality}"
    return listed(name) if name in catalogue().concepts else {"system": DCM, "code": modality}


CATEGORY_PHANTOM = concept(listed("category-phantom"))
CATEGORY_CLINICAL = concept(listed("category-clinical"))
CATEGORY_IMAGING = concept(listed("category-imaging"))
CATEGORY_RADIOLOGY = concept(listed("category-radiology"))
QUALITY_ASSESSMENT = code_coding(codes.QUALITY_ASSESSMENT)
SERIES_QUALITY = concept(listed("series-quality"))
SERIES_INSTANCE_UID = concept(listed("series-instance-uid"))
STUDY_INSTANCE_UID_TYPE = concept(listed("study-instance-uid"))
QUALITY_CONTROL_INTENT = concept(listed("quality-control-intent"))
INSTITUTION_STANDARD = listed("institution-standard")
ARTIFICIAL_INTELLIGENCE = code_coding(codes.ARTIFICIAL_INTELLIGENCE)
SERIAL_NUMBER_TYPE = concept(listed("serial-number"))
ACTION_LIMIT = concept(listed("action-limit"))
WARNING_LIMIT = concept(listed("warning-limit"))
ASSEMBLER = concept(listed("assembler"))
CREATED = concept(listed("operation-create"))
REVISED = concept(listed("operation-revise"))
VERIFIER = concept(listed("verifier"))
CERTAINTY = concept(listed("certainty"))
AFFECTED_SLICE_FRACTION = concept(listed("affected-slice-fraction"))
QUALITY_FINDING = code_coding(codes.QUALITY_FINDING)
SIMULATED_SECURITY = listed("simulated-security")
SIMULATED_TAG = listed("simulated-tag")
MADE_BY_AIQA_TAG = listed("made-by-aiqa-tag")


def decision_reason(reason: str) -> Element:
    """Return why a Task ended; raises KeyError for a reason that the catalogue lacks."""
    return concept(listed(f"decision-{reason}"))


def outcome(verdict: Verdict) -> Element:
    """Return the outcome of a run: PS3.16 CID 6044 where it has a word for it, the local one, the one of the SR."""
    standard = [code_coding(codes.QUALITY_ASSESSMENTS[verdict])] if verdict in codes.QUALITY_ASSESSMENTS else []
    local = listed(f"outcome-{verdict.value.lower().replace('_', '-')}")
    return concept(*standard, local, code_coding(codes.VERDICTS[verdict]), text=WORDS[verdict])


NOT_EVALUABLE = concept(listed("outcome-not-evaluable"), text="REFUSED: not evaluable")
"""Conclusion of a refused series."""


def interpretation(code: str) -> Element:
    """Return an interpretation of the R4 table; raises KeyError for a code that the catalogue lacks."""
    return concept(listed(f"interpretation-{code}"))


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
    return concept(listed(f"absent-{word}"), local, code_coding(exact), text=detail)


def refused_because(code: str, detail: str) -> Element:
    """Return the dataAbsentReason of a series that could not be evaluated; ``code`` is the stable error code."""
    display = code.replace("-", " ").capitalize()
    return concept(listed("absent-error"), coding(QA_REFUSAL, code, display), text=detail)
