"""Bad input gets a named refusal, never a crash."""

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from click.testing import CliRunner
from pydicom.uid import generate_uid

from aiqa_integration.cli import aiqa
from aiqa_integration.cli.samples import SCANNER
from aiqa_integration.dicom.sample_study import SampleSeries, write_series
from aiqa_integration.simulate.acr_mri import Scan, simulate_series


@pytest.fixture(scope="module")
def good_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    simulated = simulate_series(
        "acr-mri-large",
        rng=np.random.default_rng(7),
        scan=Scan(matrix=(128, 128), pixel_mm=(1.95, 1.95), slice_count=3),
    )
    sample = SampleSeries(
        study_key="bad-input", description="ACR T1", device=SCANNER, field_strength_t=1.5, thickness_mm=5.0,
        phase_encoding="COLUMN",
    )  # fmt: skip
    write_series(simulated.stack, folder, sample)
    return folder


@pytest.fixture
def folder(good_folder, tmp_path):
    for file in good_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def edit(folder: Path, change, only=None):
    for number, file in enumerate(sorted(folder.glob("*.dcm"))):
        if only is None or number in only:
            dataset = pydicom.dcmread(file)
            change(dataset)
            dataset.save_as(file)


def analyze(*arguments):
    result = CliRunner().invoke(aiqa, ["analyze", *map(str, arguments), "--json"])
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    return result.exit_code, documents


def refusal(folder: Path, out: Path):
    code, documents = analyze(folder, "--out", out)
    assert code == 0, documents
    assert len(documents) == 1
    assert documents[0]["verdict"] == "NOT_MEASURED"
    assert documents[0]["measurements"] == []
    written = json.loads(next(out.glob("*/report.json")).read_text())
    assert written["refused"] == documents[0]["refused"]
    return documents[0]["refused"]


def test_files_that_are_not_dicom(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for number in range(10_000):
        (source / f"{number}.txt").write_text("not an image")
    assert refusal(source, tmp_path / "out")["code"] == "not-image-data"


def test_truncated_pixels(folder, tmp_path_factory):
    for file in folder.glob("*.dcm"):
        file.write_bytes(file.read_bytes()[:-5000])
    assert refusal(folder, tmp_path_factory.mktemp("out"))["code"] == "not-image-data"


def test_zero_rows(folder, tmp_path_factory):
    edit(folder, lambda dataset: setattr(dataset, "Rows", 0))
    assert refusal(folder, tmp_path_factory.mktemp("out"))["code"] == "not-image-data"


def test_slices_of_two_orientations(folder, tmp_path_factory):
    edit(folder, lambda dataset: setattr(dataset, "ImageOrientationPatient", [0, 1, 0, 0, 0, -1]), only={0})
    assert refusal(folder, tmp_path_factory.mktemp("out"))["code"] == "mixed-geometry"


def test_wrong_modality(folder, tmp_path_factory):
    edit(folder, lambda dataset: setattr(dataset, "Modality", "CT"))
    found = refusal(folder, tmp_path_factory.mktemp("out"))
    assert found["code"] == "no-rule"
    assert "Modality is 'CT'" in found["detail"]


def test_missing_series_uid(folder, tmp_path_factory):
    edit(folder, lambda dataset: delattr(dataset, "SeriesInstanceUID"))
    assert refusal(folder, tmp_path_factory.mktemp("out"))["code"] == "incomplete-series"


def test_many_files_with_one_sop_instance_uid(folder, tmp_path_factory):
    uid = generate_uid()

    def same_uid(dataset):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid

    edit(folder, same_uid)
    assert refusal(folder, tmp_path_factory.mktemp("out"))["code"] in {"incomplete-series", "mixed-geometry"}


def test_nothing_at_all_is_no_success(tmp_path):
    (tmp_path / "empty").mkdir()
    code, documents = analyze(tmp_path / "empty", "--out", tmp_path / "out")
    assert (code, documents) == (1, [])


def test_an_unknown_analysis_is_a_mistake_of_the_caller(folder, tmp_path_factory):
    result = CliRunner().invoke(
        aiqa, ["analyze", str(folder), "--out", str(tmp_path_factory.mktemp("out")), "--analysis", "no-such"]
    )
    assert result.exit_code != 0
    assert "no rule has the analysis" in str(result.exception)
