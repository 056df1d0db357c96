"""The source of a result, as the encoders need it: identity copied exactly, references and geometry from the stack."""

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage
from pydicom.valuerep import format_number_as_ds

from aiqa_integration.dicom.reading import read_dataset
from aiqa_integration.errors import EncodingError, InputError
from aiqa_integration.model.identity import dicom_uid
from aiqa_integration.model.image import SliceRef
from aiqa_integration.pipeline.ports import LoadedSeries

IDENTITY_KEYWORDS = (
    "PatientName", "PatientID", "IssuerOfPatientID", "TypeOfPatientID", "IssuerOfPatientIDQualifiersSequence",
    "PatientBirthDate", "PatientSex", "QualityControlSubject", "OtherPatientIDsSequence", "PatientComments",
    "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence",
    "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
    "IssuerOfAccessionNumberSequence", "StudyDescription", "PatientAge", "PatientSize", "PatientWeight",
    "ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID",
    "ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID", "TimezoneOffsetFromUTC",
)  # fmt: skip
"""What a result shares with its images: PS3.3 C.7.1.1 Patient, C.7.2.1 General Study, C.7.2.2 Patient Study, trials."""

GEOMETRY_KEYWORDS = (
    "FrameOfReferenceUID", "PositionReferenceIndicator", "BodyPartExamined", "Laterality", "LossyImageCompression",
    "LossyImageCompressionRatio", "LossyImageCompressionMethod",
)  # fmt: skip
"""What images that are made from others share with them."""

SOURCE_KEYWORDS = (
    "SpecificCharacterSet", "SeriesNumber", "ImageLaterality", "RequestAttributesSequence",
    "ReferencedPerformedProcedureStepSequence", *GEOMETRY_KEYWORDS,
)  # fmt: skip

REQUIRED_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber",
)  # fmt: skip
"""Type 2 attributes: empty where the images lack them (PS3.5 7.4.3)."""


def read_source(series: LoadedSeries) -> Dataset:
    """Return the identifying attributes of the series' first file, decoded, with missing type 2 attributes empty.

    Raises EncodingError where the file has gone or belongs to another series.
    """
    if not series.files:
        raise EncodingError("a series without files has no headers to copy")
    try:
        whole = read_dataset(series.files[0])
    except InputError as error:
        raise EncodingError(f"the source cannot be read again: {error}") from error
    if str(whole.get("SeriesInstanceUID", "")) != series.header.ref.series_instance_uid:
        raise EncodingError(f"{series.files[0].name} does not belong to the series that was analysed")
    source = Dataset()
    for keyword in (*SOURCE_KEYWORDS, *IDENTITY_KEYWORDS):
        if keyword in whole:
            source[keyword] = whole[keyword]
    source.decode()
    for keyword in REQUIRED_EMPTY:
        if keyword not in source:
            setattr(source, keyword, "")
    return source


def instance_stubs(series: LoadedSeries) -> list[Dataset]:
    """Return one data set per source instance, holding what a reference to it needs and no patient's identity.

    highdicom checks and re-encodes identifying values, and real files break its checks; so it never sees them, and
    they are copied into its result afterwards.
    """
    unique = {ref.sop_instance_uid: ref for ref in series.stack.slices}
    common = _common_stub(series)
    return [_stub(common, ref) for ref in unique.values()]


def frame_stubs(series: LoadedSeries, source: Dataset, places: tuple[int, ...]) -> list[Dataset]:
    """Return slices of the stack as single-frame images with geometry, in the order of ``places``.

    A frame of a multi-frame object carries the UID that ``frame_uid`` gives it, which is to be replaced in the result.
    """
    stack = series.stack
    across, down, along = (stack.affine_mm[:3, axis] for axis in range(3))
    step = along / max(float((along @ along) ** 0.5), 1e-9)
    common, stubs = _common_stub(series), []
    for place in places:
        ref = stack.slices[place]
        stub = _stub(common, ref)
        stub.SOPClassUID = CTImageStorage if series.header.modality == "CT" else MRImageStorage
        stub.SOPInstanceUID = frame_uid(ref)
        corner = stack.affine_mm[:3, 3] + (ref.position_mm - stack.slices[0].position_mm) * step
        stub.ImagePositionPatient = [format_number_as_ds(float(v)) for v in corner]
        directions = (*(across / stack.spacing_mm[2]), *(down / stack.spacing_mm[1]))
        stub.ImageOrientationPatient = [format_number_as_ds(float(v)) for v in directions]
        stub.PixelSpacing = [format_number_as_ds(float(v)) for v in stack.spacing_mm[1:]]
        stub.SliceThickness = format_number_as_ds(series.header.nominal_slice_thickness_mm or stack.spacing_mm[0])
        stub.Rows, stub.Columns = stack.voxels.shape[1:]
        for keyword in GEOMETRY_KEYWORDS:
            if keyword in source:
                stub[keyword] = source[keyword]
        stubs.append(stub)
    return stubs


def frame_uid(ref: SliceRef) -> str:
    """Return a UID that is unique for a slice: the instance's own, or its with the frame number for a multi-frame."""
    return ref.sop_instance_uid if ref.frame_number is None else dicom_uid(ref.sop_instance_uid, str(ref.frame_number))


def name_frames(result: Dataset, refs: Sequence[SliceRef]) -> None:
    """Replace a result's references to single frames by ones to the multi-frame objects that they are part of."""
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


def fix_dimension_uid(result: Dataset, uid: str) -> None:
    """Replace the random Dimension Organization UID, or the same report would not give the same bytes."""
    for item in (*result.DimensionOrganizationSequence, *result.DimensionIndexSequence):
        item.DimensionOrganizationUID = uid


def empty_stub() -> Dataset:
    """Return an image without a name: what highdicom asks of one is empty, its size is none."""
    stub = Dataset()
    for keyword in REQUIRED_EMPTY:
        setattr(stub, keyword, "")
    stub.Rows = stub.Columns = 0
    return stub


def _common_stub(series: LoadedSeries) -> Dataset:
    """Return what all images of a series have in common: made once, for it takes most of the time."""
    stub = empty_stub()
    stub.StudyInstanceUID = series.header.ref.study_instance_uid
    stub.SeriesInstanceUID = series.header.ref.series_instance_uid
    stub.Modality = series.header.modality
    return stub


def _stub(common: Dataset, ref: SliceRef) -> Dataset:
    stub = Dataset(dict(common.items()))  # a Dataset of a Dataset shares its elements
    stub.SOPInstanceUID = ref.sop_instance_uid
    stub.SOPClassUID = ref.sop_class_uid
    return stub
