"""The figures side by side as a Markdown table, and every value behind them as JSON and CSV."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.peers.judge import (
    Check,
    Share,
    against_truth,
    analysed,
    endings,
    median_and_most,
    one_setup,
    shares,
    unscaled,
    whole,
)
from benchmarks.peers.outcome import Kind, Result
from benchmarks.peers.truth import EITHER, Truth

STRICTER = "±1 mm"
"""The row that asks for more than the ACR does."""
NOT_COUNTED = (STRICTER, EITHER)
"""Rows whose values stand in another row already."""

BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"
NOT_OFFERED = "–"
NOTE = (
    "hazen knows only the large phantom. A test without a value does not keep its tolerance; – means no such test. "
    "What counts as truth, and how it is run: [docs/peers.md](docs/peers.md)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A tool's column: its heading, its results and what it tries to measure."""

    heading: str
    results: tuple[Result, ...]
    metrics: frozenset[str]

    def plain(self, phantom: str = "") -> list[Result]:
        """Return the results of the series as they are, of all phantoms or of one."""
        return [r for r in self.results if r.factor == 1 and (not phantom or r.phantom == phantom)]


def checks_of(column: Column, truths: Sequence[Truth]) -> list[Check]:
    """Return all checks of a tool."""
    return [
        *against_truth(column.results, truths, column.metrics),
        *one_setup(column.results, column.metrics),
        *unscaled(column.results, column.metrics),
    ]


def markdown(columns: Sequence[Column], checks: Mapping[str, Sequence[Check]], heading: str) -> str:
    """Return the block of the README between its two marks; ``checks`` by heading of the column."""
    rows = [
        *(row for phantom in ("acr-mri-large", "acr-mri-medium") for row in _ending_rows(columns, phantom)),
        *_share_rows(columns, checks),
        *_second_rows(columns),
    ]
    lines = [
        BEGIN,
        heading,
        "",
        _line(["", *(column.heading for column in columns)]),
        "|---" * (len(columns) + 1) + "|",
    ]
    return "\n".join([*lines, *map(_line, rows), "", NOTE, END])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ending_rows(columns: Sequence[Column], phantom: str) -> Iterable[list[str]]:
    """Yield rows that count how series and tests of a phantom ended, a cell a program."""
    size = phantom.removeprefix("acr-mri-")
    if not any(column.plain(phantom) for column in columns):
        return
    for title, test in (("analysed", analysed), ("analysed, no test crashed, empty or NaN", whole)):
        done = [[test(result, column.metrics) for result in column.plain(phantom)] for column in columns]
        yield [f"{size}: series {title}", *(f"{sum(passed)}/{len(passed)}" for passed in done)]
    counted = [endings(column.plain(phantom), column.metrics) for column in columns]
    yield [
        f"{size}: tests that ended with a value · a reasoned refusal · NaN or nothing · a crash",
        *(
            f"{c[Kind.MEASURED]} · {c[Kind.REFUSED]} · {c[Kind.NOT_A_NUMBER] + c[Kind.NOTHING]} · {c[Kind.CRASHED]}"
            for c in counted
        ),
    ]


def _share_rows(columns: Sequence[Column], checks: Mapping[str, Sequence[Check]]) -> Iterable[list[str]]:
    found = {column.heading: shares(checks[column.heading]) for column in columns}
    groups = sorted({group: None for kept in found.values() for group in kept}, key=_order)
    for group in groups:
        yield [group, *(_share(found[column.heading].get(group)) for column in columns)]
    known = [
        [c for c in checks[column.heading] if c.truth and not any(words in c.group for words in NOT_COUNTED)]
        for column in columns
    ]
    yield [f"all known values together, without {STRICTER}", *(_share(_together(kept)) for kept in known)]


def _together(checks: Sequence[Check]) -> Share | None:
    return next(iter(shares(replace(check, group="") for check in checks).values()), None)


def _order(group: str) -> tuple[int, str]:
    starts = ("large", "medium: l", "medium: t", "medium: hand", "T1", "values")
    return next(number for number, start in enumerate(starts) if group.startswith(start)), group


def _share(share: Share | None) -> str:
    if share is None:
        return NOT_OFFERED
    missing = f" ({share.missing} without a value)" if share.missing else ""
    return f"{share.within}/{share.all}{missing}"


def _second_rows(columns: Sequence[Column]) -> Iterable[list[str]]:
    def cells(values: Sequence[Sequence[float]]) -> list[str]:
        return ["{:.2f} · {:.2f}".format(*median_and_most(seconds)) if seconds else NOT_OFFERED for seconds in values]

    yield ["seconds a series, warm: median · most", *cells([[r.seconds for r in c.plain()] for c in columns])]
    yield ["CPU seconds a series, warm: median · most", *cells([[r.cpu_s for r in c.plain()] for c in columns])]
    yield [
        "seconds from start to first answer, cold",
        *(f"{median_and_most([r.cold_s for r in c.plain()])[0]:.0f}" if c.plain() else NOT_OFFERED for c in columns),
    ]


def write_details(folder: Path, columns: Sequence[Column], checks: Mapping[str, Sequence[Check]], text: str) -> None:
    """Write the table, every outcome and every check into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "peers.md").write_text(text + "\n", "utf-8")
    values = [
        {
            "tool": column.heading,
            "series": result.series,
            "factor": result.factor,
            "metric": metric,
            **asdict(result.of(metric)),
        }
        for column in columns
        for result in column.results
        for metric in sorted(column.metrics)
    ]
    all_checks = [asdict(check) for column in columns for check in checks[column.heading]]
    seconds = [
        {name: getattr(result, name) for name in ("tool", "series", "factor", "seconds", "cpu_s", "cold_s")}
        for column in columns
        for result in column.results
    ]
    document = {"values": values, "checks": all_checks, "seconds": seconds}
    (folder / "peers.json").write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False), "utf-8")
    for name, rows in document.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else [])
            writer.writeheader()
            writer.writerows(rows)
