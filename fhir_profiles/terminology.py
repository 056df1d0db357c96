"""The part of the guide that the program and the DICOM standard know already, written as FSH.

    python -m fhir_profiles.terminology      writes input/fsh/generated.fsh

A test compares the file with what would be written: a new metric, reason, error or unit is seen there.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from pydicom.sr import _concepts_dict
from pydicom.sr._cid_dict import cid_concepts

from aiqa_integration import errors
from aiqa_integration.metrics import all_metrics
from aiqa_integration.model.catalogue import catalogue
from aiqa_integration.model.codes import REASONS
from aiqa_integration.model.coding import PRIVATE_SCHEME, PRIVATE_SCHEME_UID
from aiqa_integration.model.quantity import UNITS
from fhir_profiles import limit_sets

TARGET = Path(__file__).parent / "input/fsh/generated.fsh"

_Concepts = dict[str, dict[str, dict[str, tuple[str, list[int]]]]]
"""Scheme -> keyword -> code -> meaning and context groups."""

_CONCEPTS = cast("_Concepts", _concepts_dict.concepts)
_SYSTEMS = {"DCM": "$DCM", "RADLEX": "$RADLEX", "SCT": "$SCT"}

_CONTEXT_GROUPS = {
    6316: ("MrArtifactValues", "mr-artifact", "MR imaging artifacts"),
    6315: ("MrSeriesFindingValues", "mr-series-finding", "MR series quality findings"),
    6135: ("ImageQualityFindingValues", "image-quality-finding", "Image quality findings"),
    6041: ("MammographyTechnicalValues", "mammo-technical", "Mammography image quality findings"),
    7011: ("RejectionValues", "rejection-reason", "Reasons for rejecting an image"),
    7036: ("ImageQualityRatingValues", "image-quality-rating", "Rating of image quality"),
    10034: ("RepeatAcquisitionValues", "repeat-acquisition", "Reasons for repeating an acquisition"),
    4052: ("PhantomTypeValues", "phantom-type", "Kinds of phantom"),
}
"""PS3.16 context group -> name, id and title of its value set."""

_PLAIN_METRICS = {
    "slice-thickness": "Slice thickness",
    "snr": "Signal to noise ratio",
    "cnr": "Contrast to noise ratio",
    "noise-sd": "Noise (SD, centre ROI)",
    "uniformity-max-diff": "Uniformity, largest centre-edge difference",
    "uniformity-diff-3": "Uniformity, 3 o'clock minus centre",
    "uniformity-diff-6": "Uniformity, 6 o'clock minus centre",
    "uniformity-diff-9": "Uniformity, 9 o'clock minus centre",
    "uniformity-diff-12": "Uniformity, 12 o'clock minus centre",
    "low-contrast-cnr": "Low contrast CNR (25 mm rod)",
    "high-contrast-resolution": "High contrast resolution",
    "fiber-score": "Fiber score",
    "speck-group-score": "Speck group score",
    "mass-score": "Mass score",
    "artifact-present": "Artifacts present",
    "ctdivol": "CTDIvol",
    "average-glandular-dose": "Average glandular dose",
    "wax-insert-length": "Wax insert length (distance test)",
    "non-diagnostic-probability": "Probability of non-diagnostic quality",
    "affected-slice-fraction": "Fraction of slices affected",
    "ct-number-water": "CT number, water",
    "ct-number-polyethylene": "CT number, polyethylene",
    "ct-number-acrylic": "CT number, acrylic",
    "ct-number-bone": "CT number, bone",
    "ct-number-air": "CT number, air",
}
"""Metrics that AIQA does not measure yet, or that are named without a modality: other programs may write them."""

_RUNS = {
    "acr-mri-run": "ACR MRI phantom run",
    "acr-ct-run": "ACR CT phantom run",
    "acr-dm-run": "ACR digital mammography phantom run",
}

_OWN_SYSTEMS = {
    "qa-category": ("QaCategory", "What a quality result is about", "About a test object or about a patient's images."),
    "qa-outcome": (
        "QaOutcome", "Outcome of a run",
        "How a run of an analysis came out. PS3.16 CID 6044 has words for two of them only.",
    ),
    "qa-range-type": ("QaRangeType", "Kind of limit", "Kinds of reference range of a quality metric."),
    "qa-task": ("QaTask", "What is asked of a person", "What AIQA proposes. It never orders."),
    "qa-decision-reason": ("QaDecisionReason", "Why a proposal was answered so", "Reasons why a Task ended."),
    "qa-measure": ("QaMeasure", "What is counted per scanner", "Counts and rates of a scanner over a time."),
    "qa-tag": ("QaTag", "Tags of AIQA", "What is said of a resource in meta.tag."),
}  # fmt: skip
"""Code system of which the program's catalogue holds the concepts -> name, title and description."""

_ANSWERS = {
    "artifact-acceptable": (
        "Artifact acceptable for the clinical question", "The images answer what was asked in spite of it",
    ),
    "no-artifact": ("No artifact seen", "The person does not see what AIQA reports"),
    "patient-condition": ("Patient cannot go on", "The state of the patient forbids another acquisition"),
    "already-repeated": ("Already repeated", "The series had been acquired again before the proposal was read"),
    "no-time": ("No time in the schedule", "The scanner is needed for another patient"),
}  # fmt: skip
"""Reasons that a person may give in the EHR; AIQA itself writes only those of the catalogue."""

_MORE_UNITS = ("[hnsf'U]", "{lp}/cm", "mGy", "mGy.cm")
"""UCUM units of CT and mammography, beside those of the metrics at hand."""


_DICOM_CODES = frozenset(
    str(code)
    for code in (
        110152, 110153, 110180, 111012, 111050, 111052, 111235, 111236, 111237, 111240, 111631, 111787, 112002, 112225,
        113014, 113680, 113682, 113683, 113684, 113830, 121012, 123110, 126000, 128551, 128552, 128553, 130549, 130550,
    )
)  # fmt: skip
"""Codes of PS3.16 annex D that profiles, emitters and examples name outside the context groups."""

_FOREIGN = """* ^status = #draft
* ^experimental = false
* ^caseSensitive = true
* ^content = #fragment
* ^url = "http://dicom.nema.org/resources/ontology/DCM"
* ^copyright = "DICOM standard, NEMA"
"""


def generated() -> str:
    """Return the FSH of code systems, DICOM context groups, units and limit sets."""
    blocks = (*_code_systems(), *_context_groups(), _dicom_codes(), _units(), *limit_sets.instances())
    return "// Written by python -m fhir_profiles.terminology; do not edit.\n\n" + "\n\n".join(blocks) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _code_system(
    name: str, identifier: str, title: str, description: str, rows: Mapping[str, str | tuple[str, str]]
) -> str:
    """Return the FSH of a code system; a row is a code with its display, or with display and definition."""
    head = f"CodeSystem: {name}\nId: {identifier}\nTitle: {_quoted(title)}\nDescription: {_quoted(description)}"
    words = {code: (said,) if isinstance(said, str) else said for code, said in rows.items()}
    codes = "\n".join(f"* #{code} {' '.join(map(_quoted, said))}" for code, said in words.items())
    return f"{head}\n* insert OwnCodes\n{codes}"


def _code_systems() -> Iterator[str]:
    for system, (name, title, description) in _OWN_SYSTEMS.items():
        concepts = [row for row in catalogue().concepts.values() if row.scheme == system]
        rows = {row.value: (row.meaning, row.definition) for row in concepts}
        more = _ANSWERS if system == "qa-decision-reason" else {}
        yield _code_system(name, system, title, description, rows | more)
    metrics = {metric.id: metric.label for metric in all_metrics()}
    yield _code_system(
        "QaMetric", "qa-metric", "Metrics and runs", "Metrics as in report.json, and the runs that hold them.",
        _RUNS | dict(sorted((_PLAIN_METRICS | metrics).items())),
    )  # fmt: skip
    yield _code_system(
        "QaNotMeasured", "qa-not-measured", "Why a metric has no value", "Reasons as in report.json.",
        {reason.value: code.meaning for reason, code in REASONS.items()},
    )  # fmt: skip
    yield _code_system(
        "QaRefusal", "qa-refusal", "Why a series was refused", "Stable error codes (docs/errors.md).",
        {code: code.replace("-", " ").capitalize() for code in sorted(_error_codes(errors.AiqaError))},
    )  # fmt: skip
    own = [row for row in catalogue().all_concepts if row.scheme == PRIVATE_SCHEME]
    text = _code_system(
        "AiqaSr", "aiqa-sr", "Concepts of AIQA's SR", f"Concepts of coding scheme {PRIVATE_SCHEME}.",
        dict(sorted((row.value, (row.meaning, row.definition)) for row in own)),
    )  # fmt: skip
    yield text.replace("* insert OwnCodes", f'* insert OwnCodes\n* ^url = "urn:oid:{PRIVATE_SCHEME_UID}"')


def _error_codes(root: type[errors.AiqaError]) -> set[str]:
    return {root.code}.union(*map(_error_codes, root.__subclasses__()))


def _context_groups() -> Iterator[str]:
    for number, (name, identifier, title) in _CONTEXT_GROUPS.items():
        lines = [f"ValueSet: {name}", f"Id: {identifier}", f"Title: {_quoted(title)}"]
        lines += [f'Description: "PS3.16 CID {number}."', "* insert OwnValues"]
        for scheme, keywords in cid_concepts[number].items():
            known = [_concept(scheme, keyword, number) for keyword in keywords]
            lines += [f"* {_SYSTEMS[scheme]}#{code} {_quoted(meaning)}" for code, meaning in sorted(known)]
        yield "\n".join(lines)


def _concept(scheme: str, keyword: str, group: int) -> tuple[str, str]:
    found = {code: meaning for code, (meaning, groups) in _CONCEPTS[scheme][keyword].items() if group in groups}
    return next(iter(found.items()))


def _dicom_codes() -> str:
    every = {code: meaning for row in _CONCEPTS["DCM"].values() for code, (meaning, _) in row.items()}
    grouped = {
        _concept("DCM", keyword, number)[0]
        for number in _CONTEXT_GROUPS
        for keyword in cid_concepts[number].get("DCM", [])
    }
    rows = {code: every[code] for code in sorted(grouped | _DICOM_CODES)}
    text = _code_system(
        "DicomFragment", "dcm-fragment", "DICOM codes of this guide",
        "Concepts of PS3.16 annex D that this guide uses; the CodeSystem of R4 core lacks the newer ones.", rows,
    )  # fmt: skip
    return text.replace("* insert OwnCodes", _FOREIGN.strip())


def _units() -> str:
    units = sorted({unit.ucum for unit in UNITS.values()} | set(_MORE_UNITS))
    head = 'ValueSet: QaUnitValues\nId: qa-units\nTitle: "Units"\nDescription: "UCUM codes of AIQA\'s quantities."'
    return "\n".join((head, "* insert OwnValues", *(f"* $UCUM#{unit}" for unit in units)))


if __name__ == "__main__":
    text = generated()
    TARGET.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{TARGET}: {text.count(chr(10))} lines\n")
