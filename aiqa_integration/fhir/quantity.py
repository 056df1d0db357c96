"""Numbers with units in FHIR: exact UCUM codes, digits as a person needs them, limits as reference ranges."""

from decimal import Decimal

from aiqa_integration.fhir.codes import ACTION_LIMIT, UCUM, UNCERTAINTY, UNCERTAINTY_TYPE, WARNING_LIMIT, Element
from aiqa_integration.model.judgement import Tolerance
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.quantity import Unit
from aiqa_integration.model.rounding import exact, rounded


def quantity(value: Decimal, unit: Unit) -> Element:
    """Return a FHIR Quantity."""
    display = {"unit": unit.display} if unit.display else {}
    return {"value": value, **display, "system": UCUM, "code": unit.ucum}


def measured_quantity(measured: Measured, limits: Tolerance | None) -> Element:
    """Return the Quantity of a measurement, with its standard uncertainty (half of the expanded one, k = 2)."""
    value = rounded(measured.quantity.value, measured.metric.decimals, limits)
    element = quantity(value, measured.quantity.unit)
    if measured.uncertainty is None:
        return element
    standard = rounded(measured.uncertainty / 2, measured.metric.decimals + 1)
    extension = [
        {"url": UNCERTAINTY, "valueDecimal": standard},
        {"url": UNCERTAINTY_TYPE, "valueCode": "N"},
    ]
    return {"extension": extension, **element}


def reference_ranges(limits: Tolerance, unit: Unit) -> list[Element]:
    """Return the action and the tolerance limits that a value was judged by; empty where both are open."""
    source = f"{limits.source}, revision {limits.revision}"
    ranges = (
        _range(limits.action_low, limits.action_high, unit, kind=ACTION_LIMIT, source=source),
        _range(limits.tolerance_low, limits.tolerance_high, unit, kind=WARNING_LIMIT, source=source),
    )
    return [element for element in ranges if element is not None]


def _range_text(low: float | None, high: float | None, unit: Unit) -> str:
    """Return limits as a person writes them."""
    suffix = f" {unit.display}" if unit.display else ""
    if low is not None and high is not None:
        return f"{exact(low):f} to {exact(high):f}{suffix}"
    return f"≥ {exact(low):f}{suffix}" if low is not None else f"≤ {exact(high or 0.0):f}{suffix}"


def _range(low: float | None, high: float | None, unit: Unit, *, kind: Element, source: str) -> Element | None:
    if low is None and high is None:
        return None
    return {
        **({"low": quantity(exact(low), unit)} if low is not None else {}),
        **({"high": quantity(exact(high), unit)} if high is not None else {}),
        "type": kind,
        "text": f"{_range_text(low, high, unit)} ({source})",
    }
