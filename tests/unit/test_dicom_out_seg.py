"""Regions as masks and as a segmentation object."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiqa_integration.dicom.evidence import read_source
from aiqa_integration.dicom.masks import region_mask
from aiqa_integration.dicom.seg import Segment, _in_viewer_order, segmentation
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.measurement import Region
from aiqa_integration.pipeline.ports import LoadedSeries
from tests.unit.dicom_out_samples import circle, judgements, report_over, tiny_series

LABELS = [
    "Wedges",
    "Diameter",
    "Large region",
    "Lowest signal",
    "Highest signal",
    "Background left",
    "Background right",
    "Background top",
    "Background bottom",
    "Ramps",
]
"""From the last slice of the samples to the first: how the viewer needs them."""


def written(tmp_path: Path, series: LoadedSeries, **changes: Any) -> hd.seg.Segmentation:
    content = segmentation(report_over(series, **changes), series, read_source(series))
    assert content is not None
    (tmp_path / "seg.dcm").write_bytes(content)
    return hd.seg.segread(tmp_path / "seg.dcm")


@given(x=st.floats(20, 43), y=st.floats(20, 43), radius=st.floats(6, 18))
def test_disc_has_the_area_of_a_disc(x: float, y: float, radius: float) -> None:
    mask = region_mask(circle(0, x, y, radius, "disc"), (64, 64))
    # lattice points in a disc differ from its area by far less than its circumference
    assert mask.sum() == pytest.approx(math.pi * radius**2, abs=2 * math.pi * radius)
    rows, columns = np.nonzero(mask)
    assert (columns.mean(), rows.mean()) == pytest.approx((x, y), abs=0.5)


def test_rectangle_holds_the_pixels_between_its_edges() -> None:
    corners = ((9.5, 4.5), (19.5, 4.5), (19.5, 11.5), (9.5, 11.5))
    mask = region_mask(Region(slice_index=0, shape="polygon", points=corners, label="box"), (20, 32))
    expected = np.zeros((20, 32), dtype=bool)
    expected[5:12, 10:20] = True
    assert np.array_equal(mask, expected)


def test_line_is_three_pixels_wide() -> None:
    line = Region(slice_index=0, shape="polyline", points=((5.0, 10.0), (25.0, 10.0)), label="line")
    mask = region_mask(line, (20, 32))
    assert mask[9:12, 5:26].all()
    assert mask.sum() == 3 * 21 + 2


def test_segments_are_in_the_order_that_the_viewer_needs(tmp_path: Path) -> None:
    slices = [replace(ref, frame_number=place + 1) for place, ref in enumerate(tiny_series(tmp_path).stack.slices)]
    segments = [
        Segment(
            label=label, kind=codes.MEASURED_AREA, tracked_as=label, regions=[circle(p, 9, 9, 3, label) for p in on]
        )
        for label, on in (("ends", (0, 2)), ("first", (0,)), ("middle", (1,)), ("last", (2,)))
    ]
    assert [segment.label for segment in _in_viewer_order(segments, slices)] == ["first", "middle", "ends", "last"]
    single = tiny_series(tmp_path).stack.slices
    assert [segment.label for segment in _in_viewer_order(segments, single)] == ["last", "middle", "ends", "first"]


def test_region_smaller_than_a_pixel_keeps_one() -> None:
    mask = region_mask(circle(0, 7.4, 3.4, 0.1, "dot"), (20, 32))
    assert np.argwhere(mask).tolist() == [[3, 7]]


def test_highdicom_reads_the_masks_back(tmp_path: Path) -> None:
    series = tiny_series(tmp_path)
    result = written(tmp_path, series)
    assert [item.SegmentLabel for item in result.SegmentSequence] == LABELS
    assert {item.SegmentAlgorithmType for item in result.SegmentSequence} == {"AUTOMATIC"}
    uids = [ref.sop_instance_uid for ref in series.stack.slices]
    read = result.get_pixels_by_source_instance(uids, ignore_spatial_locations=False)
    expected = np.zeros((3, 64, 64, len(LABELS)), dtype=np.uint8)
    for judgement in judgements(64, 2):
        for region in judgement.measurement.regions:
            expected[region.slice_index, :, :, LABELS.index(region.label)] |= region_mask(region, (64, 64))
    assert np.array_equal(read, expected)
    assert expected.any(axis=(0, 1, 2)).all()


def test_segmentation_lies_where_the_images_lie(tmp_path: Path) -> None:
    series = tiny_series(tmp_path)
    result = written(tmp_path, series)
    places = {
        tuple(group.PlanePositionSequence[0].ImagePositionPatient) for group in result.PerFrameFunctionalGroupsSequence
    }
    assert places == {(-30, -31, -50), (-30, -31, -40), (-30, -31, -30)}
    shared = result.SharedFunctionalGroupsSequence[0]
    assert list(shared.PlaneOrientationSequence[0].ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]
    assert list(shared.PixelMeasuresSequence[0].PixelSpacing) == [0.9766, 0.9766]
    assert result.FrameOfReferenceUID == read_source(series).FrameOfReferenceUID


def test_multi_frame_source_is_referenced_by_frame(tmp_path: Path) -> None:
    series = tiny_series(tmp_path)
    uid = series.stack.slices[0].sop_instance_uid
    slices = tuple(
        replace(ref, sop_instance_uid=uid, frame_number=3 - place) for place, ref in enumerate(series.stack.slices)
    )
    enhanced = replace(series, stack=replace(series.stack, slices=slices))
    result = written(tmp_path, enhanced)
    references = {
        (
            item.ReferencedSOPInstanceUID,
            item.ReferencedFrameNumber,
            group.PlanePositionSequence[0].ImagePositionPatient[2],
        )
        for group in result.PerFrameFunctionalGroupsSequence
        for item in group.DerivationImageSequence[0].SourceImageSequence
    }
    assert references == {(uid, 3, -50), (uid, 2, -40), (uid, 1, -30)}
    listed = result.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert [item.ReferencedSOPInstanceUID for item in listed] == [uid]


def test_equal_labels_share_a_segment_but_lines_and_areas_do_not(tmp_path: Path) -> None:
    series = tiny_series(tmp_path)
    found = judgements(64, 2)
    renamed = tuple(
        replace(
            j,
            measurement=replace(j.measurement, regions=tuple(replace(r, label="same") for r in j.measurement.regions)),
        )
        for j in found
    )
    types = [
        item.SegmentedPropertyTypeCodeSequence[0].CodeValue
        for item in written(tmp_path, series, judgements=renamed).SegmentSequence
    ]
    assert types == ["AIQA-ROI-LINE", "AIQA-ROI-AREA"]


@pytest.mark.parametrize("changes", [{"modality": "MG"}, {"judgements": ()}])
def test_no_segmentation_of_projections_or_of_nothing(tmp_path: Path, changes: dict[str, Any]) -> None:
    series = tiny_series(tmp_path)
    assert segmentation(report_over(series, **changes), series, read_source(series)) is None


def test_no_segmentation_without_frame_of_reference(tmp_path: Path) -> None:
    series = tiny_series(tmp_path, FrameOfReferenceUID=None)
    assert segmentation(report_over(series), series, read_source(series)) is None


def test_region_outside_the_stack_is_our_fault(tmp_path: Path) -> None:
    series = tiny_series(tmp_path)
    found = judgements(64, 2)[0]
    bad = replace(found, measurement=replace(found.measurement, regions=(circle(3, 30, 30, 5, "nowhere"),)))
    with pytest.raises(EncodingError, match="slices"):
        segmentation(report_over(series, judgements=(bad,)), series, read_source(series))
