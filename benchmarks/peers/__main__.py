"""AIQA beside hazen and pylinac on the same files: who finishes, who is within truth, how long it takes.

python -m benchmarks.peers --data ../shared/data [--tool aiqa|hazen|pylinac] [--out DIR] [--kept] [--markdown]

The first run makes two virtual environments under var/peers (a few minutes, 2 GB); a peer's answers are kept there.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.peers.answers import OFFERED, result
from benchmarks.peers.environments import AIQA, TOOLS, EnvironmentFailedError, Tool, python_of
from benchmarks.peers.judge import offered
from benchmarks.peers.runs import DriverDiedError, Run, run_all
from benchmarks.peers.series import Series, axial_series, scaled
from benchmarks.peers.table import Column, checks_of, markdown, write_details
from benchmarks.peers.truth import Truth, nominal_truths, published_truths

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "var" / "peers"

FACTOR = 4
SCALED = ("GE_Artist_1.5T_T1", "PhilipsAchieva", "Siemens_Aera_1.5T_T1", "ForthValley_AxT1")
"""Series that are run again with scaled pixel values: three vendors, both phantoms."""


def main() -> int:
    """Run the tools, print the table and write the details."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds acr-mri-large and acr-mri-medium")
    parser.add_argument("--tool", choices=list(TOOLS), action="append", help="may be repeated; all three without it")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "peers")
    parser.add_argument("--deadline", type=float, default=600.0, help="seconds a series may take")
    parser.add_argument("--kept", action="store_true", help="start no peer, take the answers that are kept")
    parser.add_argument("--markdown", action="store_true", help="print the README's block and nothing else")
    arguments = parser.parse_args()
    tools = [tool for name, tool in TOOLS.items() if name in (arguments.tool or TOOLS)]
    series = list(axial_series(arguments.data.resolve()))
    if not series:
        parser.error(f"no axial series below {arguments.data}")
    try:
        if not arguments.kept:
            for tool in tools:
                python_of(tool, FOLDER)
        columns = [_column(tool, series, deadline_s=arguments.deadline, kept_only=arguments.kept) for tool in tools]
    except (EnvironmentFailedError, DriverDiedError) as error:
        print(f"peers: {error}", file=sys.stderr)
        return 2
    checks = {column.heading: checks_of(column, list(_truths(series, arguments.data))) for column in columns}
    text = markdown(columns, checks, _heading(series, columns))
    print(text)
    write_details(arguments.out, columns, checks, text)
    if not arguments.markdown:
        print(f"\nevery value and check: {arguments.out}")
    return 0


def _column(tool: Tool, series: Sequence[Series], *, deadline_s: float, kept_only: bool) -> Column:
    asked = [*series, *_scaled(series)]
    runs = list(run_all(tool, asked, FOLDER, deadline_s=deadline_s, kept_only=kept_only))
    results = tuple(result(run) for run in runs)
    metrics = offered(results, OFFERED).get(tool.name, frozenset())
    return Column(heading=_column_heading(tool, runs), results=results, metrics=metrics)


def _scaled(series: Sequence[Series]) -> Iterator[Series]:
    for one in series:
        if one.name.rpartition("/")[2] in SCALED:
            copy = scaled(one, FACTOR, FOLDER / "scaled")
            if copy is not None:
                yield copy


def _column_heading(tool: Tool, runs: Sequence[Run]) -> str:
    days = sorted({run.measured_on for run in runs})
    when = "not run" if not days else days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    version = next((run.version for run in runs if run.version), "")
    return f"{tool.title} {version}{_commit() if tool is AIQA else ''}, {when}"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return f" ({done.stdout.strip()})" if done.returncode == 0 else ""


def _truths(series: Sequence[Series], data: Path) -> Iterator[Truth]:
    for one in series:
        yield from nominal_truths(one.name, one.phantom)
    yield from published_truths(data)


def _heading(series: Sequence[Series], columns: Sequence[Column]) -> str:
    copies = sum(r.factor > 1 for r in columns[0].results)
    return f"{len(series)} axial series and {copies} scaled copies, one at a time, one thread, in a warm process."


if __name__ == "__main__":
    sys.exit(main())
