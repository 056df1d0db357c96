"""What all objects of a result have in common: whose they are, who made them, when; and their bytes."""

from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from io import BytesIO
from typing import Any

from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

from aiqa_integration.dicom.evidence import IDENTITY_KEYWORDS
from aiqa_integration.dicom.uids import IMPLEMENTATION_CLASS_UID, Role, instance_uid, observer_uid, series_uid
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.coding import PRIVATE_SCHEME, PRIVATE_SCHEME_UID, Code
from aiqa_integration.model.identity import AIQA_MANUFACTURER
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import headline

CHARACTER_SET = "ISO_IR 192"
MODEL_NAME = "AIQA integration"

UNPAIRED = frozenset({"HEAD", "BRAIN", "SKULL", "NECK", "CHEST", "ABDOMEN", "PELVIS", "HEART", "LIVER", "SPINE"})
"""Body parts (PS3.16 annex L) that have no left and right, as far as phantoms are announced under them."""

_TITLES = {
    Role.REPORT_SR: "report",
    Role.MEASUREMENT_SR: "measurements",
    Role.SEG: "regions",
    Role.OVERLAY: "overlay",
    Role.SERIES_SR: "series values",
    Role.LABELMAP: "regions",
    Role.PARAMETRIC_MAP: "map of findings",
    Role.QUALITY_ISSUE: "quality issue",
    Role.PDF: "report as PDF",
}

_ROLES = 10
"""Roles that the last digit of a Series Number tells apart."""


@cache
def concept(code: Code) -> CodedConcept:
    """Return our code as highdicom's; one object a code, for hundreds of them stand in a document."""
    return CodedConcept(value=code.value, scheme_designator=code.scheme, meaning=code.meaning)


def series_description(report: QaReport, role: Role) -> str:
    """Return the Series Description, which is what lists of series show; what it is first, for they cut the end off."""
    simulated = " (simulated data)" if report.simulated else ""
    return f"AI QA {_TITLES[role]}: {headline(report)}{simulated}"


def common_arguments(report: QaReport, source: Dataset, role: Role) -> dict[str, Any]:
    """Return the arguments that every highdicom constructor gets."""
    return {
        "series_instance_uid": series_uid(report, role),
        "series_number": series_number(source, role),
        "sop_instance_uid": instance_uid(report, role),
        "instance_number": 1,
        "manufacturer": AIQA_MANUFACTURER,
        "manufacturer_model_name": MODEL_NAME,
        "software_versions": report.provenance.software_version or "unknown",
        "device_serial_number": observer_uid(report),
        "series_description": series_description(report, role),
        "specific_character_set": CHARACTER_SET,
    }


def series_number(source: Dataset, role: Role) -> int:
    """Return a Series Number that sorts after the scanner's and keeps the results of one series together."""
    try:
        number = int(source.get("SeriesNumber") or 0)
    except (TypeError, ValueError):
        number = 0
    return 90000 + abs(number) % 1000 * 10 + list(Role).index(role) + 1


def result_bytes(result: Dataset, report: QaReport, source: Dataset) -> bytes:
    """Return a result object as a DICOM file: identity of the source, time of the report, nothing of this moment.

    The same report gives the same bytes. Raises EncodingError where the object cannot be written.
    """
    _copy_identity(result, source)
    link_order(result, source)
    if report.subject == "phantom" and report.phantom is not None:
        result.QualityControlSubject = "YES"
    set_times(result, created_at(report))
    result.pop("ContributingEquipmentSequence", None)
    if scanner := _scanner(report):
        result.ContributingEquipmentSequence = scanner
    result.CodingSchemeIdentificationSequence = [_coding_scheme()]
    return file_bytes(result, report.provenance.software_version)


def file_bytes(result: Dataset, software_version: str) -> bytes:
    """Return an object as a DICOM file that AIQA wrote; raises EncodingError where it cannot be written."""
    result.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    result.file_meta.ImplementationVersionName = f"AIQA {software_version}"[:16].strip()
    buffer = BytesIO()
    try:
        dcmwrite(buffer, result, enforce_file_format=True)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EncodingError(f"{result.get('SeriesDescription')} cannot be written: {type(error).__name__}") from error
    return buffer.getvalue()


def link_order(result: Dataset, source: Dataset) -> None:
    """Name the order and the performed step that the images were made for, as each kind of object wants it.

    Documents have Referenced Request (PS3.3 C.17.2), all others Request Attributes (C.7.3.1).
    """
    requests = source.get("RequestAttributesSequence") or []
    if result.Modality not in {"SR", "KO"}:
        if requests:
            result.RequestAttributesSequence = requests
        return
    result.ReferencedPerformedProcedureStepSequence = [
        step
        for step in source.get("ReferencedPerformedProcedureStepSequence") or []
        if step.get("ReferencedSOPClassUID") and step.get("ReferencedSOPInstanceUID")
    ]
    if requests:
        result.ReferencedRequestSequence = [_request(item, result) for item in requests]


def set_side(result: Dataset, source: Dataset) -> None:
    """Write the body part of the images, and its side where it may have one (PS3.3 C.7.3.1)."""
    part = str(source.get("BodyPartExamined") or "").strip().upper()
    if part:
        result.BodyPartExamined = part
    if part not in UNPAIRED:
        result.Laterality = source.get("Laterality") or source.get("ImageLaterality") or ""


def set_times(result: Dataset, at: datetime) -> None:
    """Write a time in the zone that an object names (0008,0201), or in UTC where it names none.

    The series of one result lie a microsecond apart: viewers list the newest first, so the report comes first.
    """
    moment = at.astimezone(_zone(str(result.get("TimezoneOffsetFromUTC", "")).strip()))
    day, clock = moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")
    for prefix in ("InstanceCreation", "Series", "Content"):
        setattr(result, f"{prefix}Date", day)
        setattr(result, f"{prefix}Time", clock)
    result.SeriesTime = f"{clock}.{_ROLES - int(result.SeriesNumber) % 10:06d}"
    if "DateOfSecondaryCapture" in result:
        result.DateOfSecondaryCapture, result.TimeOfSecondaryCapture = day, clock


def created_at(report: QaReport) -> datetime:
    """Return when the report was made; raises EncodingError where that is not a time with an offset."""
    try:
        created = datetime.fromisoformat(report.provenance.created_at)
    except ValueError as error:
        raise EncodingError(f"created_at is not ISO 8601: {report.provenance.created_at!r}") from error
    if created.tzinfo is None:
        raise EncodingError(f"created_at has no offset: {report.provenance.created_at!r}")
    return created


def _copy_identity(result: Dataset, source: Dataset) -> None:
    """Copy the elements as they are: values that break their representation in the images stay as they are."""
    for keyword in IDENTITY_KEYWORDS:
        if keyword in source:
            result[keyword] = source[keyword]
        elif keyword in result:
            del result[keyword]
    if result.PatientSex not in {"M", "F", "O", ""}:
        result.PatientSex = ""


def _request(item: Dataset, result: Dataset) -> Dataset:
    """Return an item of the Referenced Request Sequence; its type 2 attributes are empty where nothing is known."""
    request = Dataset()
    request.StudyInstanceUID = item.get("StudyInstanceUID") or result.StudyInstanceUID
    request.ReferencedStudySequence = []
    request.AccessionNumber = item.get("AccessionNumber") or result.AccessionNumber
    for keyword in (
        "PlacerOrderNumberImagingServiceRequest",
        "FillerOrderNumberImagingServiceRequest",
        "RequestedProcedureID",
        "RequestedProcedureDescription",
    ):
        setattr(request, keyword, item.get(keyword) or "")
    request.RequestedProcedureCodeSequence = item.get("RequestedProcedureCodeSequence") or []
    issuer = item.get("IssuerOfAccessionNumberSequence") or result.get("IssuerOfAccessionNumberSequence")
    if issuer:
        request.IssuerOfAccessionNumberSequence = issuer
    return request


def _zone(offset: str) -> timezone:
    """Return the zone of a Timezone Offset From UTC (0008,0201), ``&ZZXX``."""
    if len(offset) != 5 or offset[0] not in "+-" or not offset[1:].isdigit():
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[3:])
    return timezone(timedelta(minutes=minutes if offset[0] == "+" else -minutes)) if minutes < 24 * 60 else UTC


def _scanner(report: QaReport) -> list[Dataset]:
    """Return the device whose images were judged as contributing equipment (PS3.3 C.12.1.1.5), if it has a maker."""
    device = report.device
    if not device.manufacturer:
        return []
    item = Dataset()
    item.Manufacturer = device.manufacturer[:64]
    item.ManufacturerModelName = device.model[:64]
    item.DeviceSerialNumber = device.serial[:64]
    item.StationName = device.station[:16]
    item.PurposeOfReferenceCodeSequence = [concept(codes.ACQUISITION_EQUIPMENT)]
    return [item]


def _coding_scheme() -> Dataset:
    scheme = Dataset()
    scheme.CodingSchemeDesignator = PRIVATE_SCHEME
    scheme.CodingSchemeUID = PRIVATE_SCHEME_UID
    scheme.CodingSchemeName = "AIQA concepts"
    scheme.CodingSchemeResponsibleOrganization = "AIQA"
    return scheme
