"""What a STOW-RS answer says, whatever its status: one table for all servers (PS3.18 10.5.3, I.2)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from aiqa_integration.dicom.qido import Row, first_count, first_text, values

REFERENCED_SOP_SEQUENCE = "00081199"
FAILED_SOP_SEQUENCE = "00081198"
REFERENCED_SOP_UID = "00081155"
FAILURE_REASON = "00081197"

ALREADY_THERE = frozenset({0x0111, 45070})
"""Failure reasons of servers that keep the object they have (PS3.7 C.5.5; Microsoft's DICOM service)."""


class Fate(StrEnum):
    """What became of an instance."""

    STORED = "stored"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The fate of one instance and the failure reason (0008,1197) where the server gives one."""

    fate: Fate
    reason: int | None = None


def answer_for(sop_instance_uid: str, status: int, body: bytes) -> Answer:
    """Return what a response to the storing of one instance means.

    A body that names the instance decides, whatever the status. Else a success status says nothing for certain
    (bodies are empty, or not JSON), and any other refuses.
    """
    row = _data_set(body)
    for item in _items(row, FAILED_SOP_SEQUENCE):
        if first_text(item, REFERENCED_SOP_UID) == sop_instance_uid:
            reason = first_count(item, FAILURE_REASON)
            return Answer(fate=Fate.STORED if reason in ALREADY_THERE else Fate.REFUSED, reason=reason)
    for item in _items(row, REFERENCED_SOP_SEQUENCE):
        if first_text(item, REFERENCED_SOP_UID) == sop_instance_uid:
            return Answer(fate=Fate.STORED)
    return Answer(fate=Fate.UNKNOWN if status < 300 else Fate.REFUSED)


def _data_set(body: bytes) -> Row:
    """Return the JSON data set of a body: servers send it bare or in an array, with any content type or none."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    if isinstance(parsed, list):
        parsed = parsed[0] if parsed else {}
    return parsed if isinstance(parsed, Mapping) else {}


def _items(row: Row, tag: str) -> list[Row]:
    return [item for item in values(row, tag) if isinstance(item, Mapping)]
