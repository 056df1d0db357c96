"""The structured reports: what a person reads, what a machine reads back."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from aiqa_integration.dicom.evidence import read_source
from aiqa_integration.dicom.sr import measurement_sr, report_sr, series_sr
from aiqa_integration.dicom.uids import Role, instance_uid, series_uid, tracking_uid
from aiqa_integration.errors import EncodingError
from aiqa_integration.model.judgement import Judgement, Verdict
from aiqa_integration.model.measurement import Measured, NotMeasured, Reason
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries
from tests.unit.dicom_out_samples import LENGTH, UNIFORMITY, circle, judgements, report_over, tiny_series


@pytest.fixture
def series(tmp_path: Path) -> LoadedSeries:
    return tiny_series(tmp_path)


def items(dataset: Dataset) -> Iterator[Dataset]:
    for item in dataset.get("ContentSequence", ()):
        yield item
        yield from items(item)


def measured_only(series: LoadedSeries) -> tuple[Judgement, ...]:
    found = judgements(series.stack.voxels.shape[2], len(series.stack.slices) - 1)
    return tuple(judgement for judgement in found if isinstance(judgement.measurement, Measured))


def as_text(report: QaReport, series: LoadedSeries) -> dict[str, str]:
    document = pydicom.dcmread(BytesIO(report_sr(report, series, read_source(series))))
    return {
        str(item.ConceptNameCodeSequence[0].CodeMeaning): str(item.TextValue)
        for item in items(document)
        if item.ValueType == "TEXT"
    }


def measurements(report: QaReport, series: LoadedSeries) -> Dataset:
    content = measurement_sr(report, series, read_source(series))
    assert content is not None
    return pydicom.dcmread(BytesIO(content))


def rest(report: QaReport, series: LoadedSeries) -> Dataset:
    content = series_sr(report, series, read_source(series))
    assert content is not None
    return pydicom.dcmread(BytesIO(content))


def metric_ids(document: Dataset) -> list[str]:
    """Return the tracking identifiers of a document's groups."""
    return [
        str(item.TextValue)
        for item in items(document)
        if item.ValueType == "TEXT" and item.ConceptNameCodeSequence[0].CodeValue == "112039"
    ]


def test_report_says_value_limits_source_verdict_and_where(series: LoadedSeries) -> None:
    lines = as_text(report_over(series), series)
    source = "; limits: ACR Large Phantom Guidance 2022"
    assert lines["Horizontal length, slice 5"] == f"189.4 ± 0.4 mm (limit 187–193 mm): PASS [image 2]{source}"
    assert lines["Slice Thickness"] == f"5.83 mm (limit 4.3–5.7 mm): ACTION [image 1]{source}"
    assert lines["Percent image uniformity"] == f"88.3 ± 0.3 % (limit ≥ 87.5 %): PASS [image 2]{source}"
    assert lines["Percent signal ghosting"] == (
        "2.71 % (tolerance ≤ 2.5 %, action ≤ 3 %): TOLERANCE [image 2]; limits: site limit"
    )
    assert lines["Signal-to-noise ratio"] == "213 (no limits): NOT ASSESSED [image 2]"
    assert lines["Slice position error, slice 11"] == (
        f"NOT MEASURED: the wedge edges were not found (feature-not-found) [image 3]{source}"
    )


def test_both_reports_say_why_a_value_is_not_assessed(series: LoadedSeries) -> None:
    found = replace(judgements(64, 2)[0], verdict=Verdict.NOT_ASSESSED, note="left open")
    report = report_over(series, judgements=(found,))
    assert "NOT ASSESSED (left open) [image 2]" in as_text(report, series)["Horizontal length, slice 5"]
    measured = pydicom.dcmread(BytesIO(measurement_sr(report, series, read_source(series)) or b""))
    assert "left open" in [str(item.get("TextValue")) for item in items(measured)]


def test_metrics_that_share_a_code_are_told_apart_by_their_labels(series: LoadedSeries) -> None:
    found = judgements(64, 2)
    metric = replace(found[0].measurement.metric, code=found[1].measurement.metric.code)
    same = replace(found[0], measurement=replace(found[0].measurement, metric=metric))
    report = report_over(series, judgements=(same, found[1]))
    document = pydicom.dcmread(BytesIO(report_sr(report, series, read_source(series))))
    texts = [str(item.get("TextValue")) for item in items(document)]
    assert any(text.startswith("Horizontal length, slice 5: 189.4") for text in texts)
    assert any(text.startswith("Slice thickness: 5.83 mm") for text in texts)


def test_report_begins_with_the_verdict_and_ends_with_what_made_it(series: LoadedSeries) -> None:
    lines = as_text(report_over(series), series)
    assert lines["Summary"] == "ACTION: 6 metrics: 1 ACTION, 1 TOLERANCE, 1 NOT MEASURED, 2 PASS, 1 NOT ASSESSED"
    assert lines["Recommendation"].startswith("At least one value is outside its action limits. Check how")
    assert lines["Model bundle"] == f"mri_phantom_scoring 0.1.0, weights SHA-256 {'ab' * 32}"
    assert lines["Routing rule"] == "acr-mri, revision 7"
    assert lines["Limit set"] == "acr-large-3t, revision 3"
    assert lines["Intended use"].startswith("Quality assurance")
    assert "Simulated data" not in lines


def test_simulated_images_are_marked_first(series: LoadedSeries) -> None:
    report = report_over(series, simulated=True)
    assert "simulator" in next(
        iter(value for name, value in as_text(report, series).items() if name != "Device Observer Name")
    )
    document = pydicom.dcmread(BytesIO(report_sr(report, series, read_source(series))))
    assert document.SeriesDescription == "AI QA report: ACTION (simulated data)"


def test_refused_report_says_why(series: LoadedSeries) -> None:
    report = report_over(series, refused=True, phantom=None, bundle=None)
    lines = as_text(report, series)
    assert lines["Summary"] == "REFUSED: no known phantom in the images (phantom-not-found)"
    assert "Model bundle" not in lines
    document = pydicom.dcmread(BytesIO(report_sr(report, series, read_source(series))))
    assert document.SeriesDescription == "AI QA report: REFUSED"
    assert measurement_sr(report, series, read_source(series)) is None


def test_report_is_text_under_a_private_title(series: LoadedSeries) -> None:
    document = pydicom.dcmread(BytesIO(report_sr(report_over(series), series, read_source(series))))
    title = document.ConceptNameCodeSequence[0]
    assert (title.CodeValue, title.CodingSchemeDesignator) == ("AIQA-RPT", "99AIQA")
    assert document.SOPClassUID.name == "Enhanced SR Storage"
    assert "ContentTemplateSequence" not in document
    assert document.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99AIQA"


@pytest.mark.parametrize("kind", [report_sr, measurement_sr, series_sr])
def test_all_containers_are_separate(kind, series: LoadedSeries) -> None:
    document = pydicom.dcmread(BytesIO(kind(report_over(series), series, read_source(series))))
    containers = [item for item in (document, *items(document)) if item.ValueType == "CONTAINER"]
    assert len(containers) > 3
    assert {item.ContinuityOfContent for item in containers} == {"SEPARATE"}


@pytest.mark.parametrize("kind", [report_sr, measurement_sr, series_sr])
def test_the_completed_document_waits_for_a_person(kind, series: LoadedSeries) -> None:
    document = pydicom.dcmread(BytesIO(kind(report_over(series), series, read_source(series))))
    flags = (document.CompletionFlag, document.VerificationFlag, document.PreliminaryFlag)
    assert flags == ("COMPLETE", "UNVERIFIED", "PRELIMINARY")
    listed = document.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert len(listed) == 3


def test_highdicom_reads_values_regions_and_identity_back(series: LoadedSeries, tmp_path: Path) -> None:
    judged = measured_only(series)
    report = report_over(series, judgements=judged)
    path = tmp_path / "sr.dcm"
    content = measurement_sr(report, series, read_source(series))
    assert content is not None
    path.write_bytes(content)
    document: Any = hd.sr.srread(path)
    groups = document.content.get_planar_roi_measurement_groups()
    with_regions = [judgement for judgement in judged if judgement.measurement.regions]
    assert len(groups) == len(with_regions) == 4
    for group, judgement in zip(groups, with_regions, strict=True):
        measured = judgement.measurement
        assert isinstance(measured, Measured)
        number = group.get_measurements()[0]
        assert number.value == measured.quantity.value
        assert number.unit.value == measured.metric.unit.ucum
        assert number.name.value == measured.metric.code.value
        assert group.tracking_identifier == measured.metric.id
        assert group.tracking_uid == tracking_uid(report, measured.metric.id)
        region, points = measured.regions[0], group.roi.value
        assert points[: len(region.points)] == pytest.approx(np.array(region.points) + 0.5, abs=1e-4)


def test_number_is_rounded_for_display_and_exact_beside_it(series: LoadedSeries) -> None:
    values = [
        item.MeasuredValueSequence[0]
        for item in items(measurements(report_over(series), series))
        if item.ValueType == "NUM" and item.MeasuredValueSequence
    ]
    assert [str(value.NumericValue) for value in values] == ["189.4", "5.83", "88.3", "2.71"]
    assert values[2].FloatingPointValue == 0.1 + 88.2


def test_polygon_is_closed_and_points_to_its_image(series: LoadedSeries) -> None:
    regions = [item for item in items(measurements(report_over(series), series)) if item.ValueType == "SCOORD"]
    assert [item.GraphicType for item in regions] == ["POLYLINE", "POLYLINE", "CIRCLE", "CIRCLE"]
    ramps = list(regions[1].GraphicData)
    assert len(ramps) == 10
    assert ramps[:2] == ramps[-2:] == pytest.approx([60 * 0.25 + 0.5, 120 * 0.25 + 0.5])
    images = [item.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in regions]
    uids = [ref.sop_instance_uid for ref in series.stack.slices]
    assert images == [uids[1], uids[0], uids[1], uids[1]]


def test_metric_without_value_is_a_qualified_number_with_its_reason_in_words_and_code(series: LoadedSeries) -> None:
    document = rest(report_over(series), series)
    numbers = [item for item in items(document) if item.ValueType == "NUM"]
    empty = [item for item in numbers if not item.MeasuredValueSequence]
    assert [item.ConceptNameCodeSequence[0].CodeMeaning for item in empty] == ["Slice position error, slice 11"]
    assert empty[0].NumericValueQualifierCodeSequence[0].CodeValue == "114006"
    group = next(item for item in items(document) if empty[0] in item.get("ContentSequence", ()))
    coded = {
        item.ConceptNameCodeSequence[0].CodeValue: item.ConceptCodeSequence[0].CodeValue
        for item in group.ContentSequence
        if item.ValueType == "CODE"
    }
    assert coded["AIQA-NM-REASON"] == "AIQA-R-FEATURE"
    assert coded["AIQA-VERDICT"] == "AIQA-V-NM"
    assert [item.TextValue for item in group.ContentSequence if item.ValueType == "TEXT"][-1] == (
        "the wedge edges were not found"
    )


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_qualifier_of_the_standard(reason: Reason, series: LoadedSeries) -> None:
    lost = judgements(64, 2)[5]
    assert isinstance(lost.measurement, NotMeasured)
    lost = replace(lost, measurement=replace(lost.measurement, reason=reason))
    empty = [i for i in items(rest(report_over(series, judgements=(lost,)), series)) if i.ValueType == "NUM"]
    assert empty[0].NumericValueQualifierCodeSequence[0].CodeValue in {"114006", "114007", "114009", "114011"}
    assert len(empty[0].MeasuredValueSequence) == 0


def test_every_metric_is_in_exactly_one_of_the_documents_for_machines(series: LoadedSeries) -> None:
    report = report_over(series)
    drawn, loose = metric_ids(measurements(report, series)), metric_ids(rest(report, series))
    assert loose == ["mr-snr", "mr-slice-position-error-slice11"]
    assert drawn + loose == [judgement.measurement.metric.id for judgement in report.judgements]


def test_highdicom_reads_values_of_the_series_back(series: LoadedSeries, tmp_path: Path) -> None:
    report = report_over(series, judgements=judgements(64, 2)[4:5])
    path = tmp_path / "sr.dcm"
    path.write_bytes(series_sr(report, series, read_source(series)) or b"")
    document: Any = hd.sr.srread(path)
    groups = document.content.get_image_measurement_groups()
    assert [group.tracking_identifier for group in groups] == ["mr-snr"]
    assert groups[0].get_measurements()[0].value == 212.6
    assert document.ConceptNameCodeSequence[0].CodeValue == "AIQA-RPT-SERIES"
    assert [i.referenced_sop_instance_uid for i in groups[0].source_images] == [series.stack.slices[1].sop_instance_uid]


def test_no_document_about_nothing(series: LoadedSeries) -> None:
    planar, loose = judgements(64, 2)[0:1], judgements(64, 2)[4:5]
    source = read_source(series)
    assert measurement_sr(report_over(series, judgements=loose), series, source) is None
    assert series_sr(report_over(series, judgements=planar), series, source) is None


def test_multi_frame_source_is_referenced_by_frame(series: LoadedSeries) -> None:
    slices = tuple(
        replace(ref, sop_instance_uid=series.stack.slices[0].sop_instance_uid, frame_number=3 - place)
        for place, ref in enumerate(series.stack.slices)
    )
    enhanced = replace(series, stack=replace(series.stack, slices=slices))
    document = measurements(report_over(enhanced), enhanced)
    frames = [
        item.ContentSequence[0].ReferencedSOPSequence[0].ReferencedFrameNumber
        for item in items(document)
        if item.ValueType == "SCOORD"
    ]
    assert frames == [2, 3, 2, 2]
    listed = document.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert len(listed) == 1


@pytest.mark.parametrize(
    ("kind", "role"),
    [(report_sr, Role.REPORT_SR), (measurement_sr, Role.MEASUREMENT_SR), (series_sr, Role.SERIES_SR)],
)
def test_new_revision_is_a_new_object_that_names_its_predecessor(kind, role: Role, series: LoadedSeries) -> None:
    first = report_over(series)
    second = report_over(series, revision=2, predecessor=first.version)
    document = pydicom.dcmread(BytesIO(kind(second, series, read_source(series))))
    previous = document.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert previous.SeriesInstanceUID == series_uid(first, role) != document.SeriesInstanceUID
    assert previous.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == instance_uid(first, role)
    assert document.SOPInstanceUID == instance_uid(second, role) != instance_uid(first, role)


def test_tracking_uid_survives_a_new_revision(series: LoadedSeries) -> None:
    first, second = report_over(series), report_over(series, revision=2)
    assert tracking_uid(first, LENGTH.id) == tracking_uid(second, LENGTH.id) != tracking_uid(first, UNIFORMITY.id)


def test_region_outside_the_stack_is_our_fault(series: LoadedSeries) -> None:
    found = judgements(64, 2)[0]
    bad = replace(found, measurement=replace(found.measurement, regions=(circle(3, 30, 30, 5, "nowhere"),)))
    with pytest.raises(EncodingError, match="outside the stack"):
        measurement_sr(report_over(series, judgements=(bad,)), series, read_source(series))
