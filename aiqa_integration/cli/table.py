"""How results are printed for a person."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

VERDICT_STYLE = {
    "PASS": "green",
    "TOLERANCE": "yellow",
    "ACTION": "bold red",
    "NOT_MEASURED": "magenta",
    "NOT_ASSESSED": "cyan",
}


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; nothing where there are no rows."""
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(f"[{VERDICT_STYLE[cell]}]{cell}[/]" if cell in VERDICT_STYLE else cell for cell in row))
    if table.row_count:
        Console().print(table)


def verdict_text(document: Mapping[str, Any]) -> str:
    """Return the headline of an ``aiqa-report/1`` document."""
    refused = document["refused"]
    if refused:
        return f"refused ({refused['code']}): {refused['detail']}"
    return f"{document['verdict']} ({document['phantom'] or document['subject']}, {document['analysis']['name']})"


def measurement_rows(document: Mapping[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Return (label, value, uncertainty, limits, verdict) of each measurement of a document."""
    return [
        (m["label"], _value(m), _number(m["uncertainty"]), limits_text(m["limits"]), m["verdict"])
        for m in document["measurements"]
    ]


def limits_text(limits: Mapping[str, Any] | None) -> str:
    """Return the action limits as a person reads them."""
    if limits is None:
        return "no limit"
    low, high = limits["action_low"], limits["action_high"]
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"≥ {low:g}" if low is not None else f"≤ {high:g}" if high is not None else "no limit"


def _value(measurement: Mapping[str, Any]) -> str:
    if measurement["status"] != "measured":
        return f"not measured: {measurement['detail'] or measurement['reason']}"
    unit = "" if measurement["unit"] == "1" else f" {measurement['unit']}"
    return f"{measurement['value']:.4g}{unit}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"
