"""Answers to a STOW request, in JSON and in XML."""

import json
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape


def store_json(
    *, stored: Sequence[str] = (), failed: Sequence[tuple[str, int]] = (), warned: Sequence[tuple[str, int]] = ()
) -> str:
    """A store response: UIDs stored, (UID, reason) failed or warned of; both sequences are there, as Orthanc has it."""
    good: list[dict[str, Any]] = [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in stored]
    good += [
        {"00081155": {"vr": "UI", "Value": [uid]}, "00081196": {"vr": "US", "Value": [why]}} for uid, why in warned
    ]
    bad = [{"00081155": {"vr": "UI", "Value": [uid]}, "00081197": {"vr": "US", "Value": [why]}} for uid, why in failed]
    return json.dumps({"00081199": {"vr": "SQ", "Value": good}, "00081198": {"vr": "SQ", "Value": bad}})


def store_xml(*, stored: Sequence[str] = (), failed: Sequence[tuple[str, int]] = (), namespace: str = "") -> str:
    """The same in the Native DICOM Model (PS3.19 A.1)."""

    def attribute(tag: str, vr: str, inside: str) -> str:
        return f'<DicomAttribute tag="{tag}" vr="{vr}">{inside}</DicomAttribute>'

    def item(number: int, uid: str, reason: int | None) -> str:
        told = attribute("00081155", "UI", f'<Value number="1">{escape(uid)}</Value>')
        if reason is not None:
            told += attribute("00081197", "US", f'<Value number="1">{reason}</Value>')
        return f'<Item number="{number}">{told}</Item>'

    good = "".join(item(number, uid, None) for number, uid in enumerate(stored, 1))
    bad = "".join(item(number, uid, why) for number, (uid, why) in enumerate(failed, 1))
    inside = attribute("00081199", "SQ", good) + attribute("00081198", "SQ", bad)
    declared = f' xmlns="{namespace}"' if namespace else ""
    return f'<?xml version="1.0" encoding="utf-8"?>\n<NativeDicomModel{declared}>{inside}</NativeDicomModel>'
