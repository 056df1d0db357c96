"""Simulated phantoms laid in and scanned in every way, found by the shipped bundle: rate of success, errors of values.

python -m benchmarks.presentations [--seeds 2] [--only TEXT]
"""

import argparse
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import structlog

from aiqa_integration.errors import AiqaError
from aiqa_integration.infer.bundle import find_bundles
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.pipeline.infer import find_phantom
from aiqa_integration.pipeline.measure import measure_phantom
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.simulate.acr_mri import Pose, Scan, SimulatedSeries, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, PhantomName, Variant
from aiqa_integration.simulate.scanner import Shading

BASE = Scan(snr=80.0, oversampling=1)
FIELD_MM = 250.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to lay in and scan a phantom."""

    name: str
    pose: Pose = field(default_factory=Pose)
    scan: Scan = BASE
    variant: Variant = field(default_factory=Variant)


def _matrix(rows: int, columns: int, **changes: object) -> Scan:
    scan = replace(BASE, matrix=(rows, columns), pixel_mm=(FIELD_MM / rows, FIELD_MM / columns))
    return replace(scan, oversampling=2 if rows < 200 else 1, **changes)  # type: ignore[arg-type]


WAYS = (
    Way(name="upright"),
    *(Way(name=f"turned {angle:.0f}°", pose=Pose(rotation_deg=angle)) for angle in (22.0, 45.0, 90.0, 180.0, -90.0)),
    Way(name="mirrored", pose=Pose(mirrored=True)),
    Way(name="mirrored, 45°", pose=Pose(mirrored=True, rotation_deg=45.0)),
    Way(name="15 mm off", pose=Pose(offset_mm=(15.0, -15.0))),
    Way(name="30 mm off", pose=Pose(offset_mm=(30.0, 0.0)), scan=_matrix(288, 288, pixel_mm=(1.0, 1.0))),
    Way(name="tilted 2°", pose=Pose(tilt_x_deg=2.0)),
    Way(name="tilted 3°", pose=Pose(tilt_x_deg=2.0, tilt_y_deg=-2.2)),
    *(Way(name=f"matrix {size}", scan=_matrix(size, size)) for size in (128, 192, 320, 512, 1024)),
    Way(name="128, turned 90°", scan=_matrix(128, 128), pose=Pose(rotation_deg=90.0)),
    Way(name="oblong pixels", scan=_matrix(192, 256)),
    Way(name="SNR 15", scan=replace(BASE, snr=15.0)),
    Way(name="surface coil", scan=replace(BASE, shading=Shading(linear_y=0.7, bowl=0.3))),
    Way(name="surface coil, 90°", scan=replace(BASE, shading=Shading(linear_y=0.7)), pose=Pose(rotation_deg=90.0)),
    Way(name="zeroed background", scan=replace(BASE, zeroed_background=True)),
    Way(name="plate in slice 5", variant=Variant(insert="plate")),
    Way(name="slices 1 to 5", scan=replace(BASE, slice_count=5)),
    Way(name="slices 6 to 11", scan=replace(BASE, slice_count=6, first_slice=6)),
    Way(name="slice 0 to 12", scan=replace(BASE, slice_count=13, first_slice=0, descending=True)),
    Way(name="slice 7 missing", scan=replace(BASE, missing=(6,))),
)


def main() -> int:
    """Print for each way how many series are right, and the largest errors in degrees and mm; 1 where one is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", default="", help="only ways whose name contains this")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    runner, wrong = BundleRunner(find_bundles()), 0
    print(f"{'':22}{'right':>8}{'turn':>8}{'length':>9}{'thick.':>8}  largest errors: degrees, mm, mm")
    for way in WAYS:
        if options.only in way.name:
            outcomes = [_outcome(series, runner) for series in _simulated(way, options.seeds)]
            right = [outcome for outcome in outcomes if not isinstance(outcome, str)]
            wrong += len(outcomes) - len(right)
            worst = np.nanmax([*right, (0.0, 0.0, 0.0)], axis=0)
            shown = f"{worst[0]:8.2f}{worst[1]:9.2f}{worst[2]:8.2f}"
            reasons = "; ".join(sorted({outcome for outcome in outcomes if isinstance(outcome, str)}))
            print(f"{way.name:22}{len(right):5}/{len(outcomes)}{shown}  {reasons}", flush=True)
    return 0 if not wrong else 1


def _simulated(way: Way, seeds: int) -> Iterator[SimulatedSeries]:
    names: tuple[PhantomName, ...] = ("acr-mri-large", "acr-mri-medium")
    for name in names:
        for seed in range(seeds):
            rng = np.random.default_rng(1000 + seed)
            yield simulate_series(name, rng=rng, pose=way.pose, scan=way.scan, variant=way.variant)


def _outcome(series: SimulatedSeries, runner: BundleRunner) -> tuple[float, float, float] | str:
    """Return the errors of rotation, lengths and thickness, or what is wrong."""
    truth = series.truth
    header = SeriesHeader(
        ref=SeriesRef(study_instance_uid="1", series_instance_uid="1"),
        modality="MR",
        device=Device(manufacturer=""),
        instance_count=len(series.stack.slices),
        phase_encoding=series.phase_encoding,
    )
    try:
        phantom, located, _ = find_phantom(
            LoadedSeries(header=header, stack=series.stack, files=()), "acr-mri-phantom", runner
        )
    except AiqaError as error:
        return f"refused: {error}"
    pose = next(iter(located.poses.values()))
    told = any(number <= 4 for number in truth.slices)
    if phantom.name != truth.phantom or dict(located.slices) != truth.slices:
        return f"taken for {phantom.name}, slices {dict(located.slices)}"
    if told and pose.mirrored != truth.mirrored:
        return "mirror wrong"
    turn = abs((pose.rotation_deg - truth.rotation_deg + 180) % 360 - 180)
    if turn > 2.0:
        return f"turned wrongly by {turn:.0f}°"
    found = measure_phantom(PhantomImages(stack=series.stack, header=header, located=located), phantom)
    values = {one.metric.id: one.quantity.value for one in found if isinstance(one, Measured)}
    diameter = LAYOUTS[truth.phantom].diameter_mm
    lengths = [abs(value - diameter) for name, value in values.items() if name.startswith("mr-length")]
    thickness = abs(values.get("mr-slice-thickness", np.nan) - truth.thickness_mm)
    return turn, max(lengths, default=np.nan), thickness


if __name__ == "__main__":
    sys.exit(main())
