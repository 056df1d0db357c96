"""Simulated stacks as MR series that any PACS and viewer takes, labelled as simulated wherever a person may look."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, EnhancedMRImageStorage, ExplicitVRLittleEndian, MRImageStorage

from aiqa_integration.dicom.headers import SIMULATED_MARK
from aiqa_integration.model.identity import Device, SeriesRef, dicom_uid
from aiqa_integration.model.image import ImageStack

IMPLEMENTATION_UID = UID(dicom_uid("implementation", "aiqa-integration"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSeries:
    """What a simulated series says of itself; equal ``study_key`` and ``series_number`` give equal UIDs."""

    study_key: str
    description: str
    device: Device
    field_strength_t: float
    thickness_mm: float
    phase_encoding: Literal["ROW", "COLUMN"]
    series_number: int = 1
    quality_control: bool = True
    repetition_time_ms: float = 500.0
    echo_time_ms: float = 20.0
    acquired_at: datetime = field(default=datetime(2024, 1, 15, 8, 30))  # noqa: DTZ001 - DICOM times carry no zone

    @property
    def ref(self) -> SeriesRef:
        """The UIDs that the series gets."""
        return SeriesRef(
            study_instance_uid=dicom_uid("sample-study", self.study_key),
            series_instance_uid=dicom_uid("sample-series", self.study_key, str(self.series_number)),
        )

    def instance_uid(self, number: int) -> str:
        """Return the SOP Instance UID of the instance of that number (from 1)."""
        return dicom_uid("sample-instance", self.study_key, str(self.series_number), str(number))


def write_series(stack: ImageStack, folder: Path, sample: SampleSeries, *, enhanced: bool = False) -> SeriesRef:
    """Write a simulated stack into a folder: one MR Image a slice, or one Enhanced MR Image with a frame a slice.

    The classic objects conform to their IOD (checked with dciodvfy); the enhanced one has the functional groups that
    say geometry, timing and rescale, not all that a scanner must fill. Values are stored as unsigned 16-bit integers
    with the rescale slope that keeps twelve significant bits or more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored, slope, intercept = _quantised(stack.voxels)
    if enhanced:
        objects = [_enhanced(stack, sample, stored, slope, intercept)]
    else:
        objects = [_classic(stack, sample, z, stored[z], slope, intercept) for z in range(len(stack.slices))]
    for number, dataset in enumerate(objects, start=1):
        dataset.save_as(folder / f"series{sample.series_number}-{number:04d}.dcm", enforce_file_format=True)
    return sample.ref


def _quantised(voxels: NDArray[np.float32]) -> tuple[NDArray[np.uint16], float, float]:
    """Return stored values, slope and intercept; slope 1 where whole numbers are precise enough."""
    low, high = float(voxels.min()), float(voxels.max())
    intercept = min(0.0, float(np.floor(low)))
    span = max(high - intercept, 1e-6)
    slope = 1.0 if 1000 <= span <= 65_535 else float(f"{span / 4095:.8g}")
    return np.rint((voxels - intercept) / slope).clip(0, 65_535).astype(np.uint16), slope, intercept


def _common(sample: SampleSeries, class_uid: UID, number: int) -> Dataset:
    """Return the modules that classic and enhanced objects share: patient, study, series, equipment, SOP common."""
    stamp = sample.acquired_at
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = class_uid
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(sample.instance_uid(number))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = IMPLEMENTATION_UID
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = class_uid, sample.instance_uid(number)
    dataset.PatientName = f"SIMULATED^{sample.study_key}"[:64]
    dataset.PatientID = f"SIMULATED-{sample.study_key}"[:64]
    dataset.PatientBirthDate, dataset.PatientSex = "", "O"
    dataset.QualityControlSubject = "YES" if sample.quality_control else "NO"
    dataset.StudyInstanceUID = sample.ref.study_instance_uid
    dataset.StudyDate, dataset.StudyTime = stamp.strftime("%Y%m%d"), stamp.strftime("%H%M%S")
    dataset.StudyID, dataset.AccessionNumber, dataset.ReferringPhysicianName = "SIM", "", ""
    dataset.StudyDescription = "SIMULATED QC" if sample.quality_control else "SIMULATED HEAD"
    dataset.Modality, dataset.SeriesNumber = "MR", sample.series_number
    dataset.SeriesInstanceUID = sample.ref.series_instance_uid
    dataset.SeriesDescription = f"SIMULATED {sample.description}"[:64]
    dataset.ProtocolName = sample.description[:64]
    dataset.PatientPosition, dataset.BodyPartExamined = "HFS", "HEAD"
    dataset.FrameOfReferenceUID = dicom_uid("sample-frame-of-reference", sample.study_key)
    dataset.PositionReferenceIndicator = ""
    dataset.Manufacturer = sample.device.manufacturer
    dataset.ManufacturerModelName = sample.device.model
    dataset.DeviceSerialNumber = sample.device.serial
    dataset.StationName = sample.device.station[:16]
    dataset.SoftwareVersions = list(sample.device.software_versions) or ""
    dataset.MagneticFieldStrength = sample.field_strength_t
    dataset.ImageComments = f"{SIMULATED_MARK}: not acquired by a scanner"
    dataset.ContentDate, dataset.ContentTime = dataset.StudyDate, dataset.StudyTime
    dataset.InstanceNumber = number
    return dataset


def _set_pixels(dataset: Dataset, stored: NDArray[np.uint16]) -> None:
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelData = stored.astype("<u2").tobytes()


def _position_mm(stack: ImageStack, z: int) -> list[float]:
    step = stack.affine_mm[:3, 2] / stack.spacing_mm[0]
    offset = stack.slices[z].position_mm - stack.slices[0].position_mm
    return [round(float(part), 6) for part in stack.affine_mm[:3, 3] + step * offset]


def _orientation(stack: ImageStack) -> list[float]:
    axes = stack.affine_mm[:3, :2] / (stack.spacing_mm[2], stack.spacing_mm[1])
    return [round(float(part), 10) for part in axes.T.ravel()]


def _spacing(stack: ImageStack) -> list[float]:
    return [float(f"{part:.10g}") for part in stack.spacing_mm[1:]]


def _classic(
    stack: ImageStack, sample: SampleSeries, z: int, stored: NDArray[np.uint16], slope: float, intercept: float
) -> Dataset:
    dataset = _common(sample, MRImageStorage, z + 1)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.AcquisitionDate, dataset.AcquisitionTime, dataset.AcquisitionNumber = (
        dataset.StudyDate,
        dataset.StudyTime,
        1,
    )
    dataset.ScanningSequence, dataset.SequenceVariant, dataset.ScanOptions = "SE", "NONE", ""
    dataset.MRAcquisitionType, dataset.EchoTrainLength = "2D", 1
    dataset.RepetitionTime, dataset.EchoTime = sample.repetition_time_ms, sample.echo_time_ms
    dataset.InPlanePhaseEncodingDirection = {"ROW": "ROW", "COLUMN": "COL"}[sample.phase_encoding]
    dataset.SliceThickness, dataset.SpacingBetweenSlices = sample.thickness_mm, stack.spacing_mm[0]
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = _position_mm(stack, z), _orientation(stack)
    dataset.PixelSpacing = _spacing(stack)
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = slope, intercept, "US"
    _set_pixels(dataset, stored)
    return dataset


def _enhanced(
    stack: ImageStack, sample: SampleSeries, stored: NDArray[np.uint16], slope: float, intercept: float
) -> Dataset:
    dataset = _common(sample, EnhancedMRImageStorage, 1)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER", "NONE"]
    dataset.AcquisitionDateTime = sample.acquired_at.strftime("%Y%m%d%H%M%S")
    dataset.AcquisitionNumber, dataset.NumberOfFrames = 1, len(stack.slices)
    dataset.SharedFunctionalGroupsSequence = [_shared_groups(stack, sample, slope, intercept)]
    dataset.PerFrameFunctionalGroupsSequence = [_frame_groups(stack, z) for z in range(len(stack.slices))]
    _set_pixels(dataset, stored)
    return dataset


def _shared_groups(stack: ImageStack, sample: SampleSeries, slope: float, intercept: float) -> Dataset:
    return _item(
        PixelMeasuresSequence=_item(
            PixelSpacing=_spacing(stack),
            SliceThickness=sample.thickness_mm,
            SpacingBetweenSlices=stack.spacing_mm[0],
        ),
        PlaneOrientationSequence=_item(ImageOrientationPatient=_orientation(stack)),
        PixelValueTransformationSequence=_item(RescaleSlope=slope, RescaleIntercept=intercept, RescaleType="US"),
        MRTimingAndRelatedParametersSequence=_item(
            RepetitionTime=sample.repetition_time_ms, FlipAngle=90, EchoTrainLength=1
        ),
        MREchoSequence=_item(EffectiveEchoTime=sample.echo_time_ms),
        MRFOVGeometrySequence=_item(InPlanePhaseEncodingDirection=sample.phase_encoding),
        MRImageFrameTypeSequence=_item(FrameType=["ORIGINAL", "PRIMARY", "OTHER", "NONE"]),
    )


def _frame_groups(stack: ImageStack, z: int) -> Dataset:
    return _item(
        FrameContentSequence=_item(StackID="1", InStackPositionNumber=z + 1),
        PlanePositionSequence=_item(ImagePositionPatient=_position_mm(stack, z)),
    )


def _item(**attributes: object) -> Dataset:
    """Return an item with the attributes of these keywords; a data set among them becomes a sequence of one."""
    item = Dataset()
    for keyword, found in attributes.items():
        setattr(item, keyword, [found] if isinstance(found, Dataset) else found)
    return item
