"""AIQA's CPU seconds over a peer's: both are asked each series in turn, so that what else the machine does hits both.

python -m benchmarks.peers.in_turn --data ../shared/data [--peer pylinac] [--rounds 8]
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.peers.__main__ import FOLDER
from benchmarks.peers.environments import AIQA, TOOLS, python_of
from benchmarks.peers.runs import Driver
from benchmarks.peers.series import Series, axial_series


def main() -> int:
    """Ask in turn and print the ratio of the medians of each round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds acr-mri-large and acr-mri-medium")
    parser.add_argument("--peer", choices=[name for name in TOOLS if name != AIQA.name], default="pylinac")
    parser.add_argument("--rounds", type=int, default=8)
    arguments = parser.parse_args()
    series = list(axial_series(arguments.data.resolve()))
    tools = (AIQA, TOOLS[arguments.peer])
    ratios = []
    with ExitStack() as stack:
        for tool in tools:
            python_of(tool, FOLDER)
        drivers = [stack.enter_context(Driver(tool, FOLDER)) for tool in tools]
        for number in range(1, arguments.rounds + 1):
            own, peer = _round(drivers, series)
            ratios.append(own / peer)
            print(f"round {number}: {own:.3f} s over {peer:.3f} s is {ratios[-1]:.3f}", flush=True)
    print(f"{len(series)} series, medians; ratio {median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")
    return 0


def _round(drivers: Sequence[Driver], series: Sequence[Series]) -> tuple[float, float]:
    """Return the median CPU seconds a series of both; raises ValueError where one has no answer in time."""
    spent: list[list[float]] = [[], []]
    for one in series:
        for driver, seconds in zip(drivers, spent, strict=True):
            run = driver.ask(one, 600.0)
            if run.failure:
                raise ValueError(f"{run.tool}, {run.series}: {run.failure}")
            seconds.append(run.cpu_s)
    return median(spent[0]), median(spent[1])


if __name__ == "__main__":
    sys.exit(main())
