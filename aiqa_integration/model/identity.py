"""Who and what: series, instances, devices, and the deterministic identity of everything that AIQA makes.

Same input and same rules give the same identity, so delivering again changes nothing (DESIGN 2.5).
"""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

AIQA_NAMESPACE = uuid.UUID("6b0f3a52-6a53-5a86-9d0c-0f4f8a3f2c11")
"""UUIDv5 namespace of all identities that AIQA makes."""

AIQA_MANUFACTURER = "AIQA"
"""Manufacturer (0008,0070) of every object that AIQA writes; by it the poller knows its own output."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SeriesRef:
    """A series in its study."""

    study_instance_uid: str
    series_instance_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The scanner, as its images name it (PS3.3 C.7.5.1); empty strings where they do not."""

    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    station: str = ""
    software_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientKey:
    """By what an EHR can find the patient of a series (PS3.3 C.7.1.1); never for logs.

    ``issuer`` is who gave the Patient ID, as a URI where the images name one. ``birth_date`` is an ISO 8601 date and
    ``sex`` M, F or O; both empty where the images do not tell.
    """

    patient_id: str = field(repr=False)
    issuer: str = ""
    birth_date: str = field(default="", repr=False)
    sex: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderKey:
    """By what an EHR can find the order of a study: accession number and who gave it (PS3.3 C.7.2.1)."""

    accession_number: str = field(repr=False)
    issuer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who confirms or rejects a result, as DICOM writes a name (``Family^Given``), and for whom.

    Raises ValueError for a name or organization that is empty, too long for PS3.5 table 6.2-1, or has a backslash or a
    control character.
    """

    name: str
    organization: str

    def __post_init__(self) -> None:
        for what, words in (("name", self.name), ("organization", self.organization)):
            if not 0 < len(words) <= 64 or not words.strip() or not words.isprintable() or "\\" in words:
                raise ValueError(f"a person's {what} has 1 to 64 printable characters and no backslash")


def identity(*parts: str) -> uuid.UUID:
    """Return the UUIDv5 of the parts, in order."""
    return uuid.uuid5(AIQA_NAMESPACE, "|".join(part.replace("|", "||") for part in parts))


def result_identity(ref: SeriesRef, analysis: str, kind: str) -> uuid.UUID:
    """Return the identity of a result: of series, analysis and kind, without versions, so a re-score amends it."""
    return identity(ref.study_instance_uid, ref.series_instance_uid, analysis, kind)


def dicom_uid(*parts: str) -> str:
    """Return the UUID-derived DICOM UID (``2.25.<integer>``, PS3.5 B.2) of the parts."""
    return f"2.25.{identity(*parts).int}"


def instances_digest(sop_instance_uids: Iterable[str]) -> str:
    """Return the SHA-256 of the sorted SOP Instance UIDs: which images a result is about."""
    return hashlib.sha256("\n".join(sorted(set(sop_instance_uids))).encode()).hexdigest()


def device_key(device: Device) -> str:
    """Return the identity of a scanner: of its manufacturer, model, serial number and station."""
    return str(identity("device", device.manufacturer, device.model, device.serial, device.station))


def scanner_key(device: Device) -> str | None:
    """Return by what a scanner is known outside: manufacturer and serial number, for as long as it stands.

    Where there is no serial, manufacturer, model and station; None where the images name nothing of it.
    """
    rest = () if device.serial else (device.model, device.station)
    if not any((device.manufacturer, device.serial, *rest)):
        return None
    parts = (device.manufacturer, device.serial, *rest)
    return str(identity("scanner", *(part.strip().casefold() for part in parts)))
