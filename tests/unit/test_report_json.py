"""The report document: what its fields hold, that its schema refuses nonsense, that equal reports give equal bytes."""

import json
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import numpy as np
import pytest

from aiqa_integration.errors import EncodingError
from aiqa_integration.model.report_json import check_document, report_bytes, report_document, report_schema
from aiqa_integration.pipeline.ports import LoadedSeries
from tests.unit.dicom_out_samples import judgements, report_over, tiny_series


@pytest.fixture
def series(tmp_path: Path) -> LoadedSeries:
    return tiny_series(tmp_path)


def by_metric(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["metric"]: item for item in document["measurements"]}


def test_measured_value_with_limits_region_and_image(series: LoadedSeries) -> None:
    found = by_metric(report_document(report_over(series)))["mr-percent-image-uniformity"]
    assert (found["status"], found["value"], found["unit"], found["uncertainty"]) == ("measured", 0.1 + 88.2, "%", 0.3)
    assert found["reason"] is None
    assert found["verdict"] == "PASS"
    assert found["limits"] == {
        "tolerance_low": None,
        "tolerance_high": None,
        "action_low": 87.5,
        "action_high": None,
        "source": "ACR Large Phantom Guidance 2022",
        "revision": "3",
    }
    assert found["slice"] == 2
    assert found["sop_instance_uid"] == series.stack.slices[1].sop_instance_uid
    assert found["region"]["shape"] == "circle"
    assert found["region"]["slice"] == 2
    assert found["region"]["points"][0] == [32.0, 32.0]
    assert [region["label"] for region in found["further_regions"]] == ["Lowest signal", "Highest signal"]


def test_missing_value_says_why(series: LoadedSeries) -> None:
    found = by_metric(report_document(report_over(series)))["mr-slice-position-error-slice11"]
    assert (found["status"], found["value"], found["verdict"]) == ("not-measured", None, "NOT_MEASURED")
    assert (found["reason"], found["detail"]) == ("feature-not-found", "the wedge edges were not found")


def test_note_of_a_verdict_is_kept_and_older_reports_have_none(series: LoadedSeries) -> None:
    noted = tuple(replace(one, note="left open") for one in judgements(64, 2))
    document = report_document(report_over(series, judgements=noted))
    assert {one["note"] for one in document["measurements"]} == {"left open"}
    for one in document["measurements"]:
        del one["note"]
    check_document(document)


def test_head_of_the_document(series: LoadedSeries) -> None:
    report = report_over(series)
    document = report_document(report)
    assert (document["schema"], document["report_uid"]) == ("aiqa-report/1", report.report_uid)
    assert document["verdict"] == "ACTION"
    assert document["analysis"] == {"name": "acr-mri-phantom", "version": "1.0.0"}
    assert document["bundle"] == {"name": "mri_phantom_scoring", "version": "0.1.0", "weights_sha256": "ab" * 32}
    assert document["device"] == {"manufacturer": "TESTCO", "model": "Quiet 3", "serial": "77", "station": "MR2"}
    assert (document["findings"], document["recommendation"], document["refused"]) == ([], None, None)
    assert document["provenance"]["rule"] == {"name": "acr-mri", "revision": "7"}
    assert document["predecessor_uid"] is None


def test_refused_report(series: LoadedSeries) -> None:
    document = report_document(report_over(series, refused=True, phantom=None, bundle=None))
    assert document["refused"] == {"code": "phantom-not-found", "detail": "no known phantom in the images"}
    assert (document["verdict"], document["measurements"], document["bundle"]) == ("NOT_MEASURED", [], None)


def test_predecessor_is_named(series: LoadedSeries) -> None:
    first = report_over(series)
    document = report_document(report_over(series, revision=2, predecessor=first.version))
    assert document["predecessor_uid"] == first.report_uid != document["report_uid"]


def test_image_of_a_multi_frame_value(series: LoadedSeries) -> None:
    report = report_over(series)
    one = replace(report, provenance=replace(report.provenance, source_instance_uids=("1.2.3",)))
    assert {item["sop_instance_uid"] for item in report_document(one)["measurements"]} == {"1.2.3"}
    slices = [replace(ref, sop_instance_uid=f"1.2.{place}") for place, ref in enumerate(series.stack.slices)]
    found = by_metric(report_document(report, slices))
    assert found["mr-slice-thickness"]["sop_instance_uid"] == "1.2.0"
    assert found["mr-slice-position-error-slice11"]["sop_instance_uid"] == "1.2.2"


def test_value_of_the_whole_series_has_no_image(series: LoadedSeries) -> None:
    report = report_over(series)
    whole = replace(report.judgements[0], measurement=replace(report.judgements[0].measurement, slice_index=None))
    found = report_document(replace(report, judgements=(whole,)))["measurements"][0]
    assert (found["slice"], found["sop_instance_uid"]) == (None, None)


def test_same_report_gives_same_utf8(series: LoadedSeries) -> None:
    report = replace(report_over(series), phantom="größe")
    assert report_bytes(report) == report_bytes(report)
    assert "größe".encode() in report_bytes(report)
    assert json.loads(report_bytes(report)) == report_document(report)


def test_schema_is_a_schema_and_closed() -> None:
    schema = report_schema()
    jsonschema_rs.meta.validate(schema)
    assert schema["additionalProperties"] is False
    assert "One-based place" in schema["$defs"]["slice"]["description"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "aiqa-report/2"),
        (("verdict",), "GOOD"),
        (("report_uid",), "no uid"),
        (("extra",), 1),
        (("measurements", 0, "value"), None),
        (("measurements", 0, "slice"), 0),
        (("measurements", 0, "verdict"), "NOT_MEASURED"),
        (("measurements", 5, "reason"), None),
        (("measurements", 5, "value"), -1.0),
        (("measurements", 5, "verdict"), "PASS"),
        (("timings_s", "infer"), -1),
        (("subject",), "dog"),
    ],
)
def test_schema_refuses(path: tuple[str | int, ...], value: object, series: LoadedSeries) -> None:
    document: Any = deepcopy(report_document(report_over(series)))
    check_document(document)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(EncodingError, match="report document"):
        check_document(document)


@pytest.mark.parametrize(
    ("value", "refused"), [(np.float64(1.5), False), (float("nan"), True), (np.float64("inf"), True)]
)
def test_numbers_are_finite_whoever_made_them(value: float, refused: bool, series: LoadedSeries) -> None:
    document: Any = deepcopy(report_document(report_over(series)))
    document["measurements"][0]["value"] = value
    with pytest.raises(EncodingError, match="measurements/0/value") if refused else nullcontext():
        check_document(document)


@pytest.mark.parametrize("field", ["schema", "verdict", "measurements", "refused", "simulated", "provenance"])
def test_schema_wants_every_field(field: str, series: LoadedSeries) -> None:
    document = report_document(report_over(series))
    del document[field]
    with pytest.raises(EncodingError, match=field):
        check_document(document)
