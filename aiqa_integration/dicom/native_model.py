"""Data sets out of answers: DICOM JSON (PS3.18 F), and the Native DICOM Model in XML (PS3.19 A.1) as the same rows."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from aiqa_integration.dicom.qido import Row


def data_set(body: bytes) -> Row:
    """Return the data set of a body, empty where there is none.

    Servers send it bare or in an array, in JSON or XML, with any content type or none: the bytes decide.
    """
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return _from_xml(body)
    if isinstance(parsed, list):
        parsed = parsed[0] if parsed else {}
    return parsed if isinstance(parsed, Mapping) else {}


def _from_xml(body: bytes) -> Row:
    root = _parsed(body)
    if root is None:
        return {}
    found = (
        root if _name(root) == "NativeDicomModel" else next((e for e in root if _name(e) == "NativeDicomModel"), None)
    )
    return _row(found) if found is not None else {}


def _parsed(body: bytes) -> ET.Element | None:
    """Return the root of an XML document that declares no type, so that it has no entities to expand."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"<") or b"<!" in body or b"\x00" in body:
        return None
    try:
        return ET.fromstring(start)  # noqa: S314
    except (ET.ParseError, ValueError, LookupError):
        return None


def _row(parent: ET.Element) -> Row:
    row: dict[str, object] = {}
    for attribute in parent:
        if _name(attribute) == "DicomAttribute":
            values: list[object] = [child.text or "" for child in attribute if _name(child) == "Value"]
            values += [_row(child) for child in attribute if _name(child) == "Item"]
            row[attribute.get("tag", "").upper()] = {"vr": attribute.get("vr", ""), "Value": values}
    return row


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
