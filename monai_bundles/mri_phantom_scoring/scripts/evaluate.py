"""Measures the sealed bundle on simulated series and objects it was not trained on: ``python -m scripts.evaluate``.

The seed differs from every training seed; the figures go to metadata.json and the model card by hand.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aiqa_integration.errors import PhantomNotFound
from aiqa_integration.infer.bundle import Bundle
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.metrics.pose import locate_acr_mri, prepare_inputs
from aiqa_integration.model.image import ImageStack
from aiqa_integration.model.phantom import LocatedPhantom
from aiqa_integration.simulate.acr_mri import SimulatedSeries, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS
from aiqa_integration.simulate.negatives import NEGATIVE_KINDS, simulate_negative
from scripts.dataset import random_pose, random_scan, random_variant

SEED = 90_000_001


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one simulated series; errors in mm and degrees."""

    found: bool
    numbered: bool = False
    centre_mm: float = np.nan
    rotation_deg: float = np.nan
    mirror: bool = False
    detail: str = ""


def random_series(rng: np.random.Generator) -> SimulatedSeries:
    """Return a whole series: 9 to 13 slices from slice -1 to 3 on, either order, at times one missing."""
    count = int(rng.choice([11, 11, 11, 12, 13, 9]))
    scan = random_scan(
        rng,
        slice_count=count,
        first_slice=int(rng.choice([1, 1, 1, 0, -1, 2])),
        descending=bool(rng.random() < 0.3),
        missing=(int(rng.integers(count)),) if rng.random() < 0.15 else (),
        position_error_mm=float(rng.normal(0, 1.2)),
    )
    pose = random_pose(rng)
    name = "acr-mri-large" if rng.random() < 0.5 else "acr-mri-medium"
    return simulate_series(name, rng=rng, pose=pose, scan=scan, variant=replace(random_variant(rng, pose)))


def locate(runner: BundleRunner, stack: ImageStack) -> LocatedPhantom | str:
    """Return the phantom that is found, or why none is."""
    outputs = runner.run("mri_phantom_scoring", prepare_inputs(stack))
    reason = ""
    for name, layout in LAYOUTS.items():
        try:
            return locate_acr_mri(stack, outputs, phantom=name, diameter_mm=layout.diameter_mm)
        except PhantomNotFound as error:
            reason = str(error)
    return reason


def judge(series: SimulatedSeries, found: LocatedPhantom | str) -> Outcome:
    """Compare with the truth."""
    truth = series.truth
    if isinstance(found, str) or found.phantom != truth.phantom:
        return Outcome(found=False, detail=found if isinstance(found, str) else f"taken for {found.phantom}")
    errors = []
    for place, pose in found.poses.items():
        offset = np.subtract(pose.centre, truth.poses[place].centre) * pose.pixel_mm
        errors.append(float(np.hypot(*offset)))
    turn = next(iter(found.poses.values()))
    difference = (turn.rotation_deg - truth.rotation_deg + 180) % 360 - 180
    return Outcome(
        found=True,
        numbered=dict(found.slices) == truth.slices,
        centre_mm=max(errors),
        rotation_deg=abs(difference),
        mirror=turn.mirrored == truth.mirrored,
    )


def negative_stack(rng: np.random.Generator, index: int) -> ImageStack:
    """Return three images of one kind of other object as a stack."""
    series = simulate_series("acr-mri-large", rng=rng, scan=random_scan(rng, slice_count=3))
    kind = NEGATIVE_KINDS[index % len(NEGATIVE_KINDS)]
    shape, pixel = series.stack.voxels.shape[1:], series.stack.spacing_mm[1]
    seeds = rng.integers(2**31)
    drawn = [simulate_negative(kind, rng=np.random.default_rng(seeds), matrix=shape, pixel_mm=pixel) for _ in range(3)]
    return replace(series.stack, voxels=np.stack(drawn), spacing_mm=(10.0, pixel, pixel))


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--negatives", type=int, default=100)
    options = parser.parse_args()
    folder = Path(__file__).resolve().parents[1]
    runner = BundleRunner({folder.name: Bundle(name=folder.name, folder=folder)})
    rng = np.random.default_rng(SEED)
    outcomes = []
    for index in range(options.series):
        series = random_series(rng)
        outcome = judge(series, locate(runner, series.stack))
        if not (outcome.found and outcome.numbered and outcome.mirror):
            print(index, outcome, series.truth.phantom, sorted(series.truth.slices))
        outcomes.append(outcome)
    turned = [locate(runner, negative_stack(rng, index)) for index in range(options.negatives)]
    for index, result in enumerate(turned):
        if not isinstance(result, str):
            print("false find", index, NEGATIVE_KINDS[index % len(NEGATIVE_KINDS)], result.phantom)
    good = [outcome for outcome in outcomes if outcome.found]
    figures = {
        "series": options.series,
        "found": np.mean([outcome.found for outcome in outcomes]),
        "numbered": np.mean([outcome.numbered for outcome in outcomes]),
        "mirror": np.mean([outcome.mirror for outcome in good]),
        "centre_mm_median": np.median([outcome.centre_mm for outcome in good]),
        "centre_mm_p95": np.percentile([outcome.centre_mm for outcome in good], 95),
        "rotation_deg_median": np.median([outcome.rotation_deg for outcome in good]),
        "rotation_deg_p95": np.percentile([outcome.rotation_deg for outcome in good], 95),
        "negatives": options.negatives,
        "negatives_turned_away": np.mean([isinstance(result, str) for result in turned]),
    }
    print(json.dumps({key: round(float(value), 4) for key, value in figures.items()}, indent=1))


if __name__ == "__main__":
    main()
