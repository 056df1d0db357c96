"""What a STOW-RS answer says, whatever its status and form: one table for all servers (PS3.18 10.5.3, I.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from aiqa_integration.dicom.native_model import data_set
from aiqa_integration.dicom.qido import first_count, first_text, items

REFERENCED_SOP_SEQUENCE = "00081199"
FAILED_SOP_SEQUENCE = "00081198"
REFERENCED_SOP_UID = "00081155"
FAILURE_REASON = "00081197"
WARNING_REASON = "00081196"


class Fate(StrEnum):
    """What became of an instance."""

    STORED = "stored"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """The answer does not tell: look."""
    LATER = "later"
    """Not now; the same bytes may be taken later."""
    NOBODYS = "nobody's"
    """The answer is about who we are or how we ask, not about an instance."""


STATUSES: Mapping[int, Fate] = MappingProxyType(
    {
        **dict.fromkeys((200, 201, 202, 204), Fate.UNKNOWN),
        **dict.fromkeys((400, 409, 410, 411, 413, 422), Fate.REFUSED),
        **dict.fromkeys((401, 402, 403, 404, 405, 406, 407, 415, 421, 426, 431, 451, 501, 505), Fate.NOBODYS),
        **dict.fromkeys((408, 423, 424, 425, 429, 500, 502, 503, 504, 507), Fate.LATER),
    }
)
"""What a status says of an instance that the body does not name; others of 2xx are UNKNOWN, else REFUSED.

423 locked, 424 failed dependency (Microsoft: its storage is away) and 507 storage full pass when a person has acted.
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """What a failure reason (0008,1197) means for the instance, and in words."""

    fate: Fate
    words: str


REASONS: Mapping[int, Reason] = MappingProxyType(
    {
        0x0110: Reason(Fate.REFUSED, "processing failure"),
        0x0111: Reason(Fate.STORED, "is there already"),
        0x0112: Reason(Fate.REFUSED, "no such object"),
        0x0117: Reason(Fate.REFUSED, "invalid UID"),
        0x0119: Reason(Fate.REFUSED, "SOP class and instance conflict"),
        0x0122: Reason(Fate.REFUSED, "SOP class not supported"),
        0x0124: Reason(Fate.REFUSED, "not authorized"),
        0x0131: Reason(Fate.REFUSED, "no rights to the patient"),
        0x0213: Reason(Fate.LATER, "out of resources"),
        0xA700: Reason(Fate.LATER, "out of resources"),
        0xA701: Reason(Fate.LATER, "out of memory"),
        0xA702: Reason(Fate.LATER, "out of storage space"),
        0xA770: Reason(Fate.REFUSED, "elements discarded"),
        0xA900: Reason(Fate.REFUSED, "data set does not match its SOP class, or its study"),
        43265: Reason(Fate.REFUSED, "is of another study than the address names"),
        45070: Reason(Fate.STORED, "is there already"),
        45071: Reason(Fate.LATER, "is being stored by another request, or half stored"),
        0xC000: Reason(Fate.REFUSED, "cannot be understood"),
        0xC122: Reason(Fate.REFUSED, "referenced transfer syntax not supported"),
    }
)
"""Failure reasons: PS3.18 I.2.2, PS3.7 C.5, PS3.4 B.2.3; 43264 to 45071 are those of Microsoft's DICOM service."""

WARNINGS: Mapping[int, str] = MappingProxyType(
    {
        0x0001: "attributes that break the standard are not searchable",
        0xB000: "the archive changed data elements",
        0xB006: "the archive discarded data elements",
        0xB007: "data set does not match its SOP class",
    }
)
"""Warning reasons (0008,1196) of what is stored: PS3.18 I.2.1; 1 is Microsoft's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The fate of one instance; failure and warning reason where the server gives one."""

    fate: Fate
    reason: int | None = None
    warning: int | None = None


def answer_for(sop_instance_uid: str, status: int, body: bytes) -> Answer:
    """Return what a response to the storing of one instance means.

    A body that names the instance decides, whatever the status. Else the status does.
    """
    row = data_set(body)
    for item in items(row, FAILED_SOP_SEQUENCE):
        if first_text(item, REFERENCED_SOP_UID) == sop_instance_uid:
            reason = first_count(item, FAILURE_REASON)
            known = REASONS.get(reason) if reason is not None else None
            return Answer(fate=known.fate if known else Fate.REFUSED, reason=reason)
    for item in items(row, REFERENCED_SOP_SEQUENCE):
        if first_text(item, REFERENCED_SOP_UID) == sop_instance_uid:
            return Answer(fate=Fate.STORED, warning=first_count(item, WARNING_REASON))
    return Answer(fate=STATUSES.get(status, Fate.UNKNOWN if status < 300 else Fate.REFUSED))


def reason_text(reason: int | None) -> str:
    """Return a failure reason in words."""
    if reason is None:
        return "no reason given"
    known = REASONS.get(reason)
    return f"{known.words} ({reason:#06x})" if known else f"{reason:#06x}"


def warning_text(warning: int) -> str:
    """Return a warning reason in words."""
    known = WARNINGS.get(warning)
    return f"{known} ({warning:#06x})" if known else f"{warning:#06x}"
