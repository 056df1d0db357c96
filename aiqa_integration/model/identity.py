"""Who and what: series, instances, devices, and the deterministic identity of everything that AIQA makes.

Same input and same rules give the same identity, so delivering again changes nothing (DESIGN 2.5).
"""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

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


def identity(*parts: str) -> uuid.UUID:
    """Return the UUIDv5 of the parts, in order."""
    return uuid.uuid5(AIQA_NAMESPACE, "|".join(part.replace("|", "||") for part in parts))


def dicom_uid(*parts: str) -> str:
    """Return the UUID-derived DICOM UID (``2.25.<integer>``, PS3.5 B.2) of the parts."""
    return f"2.25.{identity(*parts).int}"


def instances_digest(sop_instance_uids: Iterable[str]) -> str:
    """Return the SHA-256 of the sorted SOP Instance UIDs: which images a result is about."""
    return hashlib.sha256("\n".join(sorted(set(sop_instance_uids))).encode()).hexdigest()


def device_key(device: Device) -> str:
    """Return the identity of a scanner: of its manufacturer, model, serial number and station."""
    return str(identity("device", device.manufacturer, device.model, device.serial, device.station))
