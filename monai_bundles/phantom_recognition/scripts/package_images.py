"""Real pictures that show no phantom, from packages that happen to be installed; read when needed.

Slices of heads, an abdomen and a chest, and photographs: test and example files of pydicom, nibabel, dipy, nilearn,
scikit-image, scikit-learn and matplotlib, all under free licences. Those listed as ``HELD_OUT`` are for testing.
``python -m scripts.package_images FILE`` collects them for a training on a machine without these packages.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import dcmread
from scipy.ndimage import gaussian_filter, map_coordinates

from aiqa_integration.recognition import Modality
from aiqa_integration.simulate.canvas import Field
from scripts.pictures import Picture

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
_SKIMAGE = (
    "astronaut.png brick.png camera.png cell.png chelsea.png clock_motion.png coffee.png coins.png color.png grass.png "
    "gravel.png horse.png hubble_deep_field.jpg ihc.png logo.png microaneurysms.png moon.png motorcycle_left.png "
    "page.png retina.jpg rocket.jpg text.png"
)
PHOTOGRAPHS = (
    *(f"skimage/data/{name}" for name in _SKIMAGE.split()),
    "sklearn/datasets/images/flower.jpg",
    "sklearn/datasets/images/china.jpg",
    "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
    "matplotlib/mpl-data/sample_data/Minduka_Present_Blue_Pack.png",
)
HELD_OUT = frozenset(
    {"example4d.nii.gz", "J2K_pixelrep_mismatch.dcm", "examples_overlay.dcm", "chelsea.png", "page.png"}
)
PACKAGES = ("pydicom", "nibabel", "dipy", "nilearn", "skimage", "sklearn", "matplotlib")
"""What ``pip install aiqa-integration[pictures]`` brings the pictures with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file's pictures: a volume ``[z, y, x]`` with its pixel size, or one picture."""

    name: str
    kind: str
    modality: Modality
    pixel_mm: float
    volume: Field


def sources(*, held_out: bool) -> list[Source]:
    """Return what is installed of the pictures for training, or of those for testing; says what is missing."""
    absent = [package for package in PACKAGES if find_spec(package) is None]
    if absent:
        print(f"MISSING real pictures: {', '.join(absent)} not installed (pip install aiqa-integration[pictures])")
    return [source for source in _all() if (source.name in HELD_OUT) == held_out]


def collect(path: Path) -> None:
    """Write the training part into one file."""
    found = sources(held_out=False)
    facts = [f"{source.name}\t{source.kind}\t{source.modality}\t{source.pixel_mm}" for source in found]
    np.savez_compressed(
        path, facts=np.array(facts), **{f"v{place}": _as_bytes(source) for place, source in enumerate(found)}
    )


def collected(path: Path) -> list[Source]:
    """Return the sources of a file that ``collect`` wrote."""
    with np.load(path) as stored:
        rows = [(str(fact).split("\t"), stored[f"v{place}"]) for place, fact in enumerate(stored["facts"])]
    return [
        Source(
            name=name,
            kind=kind,
            modality="CT" if modality == "CT" else "MR" if modality == "MR" else "other",
            pixel_mm=float(pixel),
            volume=np.asarray(volume, np.float32),
        )
        for (name, kind, modality, pixel), volume in rows
    ]


def random_picture(source: Source, rng: np.random.Generator) -> Picture:
    """Return a slice in one of three directions, with other contrast, noise and size than the file's own."""
    image, pixel = _slice(source, rng), source.pixel_mm
    if source.modality != "CT":
        unit = _unit(image) ** float(rng.uniform(0.5, 2))
        if rng.random() < 0.2:
            unit = (1 - unit) * (unit > 0.03)
        image = 1000 * np.hypot(unit + rng.normal(0, 0.03 * rng.random(), image.shape), 0)
        pixel = pixel * float(rng.uniform(0.85, 1.2))
    return _part(source, image, pixel, rng)


def changed_picture(source: Source, rng: np.random.Generator) -> Picture:
    """Return a slice bent, turned and sheared, its grey values mapped by any curve: one head stands for many."""
    drawn = (_bent(_slice(source, rng), rng) for _ in range(10))
    image = next((bent for bent in drawn if _shows(source, bent)), source.volume[len(source.volume) // 2])
    pixel = source.pixel_mm * float(rng.uniform(0.75, 1.3))
    if source.modality == "CT":
        image = np.clip(image * float(rng.normal(1, 0.05)) + float(rng.normal(0, 15)), -1024, 3000)
        image = image + rng.normal(0, float(rng.uniform(0, 25)), image.shape)
    else:
        knots = np.concatenate([[0.0], np.sort(rng.random(4)), [1.0]])
        levels = np.concatenate([[0.0], rng.random(5)]) if rng.random() < 0.6 else knots
        unit = np.interp(_unit(image), knots, levels if source.kind == "patient" else knots)
        rows, columns = np.indices(image.shape) / max(image.shape) - 0.5
        unit = unit * np.maximum(1 + rng.normal(0, 0.4) * rows + rng.normal(0, 0.4) * columns, 0.1)
        noise = rng.normal(0, 0.1 * rng.random() ** 2, (2, *image.shape))
        image = 1000 * np.hypot(unit + noise[0], noise[1])
    return _part(source, image, pixel, rng)


def _slice(source: Source, rng: np.random.Generator) -> Field:
    axis = int(rng.integers(3)) if min(source.volume.shape) > 60 else 0
    volume = np.moveaxis(source.volume, axis, 0)
    return np.asarray(volume[int(rng.uniform(0.1, 0.9) * len(volume))], np.float32)


def _shows(source: Source, image: Field) -> bool:
    """Return whether a slice shows more of its object than an edge."""
    low, high = np.percentile(source.volume[len(source.volume) // 2], [1, 99])
    return float((image > low + 0.2 * (high - low)).mean()) > 0.1


def _unit(image: Field) -> Field:
    return np.asarray(np.clip((image - image.min()) / (float(np.ptp(image)) or 1.0), 0, 1), np.float32)


def _bent(image: Field, rng: np.random.Generator) -> Field:
    """Return an image under a random affine and smooth displacement."""
    shape, middle = image.shape, (np.array(image.shape)[:, None, None] - 1) / 2
    turn = float(rng.choice([0.0, rng.normal(0, 0.2), rng.uniform(-np.pi, np.pi)], p=[0.3, 0.5, 0.2]))
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ (np.eye(2) + rng.normal(0, 0.08, (2, 2)))
    places = np.tensordot(matrix, np.indices(shape) - middle, 1) + middle
    size = max(shape) * float(rng.uniform(0.06, 0.2))
    for axis in range(2):
        wave = gaussian_filter(rng.normal(0, 1, shape), size, truncate=2)
        places[axis] += wave / (wave.std() + 1e-9) * size * float(rng.uniform(0, 0.25))
    return np.asarray(map_coordinates(image, places, order=1, mode="nearest"), np.float32)


def _part(source: Source, image: Field, pixel_mm: float, rng: np.random.Generator) -> Picture:
    """Return a picture or a part of it; under any header, where it shows no patient."""
    if rng.random() < 0.3:
        rows, columns = (max(16, int(n * rng.uniform(0.4, 0.9))) for n in image.shape)
        top, left = int(rng.integers(image.shape[0] - rows + 1)), int(rng.integers(image.shape[1] - columns + 1))
        image = image[top : top + rows, left : left + columns]
    modality: Modality = (
        ("MR", "CT", "X-ray", "other")[int(rng.integers(4))] if source.kind != "patient" else source.modality
    )
    return Picture(pixels=np.ascontiguousarray(image, np.float32), pixel_mm=pixel_mm, modality=modality)


def _as_bytes(source: Source) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """Return the volume as bytes, CT as whole HU."""
    if source.modality == "CT":
        return np.asarray(np.rint(source.volume), np.int16)
    low, high = np.percentile(source.volume, [0, 99.9])
    return np.asarray(np.rint(np.clip((source.volume - low) / (high - low), 0, 1) * 255), np.uint8)


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


if __name__ == "__main__":
    collect(Path(sys.argv[1]))
