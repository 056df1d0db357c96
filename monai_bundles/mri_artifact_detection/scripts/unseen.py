"""The stacks that the bundle is tested on and never trained or tuned on: real series of a folder, read as they are.

Each series is a group (scanner and protocol) and belongs to one anatomy (person or body part). DICOM series are read in
the order of their positions; NIfTI volumes as axial slices.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from aiqa_integration.artifact_detection.fat_shift import FAT_PPM
from scripts.stack_measures import object_mask

Volume = NDArray[np.float32]
SLICES = 6
_HERTZ = 1e5  # an imaging frequency above is written in Hz, against the standard
BODY = frozenset({"wrist_GE", "cardiac_thorax"})
"""Series that are no heads."""
PERSONS = {"T1_MEMPRAGE_sag": "fnndsc-adi", "T2_FSE_ax": "fnndsc-adi"}
"""Series of one person that do not share a folder of their own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """A clean series: its name, whose anatomy it shows, its slices and their spacing (slice, row, column; mm).

    ``fat_shift_px`` is how far the scanner shifted fat, in pixels of the image, as its header has it; None where that
    is not told.
    """

    name: str
    anatomy: str
    head: bool
    voxels: Volume
    spacing_mm: tuple[float, float, float]
    fat_shift_px: float | None = None

    def blocks(self, slices: int = SLICES) -> list[Volume]:
        """Return runs of neighbouring slices from the middle seven tenths of the series, without empty ones."""
        area = object_mask(self.voxels).mean(axis=(1, 2))
        first, last = round(0.15 * len(area)), round(0.85 * len(area))
        kept = [z for z in range(first, last) if area[z] > 0.4 * area.max()]
        kept = kept if len(kept) >= slices else list(range(len(area)))
        count = max(1, len(kept) // slices)
        return [self.voxels[kept[k * slices : (k + 1) * slices]] for k in range(count)]


def unseen_series(folder: Path) -> list[Series]:
    """Return the series below a folder (``shared/data/mr-clinical``), sorted by name."""
    found = []
    for place in sorted({path.parent for path in folder.rglob("*") if path.is_file()}):
        volumes = sorted(place.glob("*.nii.gz"))
        found.extend(_nifti(path) for path in volumes)
        if not volumes:
            found.append(_dicom(place))
    return sorted(found, key=lambda series: series.name)


def _dicom(place: Path) -> Series:
    datasets = [dcmread(path) for path in sorted(place.iterdir())]
    datasets = [dataset for dataset in datasets if "PixelData" in dataset]
    datasets.sort(key=_position)
    voxels = np.stack([dataset.pixel_array.astype(np.float32) for dataset in datasets])
    first = datasets[0]
    rows, columns = (float(value) for value in first.PixelSpacing)
    between = abs(_position(datasets[1])[1] - _position(first)[1])
    thickness = between or float(first.get("SpacingBetweenSlices", first.get("SliceThickness", 1.0)))
    return Series(
        name=place.name,
        anatomy=PERSONS.get(place.name, place.name),
        head=place.name not in BODY,
        voxels=voxels,
        spacing_mm=(thickness, rows, columns),
        fat_shift_px=_fat_shift(first),
    )


def _fat_shift(dataset: Dataset) -> float | None:
    """Return fat's shift along the read direction in pixels of the image: 3.4 ppm over the bandwidth of a pixel."""
    bandwidth, frequency = dataset.get("PixelBandwidth"), dataset.get("ImagingFrequency")
    if not bandwidth or not frequency:
        return None
    megahertz = float(frequency) if float(frequency) < _HERTZ else float(frequency) * 1e-6
    sampled = max(int(count) for count in dataset.AcquisitionMatrix[:2])
    shown = dataset.Rows if dataset.InPlanePhaseEncodingDirection == "ROW" else dataset.Columns
    return FAT_PPM * megahertz / float(bandwidth) * int(shown) / sampled


def _position(dataset: object) -> tuple[int, float]:
    """Return repetition and place along the normal: repeated volumes stay apart."""
    place = [float(value) for value in dataset.ImagePositionPatient]  # type: ignore[attr-defined]
    cosines = [float(value) for value in dataset.ImageOrientationPatient]  # type: ignore[attr-defined]
    along = float(np.dot(np.cross(cosines[:3], cosines[3:]), place))
    return int(dataset.get("TemporalPositionIdentifier", 0) or 0), along  # type: ignore[attr-defined]


def _nifti(path: Path) -> Series:
    import nibabel  # noqa: PLC0415 - only where there are such volumes

    image = nibabel.load(path)
    columns, rows, slices = (float(value) for value in image.header.get_zooms()[:3])
    voxels = np.asarray(image.dataobj, np.float32).transpose(2, 1, 0)[:, ::-1]
    name = path.name.removesuffix(".nii.gz")
    return Series(
        name=f"{path.parent.name}-{name}" if name == "t2" else name,
        anatomy=path.parent.name,
        head=True,
        voxels=np.ascontiguousarray(voxels),
        spacing_mm=(slices, rows, columns),
    )
