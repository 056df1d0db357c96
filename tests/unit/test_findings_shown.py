"""A finding is written and shown everywhere a result is, and changes no verdict."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest

from aiqa_integration.console.document import read_document
from aiqa_integration.dicom.drawing import LINE_HEIGHT, MOST_LINES, ROW_HEIGHT, draw_report
from aiqa_integration.dicom.evidence import read_source
from aiqa_integration.dicom.sr import report_sr
from aiqa_integration.errors import EncodingError
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.measurement import Region
from aiqa_integration.model.report_json import check_document, report_bytes, report_document
from aiqa_integration.model.wording import finding_names, finding_text
from aiqa_integration.pipeline.ports import LoadedSeries
from tests.fhir_reports import phantom_report
from tests.unit.dicom_out_samples import judgements, report_over, tiny_series
from tests.unit.test_dicom_out_sr import items
from tests.unit.test_fhir_resources import one

CHORD = Region(slice_index=1, shape="polyline", points=((10.0, 5.0), (30.0, 5.0)), label="Level of the water")
TILT = Finding(artifact="setup-tilt", probability=0.8, severity=1, explanation="The axis is tilted by 1.6°.")
BUBBLE = Finding(
    artifact="setup-air-bubble",
    probability=1.0,
    severity=2,
    explanation="An air bubble 6.1 mm deep lies at 12 o'clock.",
    slices=(0, 1),
    region=CHORD,
)
FOUND = (TILT, BUBBLE)


@pytest.fixture
def series(tmp_path: Path) -> LoadedSeries:
    return tiny_series(tmp_path)


def test_the_document_holds_them_with_one_based_slices(series: LoadedSeries) -> None:
    bare, report = report_over(series), report_over(series, findings=FOUND)
    document = report_document(report)
    assert document["findings"] == [
        {
            "artifact": "setup-tilt",
            "probability": 0.8,
            "severity": 1,
            "state": "possible",
            "slices": [],
            "region": None,
            "explanation": "The axis is tilted by 1.6°.",
            "calibration": None,
            "marks": [],
            "evidence": [],
        },
        {
            "artifact": "setup-air-bubble",
            "probability": 1.0,
            "severity": 2,
            "state": "present",
            "slices": [1, 2],
            "region": {
                "shape": "polyline",
                "slice": 2,
                "points": [[10.0, 5.0], [30.0, 5.0]],
                "label": "Level of the water",
            },
            "explanation": "An air bubble 6.1 mm deep lies at 12 o'clock.",
            "calibration": None,
            "marks": [],
            "evidence": [],
        },
    ]
    assert document["verdict"] == report_document(bare)["verdict"]
    document["findings"][0]["state"] = "perhaps"
    with pytest.raises(EncodingError, match="state"):
        check_document(document)


def test_the_console_reads_them_back(series: LoadedSeries) -> None:
    document = read_document(report_bytes(report_over(series, findings=FOUND)))
    assert [(found.artifact, found.state, found.slices) for found in document.findings] == [
        ("setup-tilt", "possible", ()),
        ("setup-air-bubble", "present", (1, 2)),
    ]


def test_the_report_for_people_has_a_section_of_them(series: LoadedSeries) -> None:
    source = read_source(series)
    document = pydicom.dcmread(BytesIO(report_sr(report_over(series, findings=FOUND), series, source)))
    lines = [str(item.TextValue) for item in items(document) if item.ValueType == "TEXT"]
    assert "Possibly (probability 80 %): The axis is tilted by 1.6°. (severity: slight)" in lines
    assert "An air bubble 6.1 mm deep lies at 12 o'clock. (severity: clear) [image 1, image 2]" in lines
    sections = [str(i.ConceptNameCodeSequence[0].CodeMeaning) for i in items(document) if i.ValueType == "CONTAINER"]
    assert "Remarks on set-up and images" in sections
    bare = pydicom.dcmread(BytesIO(report_sr(report_over(series), series, source)))
    assert "Remarks" not in str(bare)


def test_the_picture_names_them_in_its_header_draws_them_and_gives_each_a_line(series: LoadedSeries) -> None:
    bare, shown = (
        np.asarray(draw_report(report, series.stack), dtype=np.int16)
        for report in (report_over(series), report_over(series, findings=FOUND))
    )
    assert shown.shape[0] - bare.shape[0] == 2 * ROW_HEIGHT
    table = len(judgements(64, 2)) * ROW_HEIGHT
    upper = bare.shape[0] - table - ROW_HEIGHT - 12
    changed = np.flatnonzero(np.abs(bare[:upper] - shown[:upper]).max(axis=(1, 2)))
    assert 200 < changed.min() < 270
    # the water level lies on the second slice, five pixels below its upper edge
    assert changed.max() < 270 + 24 + 0.2 * (bare.shape[0] - 270)


def test_a_long_explanation_takes_lines_of_the_picture_up_to_a_limit(series: LoadedSeries) -> None:
    def height(words: int) -> int:
        finding = replace(TILT, explanation="twelve chars " * words)
        return draw_report(report_over(series, findings=(finding,)), series.stack).height

    assert height(3) == height(1)
    assert height(6) == height(1) + LINE_HEIGHT
    assert height(200) == height(400) == height(1) + (MOST_LINES - 1) * LINE_HEIGHT


def test_the_conclusion_for_the_ehr_ends_with_them() -> None:
    plain = one(phantom_report(), "DiagnosticReport")["conclusion"]
    words = one(phantom_report(findings=FOUND), "DiagnosticReport")["conclusion"]
    assert words == f"{plain} Remarks: {finding_text(TILT)} {finding_text(BUBBLE)}"


def test_they_are_named_shortly_the_most_severe_first_and_once() -> None:
    again = replace(BUBBLE, severity=1)
    assert finding_names((*FOUND, again)) == "air bubble, tilt"
    assert finding_names(()) == ""
    assert finding_names([replace(TILT, artifact="low-snr")]) == "low signal-to-noise ratio"
