"""The picture of a result, by its pixels."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image

from aiqa_integration.dicom.drawing import BRIGHT, DARK, MOST_ROWS, SIMULATED, display_window, draw_report
from aiqa_integration.dicom.evidence import read_source
from aiqa_integration.dicom.presentation import overlay, preview_png
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries
from tests.unit.dicom_out_samples import judgements, report_over, tiny_series


@pytest.fixture
def series(tmp_path: Path) -> LoadedSeries:
    return tiny_series(tmp_path, size=128)


def picture(report: QaReport, series: LoadedSeries | None) -> np.ndarray:
    return np.asarray(draw_report(report, series.stack if series else None))


def share(pixels: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((pixels == colour).all(axis=-1).mean())


def only(verdict: Verdict) -> tuple[object, ...]:
    return tuple(replace(judgement, verdict=verdict) for judgement in judgements(128, 2)[:4])


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.TOLERANCE, Verdict.ACTION, Verdict.NOT_ASSESSED])
def test_colour_of_the_headline_is_the_verdict(verdict: Verdict, series: LoadedSeries) -> None:
    pixels = picture(report_over(series, judgements=only(verdict)), series)
    assert share(pixels[:270], DARK[verdict]) > 0.6
    assert share(pixels, BRIGHT[verdict]) > 0.003
    for other in set(BRIGHT) - {verdict}:
        assert share(pixels, BRIGHT[other]) == 0


def test_headline_is_legible_as_a_thumbnail(series: LoadedSeries) -> None:
    image = draw_report(report_over(series), series.stack)
    image.thumbnail((256, 256))
    light = np.asarray(image.convert("L"))[:40] > 200
    rows = np.flatnonzero(light.any(axis=1))
    # capitals of the first line at least 15 pixels high, wider than an eighth of the picture
    assert rows[:15].tolist() == list(range(rows[0], rows[0] + 15))
    assert np.ptp(np.flatnonzero(light[: rows[0] + 15].any(axis=0))) > 32


def test_region_is_drawn_where_it_was_measured(series: LoadedSeries) -> None:
    only_line = replace(judgements(128, 2)[0], verdict=Verdict.ACTION)
    pixels = picture(report_over(series, judgements=(only_line,)), series)
    left, top, size = (1280 - 700) // 2, 270 + 24, 700
    panel = pixels[top : top + size, left : left + size]
    found = (panel == BRIGHT[Verdict.ACTION]).all(axis=-1)
    columns = found[:, 250:].nonzero()
    row = (128.25 / 2 + 0.5) / 128 * size
    assert columns[0].min() == pytest.approx(row, abs=4)
    assert columns[0].max() == pytest.approx(row, abs=4)
    assert columns[1].max() + 250 == pytest.approx((224.5 / 2 + 0.5) / 128 * size, abs=4)


def test_window_spans_the_slice_and_never_collapses() -> None:
    ramp = np.linspace(0, 1000, 10000, dtype=np.float32).reshape(100, 100)
    assert display_window(ramp) == pytest.approx((10, 995), abs=0.5)
    assert display_window(np.full((4, 4), 7, dtype=np.float32)) == (7.0, 8.0)


def test_simulated_images_carry_a_band(series: LoadedSeries) -> None:
    assert share(picture(report_over(series, simulated=True), series), SIMULATED) > 0.03
    assert share(picture(report_over(series), series), SIMULATED) == 0


def test_the_worst_are_shown_where_not_all_fit(series: LoadedSeries) -> None:
    passed = replace(judgements(128, 2)[0], verdict=Verdict.PASS)
    failed = replace(judgements(128, 2)[1], verdict=Verdict.ACTION)
    few = picture(report_over(series, judgements=(passed,) * MOST_ROWS), series)
    many = picture(report_over(series, judgements=(*(passed,) * 40, failed)), series)
    assert many.shape[0] - few.shape[0] < 100
    assert share(many, BRIGHT[Verdict.ACTION]) > 0


def test_picture_without_slices_and_of_every_text(series: LoadedSeries) -> None:
    refused = report_over(series, refused=True, phantom=None)
    found = Image.open(BytesIO(preview_png(refused, None)))
    assert (found.format, found.mode) == ("PNG", "RGB")
    odd = replace(judgements(128, 2)[0].measurement.metric, label="Länge 長さ ≥ µ² " * 9)
    judged = replace(judgements(128, 2)[0], measurement=replace(judgements(128, 2)[0].measurement, metric=odd))
    assert picture(report_over(series, judgements=(judged,)), series).shape[1] == 1280


def test_picture_shows_nothing_of_the_patient(tmp_path: Path) -> None:
    named = tiny_series(tmp_path, PatientName="Somebody^Else", PatientID="4711", PatientBirthDate="19700101")
    other = tmp_path / "other"
    other.mkdir()
    report = report_over(named, subject="patient", phantom=None)
    assert preview_png(report, named) == preview_png(report, tiny_series(other))


def test_overlay_is_a_colour_image_that_names_its_sources(series: LoadedSeries) -> None:
    report = report_over(series)
    result = pydicom.dcmread(BytesIO(overlay(report, series, read_source(series))))
    assert np.array_equal(result.pixel_array, picture(report, series))
    assert (result.PhotometricInterpretation, result.ConversionType, result.BurnedInAnnotation) == ("RGB", "WSD", "NO")
    assert list(result.ImageType) == ["DERIVED", "SECONDARY", "OTHER"]
    sources = [item.ReferencedSOPInstanceUID for item in result.SourceImageSequence]
    assert sources == [ref.sop_instance_uid for ref in series.stack.slices]


@pytest.mark.parametrize(("part", "laterality"), [("HEAD", None), ("Head", None), ("PHANTOM", ""), (None, "")])
def test_side_of_the_body_is_left_open_unless_there_is_none(
    tmp_path: Path, part: str | None, laterality: str | None
) -> None:
    attributes: dict[str, Any] = {"BodyPartExamined": part} if part else {}
    series = tiny_series(tmp_path, **attributes)
    result = pydicom.dcmread(BytesIO(overlay(report_over(series), series, read_source(series))))
    assert result.get("BodyPartExamined") == (part.upper() if part else None)
    assert result.get("Laterality") == laterality
