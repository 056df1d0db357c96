"""MB/s of storing, retrieving and reading one large series through an Orthanc on loopback.

python -m benchmarks.retrieve_rate --slices 200
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import structlog

from aiqa_integration.dicom.sample_study import SampleSeries, write_series
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.model.identity import Device
from aiqa_integration.model.image import ImageStack, SliceRef
from tests.servers import OrthancServer


def large_stack(slices: int) -> ImageStack:
    """Noise: what compresses worst."""
    voxels = np.random.default_rng(1).integers(0, 4096, (slices, 512, 512)).astype(np.float32)
    refs = tuple(
        SliceRef(sop_instance_uid=str(z), sop_class_uid="1", frame_number=None, instance_number=z, position_mm=5.0 * z)
        for z in range(slices)
    )
    affine = np.diag([0.5, 0.5, 5.0, 1.0])
    return ImageStack(voxels=voxels, spacing_mm=(5.0, 0.5, 0.5), affine_mm=affine, value_unit="1", slices=refs)


def main() -> None:
    """Print MB, seconds and MB/s of storing, of retrieving three times, and of reading."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=200)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    sample = SampleSeries(
        study_key="retrieve-rate",
        description="large",
        device=Device(manufacturer="Benchmark"),
        field_strength_t=1.5,
        thickness_mm=5.0,
        phase_encoding="ROW",
    )
    with tempfile.TemporaryDirectory() as name, OrthancServer(Path(name) / "orthanc") as server:
        folder = Path(name)
        write_series(large_stack(options.slices), folder / "files", sample)
        objects = [path.read_bytes() for path in sorted((folder / "files").iterdir())]
        megabytes = sum(map(len, objects)) / 1e6
        archive = DicomWebArchive(server.url)

        def report(what: str, began: float) -> None:
            seconds = time.perf_counter() - began
            print(f"{what}: {megabytes:.0f} MB in {seconds:.2f} s = {megabytes / seconds:.0f} MB/s")

        began = time.perf_counter()
        archive.store(objects, sample.ref.study_instance_uid)
        report("store", began)
        for number in range(3):
            into = folder / f"into{number}"
            into.mkdir()
            began = time.perf_counter()
            files = archive.retrieve(sample.ref, into)
            report("retrieve to files", began)
        began = time.perf_counter()
        DicomSeriesReader().load(files)
        report("read and sort", began)
        archive.close()


if __name__ == "__main__":
    main()
