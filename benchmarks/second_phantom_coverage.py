"""Do the stated uncertainties cover on the second phantom too? Whole phantoms from k-space written down as formulas.

The second phantom (``tests.second_phantom``) shares no code with the simulator that uncertainties were sized on. The
table is that of ``benchmarks.uncertainty_coverage``; the pose is the truth's. A ghost's truth is without the ringing
that the image holds beside it.

python -m benchmarks.second_phantom_coverage [--cases 100] [--seed 1] [--each FILE]
"""

import argparse
import csv
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from aiqa_integration.model.measurement import Measured
from aiqa_integration.phantoms import phantoms_of
from aiqa_integration.pipeline.measure import measure_phantom
from benchmarks.uncertainty_coverage import ANALYSIS, AREA_FREEDOM, Record, note, report
from tests.second_phantom import Setup, scan, truth

SLICES = (1, 5, 7)
PHANTOMS = {phantom.name: phantom for phantom in phantoms_of(ANALYSIS)}


def main() -> int:
    """Print the share of cases whose truth lies inside the stated interval, one line a metric."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=Path, help="write every value, its truth and the case to this CSV file")
    arguments = parser.parse_args()
    records: defaultdict[str, Record] = defaultdict(Record)
    rows: list[dict[str, Any]] = []
    for number in range(arguments.cases):
        rng = np.random.default_rng((arguments.seed, number))
        scanned = scan(setup := random_setup(rng), numbers=SLICES)
        truths = truth(scanned, area_part=1.0 + float(rng.uniform(-AREA_FREEDOM, AREA_FREEDOM)))
        for found in measure_phantom(scanned.images, PHANTOMS[setup.phantom]):
            if found.metric.id not in truths:
                continue
            note(records[found.metric.id], found, truths)
            value = (found.quantity.value, found.uncertainty) if isinstance(found, Measured) else (None, None)
            case = {"snr": setup.snr, "kept": min(setup.kept), "pixel_mm": max(setup.pixel), "ghost": setup.ghost}
            rows.append({"case": number, "metric": found.metric.id, "value": value[0], "uncertainty": value[1]})
            rows[-1] |= {"truth": truths[found.metric.id], "phantom": setup.phantom, "rotation": setup.rotation, **case}
    if arguments.each:
        with arguments.each.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    report(records, Counter(), argparse.Namespace(cases=arguments.cases, seed=arguments.seed, bundle=False))
    return 0


def random_setup(rng: np.random.Generator) -> Setup:
    """Return a phantom and a scan of it, drawn over the range of ``benchmarks.uncertainty_coverage``.

    Slices lie no further off and are no thicker than lets both ramps end inside their slab at any tilt.
    """
    count = int(rng.choice([128, 192, 256, 320], p=[0.05, 0.2, 0.6, 0.15]))
    pixel = float(rng.uniform(240.0, 280.0)) / count
    tilt, way = rng.uniform(0.0, 2.0), rng.uniform(0.0, 2 * np.pi)
    return Setup(
        phantom="acr-mri-large" if rng.random() < 0.5 else "acr-mri-medium",
        matrix=(count, count),
        pixel=(pixel, pixel),
        thickness=float(rng.uniform(4.0, 6.0)),
        offset=(float(np.clip(rng.normal(0, 4), -10, 10)), float(np.clip(rng.normal(0, 4), -10, 10))),
        rotation=float(rng.normal(0, 3) if rng.random() < 0.6 else rng.uniform(-180, 180)),
        mirrored=bool(rng.random() < 0.2),
        tilt=(float(tilt * np.cos(way)), float(tilt * np.sin(way))),
        position_error=float(rng.uniform(-2.0, 2.0)),
        scale=(float(rng.uniform(0.98, 1.02)), float(rng.uniform(0.98, 1.02))),
        slope=(float(rng.normal(0, 0.1)), float(rng.normal(0, 0.1))),
        bowl=float(rng.normal(0, 0.15)),
        ghost=float(rng.choice([0.0, rng.uniform(0.0, 0.06)])),
        phase_axis=int(rng.integers(2)),
        snr=float(np.exp(rng.uniform(np.log(20), np.log(200)))),
        bubble=float(rng.choice([0.0, rng.uniform(0.5, 4.0)])),
        grid=bool(rng.random() < 0.5),
        kept=(float(rng.uniform(0.5, 1.0)), float(rng.uniform(0.5, 1.0))) if rng.random() < 0.2 else (1.0, 1.0),
        seed=int(rng.integers(1 << 30)),
    )


if __name__ == "__main__":
    raise SystemExit(main())
