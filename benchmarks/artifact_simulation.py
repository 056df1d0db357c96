"""How long does one 192² slice take: a label map, a clean scan, a scan with each artifact, alone and in a stack?

CPU milliseconds of one core per slice, the least of several rounds over several random draws.

python -m benchmarks.artifact_simulation [--draws N] [--side N]
"""

import argparse
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import numpy as np

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.label_maps import draw_anatomy
from aiqa_integration.simulate.label_regions import REGIONS
from aiqa_integration.simulate.mri_artifacts.disturbance import Corrupted, clean
from aiqa_integration.simulate.mri_artifacts.draw import draw_artifact
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy
from aiqa_integration.simulate.mri_artifacts.slice_dropout import MIN_SLICES

Shape = tuple[int, int, int]
One = TypeVar("One")

LIMIT_MS = 15.0
ROUNDS = 3


def main() -> int:
    """Print the table; 1 where an artifact takes longer than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=12)
    parser.add_argument("--side", type=int, default=192)
    arguments = parser.parse_args()
    slow = 0
    for slices in (1, 5):
        shape = (slices, arguments.side, arguments.side)
        for region in REGIONS:
            spent = _spent_ms(partial(_anatomy, shape, region=region), range(arguments.draws))
            print(f"{slices} slices  label map {region:20} {spent / slices:6.1f} ms/slice")
        spent = _spent_ms(clean, [_anatomy(shape, k) for k in range(arguments.draws)])
        print(f"{slices} slices  {'clean scan':30} {spent / slices:6.1f} ms/slice")
        for artifact in ArtifactId:
            if artifact == ArtifactId.SLICE_DROPOUT and slices < MIN_SLICES:
                continue
            spent = _artifact_ms(artifact, shape, arguments.draws) / slices
            slow += spent > LIMIT_MS
            print(f"{slices} slices  {artifact:30} {spent:6.1f} ms/slice{'  too slow' if spent > LIMIT_MS else ''}")
    return int(slow > 0)


def _artifact_ms(artifact: ArtifactId, shape: Shape, draws: int) -> float:
    """Return what drawing and applying take, the scan itself included."""
    suppressed = artifact == ArtifactId.FAT_SAT_FAILURE
    scanned = [(k, _anatomy(shape, k, fat_suppressed=suppressed)) for k in range(draws)]

    def scan(one: tuple[int, Anatomy]) -> Corrupted:
        return draw_artifact(artifact, np.random.default_rng(one[0]), shape=shape).apply(one[1])

    return _spent_ms(scan, scanned)


def _anatomy(shape: Shape, k: int, *, region: str | None = None, fat_suppressed: bool = False) -> Anatomy:
    return draw_anatomy(np.random.default_rng(k), shape=shape, region=region, fat_suppressed=fat_suppressed)


def _spent_ms(work: Callable[[One], object], given: Iterable[One]) -> float:
    """Return the mean over what is given of the least CPU time of a round."""
    spent = []
    for one in given:
        rounds = []
        for _ in range(ROUNDS):
            start = time.process_time()
            work(one)
            rounds.append(time.process_time() - start)
        spent.append(min(rounds))
    return 1e3 * float(np.mean(spent))


if __name__ == "__main__":
    raise SystemExit(main())
