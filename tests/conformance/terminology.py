"""Which codes exist, which belong to a value set, and whether the word beside a code is one of its own."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import ucumvert
from lark.exceptions import LarkError
from pydicom.sr import _concepts_dict

from tests.conformance.definitions import OWN, Definitions

UCUM = "http://unitsofmeasure.org"
_DICOM = {"http://dicom.nema.org/resources/ontology/DCM": "DCM", "http://radlex.org": "RADLEX"}
"""Systems whose codes pydicom's dictionary holds: all of DCM, those of RadLex that DICOM uses."""

_LOINC, _SCT = "http://loinc.org", "http://snomed.info/sct"
_KNOWN_BY_R4 = ("http://terminology.hl7.org/CodeSystem/", "http://hl7.org/fhir/", f"{OWN}CodeSystem/")
_MIME = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+*-]+(\s*;.*)?")
_MIME_TYPES = "http://hl7.org/fhir/ValueSet/mimetypes"


def _product(left: int, right: int) -> int:
    if left < 5:
        return (left + right) % 5 if right < 5 else 5 + (left + right - 5) % 5
    return 5 + (left - 5 - right) % 5 if right < 5 else (left - right) % 5


def _permuted(place: int, digit: int) -> int:
    step = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    for _ in range(place % 8):
        digit = step[digit]
    return digit


def is_sct(code: str) -> bool:
    """Return whether a SNOMED CT identifier has the check digit that belongs to it (Verhoeff)."""
    if not re.fullmatch(r"[1-9][0-9]{5,17}", code):
        return False
    total = 0
    for place, digit in enumerate(reversed(code)):
        total = _product(total, _permuted(place, int(digit)))
    return total == 0


def is_loinc(code: str) -> bool:
    """Return whether a LOINC code has the check digit that belongs to it (modulus 10); of answers only the form."""
    if code.startswith(("LA", "LL", "LP")):
        return re.fullmatch(r"L[ALP][0-9]+-[0-9]", code) is not None
    found = re.fullmatch(r"([0-9]+)-([0-9])", code)
    if found is None:
        return False
    digits, check = found.groups()
    doubled = str(int(digits[::-1][::2]) * 2)
    others = digits[::-1][1::2]
    total = sum(map(int, doubled + others))
    return (10 - total % 10) % 10 == int(check)


@cache
def is_ucum(code: str) -> bool:
    """Return whether a code is valid UCUM, by its grammar."""
    try:
        _ucum_parser()(code)
    except LarkError:
        return False
    return True


@cache
def _ucum_parser() -> Callable[[str], Any]:
    parse: Callable[[str], Any] = ucumvert.get_ucum_parser().parse
    return parse


@cache
def _dicom(scheme: str) -> dict[str, str]:
    rows = cast("dict[str, dict[str, dict[str, tuple[str, Any]]]]", _concepts_dict.concepts)[scheme].values()
    return {code: meaning for row in rows for code, (meaning, _) in row.items()}


_BY_FORM: dict[str, tuple[str, Callable[[str], bool]]] = {
    UCUM: ("UCUM", is_ucum),
    _LOINC: ("LOINC", is_loinc),
    _SCT: ("SNOMED CT", is_sct),
}


class Terminology:
    """Answers about codes from what a set of definitions holds; None where it can't tell."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def wrong_code(self, system: str, code: str) -> str | None:
        """Return why a code can't be one of its system; None where it is or may be."""
        if system in _BY_FORM:
            name, is_valid = _BY_FORM[system]
            return None if is_valid(code) else f"{code} is not {name}"
        if system in _DICOM:
            return None if code in _dicom(_DICOM[system]) else f"{code} is not in {_DICOM[system]}"
        found = self._definitions.code_system(system)
        if found is not None:
            return None if code in found.displays else f"{code} is not in {system}"
        unknown = system.startswith(_KNOWN_BY_R4) and self._definitions.resource(system) is None
        return f"there is no code system {system}" if unknown else None

    def wrong_display(self, system: str, code: str, display: str) -> str | None:
        """Return why a word can't stand beside a code; None where it may."""
        if system in _DICOM:
            words = frozenset({_dicom(_DICOM[system]).get(code, display)})
        else:
            found = self._definitions.code_system(system)
            words = found.displays.get(code, frozenset()) if found else frozenset()
        plain = {" ".join(word.casefold().split()) for word in words}
        wrong = plain and " ".join(display.casefold().split()) not in plain
        return f"{code} is called {' or '.join(sorted(words))}" if wrong else None

    def contains(self, value_set: str, system: str | None, code: str) -> bool | None:
        """Return whether a value set has a code; ``system`` None: whatever its system. None: can't tell."""
        if value_set.partition("|")[0] == _MIME_TYPES:
            return _MIME.fullmatch(code) is not None
        found = self._definitions.resource(value_set)
        if found is None or found["resourceType"] != "ValueSet" or "compose" not in found:
            return None
        compose = found["compose"]
        answers = [self._includes(part, system, code) for part in compose["include"]]
        if any(self._includes(part, system, code) for part in compose.get("exclude", [])):
            return False
        if True in answers:
            return True
        return None if None in answers else False

    def _includes(self, part: dict[str, Any], system: str | None, code: str) -> bool | None:
        answers = [self.contains(canonical, system, code) for canonical in part.get("valueSet", [])]
        if "system" in part:
            answers.append(self._of_system(part, system, code))
        if False in answers:
            return False
        return None if None in answers or not answers else True

    def _of_system(self, part: dict[str, Any], system: str | None, code: str) -> bool | None:
        if system is not None and system != part["system"]:
            return False
        if "concept" in part:
            return any(concept["code"] == code for concept in part["concept"])
        found = self._definitions.code_system(part["system"])
        if found is None:
            return None if self.wrong_code(part["system"], code) is None else False
        filters = part.get("filter", [])
        if any(item["op"] not in {"is-a", "descendent-of"} or item["property"] != "concept" for item in filters):
            return None
        return code in found.displays and all(
            item["value"] in found.parents[code] or (item["op"] == "is-a" and item["value"] == code) for item in filters
        )
