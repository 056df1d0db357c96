"""One record per image of a series, classic or enhanced alike: where it lies, how its pixels become values."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from aiqa_integration.dicom.headers import functional_group
from aiqa_integration.dicom.reading import number, numbers, text, texts, whole
from aiqa_integration.errors import IncompleteSeries, NotImageData, UnsupportedSeries

CLASSIC = frozenset({"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"})
"""SOP classes of one image an instance: CT, MR (PS3.4 B.5)."""

ENHANCED = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.2.2",
        "1.2.840.10008.5.1.4.1.1.4.1",
        "1.2.840.10008.5.1.4.1.1.4.4",
    }
)
"""SOP classes with functional groups: Enhanced and Legacy Converted Enhanced CT and MR (PS3.4 B.5)."""

KEYWORDS = (
    *("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "Modality", "ImageType"),
    *("InstanceNumber", "AcquisitionNumber", "NumberOfFrames", "Rows", "Columns", "SamplesPerPixel"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PlanarConfiguration"),
    *("PhotometricInterpretation", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"),
    *("SliceThickness", "RescaleSlope", "RescaleIntercept", "EchoTime", "InversionTime", "TriggerTime"),
    *("TemporalPositionIdentifier", "DiffusionBValue"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData"),
)
"""All that an image's place and pixels are read from; the rest of a header is asked for once a series."""

MAX_FRAMES = 5000
"""Images that one series may have; more is not a stack of slices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """An image: its file, place, and rescale; ``index`` is zero-based in its object.

    ``marks`` names what may tell images at one place apart (echo, time point, …), as a person would say it.
    """

    path: Path
    index: int
    multi_frame: bool
    sop_instance_uid: str
    sop_class_uid: str
    instance_number: int | None
    matrix: tuple[int, int]
    position_mm: tuple[float, float, float]
    orientation: tuple[float, float, float, float, float, float]
    pixel_spacing_mm: tuple[float, float]
    thickness_mm: float | None
    slope: float
    intercept: float
    marks: tuple[tuple[str, str], ...]


def frames_of(dataset: Dataset, path: Path) -> Iterator[Frame]:
    """Yield the frames of an instance read without pixels.

    Raises UnsupportedSeries for a kind of object that is no CT or MR image, NotImageData where the pixel attributes
    make no image, IncompleteSeries where the geometry is missing.
    """
    class_uid = text(dataset, "SOPClassUID")
    if class_uid not in CLASSIC | ENHANCED:
        raise UnsupportedSeries(f"{_kind(dataset)}: AIQA reads CT and MR images")
    _check_pixels(dataset)
    count = whole(dataset, "NumberOfFrames") or 1
    if count > MAX_FRAMES:
        raise UnsupportedSeries(f"{count} images in one object: AIQA reads {MAX_FRAMES} at most")
    enhanced = class_uid in ENHANCED
    if not enhanced and count > 1:
        raise UnsupportedSeries(f"{count} images in an object of a single-image kind")
    if not enhanced and "MOSAIC" in texts(dataset, "ImageType"):
        raise UnsupportedSeries("a mosaic: many slices painted into one image")
    for index in range(count):
        yield _frame(dataset, path, index, enhanced=enhanced)


def _kind(dataset: Dataset) -> str:
    uid = dataset.get("SOPClassUID")
    name = str(getattr(uid, "name", "") or "").removesuffix(" Storage")
    return name if name and not name[0].isdigit() else f"an object of modality {text(dataset, 'Modality') or 'unknown'}"


def _check_pixels(dataset: Dataset) -> None:
    """Raise for attributes that make no greyscale image (PS3.3 C.7.6.3)."""
    rows, columns = whole(dataset, "Rows") or 0, whole(dataset, "Columns") or 0
    if rows < 1 or columns < 1:
        raise NotImageData(f"no pixels: {rows} rows, {columns} columns")
    if (whole(dataset, "SamplesPerPixel") or 1) != 1 or not text(dataset, "PhotometricInterpretation").startswith(
        "MONO"
    ):
        raise UnsupportedSeries(f"colour pixels ({text(dataset, 'PhotometricInterpretation') or 'unnamed'})")
    allocated, stored = whole(dataset, "BitsAllocated"), whole(dataset, "BitsStored")
    if allocated not in {8, 16, 32} or stored is None or not 1 <= stored <= allocated:
        raise NotImageData(f"pixels of {stored} bits in {allocated}")


def _frame(dataset: Dataset, path: Path, index: int, *, enhanced: bool) -> Frame:
    def group(name: str) -> Dataset:
        return (functional_group(dataset, index, name) or Dataset()) if enhanced else dataset

    position = numbers(group("PlanePositionSequence"), "ImagePositionPatient")
    orientation = numbers(group("PlaneOrientationSequence"), "ImageOrientationPatient")
    spacing = numbers(group("PixelMeasuresSequence"), "PixelSpacing")
    thickness = number(group("PixelMeasuresSequence"), "SliceThickness")
    if len(position) != 3 or len(orientation) != 6:
        raise IncompleteSeries("the position or orientation of an image is missing")
    if len(spacing) != 2 or min(spacing) <= 0:
        raise IncompleteSeries("the pixel spacing of an image is missing")
    slope, intercept = _rescale(group("PixelValueTransformationSequence"))
    return Frame(
        path=path,
        index=index,
        multi_frame=enhanced,
        sop_instance_uid=text(dataset, "SOPInstanceUID"),
        sop_class_uid=text(dataset, "SOPClassUID"),
        instance_number=whole(dataset, "InstanceNumber"),
        matrix=(whole(dataset, "Rows") or 0, whole(dataset, "Columns") or 0),
        position_mm=(position[0], position[1], position[2]),
        orientation=_unit_axes(orientation),
        pixel_spacing_mm=(spacing[0], spacing[1]),
        thickness_mm=thickness if thickness is not None and thickness > 0 else None,
        slope=slope,
        intercept=intercept,
        marks=tuple(_enhanced_marks(dataset, index) if enhanced else _classic_marks(dataset)),
    )


def _unit_axes(orientation: tuple[float, ...]) -> tuple[float, float, float, float, float, float]:
    """Return row and column direction cosines as unit vectors; raises IncompleteSeries where they are not that."""
    row, column = orientation[:3], orientation[3:]
    lengths = math.hypot(*row), math.hypot(*column)
    if (
        not all(0.99 < length < 1.01 for length in lengths)
        or abs(sum(r * c for r, c in zip(row, column, strict=True))) > 0.01
    ):
        raise IncompleteSeries("the orientation of an image is not two perpendicular unit vectors")
    r, c = [part / lengths[0] for part in row], [part / lengths[1] for part in column]
    return r[0], r[1], r[2], c[0], c[1], c[2]


def _rescale(group: Dataset) -> tuple[float, float]:
    """Return slope and intercept (PS3.3 C.11.1), 1 and 0 where absent; raises NotImageData for a slope of 0."""
    slope, intercept = number(group, "RescaleSlope"), number(group, "RescaleIntercept")
    if slope == 0:
        raise NotImageData("the rescale slope is 0")
    return 1.0 if slope is None else slope, 0.0 if intercept is None else intercept


_CLASSIC_MARKS = {
    "EchoTime": "echo time {} ms",
    "TemporalPositionIdentifier": "time point {}",
    "DiffusionBValue": "b-value {}",
    "InversionTime": "inversion time {} ms",
    "TriggerTime": "trigger time {} ms",
    "AcquisitionNumber": "acquisition {}",
}


def _classic_marks(dataset: Dataset) -> Iterator[tuple[str, str]]:
    for keyword, phrase in _CLASSIC_MARKS.items():
        found = number(dataset, keyword)
        if found is not None:
            yield keyword, phrase.format(f"{found:g}")
    yield "ImageType", "image type " + "\\".join(texts(dataset, "ImageType")[2:])


_ENHANCED_MARKS = (
    ("MREchoSequence", "EffectiveEchoTime", "echo time {} ms"),
    ("FrameContentSequence", "TemporalPositionIndex", "time point {}"),
    ("MRDiffusionSequence", "DiffusionBValue", "b-value {}"),
    ("FrameContentSequence", "FrameAcquisitionNumber", "acquisition {}"),
)


def _enhanced_marks(dataset: Dataset, index: int) -> Iterator[tuple[str, str]]:
    for name, keyword, phrase in _ENHANCED_MARKS:
        found = number(functional_group(dataset, index, name) or Dataset(), keyword)
        if found is not None:
            yield keyword, phrase.format(f"{found:g}")
    content = functional_group(dataset, index, "FrameContentSequence")
    if content is not None and text(content, "StackID"):
        yield "StackID", f"stack {text(content, 'StackID')}"
    frame_type = functional_group(dataset, index, "MRImageFrameTypeSequence")
    if frame_type is not None:
        yield "ImageType", "image type " + "\\".join(texts(frame_type, "FrameType")[2:])
