"""The implementation guide as files: what is generated is current, what is packed is whole."""

import io
import json
import re
import tarfile
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.models import models

from aiqa_integration.fhir.bundle import report_bundle_bytes
from aiqa_integration.fhir.codes import run_name
from aiqa_integration.metrics import all_metrics
from aiqa_integration.phantoms import all_phantoms
from fhir_profiles import pages
from fhir_profiles.build import PAGES, package
from fhir_profiles.terminology import TARGET, generated
from fhir_profiles.tools import ROOT
from tests.fhir_reports import header, phantom_report


def definition(kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / kind / f"{name}.json").read_text(encoding="utf-8"))
    return found


def codes(name: str) -> dict[str, str]:
    return {concept["code"]: concept["display"] for concept in definition("CodeSystem", name)["concept"]}


def test_generated_terminology_is_current():
    assert TARGET.read_text(encoding="utf-8") == generated(), "python -m fhir_profiles.terminology, then build compile"


def test_every_metric_and_run_has_its_code():
    known = codes("qa-metric")
    assert {metric.id: metric.label for metric in all_metrics()}.items() <= known.items()
    runs = {run_name(phantom.analysis) for phantom in all_phantoms()}
    assert {run.code: run.display for run in runs}.items() <= known.items()


def test_pages_are_current():
    written = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    assert written == pages.all_pages(ROOT), "python -m fhir_profiles.build compile"


def test_the_guide_is_as_large_as_it_says():
    assert len(list((ROOT / "StructureDefinition").glob("*.json"))) >= 19
    assert len(list((ROOT / "CodeSystem").glob("*.json"))) >= 7
    assert all(
        definition("StructureDefinition", path.stem)["snapshot"] for path in (ROOT / "StructureDefinition").iterdir()
    )


def test_every_value_set_that_a_profile_binds_is_in_the_guide_or_in_r4():
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "StructureDefinition").glob("*.json"))
    bound = set(re.findall(r'"https://w3id.org/aiqa/fhir/ValueSet/([a-z-]+)', text))
    assert bound
    assert [name for name in bound if not (ROOT / f"ValueSet/{name}.json").is_file()] == []


def test_the_package_is_as_package_managers_read_it():
    packed = package()
    assert packed == package()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        names = archive.getnames()
        manifest = json.load(archive.extractfile("package/package.json"))  # type: ignore[arg-type]
        index = json.load(archive.extractfile("package/.index.json"))  # type: ignore[arg-type]
    assert manifest["canonical"] == "https://w3id.org/aiqa/fhir"
    assert manifest["dependencies"] == {"hl7.fhir.r4.core": "4.0.1"}
    assert {f"package/{row['filename']}" for row in index["files"]} <= set(names)
    assert all(row["url"] for row in index["files"])
    assert sum(name.startswith("package/example/") for name in names) >= 19


def rows_of(view: dict[str, Any], resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a ViewDefinition with one level of forEach, by its rules (SQL on FHIR 2.0)."""

    def one(element: Any, path: str) -> Any:
        found = fhirpathpy.evaluate(element, path, {}, models["r4"])
        assert len(found) <= 1, path
        return found[0] if found else None

    rows: list[dict[str, Any]] = [{}]
    for select in view["select"]:
        each = select.get("forEach")
        # Choice types are known by their place: an element alone has lost it, so it is asked for from the resource.
        count = len(fhirpathpy.evaluate(resource, each, {}, models["r4"])) if each else 1
        places = [f"{each}[{number}]." if each else "" for number in range(count)]
        parts = [
            {column["name"]: one(resource, f"{place}{column['path']}") for column in select["column"]}
            for place in places
        ]
        rows = [row | part for row in rows for part in parts]
    return rows


def test_the_view_gives_a_row_per_metric():
    report = phantom_report()
    entries = json.loads(report_bundle_bytes(report, header(report)))["entry"]
    (run,) = (entry["resource"] for entry in entries if entry["resource"]["resourceType"] == "Observation")
    view = definition("ViewDefinition", "qa-metric")
    assert fhirpathpy.evaluate(run, view["where"][0]["path"], {}, models["r4"]) == [True]
    rows = rows_of(view, run)
    assert [row["metric"] for row in rows] == [judgement.measurement.metric.id for judgement in report.judgements]
    assert {(row["outcome"], row["run"], row["series_uid"], row["acquired"]) for row in rows} == {
        ("fail", "acr-mri-run", report.ref.series_instance_uid, "2026-11-20")
    }
    uniformity, missing = rows[1], rows[4]
    assert (float(uniformity["value"]), uniformity["unit"], uniformity["interpretation"]) == (80.1, "%", "LL")
    assert (float(uniformity["action_low"]), uniformity["action_high"]) == (82.0, None)
    assert (missing["value"], missing["reason"]) == (None, "slice-missing")


@pytest.mark.parametrize("name", ["aiqa-facade", "aiqa-client"])
def test_capability_statements_name_profiles_that_exist(name):
    (rest,) = definition("CapabilityStatement", name)["rest"]
    named = [profile for resource in rest["resource"] for profile in resource.get("supportedProfile", [])]
    known = {path.stem for path in (ROOT / "StructureDefinition").glob("*.json")}
    assert named
    assert {profile.rpartition("/")[2] for profile in named} <= known
