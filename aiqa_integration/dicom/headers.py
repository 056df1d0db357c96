"""What the analyses and the rules need of a series' attributes."""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from pydicom.dataset import Dataset

from aiqa_integration.dicom.ehr_keys import order_key, patient_key
from aiqa_integration.dicom.reading import first_item, number, numbers, text, texts, whole
from aiqa_integration.errors import IncompleteSeries
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import HeaderValue, SeriesHeader

SIMULATED_MARK = "SIMULATED BY AIQA"
"""How ImageComments (0020,4000) of every image that AIQA generates begins."""

MANUFACTURERS = {
    "ge": "GE",
    "genesis": "GE",
    "philips": "Philips",
    "picker": "Philips",
    "siemens": "Siemens",
    "canon": "Canon",
    "toshiba": "Canon",
    "hitachi": "Fujifilm",
    "fujifilm": "Fujifilm",
    "uih": "United Imaging",
    "united": "United Imaging",
    "bruker": "Bruker",
    "hologic": "Hologic",
    "lorad": "Hologic",
    "neusoft": "Neusoft",
    "varian": "Varian",
    "esaote": "Esaote",
    "mediso": "Mediso",
}
"""First word of Manufacturer (0008,0070), lower case, cut at punctuation -> the name that all its spellings share."""

TEXT_KEYWORDS = (
    "Modality",
    "SOPClassUID",
    "Manufacturer",
    "ManufacturerModelName",
    "DeviceSerialNumber",
    "StationName",
    "InstitutionName",
    "StudyDescription",
    "SeriesDescription",
    "ProtocolName",
    "SequenceName",
    "BodyPartExamined",
    "PatientID",
    "QualityControlSubject",
    "MRAcquisitionType",
    "PulseSequenceName",
    "EchoPulseSequence",
    "ContrastBolusAgent",
    "ViewPosition",
    "Laterality",
)
MULTIPLE_KEYWORDS = ("ImageType", "ScanningSequence", "SequenceVariant", "ScanOptions")
NUMBER_KEYWORDS = (
    "MagneticFieldStrength",
    "RepetitionTime",
    "EchoTime",
    "InversionTime",
    "DiffusionBValue",
    "FlipAngle",
    "EchoTrainLength",
    "SliceThickness",
    "SpacingBetweenSlices",
    "AcquisitionDuration",
    "SeriesNumber",
    "Rows",
    "Columns",
)


def series_ref(dataset: Dataset) -> SeriesRef:
    """Return which series an instance belongs to; raises IncompleteSeries where a UID is missing."""
    for keyword, name in (("StudyInstanceUID", "Study"), ("SeriesInstanceUID", "Series"), ("SOPInstanceUID", "SOP")):
        if not text(dataset, keyword):
            raise IncompleteSeries(f"the {name} Instance UID is missing")
    return SeriesRef(
        study_instance_uid=text(dataset, "StudyInstanceUID"), series_instance_uid=text(dataset, "SeriesInstanceUID")
    )


def series_header(dataset: Dataset, instance_uids: Sequence[str]) -> SeriesHeader:
    """Return the header of a series from one instance and the SOP Instance UIDs of all; raises IncompleteSeries."""
    return SeriesHeader(
        ref=series_ref(dataset),
        modality=text(dataset, "Modality"),
        device=_device(dataset),
        instance_count=len(instance_uids),
        instance_uids=tuple(sorted(instance_uids)),
        magnetic_field_strength_t=_field_strength_t(dataset),
        repetition_time_ms=_positive(_anywhere(dataset, "RepetitionTime")),
        echo_time_ms=_echo_time_ms(dataset),
        nominal_slice_thickness_mm=_positive(_anywhere(dataset, "SliceThickness")),
        centre_frequency_mhz=_centre_frequency_mhz(dataset),
        transmitter_gain=_transmitter_gain(dataset),
        read_bandwidth_hz_per_pixel=_positive(_anywhere(dataset, "PixelBandwidth")),
        acquired_read_pixels=_acquired_read_pixels(dataset),
        phase_encoding=_phase_encoding(dataset),
        acquired_at=_acquired_at(dataset),
        series_description=text(dataset, "SeriesDescription"),
        simulated=text(dataset, "ImageComments").startswith(SIMULATED_MARK),
        patient=patient_key(dataset),
        order=order_key(dataset),
        keywords=MappingProxyType(_keywords(dataset, instance_uids)),
    )


def manufacturer_name(spelling: str) -> str:
    """Return the one name for a manufacturer's spellings; the spelling itself where the table does not know it."""
    first = spelling.replace(",", " ").replace("_", " ").replace("-", " ").strip().partition(" ")[0].casefold()
    return MANUFACTURERS.get(first, spelling)


def functional_group(dataset: Dataset, frame_index: int, name: str) -> Dataset | None:
    """Return a functional group macro of a frame (zero-based), its own before the shared one (PS3.3 C.7.6.16)."""
    for sequence, index in (("PerFrameFunctionalGroupsSequence", frame_index), ("SharedFunctionalGroupsSequence", 0)):
        groups = dataset.get(sequence)
        if groups and index < len(groups):
            group = first_item(groups[index], name)
            if group is not None:
                return group
    return None


_GROUP_OF = {
    "RepetitionTime": "MRTimingAndRelatedParametersSequence",
    "FlipAngle": "MRTimingAndRelatedParametersSequence",
    "EchoTrainLength": "MRTimingAndRelatedParametersSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "PixelBandwidth": "MRImagingModifierSequence",
}
"""Functional groups that hold, in enhanced objects, what classic ones have at the top."""


def _anywhere(dataset: Dataset, keyword: str) -> float | None:
    """Return a number from the top of the data set or from the functional groups of the first frame."""
    group = functional_group(dataset, 0, _GROUP_OF[keyword]) if keyword in _GROUP_OF else None
    return number(dataset, keyword) if group is None else number(group, keyword)


def _echo_time_ms(dataset: Dataset) -> float | None:
    group = functional_group(dataset, 0, "MREchoSequence")
    return _positive(number(dataset, "EchoTime") if group is None else number(group, "EffectiveEchoTime"))


def _field_strength_t(dataset: Dataset) -> float | None:
    """Return the field strength in tesla; old GE scanners write gauss."""
    found = _positive(number(dataset, "MagneticFieldStrength"))
    return found / 10_000 if found is not None and found > 100 else found


_MOST_MHZ = 1e5


def _centre_frequency_mhz(dataset: Dataset) -> float | None:
    """Return the scanner's frequency: classic (0018,0084), enhanced (0018,9098) of the first frame.

    United Imaging writes hertz.
    """
    group = functional_group(dataset, 0, "MRImagingModifierSequence")
    found = _positive(number(dataset, "ImagingFrequency") if group is None else number(group, "TransmitterFrequency"))
    return found / 1e6 if found is not None and found > _MOST_MHZ else found


def _transmitter_gain(dataset: Dataset) -> float | None:
    """Return the transmitter gain where the vendor states one: GE's private element (0019,xxF9) of GEMS_ACQU_01."""
    try:
        stated = dataset.private_block(0x0019, "GEMS_ACQU_01")[0xF9].value
        return float(stated)
    except (KeyError, TypeError, ValueError):
        return None


def _acquired_read_pixels(dataset: Dataset) -> int | None:
    """Return the pixels acquired along the read-out: enhanced (0018,9058), classic the first part of (0018,1310)."""
    group = functional_group(dataset, 0, "MRFOVGeometrySequence")
    if group is not None:
        return whole(group, "MRAcquisitionFrequencyEncodingSteps") or None
    return int(max(numbers(dataset, "AcquisitionMatrix")[:2], default=0)) or None


def _positive(found: float | None) -> float | None:
    return found if found is not None and found > 0 else None


def _phase_encoding(dataset: Dataset) -> Literal["ROW", "COLUMN"] | None:
    """Return the phase encoding direction: classic says COL or ROW (PS3.3 C.8.3.1), enhanced COLUMN or ROW."""
    group = functional_group(dataset, 0, "MRFOVGeometrySequence")
    match text(dataset if group is None else group, "InPlanePhaseEncodingDirection"):
        case "ROW":
            return "ROW"
        case "COL" | "COLUMN":
            return "COLUMN"
        case _:
            return None


def _device(dataset: Dataset) -> Device:
    return Device(
        manufacturer=manufacturer_name(text(dataset, "Manufacturer")),
        model=text(dataset, "ManufacturerModelName"),
        serial=text(dataset, "DeviceSerialNumber"),
        station=text(dataset, "StationName"),
        software_versions=texts(dataset, "SoftwareVersions"),
    )


def _acquired_at(dataset: Dataset) -> str | None:
    """Return the acquisition time as ISO 8601 local time; None for placeholders (before 1970) and nonsense."""
    stamps = [text(dataset, "AcquisitionDateTime")]
    stamps += [text(dataset, f"{of}Date") + text(dataset, f"{of}Time") for of in ("Acquisition", "Series", "Study")]
    for stamp in stamps:
        digits = stamp.partition(".")[0].partition("+")[0].partition("-")[0].replace(":", "")
        for pattern, length in (("%Y%m%d%H%M%S", 14), ("%Y%m%d", 8)):
            try:
                moment = datetime.strptime(digits[:length], pattern)  # noqa: DTZ007 - DICOM times carry no zone
            except ValueError:
                continue
            if moment.year >= 1970:
                return moment.isoformat()
    return None


def _keywords(dataset: Dataset, instance_uids: Sequence[str]) -> dict[str, HeaderValue]:
    """Return what rules may ask for, absent attributes left out."""
    found: dict[str, HeaderValue] = {
        "NumberOfSeriesRelatedInstances": len(instance_uids),
        "NumberOfFrames": whole(dataset, "NumberOfFrames") or 1,
    }
    for keyword in MULTIPLE_KEYWORDS:
        if texts(dataset, keyword) or keyword == "ImageType":
            found[keyword] = texts(dataset, keyword)
    for keyword in TEXT_KEYWORDS:
        if text(dataset, keyword):
            found[keyword] = text(dataset, keyword)
    for keyword in NUMBER_KEYWORDS:
        first = _echo_time_ms(dataset) if keyword == "EchoTime" else _anywhere(dataset, keyword)
        if first is not None:
            found[keyword] = int(first) if keyword in {"Rows", "Columns", "SeriesNumber"} else first
    orientation = numbers(dataset, "ImageOrientationPatient")
    if len(orientation) == 6:
        found["ImageOrientationPatient"] = orientation
    return found
