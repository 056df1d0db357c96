"""Dose and image quality of a CT examination (LOINC 96914-7): what EHR products document as writable."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from aiqa_integration.fhir.codes import BASE, CATEGORY_IMAGING, UCUM, Element, coding, concept, listed
from aiqa_integration.fhir.identity import RESULT, Identifier
from aiqa_integration.model.identity import SeriesRef, result_identity

_ANALYSIS = "ct-dose-image-quality"
_LOINC = listed("ct-category")["system"]
_PROFILES = {
    "ct-category": "aiqa-ct-dose-image-quality",
    "ct-global-noise": "aiqa-ct-global-noise",
    "ct-size-adjusted-dose": "aiqa-ct-size-adjusted-dose",
}
"""Profile of an Observation by the catalogue name of its code."""

CATEGORIES: dict[str, str] = {
    "LA31752-1": "Abdomen and Pelvis Low Dose",
    "LA31753-9": "Abdomen and Pelvis Routine Dose",
    "LA31754-7": "Abdomen and Pelvis High Dose",
    "LA31755-4": "Cardiac Low Dose",
    "LA31756-2": "Cardiac Routine Dose",
    "LA31758-8": "Chest Low Dose",
    "LA31759-6": "Chest Routine Dose",
    "LA31761-2": "Cardiac High Dose or Chest High Dose",
    "LA31762-0": "Head Low Dose",
    "LA31763-8": "Head Routine Dose",
    "LA31764-6": "Head High Dose",
    "LA31765-3": "Extremities",
    "LA31766-1": "Neck or Cervical Spine",
    "LA31767-9": "Thoracic or Lumbar Spine",
    "LA31768-7": "Simultaneous Chest and Abdomen and Pelvis",
    "LA31769-5": "Simultaneous Head and Neck Routine Dose",
    "LA31770-3": "Simultaneous Head and Neck High Dose",
    "LA31851-1": "Simultaneous Thoracic and Lumbar Spine",
}
"""Answers of LOINC 96914-7 by code; the words are the display, the code decides."""

GLOBAL_NOISE_UNIT = "[hnsf'U]"
DOSE_UNIT = "mGy.cm"
"""UCUM codes that receivers compare as written, in ``unit`` and ``code`` alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CtDoseImageQuality:
    """One CT examination: its category (LOINC answer), noise in HU, size-adjusted dose in mGy.cm, when and of whom.

    ``subject`` and ``report`` are references of the EHR ("Patient/1", "DiagnosticReport/2"), ``device`` names who
    computed it; ``effective`` and ``issued`` are FHIR times. Raises ValueError for an unknown category or a number that
    is not positive.
    """

    ref: SeriesRef
    category: str
    global_noise_hu: Decimal
    size_adjusted_dose_mgy_cm: Decimal
    subject: str
    effective: str
    issued: str
    report: str = ""
    device: str = ""

    def __post_init__(self) -> None:
        if self.category not in CATEGORIES:
            raise ValueError(f"{self.category} is no answer of LOINC 96914-7")
        for value in (self.global_noise_hu, self.size_adjusted_dose_mgy_cm):
            if not value.is_finite() or value <= 0:
                raise ValueError(f"noise and dose are positive, not {value}")


def ct_dose_observations(exam: CtDoseImageQuality, shape: Literal["components", "single"]) -> list[Element]:
    """Return the Observations of an examination.

    ``components``: one Observation with noise and dose as components. ``single``: three Observations with one value
    each, for receivers that take no components (docs/fhir.md).
    """
    noise = _quantity(exam.global_noise_hu, GLOBAL_NOISE_UNIT)
    dose = _quantity(exam.size_adjusted_dose_mgy_cm, DOSE_UNIT)
    category = {"valueCodeableConcept": concept(coding(_LOINC, exam.category, CATEGORIES[exam.category]))}
    if shape == "components":
        components = [
            {"code": concept(listed("ct-global-noise")), "valueQuantity": noise},
            {"code": concept(listed("ct-size-adjusted-dose")), "valueQuantity": dose},
        ]
        return [_observation(exam, "ct-category", {**category, "component": components})]
    return [
        _observation(exam, "ct-category", category),
        _observation(exam, "ct-global-noise", {"valueQuantity": noise}),
        _observation(exam, "ct-size-adjusted-dose", {"valueQuantity": dose}),
    ]


def _observation(exam: CtDoseImageQuality, name: str, value: Element) -> Element:
    key = Identifier(system=RESULT, value=str(result_identity(exam.ref, _ANALYSIS, name)))
    return {
        "resourceType": "Observation",
        "meta": {"profile": [f"{BASE}/StructureDefinition/{_PROFILES[name]}"]},
        "identifier": [key.element],
        "status": "final",
        "category": [CATEGORY_IMAGING],
        "code": concept(listed(name)),
        "subject": {"reference": exam.subject},
        **({"focus": [{"reference": exam.report}]} if exam.report else {}),
        "effectiveDateTime": exam.effective,
        "issued": exam.issued,
        **({"device": {"display": exam.device}} if exam.device else {}),
        **value,
    }


def _quantity(value: Decimal, ucum: str) -> Element:
    return {"value": value, "unit": ucum, "system": UCUM, "code": ucum}
