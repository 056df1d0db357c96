"""Numbers with units in FHIR: exact UCUM codes, digits as a person needs them, limits as reference ranges."""

from decimal import ROUND_HALF_EVEN, Decimal

from aiqa_integration.fhir.codes import ACTION_LIMIT, UCUM, UNCERTAINTY, UNCERTAINTY_TYPE, WARNING_LIMIT, Element
from aiqa_integration.model.judgement import Tolerance
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.quantity import Unit

_EXTRA_DIGITS = 6


def exact(number: float) -> Decimal:
    """Return the shortest decimal that is this float."""
    return Decimal(repr(float(number)))


def rounded(number: float, decimals: int, limits: Tolerance | None = None) -> Decimal:
    """Return the number with ``decimals`` digits, or as many more as keep it on its own side of every limit.

    So 5.004 mm beside a limit of 5 mm is never written as 5.00 with the verdict "outside".
    """
    value, bounds = exact(number), _bounds(limits)
    for digits in range(decimals, decimals + _EXTRA_DIGITS + 1):
        candidate = value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
        if all(_side(candidate, bound) == _side(value, bound) for bound in bounds):
            return abs(candidate) if candidate.is_zero() else candidate
    return value


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


def _bounds(limits: Tolerance | None) -> list[Decimal]:
    if limits is None:
        return []
    values = (limits.tolerance_low, limits.tolerance_high, limits.action_low, limits.action_high)
    return [exact(value) for value in values if value is not None]


def _side(value: Decimal, bound: Decimal) -> int:
    return (value > bound) - (value < bound)
