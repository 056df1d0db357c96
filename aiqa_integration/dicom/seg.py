"""The measured regions as a binary DICOM segmentation: shown over the images by viewers that draw no SR."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from highdicom import AlgorithmIdentificationSequence, seg
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from aiqa_integration.dicom.evidence import frame_stubs, frame_uid
from aiqa_integration.dicom.result_object import common_arguments, concept, result_bytes
from aiqa_integration.dicom.uids import Role, instance_uid, tracking_uid
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.identity import AIQA_MANUFACTURER, dicom_uid
from aiqa_integration.model.image import SliceRef
from aiqa_integration.model.measurement import Region
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries

CROSS_SECTIONAL = frozenset({"MR", "CT"})
"""Modalities whose regions may be a SEG: on projection images it has no frame of reference and breaks viewers."""

LINE_HALF_WIDTH = 1.0
"""A line is drawn this many pixels to either side, or it would vanish in a mask."""

Key = tuple[str, bool]


def segmentation(report: QaReport, series: LoadedSeries, source: Dataset) -> bytes | None:
    """Return a BINARY segmentation, a segment per distinct region label; None where there is none to be made.

    Raises EncodingError.
    """
    if report.modality not in CROSS_SECTIONAL or not source.get("FrameOfReferenceUID"):
        return None
    segments = _segments(report)
    if not segments:
        return None
    places = tuple(sorted({region.slice_index for regions in segments.values() for region in regions}))
    if not 0 <= places[0] <= places[-1] < len(series.stack.slices):
        raise EncodingError(f"regions on slices {places}, but the stack has {len(series.stack.slices)}")
    try:
        result = seg.Segmentation(
            source_images=frame_stubs(series, source, places),
            pixel_array=_masks(segments, places, series.stack.voxels.shape[1:]),
            segmentation_type=seg.SegmentationTypeValues.BINARY,
            segment_descriptions=_descriptions(report, segments),
            content_label="AIQA_REGIONS",
            content_description="Regions measured by AIQA",
            **common_arguments(report, source, Role.SEG),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EncodingError(f"{Role.SEG} cannot be built: {error}") from error
    _name_frames(result, [series.stack.slices[place] for place in places])
    _fix_dimension_uid(result, dicom_uid(instance_uid(report, Role.SEG), "dimensions"))
    return result_bytes(result, report, source)


def region_mask(region: Region, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels of a region in an image of ``shape`` (rows, columns): those whose centres it holds.

    A line counts ``LINE_HALF_WIDTH`` pixels to either side. A region smaller than a pixel gets the nearest one.
    """
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    points = np.asarray(region.points, dtype=np.float64)
    mask: NDArray[np.bool_]
    if region.shape == "circle":
        mask = np.hypot(columns - points[0, 0], rows - points[0, 1]) <= np.hypot(*(points[1] - points[0]))
    elif region.shape == "polygon":
        mask = _inside(points, columns, rows)
    else:
        mask = _near_line(points, columns, rows)
    column, row = np.rint(points.mean(axis=0) if region.shape != "circle" else points[0]).astype(int)
    if not mask.any() and 0 <= row < shape[0] and 0 <= column < shape[1]:
        mask[row, column] = True
    return mask


def _segments(report: QaReport) -> Mapping[Key, list[Region]]:
    """Return the distinct regions by label, areas and lines apart, in the order of the report."""
    segments: dict[Key, list[Region]] = {}
    for judgement in report.judgements:
        for region in judgement.measurement.regions:
            regions = segments.setdefault((region.label, region.shape == "polyline"), [])
            if region not in regions:
                regions.append(region)
    return segments


def _masks(
    segments: Mapping[Key, Sequence[Region]], places: Sequence[int], shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """Return ``[place, row, column, segment]``."""
    masks = np.zeros((len(places), *shape, len(segments)), dtype=np.uint8)
    for number, regions in enumerate(segments.values()):
        for region in regions:
            masks[places.index(region.slice_index), :, :, number] |= region_mask(region, shape)
    return masks


def _descriptions(report: QaReport, segments: Mapping[Key, Sequence[Region]]) -> list[seg.SegmentDescription]:
    found_by = report.bundle.name if report.bundle else report.analysis
    algorithm = AlgorithmIdentificationSequence(
        name=report.analysis,
        family=concept(codes.ARTIFICIAL_INTELLIGENCE),
        version=report.analysis_version,
        source=AIQA_MANUFACTURER,
        parameters={
            "bundle": found_by,
            "weights_sha256": report.bundle.weights_sha256 if report.bundle else "none",
            "limit_set": f"{report.provenance.limit_set}@{report.provenance.limit_set_revision}",
        },
    )
    return [
        seg.SegmentDescription(
            segment_number=number,
            segment_label=label[:64],
            segmented_property_category=concept(codes.SPATIAL_CONCEPT),
            segmented_property_type=concept(codes.MEASURED_LINE if line else codes.MEASURED_AREA),
            algorithm_type=seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
            tracking_id=label,
            tracking_uid=tracking_uid(report, f"region/{label}/{'line' if line else 'area'}"),
        )
        for number, (label, line) in enumerate(segments, start=1)
    ]


def _inside(points: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which pixel centres a polygon holds, by the even-odd rule."""
    inside = np.zeros(x.shape, dtype=np.bool_)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def _near_line(points: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    near = np.zeros(x.shape, dtype=np.bool_)
    for start, end in pairwise(points):
        run = end - start
        along = ((x - start[0]) * run[0] + (y - start[1]) * run[1]) / max(float(run @ run), 1e-12)
        along = np.clip(along, 0.0, 1.0)
        near |= np.hypot(x - start[0] - along * run[0], y - start[1] - along * run[1]) <= LINE_HALF_WIDTH
    return near


def _name_frames(result: Dataset, refs: Sequence[SliceRef]) -> None:
    """Replace the references to single frames by ones to the multi-frame objects that they are part of."""
    stands_for = {frame_uid(ref): ref for ref in refs if ref.frame_number is not None}
    for group in result.PerFrameFunctionalGroupsSequence:
        for derivation in group.get("DerivationImageSequence", ()):
            for item in derivation.SourceImageSequence:
                _point_to_frame(item, stands_for)
    for listed in result.get("ReferencedSeriesSequence", ()):
        unique: dict[str, Dataset] = {}
        for item in listed.ReferencedInstanceSequence:
            ref = stands_for.get(str(item.ReferencedSOPInstanceUID))
            if ref is not None:
                item.ReferencedSOPInstanceUID, item.ReferencedSOPClassUID = ref.sop_instance_uid, ref.sop_class_uid
            unique.setdefault(str(item.ReferencedSOPInstanceUID), item)
        listed.ReferencedInstanceSequence = list(unique.values())


def _point_to_frame(item: Dataset, stands_for: Mapping[str, SliceRef]) -> None:
    ref = stands_for.get(str(item.ReferencedSOPInstanceUID))
    if ref is not None:
        item.ReferencedSOPInstanceUID, item.ReferencedSOPClassUID = ref.sop_instance_uid, ref.sop_class_uid
        item.ReferencedFrameNumber = ref.frame_number


def _fix_dimension_uid(result: Dataset, uid: str) -> None:
    """Replace the random Dimension Organization UID, or the same report would not give the same bytes."""
    for item in (*result.DimensionOrganizationSequence, *result.DimensionIndexSequence):
        item.DimensionOrganizationUID = uid
