"""How often do marks lie where the artifact is? Simulated stacks, the two worst slices of each given.

A line within 1.5 pixels and its own width; the depth of a fold within 3 % of the field of view; the period of stripes
within 3 % and their direction within 4°; the slices that lost signal, the worst among them and no others. A mark that
is not found counts as a miss; "wrong" are marks at another place.

python -m benchmarks.artifact_marks [--draws N] [--first SEED]
"""

import argparse
import time
from collections.abc import Callable
from typing import cast

import numpy as np

from aiqa_integration.artifact_detection.fold import fold_paths
from aiqa_integration.artifact_detection.lines import interference_lines
from aiqa_integration.artifact_detection.slice_profile import lost_slices
from aiqa_integration.artifact_detection.stripes import Stripes, stripes_of
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import Severity
from aiqa_integration.simulate.label_maps import draw_anatomy
from aiqa_integration.simulate.mri_artifacts.disturbance import Corrupted, Disturbance
from aiqa_integration.simulate.mri_artifacts.draw import draw_artifact
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy
from aiqa_integration.simulate.mri_artifacts.slice_dropout import SliceDropout
from aiqa_integration.simulate.mri_artifacts.spike import Spike, frequency_of, slice_of
from aiqa_integration.simulate.mri_artifacts.zipper import Zipper

SHAPE = (7, 160, 160)
SIDE = SHAPE[1]
SEVERITIES: tuple[Severity, ...] = (2, 3)
Outcome = bool | None
"""Whether a mark is right; None where there is none."""
Check = Callable[[Corrupted, Anatomy, Disturbance, list[int]], Outcome]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=60)
    parser.add_argument("--first", type=int, default=1000)
    arguments = parser.parse_args()
    for artifact, check in CHECKS.items():
        for severity in SEVERITIES:
            outcomes, spent = [], 0.0
            for seed in range(arguments.first, arguments.first + arguments.draws):
                anatomy = draw_anatomy(np.random.default_rng([seed, 1]), shape=SHAPE)
                disturbance = draw_artifact(artifact, np.random.default_rng([seed, 2]), severity, shape=SHAPE)
                seen = disturbance.apply(anatomy)
                worst = [int(index) for index in np.argsort(-seen.error.sum(axis=(1, 2)))[:2]]
                start = time.process_time()
                outcomes.append(check(seen, anatomy, disturbance, worst))
                spent += time.process_time() - start
            parts = [100 * np.mean([outcome is kind for outcome in outcomes]) for kind in (True, False, None)]
            words = "right {:3.0f} %  wrong {:3.0f} %  none {:3.0f} %".format(*parts)
            print(f"{artifact:14} severity {severity}  {words}  {1e3 * spent / arguments.draws:6.1f} ms")


def _line(seen: Corrupted, anatomy: Anatomy, disturbance: Disturbance, worst: list[int]) -> Outcome:
    drawn = cast("Zipper", disturbance)
    lines = interference_lines(seen.voxels, worst, anatomy.phase_axis)
    away = [abs(line.place - place * (SIDE - 1)) for line in lines[:1] for place in drawn.places]
    return min(away) <= 1.5 + drawn.width_px if away else None


def _fold(seen: Corrupted, anatomy: Anatomy, disturbance: Disturbance, worst: list[int]) -> Outcome:
    del disturbance
    paths = fold_paths(seen.voxels[worst[0]], anatomy.phase_axis)
    hit = np.flatnonzero(seen.error[worst[0]].max(axis=2 - anatomy.phase_axis) > 0.02)
    deepest = max((int(min(place + 1, SIDE - place)) for place in hit), default=0) / SIDE
    return abs(max(path.width for path in paths) - deepest) < 0.03 if paths else None


def _stripes(seen: Corrupted, anatomy: Anatomy, disturbance: Disturbance, worst: list[int]) -> Outcome:
    del worst
    points = cast("Spike", disturbance).points
    layer = slice_of(points[0], SHAPE[0])
    stripes = stripes_of(seen.voxels[layer], 0, (1.0, 1.0))
    if stripes is None:
        return None
    return any(_same(stripes, frequency_of(point, anatomy)) for point in points if slice_of(point, SHAPE[0]) == layer)


def _same(stripes: Stripes, frequency: tuple[int, int]) -> bool:
    away = (stripes.angle_deg - float(np.degrees(np.arctan2(frequency[1], frequency[0])))) % 180
    return bool(abs(stripes.period_mm * np.hypot(*frequency) / SIDE - 1) < 0.03 and min(away, 180 - away) < 4)


def _lost(seen: Corrupted, anatomy: Anatomy, disturbance: Disturbance, worst: list[int]) -> Outcome:
    del anatomy, worst
    gains = cast("SliceDropout", disturbance).gains(SHAPE[0])
    found = set(lost_slices(seen.voxels).losses)
    return int(np.argmin(gains)) in found and found <= set(np.flatnonzero(gains < 1)) if found else None


CHECKS: dict[ArtifactId, Check] = {
    ArtifactId.ZIPPER: _line,
    ArtifactId.WRAP: _fold,
    ArtifactId.SPIKE: _stripes,
    ArtifactId.SLICE_DROPOUT: _lost,
}

if __name__ == "__main__":
    main()
