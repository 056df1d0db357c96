"""``aiqa validate`` on files: the phantom analysis with the network's place taken by the truth."""

import csv
import json

import pydicom
import pytest
from click.testing import CliRunner

from aiqa_integration.cli import aiqa
from aiqa_integration.pipeline import score_phantom
from tests import stand_in
from tests.outside import make_series

LENGTH = "mr-length-horizontal-slice5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return two series of the phantom, the same as CT, and files that are no images."""
    root = tmp_path_factory.mktemp("labelled")
    for number in (1, 2, 3):
        make_series(root, "site", number)
    for file in (root / "site-3").glob("*.dcm"):
        dataset = pydicom.dcmread(file)
        dataset.Modality = "CT"
        dataset.save_as(file)
    (root / "site-2" / "notes.txt").write_text("not an image")
    return root


@pytest.fixture(autouse=True)
def _truth_for_network(monkeypatch):
    monkeypatch.setattr(score_phantom, "find_phantom", stand_in.find_phantom)


def validate(folder, tmp_path, text, *more):
    labels = tmp_path / "labels.csv"
    labels.write_text(text)
    result = CliRunner().invoke(
        aiqa, ["validate", str(folder), str(labels), "--out", str(tmp_path / "out"), *more], catch_exceptions=False
    )
    return result, tmp_path / "out"


def test_numbers_findings_and_refusals_of_a_phantom(folder, tmp_path):
    uid = pydicom.dcmread(next((folder / "site-1").glob("*.dcm"))).SeriesInstanceUID
    text = (
        "series_instance_uid,path,artifact,label,metric,value,site\n"
        f"{uid},,,,{LENGTH},190.0,north\n"
        f",site-2,,,{LENGTH},190.0,south\n"
        f",site-2,motion,0,,,south\n"
        f",site-3,,,{LENGTH},190.0,south\n"
        f",nowhere,,,{LENGTH},190.0,south\n"
    )
    result, out = validate(folder, tmp_path, text)
    assert result.exit_code == 0, result.output
    document = json.loads((out / "validation.json").read_text())
    (length,) = document["metrics"]
    assert (length["metric"], len(length["pairs"])) == (LENGTH, 2)
    assert abs(length["bias"]) < 0.5  # the simulated phantom is 190 mm wide
    assert [(row["line"], row["code"]) for row in document["left_out"]] == [
        (4, "not-answered"),
        (5, "no-rule"),
        (6, "no-series"),
    ]
    assert "Modality is 'CT'" in document["left_out"][1]["detail"]
    rows = list(csv.DictReader((out / "cases.csv").read_text().splitlines()))
    assert [row["outcome"] for row in rows] == ["measured", "measured", "not-answered", "no-rule", "no-series"]
    assert "Limits of agreement" in (out / "validation.html").read_text()
    assert "5 labels, 3 without a score" in result.output


def test_no_score_at_all_is_no_success(folder, tmp_path):
    result, out = validate(folder, tmp_path, "path,artifact,label\nsite-3,motion,1\n")
    assert result.exit_code == 1
    assert (out / "validation.html").exists()


def test_a_line_that_means_several_series_is_a_mistake(folder, tmp_path):
    with pytest.raises(Exception, match="line 2: more than one series"):
        validate(folder, tmp_path, f"path,metric,value\n.,{LENGTH},190\n")


def test_an_analysis_that_nobody_knows_is_a_mistake(folder, tmp_path):
    with pytest.raises(Exception, match="no-such"):
        validate(folder, tmp_path, f"path,metric,value\nsite-1,{LENGTH},190\n", "--analysis", "no-such")
