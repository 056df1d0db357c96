"""Numbers of an explanation: rounded once, so that the text, the report and the DICOM object say the same."""

from aiqa_integration.model.finding import Evidence
from aiqa_integration.model.quantity import Quantity, Unit


def evidence(
    metric: str,
    label: str,
    value: float,
    unit: Unit,
    *,
    decimals: int,
    limit: float | None = None,
    usual: float | None = None,
    slice_index: int | None = None,
) -> Evidence:
    """Return a number as it is shown: it, its limit and its usual value rounded to ``decimals``."""
    return Evidence(
        metric=metric,
        label=label,
        quantity=Quantity(_rounded(value, decimals), unit),
        limit=None if limit is None else _rounded(limit, decimals),
        usual=None if usual is None else _rounded(usual, decimals),
        slice_index=slice_index,
    )


def value_text(found: Evidence) -> str:
    """Return the number with its unit."""
    return f"{shown(found.quantity.value)} {found.quantity.unit.display}".rstrip().replace(" °", "°")


def beside(found: Evidence) -> str:
    """Return what the number is to be compared with: ``limit 5 %, this protocol's median 1.2 %``; empty for nothing."""
    unit = f" {found.quantity.unit.display}".rstrip()
    parts = []
    if found.limit is not None:
        parts.append(f"limit {shown(found.limit)}{unit}")
    if found.usual is not None:
        parts.append(f"this protocol's median {shown(found.usual)}{unit}")
    return ", ".join(parts)


def shown(value: float) -> str:
    """Return a rounded number as text, without zeros at its end."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def capital(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def _rounded(value: float, decimals: int) -> float:
    return round(value, decimals) + 0.0
