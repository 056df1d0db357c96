"""Seconds a poll costs with N series in an Orthanc: the first poll, one while all settle, and one when nothing changed.

python -m benchmarks.poll_cost --series 10000 --series-per-study 4
"""

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import structlog

from aiqa_integration.dicom.sample_study import SampleSeries, write_series
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.ledger import schema
from aiqa_integration.ledger.artifacts import FileArtifacts
from aiqa_integration.ledger.sql_ledger import SqlLedger
from aiqa_integration.model.identity import Device
from aiqa_integration.model.image import ImageStack, SliceRef
from aiqa_integration.pipeline.poll import poll
from aiqa_integration.pipeline.schedule import ArchiveSchedule
from tests.servers import OrthancServer

QUIET = timedelta(seconds=90)


class SteppedClock:
    """A clock that the benchmark sets."""

    def __init__(self) -> None:
        self.moment = datetime.now(tz=UTC)

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self.moment


def tiny_stack() -> ImageStack:
    """Return one slice of 8 x 8 pixels."""
    slice_ref = SliceRef(sop_instance_uid="1", sop_class_uid="1", frame_number=None, instance_number=1, position_mm=0.0)
    voxels = np.arange(64, dtype=np.float32).reshape(1, 8, 8)
    return ImageStack(
        voxels=voxels, spacing_mm=(5.0, 1.0, 1.0), affine_mm=np.eye(4), value_unit="1", slices=(slice_ref,)
    )


def fill(archive: DicomWebArchive, folder: Path, *, series: int, per_study: int) -> None:
    """Store so many series of one image in an archive, four at a time."""
    device = Device(manufacturer="Benchmark", model="Tiny", serial="1", station="BENCH")

    def one(number: int) -> None:
        sample = SampleSeries(
            study_key=f"poll-cost-{number // per_study}",
            description="tiny",
            device=device,
            field_strength_t=1.5,
            thickness_mm=5.0,
            phase_encoding="ROW",
            series_number=number % per_study + 1,
            acquired_at=datetime.now(),  # noqa: DTZ005 - DICOM times carry no zone
        )
        into = folder / str(number)
        write_series(tiny_stack(), into, sample)
        archive.store([path.read_bytes() for path in into.iterdir()], sample.ref.study_instance_uid)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(series)))


def main() -> None:
    """Print the seconds of each poll: first, while all settle, with nothing changed twice, wide."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--series-per-study", type=int, default=4)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    with tempfile.TemporaryDirectory() as name, OrthancServer(Path(name) / "orthanc") as server:
        folder, clock = Path(name), SteppedClock()
        archive = DicomWebArchive(server.url)
        began = time.perf_counter()
        fill(archive, folder / "files", series=options.series, per_study=options.series_per_study)
        print(f"filled with {options.series} series in {time.perf_counter() - began:.1f} s")
        database = f"sqlite:///{folder / 'ledger.sqlite'}"
        schema.upgrade(database)
        ledger = SqlLedger(database, FileArtifacts(folder / "artifacts"))
        schedule = ArchiveSchedule(archive=archive, every=timedelta(seconds=15), quiet=QUIET, window_days=2)
        for what in ("first poll", "poll in which all settle", "poll when nothing changed", "the same once more"):
            began = time.perf_counter()
            outcome = poll(schedule, ledger, clock, wide=False)
            print(f"{what}: {time.perf_counter() - began:.2f} s, {outcome}")
            clock.moment += QUIET
        began = time.perf_counter()
        outcome = poll(schedule, ledger, clock, wide=True)
        print(f"wide poll: {time.perf_counter() - began:.2f} s, {outcome}")
        ledger.close()
        archive.close()


if __name__ == "__main__":
    main()
