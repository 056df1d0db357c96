"""Reports with made-up numbers over small generated or real series: they test encoding and display, not measuring."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from aiqa_integration.model.coding import aiqa_code, dcm_code
from aiqa_integration.model.identity import Device, SeriesRef, dicom_uid, instances_digest
from aiqa_integration.model.image import ImageStack, SeriesHeader, SliceRef
from aiqa_integration.model.judgement import Judgement, Tolerance, Verdict
from aiqa_integration.model.measurement import Measured, MetricDef, NotMeasured, Reason, Region
from aiqa_integration.model.quantity import MM, ONE, PERCENT, Quantity, Unit
from aiqa_integration.model.report import BundleVersion, Provenance, QaReport, Refusal
from aiqa_integration.pipeline.ports import LoadedSeries

STUDY, SERIES = dicom_uid("test", "study"), dicom_uid("test", "series")
SPACING_MM = 0.9766


def metric(name: str, label: str, unit: Unit, decimals: int = 1) -> MetricDef:
    code = dcm_code("112225", "Slice Thickness") if name == "mr-slice-thickness" else aiqa_code(name[-16:], label)
    return MetricDef(
        id=name, label=label, unit=unit, better="target", source="test", version="1", code=code, decimals=decimals
    )


LENGTH = metric("mr-length-horizontal-slice5", "Horizontal length, slice 5", MM)
THICKNESS = metric("mr-slice-thickness", "Slice thickness", MM, 2)
UNIFORMITY = metric("mr-percent-image-uniformity", "Percent image uniformity", PERCENT)
GHOSTING = metric("mr-percent-signal-ghosting", "Percent signal ghosting", PERCENT, 2)
SNR = metric("mr-snr", "Signal-to-noise ratio", ONE, 0)
POSITION = metric("mr-slice-position-error-slice11", "Slice position error, slice 11", MM, 2)


def limits(low: float | None, high: float | None) -> Tolerance:
    return Tolerance(action_low=low, action_high=high, source="ACR Large Phantom Guidance 2022", revision="3")


def circle(place: int, x: float, y: float, radius: float, label: str) -> Region:
    return Region(slice_index=place, shape="circle", points=((x, y), (x + radius, y)), label=label)


def judgements(size: int, last: int) -> tuple[Judgement, ...]:
    """Return one judgement of each kind, with regions scaled to an image of ``size`` pixels and ``last`` slice."""
    s, mid = size / 256, last // 2
    centre = (128.0 * s, 128.0 * s)
    line = Region(
        slice_index=mid, shape="polyline", points=((31.5 * s, 128.25 * s), (224.5 * s, 128.25 * s)), label="Diameter"
    )
    box = tuple((x * s, y * s) for x, y in ((60.0, 120.0), (190.0, 120.0), (190.0, 136.0), (60.0, 136.0)))
    ramp = Region(slice_index=0, shape="polygon", points=box, label="Ramps")
    big = circle(mid, *centre, 80.4 * s, "Large region")
    small = (
        circle(mid, 100.0 * s, 90.0 * s, 6.0 * s, "Lowest signal"),
        circle(mid, 150.0 * s, 170.0 * s, 6.0 * s, "Highest signal"),
    )
    ghosts = tuple(
        circle(mid, x * s, y * s, 9.0 * s, f"Background {side}")
        for side, x, y in (("left", 14, 128), ("right", 242, 128), ("top", 128, 14), ("bottom", 128, 242))
    )
    return (
        Judgement(
            measurement=Measured(
                metric=LENGTH, quantity=Quantity(189.4321, MM), uncertainty=0.4, slice_index=mid, regions=(line,)
            ),
            limits=limits(187.0, 193.0),
            verdict=Verdict.PASS,
            margin=2.4321,
        ),
        Judgement(
            measurement=Measured(metric=THICKNESS, quantity=Quantity(5.83, MM), slice_index=0, regions=(ramp,)),
            limits=limits(4.3, 5.7),
            verdict=Verdict.ACTION,
            margin=-0.13,
        ),
        Judgement(
            measurement=Measured(
                metric=UNIFORMITY,
                quantity=Quantity(0.1 + 88.2, PERCENT),
                uncertainty=0.3,
                slice_index=mid,
                regions=(big, *small),
            ),
            limits=limits(87.5, None),
            verdict=Verdict.PASS,
            margin=0.8,
        ),
        Judgement(
            measurement=Measured(
                metric=GHOSTING, quantity=Quantity(2.71, PERCENT), slice_index=mid, regions=(ghosts[0], *ghosts[1:])
            ),
            limits=Tolerance(tolerance_high=2.5, action_high=3.0, source="site limit", revision="3"),
            verdict=Verdict.TOLERANCE,
            margin=0.29,
        ),
        Judgement(
            measurement=Measured(metric=SNR, quantity=Quantity(212.6, ONE), slice_index=mid),
            limits=None,
            verdict=Verdict.NOT_ASSESSED,
        ),
        Judgement(
            measurement=NotMeasured(
                metric=POSITION,
                reason=Reason.FEATURE_NOT_FOUND,
                detail="the wedge edges were not found",
                slice_index=last,
                regions=(circle(last, 128.0 * s, 40.0 * s, 12.0 * s, "Wedges"),),
            ),
            limits=limits(-5.0, 5.0),
            verdict=Verdict.NOT_MEASURED,
        ),
    )


def report_over(series: LoadedSeries, *, refused: bool = False, **changes: Any) -> QaReport:
    uids = tuple(dict.fromkeys(ref.sop_instance_uid for ref in series.stack.slices))
    fields: dict[str, Any] = {
        "ref": series.header.ref,
        "modality": series.header.modality,
        "device": Device(manufacturer="TESTCO", model="Quiet 3", serial="77", station="MR2"),
        "analysis": "acr-mri-phantom",
        "analysis_version": "1.0.0",
        "bundle": BundleVersion(name="mri_phantom_scoring", version="0.1.0", weights_sha256="ab" * 32),
        "subject": "phantom",
        "phantom": "acr-mri-large",
        "judgements": () if refused else judgements(series.stack.voxels.shape[2], len(series.stack.slices) - 1),
        "refused": Refusal(code="phantom-not-found", detail="no known phantom in the images") if refused else None,
        "provenance": Provenance(
            software_version="0.1.0",
            rule_revision="7",
            rule_name="acr-mri",
            limit_set="acr-large-3t",
            limit_set_revision="3",
            instances_digest=instances_digest(uids),
            source_instance_uids=uids,
            created_at="2026-03-04T05:06:07+00:00",
        ),
        "timings_s": {"infer": 0.5},
    }
    return QaReport(**{**fields, **changes})


def tiny_series(folder: Path, slices: int = 3, size: int = 64, **attributes: object) -> LoadedSeries:
    """Write a disc phantom as MR images and return it as loaded."""
    rows, columns = np.mgrid[:size, :size]
    disc = (np.hypot(rows - size / 2, columns - size / 2) < size * 0.4) * 800
    noise = np.random.default_rng(5).normal(100, 10, (slices, size, size))
    voxels = (disc + noise).clip(0).astype(np.uint16)
    paths, refs = [], []
    for place in range(slices):
        dataset = _image(place, voxels[place], attributes)
        path = folder / f"{place:04d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
        refs.append(
            SliceRef(
                sop_instance_uid=dataset.SOPInstanceUID,
                sop_class_uid=MRImageStorage,
                frame_number=None,
                instance_number=place + 1,
                position_mm=10.0 * place,
            )
        )
    affine = np.diag([SPACING_MM, SPACING_MM, 10.0, 1.0])
    affine[:3, 3] = (-30.0, -31.0, -50.0)
    stack = ImageStack(
        voxels=voxels.astype(np.float32),
        spacing_mm=(10.0, SPACING_MM, SPACING_MM),
        affine_mm=affine,
        value_unit="1",
        slices=tuple(refs),
    )
    header = SeriesHeader(
        ref=SeriesRef(study_instance_uid=STUDY, series_instance_uid=SERIES),
        modality="MR",
        device=Device(),
        instance_count=slices,
        nominal_slice_thickness_mm=5.0,
    )
    return LoadedSeries(header=header, stack=stack, files=tuple(paths))


def _image(place: int, pixels: np.ndarray, attributes: dict[str, object]) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = dicom_uid("test", "image", str(place))
    dataset.file_meta.MediaStorageSOPClassUID = MRImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, SERIES
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex = "QA^Phänom", "QA 17", "", "O"
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "20260304", "050000", "1", "A1"
    dataset.ReferringPhysicianName, dataset.StudyDescription = "", "Weekly QC"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "MR", 4, place + 1
    dataset.FrameOfReferenceUID = dicom_uid("test", "frame-of-reference")
    dataset.PositionReferenceIndicator = ""
    dataset.ImagePositionPatient = [-30, -31, -50 + 10 * place]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [SPACING_MM, SPACING_MM], 5
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelData = pixels.tobytes()
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset
