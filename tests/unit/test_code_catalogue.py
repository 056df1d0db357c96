"""Every concept that the program emits: in the standard, or declared as our own with what it means."""

from typing import Any

import pytest
from pydicom.sr._concepts_dict import concepts

import aiqa_integration.model.codes as codes_module
from aiqa_integration.fhir import codes as fhir_codes
from aiqa_integration.metrics import all_metrics
from aiqa_integration.model.artifact import ARTIFACTS
from aiqa_integration.model.catalogue import Concept, catalogue
from aiqa_integration.model.coding import PRIVATE_SCHEME, PRIVATE_SCHEME_UID, Code
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import Reason
from aiqa_integration.model.quantity import UNITS

DICTIONARIES: dict[str, Any] = dict(concepts)
STANDARD = frozenset({"DCM", "SCT", "RADLEX"})
ALL = catalogue().all_concepts
METRICS = {metric.id: metric for metric in all_metrics()}


def test_every_mri_artifact_is_coded_as_its_own_table_says() -> None:
    rows = catalogue().findings
    assert {artifact.id: rows[artifact.id].code for artifact in ARTIFACTS} == {a.id: a.code for a in ARTIFACTS}


def meanings() -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for scheme, names in DICTIONARIES.items():
        for entries in names.values():
            for value, entry in entries.items():
                found.setdefault((scheme, value), set()).add(str(entry[0]).casefold())
    return found


def emitted() -> list[Code]:
    singles = [code for code in vars(codes_module).values() if isinstance(code, Code)]
    tables = [table for table in vars(codes_module).values() if isinstance(table, dict)]
    return singles + [code for table in tables for code in table.values() if isinstance(code, Code)]


def test_every_standard_concept_is_in_the_standard_under_the_same_words() -> None:
    known = meanings()
    standard = [row for row in ALL if row.scheme in STANDARD]
    assert len(standard) > 60
    for row in standard:
        assert (row.scheme, row.value) in known, row
        if row.scheme != "SCT":  # SNOMED has several descriptions of a concept
            assert row.meaning.casefold() in known[row.scheme, row.value], row


def test_every_other_concept_is_defined_here_or_by_fhir() -> None:
    schemes = catalogue().schemes
    for row in ALL:
        assert row.scheme in schemes, row
        own = row.scheme == PRIVATE_SCHEME or row.scheme.startswith("qa-")
        assert bool(row.definition) == own, row
        assert row.sr or row.fhir, row
        if row.sr:
            assert row.code.scheme in {*STANDARD, PRIVATE_SCHEME, "RFC5646"}
    assert schemes[PRIVATE_SCHEME].uri == f"urn:oid:{PRIVATE_SCHEME_UID}"


def test_own_codes_name_one_thing_each() -> None:
    own = [(row.scheme, row.value) for row in ALL if row.scheme == PRIVATE_SCHEME or row.scheme.startswith("qa-")]
    assert len(own) == len(set(own)) > 60


def test_what_the_modules_emit_stands_in_the_catalogue() -> None:
    listed = {row.code for row in ALL if row.sr}
    assert len(emitted()) > 60
    assert [code for code in emitted() if code not in listed] == []


def test_code_tables_cover_every_verdict_reason_and_unit() -> None:
    assert set(codes_module.VERDICTS) == set(Verdict)
    assert set(codes_module.REASONS) == set(codes_module.VALUE_QUALIFIERS) == set(Reason)
    for unit in UNITS.values():
        assert codes_module.unit_code(unit).value == unit.ucum


def test_every_metric_has_its_row() -> None:
    rows = catalogue().metrics
    expected = {
        metric.id: (metric.code.scheme, metric.code.value, metric.code.meaning, metric.unit.ucum)
        for metric in METRICS.values()
    }
    listed = {name: (row.scheme, row.value, row.meaning, row.unit) for name, row in rows.items()}
    wrong = {name: as_row for name, as_row in expected.items() if listed.get(name) != as_row}
    assert wrong == {}, "give these metrics their rows in model/codes.yaml"
    assert listed.keys() == expected.keys()


@pytest.mark.parametrize(
    ("artifact", "value"),
    [
        ("motion", "RID11423"),
        ("mr-motion", "RID11423"),
        ("setup-air-bubble", "AIQA-F-BUBBLE"),
        ("air-bubble", "AIQA-F-BUBBLE"),
        ("of-a-kind-nobody-knows", "111207"),
        ("", "111207"),
    ],
)
def test_finding_is_coded_by_its_name(artifact: str, value: str) -> None:
    assert codes_module.finding_code(artifact).value == value


@pytest.mark.parametrize(
    ("artifact", "meaning"),
    [
        *((artifact.id.value, f"{artifact.title}, probability") for artifact in ARTIFACTS),
        ("mr-motion", "Motion, probability"),
        ("setup-tilt", "Test object tilted, probability"),
        ("series-images-left-out", "Images were left out, probability"),
        ("of-a-kind-nobody-knows", "Probability of the finding"),
    ],
)
def test_the_probability_of_a_finding_names_its_finding(artifact: str, meaning: str) -> None:
    assert codes_module.finding_probability(artifact).meaning == meaning


def test_fhir_writes_rows_of_the_catalogue() -> None:
    rows = {(catalogue().schemes[row.scheme].uri, row.value, row.meaning) for row in ALL if row.fhir}
    written = [*codings(vars(fhir_codes)), *codings([fhir_codes.outcome(verdict) for verdict in Verdict])]
    written += codings([fhir_codes.absent_because(reason, "") for reason in Reason])
    own_reasons = fhir_codes.QA_NOT_MEASURED
    assert len(written) > 40
    assert [c for c in written if c["system"] != own_reasons and tuple(c.values()) not in rows] == []


def codings(found: Any) -> list[dict[str, str]]:
    """Return every Coding in a structure."""
    if isinstance(found, dict):
        if found.keys() == {"system", "code", "display"}:
            return [found]
        return [coding for part in found.values() for coding in codings(part)]
    return [coding for part in found for coding in codings(part)] if isinstance(found, list) else []


def test_concept_too_long_for_sr_is_refused() -> None:
    with pytest.raises(ValueError, match="lengths"):
        _ = Concept(scheme="qa-category", value="clinical-image-quality", meaning="x").code
