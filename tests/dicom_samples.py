"""Small simulated stacks and series with known values and geometry."""

from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread

from aiqa_integration.dicom.sample_study import SampleSeries, write_series
from aiqa_integration.model.identity import Device
from aiqa_integration.model.image import ImageStack, SliceRef

SCANNER = Device(
    manufacturer="SIEMENS", model="Avanto", serial="12345", station="MR1", software_versions=("syngo MR B17", "2")
)


def stack(slices=5, rows=72, columns=64, *, seed=1, peak=3000.0) -> ImageStack:
    """Noise with whole values up to ``peak``; axial, 5 mm apart, pixels 1.5 mm high and 1.25 mm wide."""
    voxels = np.rint(np.random.default_rng(seed).random((slices, rows, columns)) * peak).astype(np.float32)
    voxels[0, 0, 0], voxels[-1, -1, -1] = 0.0, peak
    affine = np.array([[1.25, 0, 0, -10.0], [0, 1.5, 0, -20.0], [0, 0, 5.0, -12.5], [0, 0, 0, 1.0]])
    refs = tuple(
        SliceRef(
            sop_instance_uid=f"1.{z}", sop_class_uid="1", frame_number=None, instance_number=z, position_mm=5.0 * z
        )
        for z in range(slices)
    )
    return ImageStack(voxels=voxels, spacing_mm=(5.0, 1.5, 1.25), affine_mm=affine, value_unit="1", slices=refs)


def sample(study_key, **changes) -> SampleSeries:
    defaults = {
        "description": "ACR T1 axial",
        "device": SCANNER,
        "field_strength_t": 1.5,
        "thickness_mm": 5.0,
        "phase_encoding": "COLUMN",
    }
    return SampleSeries(study_key=study_key, **{**defaults, **changes})


def series_files(folder: Path, study_key, *, slices=5, enhanced=False, **changes) -> list[Path]:
    """Write a series and return its files in slice order."""
    described = sample(study_key, **changes)
    into = folder / f"{study_key}-{described.series_number}"
    write_series(stack(slices), into, described, enhanced=enhanced)
    return sorted(into.iterdir())


def edited(path: Path, **changes) -> Path:
    """Change attributes of a file in place; None deletes."""
    dataset = dcmread(path)
    for keyword, found in changes.items():
        if found is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, found)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    dataset.save_as(path, enforce_file_format=True)
    return path


def as_bytes(dataset: Dataset) -> bytes:
    with BytesIO() as stream:
        dataset.save_as(stream, enforce_file_format=True)
        return stream.getvalue()
