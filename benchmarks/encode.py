"""How long it takes to build and encode the objects of a result, and how large they are.

A series of 200 images of 512 × 512, a report of thirty values, most of them with regions, and two findings, one with a
map. Documents need no pixels; the others draw masks or the picture.

python -m benchmarks.encode [--repeats N]
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from aiqa_integration.cli.table import print_table
from aiqa_integration.console.printed import report_pdf
from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.uids import BY_A_PERSON, DEFAULT_OBJECTS, Role
from aiqa_integration.model.finding import EnergyMap, Finding
from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries
from tests.unit.dicom_out_samples import judgements, report_over, tiny_series

IMAGES, SIZE, VALUES = 200, 512, 30
DOCUMENTS = (Role.REPORT_SR, Role.MEASUREMENT_SR, Role.SERIES_SR, Role.QUALITY_ISSUE)
MOST_SECONDS, MOST_BYTES = 0.5, 100_000


def main() -> int:
    """Print CPU and wall seconds and kB of each kind of object; 1 where documents are slow or large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory(prefix="aiqa-encode-") as folder:
        series = tiny_series(Path(folder), slices=IMAGES, size=SIZE)
        report = _report(series)
        encode_objects(report, series, tuple(Role(role) for role in Role if role not in BY_A_PERSON and role != "pdf"))
        rows, largest = [], 0
        for name, roles in (
            *((role.value, (role,)) for role in Role if role not in BY_A_PERSON),
            ("documents together", DOCUMENTS),
            ("default objects together", DEFAULT_OBJECTS),
        ):
            cpu_s, wall_s, sizes = _measured(report, series, roles, repeats)
            largest = max([largest, *(size for role, size in sizes.items() if role in DOCUMENTS)])
            rows.append((name, f"{cpu_s:.3f}", f"{wall_s:.3f}", f"{sum(sizes.values()) / 1000:.1f}"))
        documents_s = float(rows[-2][1])
    print_table(("objects", "CPU s", "wall s", "kB"), rows)
    print(f"documents: {documents_s:.3f} s of CPU (limit {MOST_SECONDS}), largest {largest} bytes (limit {MOST_BYTES})")
    return 0 if documents_s <= MOST_SECONDS and largest <= MOST_BYTES else 1


def _measured(
    report: QaReport, series: LoadedSeries, roles: tuple[Role, ...], repeats: int
) -> tuple[float, float, dict[Role, int]]:
    """Return the least CPU and wall time of several tries, and the sizes in bytes."""
    cpu, wall, objects = [], [], {}
    for _ in range(repeats):
        before_cpu, before_wall = time.process_time(), time.perf_counter()
        objects = dict(encode_objects(report, series, roles, print_report=report_pdf))
        cpu.append(time.process_time() - before_cpu)
        wall.append(time.perf_counter() - before_wall)
    return min(cpu), min(wall), {role: len(content) for role, content in objects.items()}


def _report(series: LoadedSeries) -> QaReport:
    known = judgements(SIZE, IMAGES - 1)
    values = tuple(_renamed(known[number % len(known)], number) for number in range(VALUES))
    energy = EnergyMap(slices=tuple(range(90, 110)), values=np.full((20, 64, 64), 0.7, dtype=np.float32))
    motion = Finding(artifact="motion", probability=0.97, severity=2, explanation="Motion.", energy=energy)
    noise = Finding(artifact="low-snr", probability=0.7, severity=1, explanation="SNR 14.", slices=tuple(range(IMAGES)))
    return report_over(series, judgements=values, findings=(motion, noise))


def _renamed(judgement: Judgement, number: int) -> Judgement:
    metric = replace(judgement.measurement.metric, id=f"{judgement.measurement.metric.id}-{number}")
    return replace(judgement, measurement=replace(judgement.measurement, metric=metric))


if __name__ == "__main__":
    sys.exit(main())
