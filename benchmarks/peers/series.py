"""The series that all tools get: axial ACR acquisitions below a folder, and copies with scaled pixel values."""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue

from aiqa_integration.dicom.headers import functional_group

PHANTOMS = ("acr-mri-large", "acr-mri-medium")
"""Folders below the data folder, each named after the phantom in its series."""

IN_PIXEL_VALUES = ("WindowCenter", "WindowWidth", "SmallestImagePixelValue", "LargestImagePixelValue")

AXIAL_COSINE = 0.9
"""Least cosine between slice normal and head-foot axis: within 26°, so a phantom turned by 22° still counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The files of one axial acquisition; ``factor`` is what its pixel values were multiplied by."""

    name: str
    phantom: str
    files: tuple[Path, ...]
    factor: int = 1

    @property
    def digest(self) -> str:
        """Digest of the files' content."""
        digests = sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in self.files)
        return hashlib.sha256("".join(digests).encode()).hexdigest()


def axial_series(data: Path) -> Iterator[Series]:
    """Yield the axial acquisitions below ``data``, a folder each, in order of their names."""
    for phantom in PHANTOMS:
        for folder in sorted(path for path in (data / phantom).rglob("*") if path.is_dir()):
            files = tuple(sorted(path for path in folder.iterdir() if path.is_file() and _is_axial(path)))
            if files:
                yield Series(name=str(folder.relative_to(data)), phantom=phantom, files=files)


def _is_axial(file: Path) -> bool:
    """Return whether a file is an image whose plane is axial, by its orientation."""
    try:
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
    except InvalidDicomError:
        return False
    orientation = dataset.get("ImageOrientationPatient")
    if orientation is None:
        plane = functional_group(dataset, 0, "PlaneOrientationSequence")
        orientation = plane.ImageOrientationPatient if plane else None
    if orientation is None:
        return False
    row, column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    return abs(float(np.cross(row, column)[2])) >= AXIAL_COSINE


def scaled(series: Series, factor: int, folder: Path) -> Series | None:
    """Return a copy of a series with its stored values and window multiplied, written once below ``folder``.

    None where the values don't fit 16 bits any more.
    """
    target = folder / f"{series.digest[:32]}-x{factor}"
    if not target.exists():
        datasets = [pydicom.dcmread(file) for file in series.files]
        if any(dataset.pixel_array.max() * factor > _highest(dataset) for dataset in datasets):
            return None
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as unfinished:
            copy = Path(unfinished, "copy")
            copy.mkdir()
            for file, dataset in zip(series.files, datasets, strict=True):
                values = dataset.pixel_array * np.asarray(factor, dataset.pixel_array.dtype)
                dataset.set_pixel_data(values, dataset.PhotometricInterpretation, 16, generate_instance_uid=False)
                _scale_header(dataset, factor)
                dataset.save_as(copy / file.name)
            copy.rename(target)
    files = tuple(target / file.name for file in series.files)
    return Series(name=series.name, phantom=series.phantom, files=files, factor=factor)


def _scale_header(dataset: Dataset, factor: int) -> None:
    """Multiply what the header says in units of the pixel values, the window that hazen looks through among it."""
    for keyword in IN_PIXEL_VALUES:
        value = dataset.get(keyword)
        if value is not None:
            several = isinstance(value, MultiValue)
            setattr(dataset, keyword, [one * factor for one in value] if several else value * factor)


def _highest(dataset: Dataset) -> int:
    return 32767 if dataset.PixelRepresentation else 65535
