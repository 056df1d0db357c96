"""A scanner's month as MeasureReports: how many phantom runs passed, how many series were repeated."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from aiqa_integration.errors import EhrUnavailable
from aiqa_integration.fhir.bundle import check
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import (
    BASE,
    MADE_BY_AIQA_TAG,
    SIMULATED_SECURITY,
    SIMULATED_TAG,
    Element,
    concept,
    listed,
)
from aiqa_integration.fhir.content import content_digest
from aiqa_integration.fhir.device import printable, scanner_device, scanner_node
from aiqa_integration.fhir.identity import Identifier, Node
from aiqa_integration.fhir.json_text import json_bytes
from aiqa_integration.fhir.quantity import quantity
from aiqa_integration.fhir.sending import send
from aiqa_integration.fhir.style import Style
from aiqa_integration.model.identity import scanner_key
from aiqa_integration.model.month import CalendarMonth, ScannerMonth
from aiqa_integration.model.quantity import ONE

MEASURE_REPORT = f"{BASE}/sid/measure-report"
_VERSION = "1.0.0"
_RATIO_STEP = Decimal("0.0001")


def measure_reports(
    summary: ScannerMonth, month: CalendarMonth, *, made_on: str, style: Style, told: Collection[str] = ()
) -> list[Element]:
    """Return the entries of a scanner's month; ``made_on`` is an instant.

    None for a scanner that its images do not name; none of a measure without anything to count, unless its identifier
    is among those ``told`` before: then it says that nothing is left of it.
    """
    device = printable(summary.device)
    scanner = scanner_node(device)
    if scanner is None:
        return []
    counted = (("phantom-pass-rate", summary.passed, summary.runs), ("repeat-rate", summary.repeated, summary.series))
    reports = [
        _report(scanner, name, (part, whole), month, made_on=made_on, style=style)
        for name, part, whole in counted
        if whole or _node(scanner, month, name).key.value in told
    ]
    if not reports:
        return []
    create = {"method": "POST", "url": "Device", "ifNoneExist": scanner.key.query()}
    entries = [
        {"fullUrl": scanner.full_url, "resource": scanner_device(scanner, device, ""), "request": create},
        *reports,
    ]
    for entry in entries:
        meta = entry["resource"]["meta"]
        meta["tag"] = [MADE_BY_AIQA_TAG, *([SIMULATED_TAG] if summary.simulated else [])]
        if summary.simulated:
            meta["security"] = [SIMULATED_SECURITY]
    return entries


def summary_key(summary: ScannerMonth, month: CalendarMonth) -> str:
    """Return the identity of a scanner's month."""
    return f"month|{scanner_key(printable(summary.device))}|{month}"


def summary_bytes(
    summary: ScannerMonth, month: CalendarMonth, last: bytes | None, *, made_at: datetime, style: Style
) -> bytes | None:
    """Return the transaction of a scanner's month, checked; None where there is nothing to count.

    ``last`` is the transaction that was sent before. Raises EncodingError.
    """
    told = [entry["resource"]["identifier"][0]["value"] for entry in json.loads(last)["entry"]] if last else []
    made_on = made_at.isoformat(timespec="seconds")
    entries = measure_reports(summary, month, made_on=made_on, style=style, told=told)
    if not entries:
        return None
    bundle: Element = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    check(bundle)
    return json_bytes(bundle)


def summary_version(payload: bytes, last: bytes | None, turn: int) -> str:
    """Return what tells a summary from the ``turn`` that were sent before: the last one's words where it says the same.

    Counts may go back to what they were, which is to be sent again.
    """
    digest = content_digest(payload)
    return f"{turn - 1 if last and content_digest(last) == digest else turn}|{digest}"


def write_summary(entries: Sequence[Element], client: FhirClient) -> str:
    """Write MeasureReports that the server lacks or has with other numbers, and return what was done, in words.

    Raises EhrUnavailable or EhrRefused.
    """
    lack = client.abilities().lacks("PUT", "MeasureReport", "identifier")
    if lack:
        return f"left out: {lack}"
    reports = [entry["resource"] for entry in entries if entry["resource"]["resourceType"] == "MeasureReport"]
    if all(_is_there(report, client) for report in reports):
        return "there already with the same numbers"
    left_out = send(entries, client).left_out
    if not all(_is_there(report, client) for report in reports):
        raise EhrUnavailable("a MeasureReport was accepted, but is not found as it was sent")
    return "; ".join(["read back by identifier", *left_out])


def _is_there(report: Element, client: FhirClient) -> bool:
    first = report["identifier"][0]
    found = client.find("MeasureReport", Identifier(system=first["system"], value=first["value"]))
    return len(found) == 1 and _counts(found[0]) == _counts(report)


def _counts(report: Element) -> list[int]:
    return [int(row["count"]) for group in report.get("group", []) for row in group.get("population", [])]


def _node(scanner: Node, month: CalendarMonth, name: str) -> Node:
    key = Identifier(system=MEASURE_REPORT, value=f"{scanner.key.value}.{month}.{name}")
    return Node(resource_type="MeasureReport", key=key)


def _report(
    scanner: Node, name: str, counts: tuple[int, int], month: CalendarMonth, *, made_on: str, style: Style
) -> Element:
    part, whole = counts
    node = _node(scanner, month, name)
    reporter = {"reporter": {"type": "Organization", "display": style.organization}} if style.organization else {}
    ratio = (Decimal(part) / Decimal(whole)).quantize(_RATIO_STEP) if whole else None
    resource: Element = {
        "resourceType": "MeasureReport",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-scanner-summary"]},
        "identifier": [node.key.element],
        "status": "complete",
        "type": "summary",
        "measure": f"{BASE}/Measure/{name}|{_VERSION}",
        "subject": scanner.reference,
        "date": made_on,
        "period": {"start": month.start.isoformat(), "end": (month.end - timedelta(days=1)).isoformat()},
        **reporter,
        "group": [
            {
                "code": concept(listed(f"measure-{name}")),
                "population": [
                    {"code": concept(listed("population-denominator")), "count": whole},
                    {"code": concept(listed("population-numerator")), "count": part},
                ],
                **({"measureScore": quantity(ratio, ONE)} if ratio is not None else {}),
            }
        ],
    }
    request = {"method": "PUT", "url": f"MeasureReport?{node.key.query()}"}
    return {"fullUrl": node.full_url, "resource": resource, "request": request}
