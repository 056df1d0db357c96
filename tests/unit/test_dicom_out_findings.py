"""Findings as DICOM: whatever has a region, a map or slices is drawn, named in codes and read back."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from aiqa_integration.dicom.drawing import BRIGHT, draw_report
from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.energy import anchor_region, energy_on
from aiqa_integration.dicom.entries import entries_of
from aiqa_integration.dicom.masks import region_mask
from aiqa_integration.dicom.uids import Role
from aiqa_integration.errors import EncodingError
from aiqa_integration.model.finding import EnergyMap, Evidence, Finding
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.quantity import ONE, PERCENT, Quantity
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries
from tests.unit.dicom_out_samples import circle, judgements, report_over, tiny_series
from tests.unit.test_dicom_out_sr import items, metric_ids

SIZE = 64
WANTED = (Role.REPORT_SR, Role.MEASUREMENT_SR, Role.SERIES_SR, Role.SEG, Role.LABELMAP, Role.PARAMETRIC_MAP)


def blob(place: int = 1, size: int = SIZE) -> EnergyMap:
    """Return a map with a cone of energy about (40, 20) of 64."""
    rows, columns = (np.mgrid[:size, :size] + 0.5) * (SIZE / size) - 0.5
    cone = np.clip(1.0 - np.hypot(rows - 20, columns - 40) / 16, 0.0, 1.0).astype(np.float32)
    return EnergyMap(slices=(place,), values=cone[np.newaxis])


MOTION = Finding(
    artifact="mr-motion", probability=0.97, severity=3, explanation="Motion 0.4.", slices=(1,), energy=blob()
)
GHOST = Finding(
    artifact="ghost",
    probability=0.62,
    severity=2,
    explanation="A ghost of 6 %.",
    region=circle(2, 30, 30, 6, "Ghost"),
    evidence=(
        Evidence(metric="mr-percent-signal-ghosting", label="Ghosting", quantity=Quantity(6.04, PERCENT), limit=2.5),
        Evidence(metric="own-number", label="Own number", quantity=Quantity(3.25, ONE), usual=1.0),
    ),
)
NOISE = Finding(artifact="low-snr", probability=1.0, severity=1, explanation="SNR 14.", slices=(0, 2))


@pytest.fixture
def series(tmp_path: Path) -> LoadedSeries:
    return tiny_series(tmp_path, size=SIZE)


def patient_report(series: LoadedSeries, *findings: Finding, **changes: Any) -> QaReport:
    fields = {"subject": "patient", "phantom": None, "judgements": (), "findings": findings, "bundle": None}
    return report_over(series, **{**fields, **changes})


def written(report: QaReport, series: LoadedSeries, *roles: Role) -> dict[Role, Dataset]:
    objects = encode_objects(report, series, roles or WANTED)
    return {role: pydicom.dcmread(BytesIO(content)) for role, content in objects.items()}


def numbers_of(group: Dataset) -> dict[str, float]:
    return {
        str(item.ConceptNameCodeSequence[0].CodeValue): item.MeasuredValueSequence[0].FloatingPointValue
        for item in items(group)
        if item.ValueType == "NUM"
    }


def test_finding_with_a_place_is_drawn_one_without_is_told(series: LoadedSeries) -> None:
    found = written(patient_report(series, MOTION, GHOST, NOISE), series)
    assert metric_ids(found[Role.MEASUREMENT_SR]) == ["finding/mr-motion", "finding/ghost"]
    assert metric_ids(found[Role.SERIES_SR]) == ["finding/low-snr"]
    codes = [i.ConceptCodeSequence[0].CodeValue for i in items(found[Role.MEASUREMENT_SR]) if i.ValueType == "CODE"]
    assert {"RID11423", "RID11426", "AIQA-SEV-3", "AIQA-SEV-2"} <= set(codes)
    images = [
        i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for i in items(found[Role.SERIES_SR])
        if i.ValueType == "IMAGE"
    ]
    assert images == [series.stack.slices[place].sop_instance_uid for place in (0, 2)]


def test_numbers_that_support_a_finding_are_numbers_where_they_have_a_name(series: LoadedSeries) -> None:
    document = written(patient_report(series, GHOST), series)[Role.MEASUREMENT_SR]
    assert numbers_of(document) == {"AIQA-P-GHOST": 62.0, "AIQA-PSG": 6.04}
    texts = [str(item.TextValue) for item in items(document) if item.ValueType == "TEXT"]
    assert "Ghosting: 6.04 % (limit 2.5)" in texts
    assert "Own number: 3.25 (usual 1)" in texts
    assert "A ghost of 6 %." in texts


def test_highdicom_reads_findings_back(series: LoadedSeries, tmp_path: Path) -> None:
    (tmp_path / "sr.dcm").write_bytes(encode_objects(patient_report(series, GHOST), series)[Role.MEASUREMENT_SR])
    document: Any = hd.sr.srread(tmp_path / "sr.dcm")
    group = document.content.get_planar_roi_measurement_groups()[0]
    assert group.get_measurements()[0].value == 62.0
    assert group.roi.value[0].tolist() == [30.5, 30.5]


def test_map_is_a_segment_of_its_stronger_half_and_a_map(series: LoadedSeries, tmp_path: Path) -> None:
    report = patient_report(series, MOTION, GHOST)
    objects = encode_objects(report, series, WANTED)
    (tmp_path / "seg.dcm").write_bytes(objects[Role.SEG])
    seg: Any = hd.seg.segread(tmp_path / "seg.dcm")
    assert [s.SegmentLabel for s in seg.SegmentSequence] == ["ghost", "mr motion"]
    assert [s.SegmentedPropertyTypeCodeSequence[0].CodeValue for s in seg.SegmentSequence] == ["RID11426", "RID11423"]
    uids = [ref.sop_instance_uid for ref in series.stack.slices[1:]]
    pixels = seg.get_pixels_by_source_instance(uids, ignore_spatial_locations=False)
    assert np.array_equal(pixels[0, :, :, 1] > 0, blob().values[0] >= 0.5)
    assert np.array_equal(pixels[1, :, :, 0] > 0, region_mask(circle(2, 30, 30, 6, ""), (SIZE, SIZE)))
    found = pydicom.dcmread(BytesIO(objects[Role.PARAMETRIC_MAP]))
    values = np.frombuffer(found.FloatPixelData, np.float32).reshape(SIZE, SIZE)
    assert np.array_equal(values, blob().values[0])
    mapping = found.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue == "130404"


def test_findings_have_the_colours_of_the_picture_in_viewers_too(series: LoadedSeries) -> None:
    slight = replace(GHOST, artifact="wrap", severity=1)
    report = report_over(series, findings=(MOTION, GHOST, slight), judgements=judgements(SIZE, 2))
    segments = written(report, series, Role.SEG)[Role.SEG].SegmentSequence
    shown = {
        str(one.SegmentLabel): hd.color.CIELabColor.from_dicom_value(one.RecommendedDisplayCIELabValue).to_rgb()
        for one in segments
        if "RecommendedDisplayCIELabValue" in one
    }
    expected = {"mr motion": Verdict.ACTION, "ghost": Verdict.TOLERANCE, "wrap": Verdict.NOT_ASSESSED}
    assert shown.keys() == expected.keys()
    assert len(segments) > len(shown)
    for label, verdict in expected.items():
        assert shown[label] == pytest.approx(BRIGHT[verdict], abs=1), label


def test_a_doubtful_finding_says_so_on_the_picture(series: LoadedSeries) -> None:
    lines = entries_of(patient_report(series, MOTION, GHOST))
    assert [line.word for line in lines] == ["REMARK", "POSSIBLE, 62 %"]


def test_labelmap_lets_the_smaller_of_two_segments_show(series: LoadedSeries, tmp_path: Path) -> None:
    inner = replace(GHOST, region=circle(1, 32, 32, 4, "inner"))
    outer = replace(GHOST, artifact="wrap", region=circle(1, 32, 32, 12, "outer"))
    (tmp_path / "map.dcm").write_bytes(
        encode_objects(patient_report(series, inner, outer), series, [Role.LABELMAP])[Role.LABELMAP]
    )
    found: Any = hd.seg.segread(tmp_path / "map.dcm")
    assert (found.SegmentationType, found.SOPClassUID) == ("LABELMAP", "1.2.840.10008.5.1.4.1.1.66.7")
    labels = found.pixel_array.reshape(SIZE, SIZE)
    assert (labels[32, 32], labels[32, 24], labels[0, 0]) == (1, 2, 0)


@pytest.mark.parametrize("size", [16, 32, 128])
def test_coarser_and_finer_maps_lie_on_the_images(size: int) -> None:
    exact, other = blob().values[0], energy_on(blob(size=size), 1, (SIZE, SIZE))
    assert other.shape == exact.shape
    assert np.abs(other - exact).max() < 0.2  # a cone that falls from 1 to 0 over 16 pixels, seen in pixels of four
    assert not energy_on(blob(), 0, (SIZE, SIZE)).any()


def test_box_about_a_map_is_where_a_viewer_is_taken() -> None:
    region = anchor_region(MOTION, (SIZE, SIZE))
    assert region is not None
    assert region.slice_index == 1
    assert region.points == ((32.0, 12.0), (48.0, 12.0), (48.0, 28.0), (32.0, 28.0))
    faint = replace(MOTION, energy=EnergyMap(slices=(1,), values=np.full((1, 4, 4), 0.1, np.float32)))
    assert anchor_region(faint, (SIZE, SIZE)) is None
    assert anchor_region(NOISE, (SIZE, SIZE)) is None


def test_same_artifact_twice_is_two_groups_and_segments(series: LoadedSeries) -> None:
    found = written(patient_report(series, GHOST, replace(GHOST, region=circle(0, 20, 20, 5, "b"))), series)
    assert metric_ids(found[Role.MEASUREMENT_SR]) == ["finding/ghost", "finding/ghost 2"]
    assert [s.SegmentLabel for s in found[Role.SEG].SegmentSequence] == ["ghost", "ghost 2"]
    assert len({s.TrackingUID for s in found[Role.SEG].SegmentSequence}) == 2


def test_findings_are_drawn_on_the_picture_of_a_patient(series: LoadedSeries) -> None:
    bare, shown = (
        np.asarray(draw_report(patient_report(series, *found), series.stack)) for found in ((NOISE,), (NOISE, MOTION))
    )
    assert shown.shape != bare.shape or not np.array_equal(bare, shown)
    red = (shown[..., 0].astype(int) - shown[..., 1] > 60).sum()
    assert red > 1000


def test_report_for_people_says_what_to_do_in_the_words_of_the_analysis(series: LoadedSeries) -> None:
    proposed = Recommendation(
        kind=RecommendationKind.REPEAT_NOW,
        reason="motion",
        text="Repeat now.",
        urgency="now",
        change="Coach the patient.",
    )
    for report, words in (
        (
            patient_report(series, MOTION, recommendation=proposed),
            "REPEAT NOW: Repeat now. What to change: Coach the patient.",
        ),
        (patient_report(series, MOTION), "At least one required value could not be measured"),
        (report_over(series, judgements=judgements(SIZE, 2)[1:2]), "At least one value is outside its action limits."),
    ):
        document = written(report, series, Role.REPORT_SR)[Role.REPORT_SR]
        told = [i.TextValue for i in items(document) if i.ConceptNameCodeSequence[0].CodeValue == "121075"]
        assert len(told) == 1
        assert str(told[0]).startswith(words)


@pytest.mark.parametrize("finding", [replace(NOISE, slices=(3,)), replace(MOTION, energy=blob(place=5))])
def test_finding_outside_the_stack_is_our_fault(series: LoadedSeries, finding: Finding) -> None:
    with pytest.raises(EncodingError, match=r"outside the stack|but the stack has"):
        encode_objects(patient_report(series, finding), series, WANTED)


def test_projection_image_gets_coordinates_but_no_segmentation(series: LoadedSeries) -> None:
    found = written(patient_report(series, MOTION, GHOST, modality="MG"), series)
    assert set(found) == {Role.REPORT_SR, Role.MEASUREMENT_SR}
    assert {i.ValueType for i in items(found[Role.MEASUREMENT_SR])} >= {"SCOORD"}
