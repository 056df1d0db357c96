"""The demo command, as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance import check, missing_core

DEMO = [sys.executable, "-m", "aiqa_integration", "demo"]
SAMPLES = {"ACR axial T1": 2, "ACR medium axial T1": 1, "ACR sagittal localizer": 1, "T2 TSE axial": 2}
"""What the demo's archive is filled with (aiqa_integration/cli/samples.py): series by description."""


def run_demo(folder: Path) -> list[dict[str, object]]:
    done = subprocess.run(
        [*DEMO, "--once", "--json", "--folder", str(folder), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def fhir_sent(folder: Path) -> list[dict[str, object]]:
    """Return the FHIR Bundles among what a demo keeps."""
    kept = [path.read_bytes() for path in sorted((folder / "artifacts").rglob("*")) if path.is_file()]
    found: list[dict[str, object]] = [json.loads(content) for content in kept if content.startswith(b'{"resourceType"')]
    return found


@pytest.mark.timeout(1000)
def test_demo_ends_well_and_again_in_the_same_folder(tmp_path):
    for _ in range(2):
        rows = run_demo(tmp_path / "demo")
        described = [str(row["description"]).removeprefix("SIMULATED ") for row in rows]
        assert {name: described.count(name) for name in described} == SAMPLES
        for row in rows:
            reported = row["state"] == "DELIVERED"
            assert reported or (row["state"] == "IGNORED" and row["why"])
            assert row["objects_found"] == row["objects_sent"]
            assert row["resources_found"] == row["resources_sent"]
        heads = [row for row in rows if str(row["description"]).endswith("T2 TSE axial")]
        assert sorted(str(row["result"]) for row in heads) == ["ACTION", "PASS"]
        assert [row["resources_found"] for row in heads if row["result"] == "ACTION"] == [1]
        measured = [row for row in rows if row not in heads and row["result"] in {"PASS", "TOLERANCE", "ACTION"}]
        assert len(measured) == 4
        assert all(row["objects_found"] in {4, 5} and row["resources_found"] == 1 for row in measured)
    sent = fhir_sent(tmp_path / "demo")
    assert len(sent) >= len(measured)
    if missing_core() is None:
        assert [check(bundle) for bundle in sent] == [[]] * len(sent)


def test_demo_leaves_a_folder_alone_that_is_not_its_own(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    done = subprocess.run(
        [*DEMO, "--once", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert (tmp_path / "thesis.txt").read_text() == "mine"
