"""What a person makes of a stored document: a new, VERIFIED version that says who confirmed it, and when."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from aiqa_integration.dicom.evidence import IDENTITY_KEYWORDS
from aiqa_integration.dicom.reading import BROKEN_ENCODING
from aiqa_integration.dicom.result_object import file_bytes, set_times
from aiqa_integration.dicom.uids import later_uids
from aiqa_integration.errors import EncodingError
from aiqa_integration.model.identity import Person

KEPT_KEYWORDS = (
    *IDENTITY_KEYWORDS,
    "ReferencedRequestSequence",
    "ReferencedPerformedProcedureStepSequence",
    "CodingSchemeIdentificationSequence",
)
"""What a document and the one that a person makes of it share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A document made from a stored one: its file and its UIDs."""

    content: bytes
    sop_instance_uid: str
    series_instance_uid: str


def read_document(content: bytes) -> Dataset:
    """Return a document that AIQA has encoded before; raises EncodingError where the bytes are none."""
    try:
        document = pydicom.dcmread(BytesIO(content))
    except (InvalidDicomError, *BROKEN_ENCODING) as error:
        raise EncodingError(f"the stored document cannot be read: {type(error).__name__}") from error
    if "ContentSequence" not in document:
        raise EncodingError("the stored object is no structured document")
    return document


def verified_document(content: bytes, person: Person, at: datetime) -> StoredDocument | None:
    """Return a structured report as a person confirmed it; None where that person has confirmed it before.

    Content and patient stay as they are. The new object has its own series and names the one that it comes from
    (PS3.3 C.17.2); those who confirmed before stay listed. Raises EncodingError.
    """
    document = read_document(content)
    earlier = list(document.get("VerifyingObserverSequence") or [])
    if any(
        (str(o.VerifyingObserverName), o.VerifyingOrganization) == (person.name, person.organization) for o in earlier
    ):
        return None
    former = deepcopy(document)
    uid, series_uid = later_uids(str(former.SOPInstanceUID), person.name, person.organization)
    document.SOPInstanceUID = uid
    document.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    document.SeriesInstanceUID = series_uid
    document.VerificationFlag, document.PreliminaryFlag = "VERIFIED", "FINAL"
    document.VerifyingObserverSequence = [*earlier, _observer(person, at)]
    document.PredecessorDocumentsSequence = [_reference(former)]
    document.SeriesDescription = _description(str(former.SeriesDescription))
    set_times(document, at)
    version = str(former.get("SoftwareVersions", ""))
    return StoredDocument(content=file_bytes(document, version), sop_instance_uid=uid, series_instance_uid=series_uid)


def _observer(person: Person, at: datetime) -> Dataset:
    observer = Dataset()
    observer.VerifyingObserverName = person.name
    observer.VerifyingObserverIdentificationCodeSequence = []
    observer.VerifyingOrganization = person.organization
    observer.VerificationDateTime = at.strftime("%Y%m%d%H%M%S%z")
    return observer


def _reference(document: Dataset) -> Dataset:
    """Return a document as the item of a Predecessor Documents Sequence (PS3.3 C.17.2.1)."""
    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID = document.SOPClassUID
    instance.ReferencedSOPInstanceUID = document.SOPInstanceUID
    series.SeriesInstanceUID = document.SeriesInstanceUID
    series.ReferencedSOPSequence = [instance]
    study.StudyInstanceUID = document.StudyInstanceUID
    study.ReferencedSeriesSequence = [series]
    return study


def _description(former: str) -> str:
    """Return the headline with the word that a list of series should show: ``AI QA verified report: PASS``."""
    return former if " verified " in former else former.replace("AI QA ", "AI QA verified ", 1)
