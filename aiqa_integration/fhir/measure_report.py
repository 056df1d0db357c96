"""A scanner's month as MeasureReports: how many phantom runs passed, how many series were repeated."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

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
from aiqa_integration.fhir.device import printable, scanner_device, scanner_node
from aiqa_integration.fhir.identity import Identifier, Node
from aiqa_integration.fhir.quantity import quantity
from aiqa_integration.fhir.sending import send
from aiqa_integration.fhir.style import Style
from aiqa_integration.model.month import ScannerMonth
from aiqa_integration.model.quantity import ONE

MEASURE_REPORT = f"{BASE}/sid/measure-report"
_VERSION = "1.0.0"
_RATIO_STEP = Decimal("0.0001")


def measure_reports(month: ScannerMonth, start: date, end: date, *, made_on: str, style: Style) -> list[Element]:
    """Return the entries of a scanner's month from ``start`` up to, not including, ``end``.

    None for a scanner that its images do not name; none of a measure without anything to count. ``made_on`` is an
    instant.
    """
    device = printable(month.device)
    scanner = scanner_node(device)
    if scanner is None:
        return []
    counted = (("phantom-pass-rate", month.passed, month.runs), ("repeat-rate", month.repeated, month.series))
    reports = [
        _report(scanner, name, (part, whole), start, end, made_on=made_on, style=style)
        for name, part, whole in counted
        if whole
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
        meta["tag"] = [MADE_BY_AIQA_TAG, *([SIMULATED_TAG] if month.simulated else [])]
        if month.simulated:
            meta["security"] = [SIMULATED_SECURITY]
    return entries


def write_month(
    months: Sequence[ScannerMonth], start: date, end: date, *, client: FhirClient, made_on: str, style: Style
) -> None:
    """Write the MeasureReports that the server lacks or has with other numbers; raises EhrUnavailable, EhrRefused."""
    if client.abilities().lacks("PUT", "MeasureReport", "identifier"):
        return
    for month in months:
        entries = measure_reports(month, start, end, made_on=made_on, style=style)
        if any(not _is_there(entry["resource"], client) for entry in entries[1:]):
            send(entries, client)


def _is_there(report: Element, client: FhirClient) -> bool:
    first = report["identifier"][0]
    found = client.find("MeasureReport", Identifier(system=first["system"], value=first["value"]))
    return len(found) == 1 and _counts(found[0]) == _counts(report)


def _counts(report: Element) -> list[int]:
    return [int(row["count"]) for group in report.get("group", []) for row in group.get("population", [])]


def _report(
    scanner: Node, name: str, counts: tuple[int, int], start: date, end: date, *, made_on: str, style: Style
) -> Element:
    part, whole = counts
    key = Identifier(system=MEASURE_REPORT, value=f"{scanner.key.value}.{start:%Y-%m}.{name}")
    node = Node(resource_type="MeasureReport", key=key)
    reporter = {"reporter": {"type": "Organization", "display": style.organization}} if style.organization else {}
    ratio = (Decimal(part) / Decimal(whole)).quantize(_RATIO_STEP)
    resource: Element = {
        "resourceType": "MeasureReport",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-scanner-summary"]},
        "identifier": [key.element],
        "status": "complete",
        "type": "summary",
        "measure": f"{BASE}/Measure/{name}|{_VERSION}",
        "subject": scanner.reference,
        "date": made_on,
        "period": {"start": start.isoformat(), "end": (end - timedelta(days=1)).isoformat()},
        **reporter,
        "group": [
            {
                "code": concept(listed(f"measure-{name}")),
                "population": [
                    {"code": concept(listed("population-denominator")), "count": whole},
                    {"code": concept(listed("population-numerator")), "count": part},
                ],
                "measureScore": quantity(ratio, ONE),
            }
        ],
    }
    request = {"method": "PUT", "url": f"MeasureReport?{key.query()}"}
    return {"fullUrl": node.full_url, "resource": resource, "request": request}
