"""The implementation guide as files: what is generated is current, what is packed is whole."""

import io
import json
import re
import tarfile
from typing import Any

import pytest

from aiqa_integration.fhir.codes import BASE, run_name
from aiqa_integration.metrics import all_metrics
from aiqa_integration.phantoms import all_phantoms
from aiqa_integration.tolerances.limits import shipped_limit_sets
from fhir_profiles import pages
from fhir_profiles.build import PAGES, package
from fhir_profiles.terminology import TARGET, generated
from fhir_profiles.tools import ROOT


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


def test_every_shipped_limit_set_is_there_by_the_name_and_revision_that_runs_write():
    for limits in shipped_limit_sets():
        plan = definition("PlanDefinition", limits.id)
        assert (plan["version"], plan["url"]) == (limits.revision, f"{BASE}/PlanDefinition/{limits.id}")
        goals = [
            (
                goal["target"][0]["measure"]["coding"][0]["code"],
                goal["category"]["coding"][0]["code"],
                *(goal["target"][0]["detailRange"].get(side, {}).get("value") for side in ("low", "high")),
            )
            for goal in plan["goal"]
        ]
        expected = [
            (limit.metric, kind, low, high)
            for limit in limits.limits
            for kind, low, high in (
                ("action-limit", limit.tolerance.action_low, limit.tolerance.action_high),
                ("warning-limit", limit.tolerance.tolerance_low, limit.tolerance.tolerance_high),
            )
            if low is not None or high is not None
        ]
        assert goals == expected


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


@pytest.mark.parametrize("name", ["aiqa-facade", "aiqa-client"])
def test_capability_statements_name_profiles_that_exist(name):
    (rest,) = definition("CapabilityStatement", name)["rest"]
    named = [profile for resource in rest["resource"] for profile in resource.get("supportedProfile", [])]
    known = {path.stem for path in (ROOT / "StructureDefinition").glob("*.json")}
    assert named
    assert {profile.rpartition("/")[2] for profile in named} <= known
