"""The measured regions and the findings as a DICOM segmentation: shown over the images by viewers that draw no SR."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from highdicom import AlgorithmIdentificationSequence, seg
from highdicom.color import CIELabColor
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from aiqa_integration.dicom.drawing import BRIGHT, Colour
from aiqa_integration.dicom.energy import finding_regions, member_mask
from aiqa_integration.dicom.entries import LOOKS
from aiqa_integration.dicom.evidence import fix_dimension_uid, frame_stubs, name_frames
from aiqa_integration.dicom.groups import named_findings
from aiqa_integration.dicom.masks import Mask, region_mask
from aiqa_integration.dicom.result_object import common_arguments, concept, result_bytes
from aiqa_integration.dicom.uids import Role, instance_uid, tracking_uid
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.coding import Code
from aiqa_integration.model.finding import EnergyMap
from aiqa_integration.model.identity import AIQA_MANUFACTURER, dicom_uid
from aiqa_integration.model.image import SliceRef
from aiqa_integration.model.measurement import Region
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries

CROSS_SECTIONAL = frozenset({"MR", "CT"})
"""Modalities whose regions may be a SEG: on projection images it has no frame of reference and breaks viewers."""


@dataclass(slots=True, kw_only=True)
class Segment:
    """What one segment shows: regions of one name, or a finding, which has the colour that the picture gives it."""

    label: str
    kind: Code
    tracked_as: str
    colour: Colour | None = None
    regions: list[Region] = field(default_factory=list)
    energy: EnergyMap | None = None

    @property
    def places(self) -> set[int]:
        """Slices of the stack that it lies on."""
        return {region.slice_index for region in self.regions} | set(self.energy.slices if self.energy else ())

    def mask(self, place: int, shape: tuple[int, int]) -> Mask:
        """Return its pixels on a slice of images of ``shape``."""
        mask: Mask = np.zeros(shape, dtype=np.bool_)
        for region in self.regions:
            if region.slice_index == place:
                mask |= region_mask(region, shape)
        return mask if self.energy is None else mask | member_mask(self.energy, place, shape)


def segmentation(report: QaReport, series: LoadedSeries, source: Dataset, role: Role = Role.SEG) -> bytes | None:
    """Return a segmentation, a segment per distinct region label and finding; None where there is none to be made.

    BINARY as ``Role.SEG``; as ``Role.LABELMAP`` one label a pixel, a smaller segment over a larger one.
    Raises EncodingError.
    """
    if not is_cross_sectional(report, source):
        return None
    segments = _segments(report)
    places = tuple(sorted({place for segment in segments for place in segment.places}))
    if not places:
        return None
    if not 0 <= places[0] <= places[-1] < len(series.stack.slices):
        raise EncodingError(f"regions on slices {places}, but the stack has {len(series.stack.slices)}")
    segments = _in_viewer_order(segments, series.stack.slices)
    masks = _masks(segments, places, series.stack.voxels.shape[1:])
    binary = role is Role.SEG
    try:
        result = seg.Segmentation(
            source_images=frame_stubs(series, source, places),
            pixel_array=masks if binary else _labels(masks),
            segmentation_type=seg.SegmentationTypeValues.BINARY if binary else seg.SegmentationTypeValues.LABELMAP,
            transfer_syntax_uid=ExplicitVRLittleEndian if binary else RLELossless,
            segment_descriptions=_descriptions(report, segments),
            content_label="AIQA_REGIONS",
            content_description="Regions measured and findings by AIQA",
            **common_arguments(report, source, role),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EncodingError(f"{role} cannot be built: {error}") from error
    name_frames(result, [series.stack.slices[place] for place in places])
    fix_dimension_uid(result, dicom_uid(instance_uid(report, role), "dimensions"))
    return result_bytes(result, report, source)


def is_cross_sectional(report: QaReport, source: Dataset) -> bool:
    """Return whether objects that lie in a frame of reference can be made of the images."""
    return report.modality in CROSS_SECTIONAL and bool(source.get("FrameOfReferenceUID"))


def _in_viewer_order(segments: Sequence[Segment], slices: Sequence[SliceRef]) -> list[Segment]:
    """Return the segments by the last image that each lies on, as OHIF counts images.

    Where segments overlap, OHIF (to 3.13.2) merges them one by one into lists by image, and loses what lies on an image
    that such a list has no entry for, unless the list ends before it. It counts frames of a multi-frame image as they
    are, and single images against their normal, which is the stack's direction.
    """

    def last_image(segment: Segment) -> int:
        frames = [frame for place in segment.places if (frame := slices[place].frame_number) is not None]
        return max(frames) if frames else -min(segment.places)

    return sorted(segments, key=last_image)


def _segments(report: QaReport) -> list[Segment]:
    """Return the distinct regions by label, areas and lines apart, in the order of the report, then the findings."""
    segments: dict[tuple[str, bool], Segment] = {}
    for judgement in report.judgements:
        for region in judgement.measurement.regions:
            line = region.shape == "polyline"
            kind = codes.MEASURED_LINE if line else codes.MEASURED_AREA
            name = f"region/{region.label}/{'line' if line else 'area'}"
            segment = segments.setdefault((region.label, line), Segment(label=region.label, kind=kind, tracked_as=name))
            if region not in segment.regions:
                segment.regions.append(region)
    return [*segments.values(), *_finding_segments(report)]


def _finding_segments(report: QaReport) -> list[Segment]:
    """Return a segment for each finding with a place: its map where it has one, and what was marked."""
    return [
        Segment(
            label=name.replace("-", " "),
            kind=codes.finding_code(finding.artifact),
            tracked_as=f"finding/{name}",
            colour=BRIGHT[LOOKS[finding.severity]],
            regions=list(finding.marks if finding.energy is not None else finding_regions(finding)),
            energy=finding.energy,
        )
        for name, finding in named_findings(report)
        if finding_regions(finding) or finding.energy is not None
    ]


def _masks(segments: Sequence[Segment], places: Sequence[int], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return ``[place, row, column, segment]``."""
    masks = np.zeros((len(places), *shape, len(segments)), dtype=np.uint8)
    for number, segment in enumerate(segments):
        for place in sorted(segment.places):
            masks[places.index(place), :, :, number] = segment.mask(place, shape)
    return masks


def _labels(masks: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return ``[place, row, column]`` with the number of the smallest segment that holds a pixel, 0 where none does."""
    sizes = masks.sum(axis=(0, 1, 2), dtype=np.int64)
    labels = np.zeros(masks.shape[:3], dtype=np.uint16)
    for number in np.argsort(-sizes, kind="stable"):
        labels[masks[..., number] > 0] = number + 1
    return labels


def _descriptions(report: QaReport, segments: Sequence[Segment]) -> list[seg.SegmentDescription]:
    algorithm = _algorithm(report)
    return [
        seg.SegmentDescription(
            segment_number=number,
            segment_label=segment.label[:64],
            segmented_property_category=concept(codes.SPATIAL_CONCEPT),
            segmented_property_type=concept(segment.kind),
            algorithm_type=seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
            tracking_id=segment.label,
            tracking_uid=tracking_uid(report, segment.tracked_as),
            display_color=CIELabColor.from_rgb(*segment.colour) if segment.colour else None,
        )
        for number, segment in enumerate(segments, start=1)
    ]


def _algorithm(report: QaReport) -> AlgorithmIdentificationSequence:
    bundle = report.bundle
    parameters: Mapping[str, str] = {
        "bundle": f"{bundle.name}/{bundle.version}" if bundle else "none",
        "weights_sha256": bundle.weights_sha256 if bundle else "none",
        "limit_set": f"{report.provenance.limit_set}@{report.provenance.limit_set_revision}",
    }
    return AlgorithmIdentificationSequence(
        name=report.analysis,
        family=concept(codes.ARTIFICIAL_INTELLIGENCE),
        version=report.analysis_version,
        source=AIQA_MANUFACTURER,
        parameters=dict(parameters),
    )
