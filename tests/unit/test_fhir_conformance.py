"""Is what AIQA writes legal R4, does it keep its own profiles, and would the gate notice if not?"""

import json
import random
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from aiqa_integration.fhir.bundle import report_bundle_bytes
from aiqa_integration.metrics import all_metrics
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.identity import Device
from aiqa_integration.model.judgement import Judgement, Verdict
from aiqa_integration.model.measurement import NotMeasured, Reason
from fhir_profiles.build import DEFINITIONS
from fhir_profiles.tools import ROOT
from tests.conformance import check, definitions, missing_core
from tests.conformance.seeded import bad_examples, good_examples, seeded_errors
from tests.conformance.slicing import fits
from tests.conformance.terminology import is_loinc, is_sct, is_ucum
from tests.conformance.tools import by_fhirkit
from tests.fhir_reports import (
    GHOSTING_WARNS,
    LENGTH_OK,
    REF,
    SCANNER,
    SNR_FREE,
    THICKNESS_MISSING,
    header,
    judged,
    phantom_report,
    refused_report,
)

SHARED = Path(__file__).resolve().parents[3] / "shared/fhir-examples"
NO_CORE = missing_core()
needs_core = pytest.mark.skipif(NO_CORE is not None, reason=str(NO_CORE))

TILT = Finding(artifact="tilt", probability=1.0, severity=1, explanation="The phantom is tilted by 2.1°.")
REPORTS = {
    "every verdict": phantom_report(),
    "pass": phantom_report(LENGTH_OK),
    "tolerance": phantom_report(GHOSTING_WARNS),
    "not assessed": phantom_report(SNR_FREE),
    "not measured": phantom_report(THICKNESS_MISSING),
    "finding": phantom_report(findings=(TILT,)),
    "simulated": phantom_report(simulated=True),
    "refused": refused_report(),
    "refused, perhaps a patient": refused_report(subject="patient"),
    "no serial number": phantom_report(device=replace(SCANNER, serial="")),
    "unknown scanner": phantom_report(device=Device(manufacturer="", model="", serial="", station="")),
    "unknown modality": phantom_report(modality=""),
    "no bundle": phantom_report(bundle=None),
    "no study": phantom_report(ref=replace(REF, study_instance_uid="")),
    "another phantom": phantom_report(phantom="acr-mri-medium"),
}


@needs_core
@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS.keys())
@pytest.mark.parametrize("acquired_at", [None, "2026-11-20T06:41:10", "2026-11-20T06:41:10+01:00"])
def test_every_report_is_legal_and_keeps_the_profiles(report, acquired_at):
    bundle = json.loads(report_bundle_bytes(report, header(report, acquired_at)))
    assert check(bundle) == []
    assert by_fhirkit(bundle) == []


@needs_core
def test_every_metric_keeps_the_profile_with_and_without_a_value():
    values = [judged(metric, 1.0, None, Verdict.NOT_ASSESSED) for metric in all_metrics()]
    reasons = [
        Judgement(
            measurement=NotMeasured(metric=metric, reason=reason, detail="x"), limits=None, verdict=Verdict.NOT_MEASURED
        )
        for metric in all_metrics()[:1]
        for reason in Reason
    ]
    for judgements in (values, reasons):
        assert check(json.loads(report_bundle_bytes(phantom_report(*judgements)))) == []


@needs_core
def test_an_mr_run_keeps_the_profile_of_its_modality():
    bundle = json.loads(report_bundle_bytes(phantom_report()))
    (run,) = (entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Observation")
    profile = "https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-mr-phantom-run"
    assert check(run, profile) == []
    run["component"][1]["valueQuantity"]["code"] = "cm"
    assert any(":lengthHorizontal" in finding.path for finding in check(run, profile))


@needs_core
def test_no_good_example_is_blamed():
    wrong = {name: check(item) + by_fhirkit(item) for name, item in good_examples().items()}
    assert {name: found for name, found in wrong.items() if found} == {}


@needs_core
def test_every_profile_has_a_good_example():
    shown = {name for item in good_examples().values() for name in item.get("meta", {}).get("profile", [])}
    plans = [json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "PlanDefinition").glob("*.json")]
    shown |= {name for plan in plans for name in plan["meta"]["profile"]}
    parents = {"https://w3id.org/aiqa/fhir/StructureDefinition/aiqa-phantom-run"}
    assert set(definitions().profiles()) - shown - parents == set()


@needs_core
@pytest.mark.skipif(not SHARED.is_dir(), reason="no worked examples in ../shared/fhir-examples")
def test_no_worked_example_is_blamed():
    items = {str(path): json.loads(path.read_text(encoding="utf-8")) for path in SHARED.rglob("*.json")}
    assert len(items) >= 44
    wrong = {name: check(item) + by_fhirkit(item) for name, item in items.items()}
    assert {name: found for name, found in wrong.items() if found} == {}


@needs_core
def test_every_definition_of_the_guide_is_legal():
    kinds = set(DEFINITIONS) - {"StructureDefinition"}  # the compiler makes those; walking them takes a minute
    paths = [path for kind in kinds for path in (ROOT / kind).glob("*.json")]
    assert len(paths) > 40
    wrong = {path.name: check(json.loads(path.read_text(encoding="utf-8"))) for path in paths}
    assert {name: found for name, found in wrong.items() if found} == {}


@needs_core
def test_the_walker_finds_the_seeded_errors():
    missed = [name for name, item in bad_examples().items() if not check(item)]
    assert len(seeded_errors()) >= 54
    assert missed == []


def places(value, above=()):
    """Yield the path of every value below a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield (*above, key)
        yield from places(item, (*above, key))


def swapped(resource, path):
    """Return a copy with an object of nonsense in one place."""
    changed = deepcopy(resource)
    *parents, last = path
    place = changed
    for key in parents:
        place = place[key]
    place[last] = {"nonsense": 1}
    return changed


@needs_core
def test_nonsense_anywhere_is_found_and_stops_nothing():
    everywhere = [(name, path) for name, item in good_examples().items() for path in places(item)]
    chosen = random.Random(7).sample(everywhere, 200)
    good = good_examples()
    assert [(name, path) for name, path in chosen if not check(swapped(good[name], path))] == []


def test_seeded_errors_have_names_of_their_own_and_change_something():
    errors = seeded_errors()
    assert len({error.name for error in errors}) == len(errors)
    good = good_examples()
    assert [error.name for error in errors if error.applied(good[error.example]) == good[error.example]] == []


@pytest.mark.parametrize("code", ["mm", "%", "1", "[hnsf'U]", "{lp}/cm", "mGy.cm", "{spokes}"])
def test_ucum_codes_are_known(code):
    assert is_ucum(code)


@pytest.mark.parametrize("code", ["HU", "mm^2", "lp/mm", "mGy*cm", "millimeter", "% "])
def test_what_is_no_ucum_is_told(code):
    assert not is_ucum(code)


def test_check_digits_are_computed():
    # Codes of the two standards as published, each beside one with another last digit.
    assert [is_sct(code) for code in ("246112005", "363679005", "246112006", "12")] == [True, True, False, False]
    assert [is_loinc(code) for code in ("96914-7", "18748-4", "96914-6", "x")] == [True, True, False, False]


def test_a_pattern_is_a_part():
    pattern = {"coding": [{"code": "a"}]}
    assert fits({"coding": [{"code": "b"}, {"code": "a", "display": "x"}], "text": "y"}, pattern)
    assert not fits({"coding": [{"code": "b"}]}, pattern)
    assert not fits("a", pattern)
