"""Real pictures that show no phantom, from packages that happen to be installed; read when needed, never kept.

Slices of heads, an abdomen and a chest, and photographs: test and example files of pydicom, nibabel, dipy, nilearn,
scikit-image and scikit-learn, all under free licences. Those listed as ``HELD_OUT`` are for testing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import dcmread

from aiqa_integration.recognition import Modality
from aiqa_integration.simulate.canvas import Field
from scripts.dataset import Picture

HEAD_VOLUMES = (
    "nilearn/datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz",
    "dipy/data/files/S0_10slices.nii.gz",
    "dipy/data/files/aniso_vox.nii.gz",
    "nibabel/tests/data/example4d.nii.gz",
)
DICOM = (
    "pydicom/data/test_files/CT_small.dcm",
    "pydicom/data/test_files/MR_small.dcm",
    "pydicom/data/test_files/693_J2KI.dcm",
    "pydicom/data/test_files/J2K_pixelrep_mismatch.dcm",
    "pydicom/data/test_files/examples_overlay.dcm",
)
PHOTOGRAPHS = (
    *(
        f"skimage/data/{name}"
        for name in (
            "camera.png",
            "coffee.png",
            "astronaut.png",
            "gravel.png",
            "brick.png",
            "grass.png",
            "moon.png",
            "text.png",
            "page.png",
            "ihc.png",
            "cell.png",
            "chelsea.png",
            "coins.png",
            "rocket.jpg",
            "retina.jpg",
        )
    ),
    "sklearn/datasets/images/flower.jpg",
    "sklearn/datasets/images/china.jpg",
)
HELD_OUT = frozenset(
    {"example4d.nii.gz", "J2K_pixelrep_mismatch.dcm", "examples_overlay.dcm", "chelsea.png", "page.png"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file's pictures: a volume ``[z, y, x]`` with its pixel size, or one picture."""

    name: str
    kind: str
    modality: Modality
    pixel_mm: float
    volume: Field


def sources(*, held_out: bool) -> list[Source]:
    """Return what is installed of the pictures for training, or of those for testing."""
    return [source for source in _all() if (source.name in HELD_OUT) == held_out]


def random_picture(source: Source, rng: np.random.Generator) -> Picture:
    """Return a slice in one of three directions, with other contrast, noise and size than the file's own."""
    axis = int(rng.integers(3)) if min(source.volume.shape) > 60 else 0
    volume = np.moveaxis(source.volume, axis, 0)
    image = volume[int(rng.uniform(0.1, 0.9) * len(volume))]
    pixel = source.pixel_mm
    if source.modality != "CT":
        span = float(np.ptp(image)) or 1.0
        unit = np.clip((image - image.min()) / span, 0, 1) ** float(rng.uniform(0.5, 2))
        if rng.random() < 0.2:
            unit = (1 - unit) * (unit > 0.03)
        image = 1000 * np.hypot(unit + rng.normal(0, 0.03 * rng.random(), image.shape), 0)
        pixel = pixel * float(rng.uniform(0.85, 1.2))
    if rng.random() < 0.3:
        rows, columns = (max(16, int(n * rng.uniform(0.4, 0.9))) for n in image.shape)
        top, left = int(rng.integers(image.shape[0] - rows + 1)), int(rng.integers(image.shape[1] - columns + 1))
        image = image[top : top + rows, left : left + columns]
    modality: Modality = (
        ("MR", "CT", "X-ray", "other")[int(rng.integers(4))] if source.kind != "patient" else source.modality
    )
    return Picture(pixels=np.ascontiguousarray(image, np.float32), pixel_mm=pixel, modality=modality)


def _all() -> Iterator[Source]:
    for path in filter(None, map(_installed, HEAD_VOLUMES)):
        from nibabel import load  # noqa: PLC0415 - only where its own files are installed

        image = load(path)
        volume = np.asarray(image.dataobj, np.float32)
        volume = volume[..., 0] if volume.ndim == 4 else volume
        yield _source(path, "patient", "MR", float(image.header.get_zooms()[0]), np.ascontiguousarray(volume.T))
    for path in filter(None, map(_installed, DICOM)):
        dataset = dcmread(path)
        image = dataset.pixel_array.astype(np.float32)
        hu = image * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
        yield _source(path, "patient", dataset.Modality, float(dataset.PixelSpacing[0]), hu[None])
    for path in filter(None, map(_installed, PHOTOGRAPHS)):
        grey = np.asarray(Image.open(path).convert("L").resize((256, 256)), np.float32)
        yield _source(path, "not-an-image", "other", 1.0, grey[None])


def _source(path: Path, kind: str, modality: Modality, pixel_mm: float, volume: Field) -> Source:
    return Source(
        name=path.name, kind=kind, modality=modality, pixel_mm=pixel_mm, volume=np.asarray(volume, np.float32)
    )


def _installed(name: str) -> Path | None:
    package, _, rest = name.partition("/")
    found = find_spec(package)
    path = Path(found.submodule_search_locations[0]) / rest if found and found.submodule_search_locations else None
    return path if path and path.is_file() else None
