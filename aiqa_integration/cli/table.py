"""How results are printed for a person."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.wording import limits_text, value_text

FILE_WIDTH = 140
"""Characters a line where no terminal says how wide it is."""

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
        console = Console()
        Console(width=console.width if console.is_terminal else FILE_WIDTH).print(table)


def verdict_text(document: Mapping[str, Any]) -> str:
    """Return the headline of an ``aiqa-report/1`` document."""
    refused = document["refused"]
    if refused:
        return f"refused ({refused['code']}): {refused['detail']}"
    return f"{document['verdict']} ({document['phantom'] or document['subject']}, {document['analysis']['name']})"


def print_measurements(judgements: Iterable[Judgement]) -> None:
    """Print every value beside its limits and verdict, or why it has none."""
    print_table(("metric", "value", "limits", "verdict"), [_cells(judgement) for judgement in judgements])


def _cells(judgement: Judgement) -> tuple[str, str, str, str]:
    measurement, limits = judgement.measurement, judgement.limits
    return (
        measurement.metric.label,
        value_text(measurement, limits) if isinstance(measurement, Measured) else f"not measured: {measurement.detail}",
        limits_text(limits, measurement.metric) if limits else "no limits",
        judgement.verdict.value,
    )
