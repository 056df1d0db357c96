"""Test images: no MR scans of a patient (phantoms, CT, mammograms, blank, noise, photographs), and real artifacts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

Field = NDArray[np.float32]
FOLDERS = {
    "phantom (MR)": ("acr-mri-large", "acr-mri-medium", "mr-qa-other"),
    "CT": ("ct-clinical", "ct-phantom", "ct-phantom-sim"),
    "mammogram": ("mammography-clinical",),
}
"""Kinds of strange images and the folders below ``shared/data`` that hold them."""
SLICES = 5
_SIDE = 512


def strange_stacks(folder: Path) -> Iterator[tuple[str, str, Field, float]]:
    """Yield kind, name, a stack of a few slices and their pixel size (mm)."""
    for kind, names in FOLDERS.items():
        for name in names:
            places = sorted({path.parent for path in (folder / name).rglob("*") if path.is_file()})
            for place in places:
                found = _stack(place)
                if found is not None:
                    yield (kind, f"{place.parent.name}/{place.name}", *found)
    rng = np.random.default_rng(77)
    for side in (64, 128, 192, 256, 256, 320, 384, 512):
        yield "blank", f"blank {side}", np.full((SLICES, side, side), float(rng.choice([0, 1, 500])), np.float32), 1.0
        noise = np.hypot(*rng.normal(0, 100, (2, SLICES, side, side)))
        yield "noise", f"noise {side}", np.asarray(noise, np.float32), 1.0
    yield from _photographs(rng)


def real_images(folder: Path) -> Iterator[tuple[str, str, Field]]:
    """Yield name, label of the authors and pixels of the real images below ``shared/data/mr-artifact-real``."""
    labels = json.loads((folder / "mr-artifact-real" / "mr_artifact_labels.json").read_text())
    for path in sorted((folder / "mr-artifact-real").rglob("*.jpg")):
        yield path.stem, str(labels.get(path.name, "")), np.asarray(Image.open(path).convert("L"), np.float32)


def _stack(place: Path) -> tuple[Field, float] | None:
    """Return up to five images of a folder that have the first one's matrix, and their pixel size."""
    images, pixel_mm = [], 1.0
    for path in sorted(place.iterdir()):
        try:
            dataset = dcmread(path)
            pixels = dataset.pixel_array.astype(np.float32)
        except (InvalidDicomError, AttributeError, IsADirectoryError, RuntimeError, ValueError):
            continue
        frames = pixels if pixels.ndim == 3 else pixels[None]
        if frames.ndim != 3 or min(frames.shape[1:]) < 32:
            continue
        slope, intercept = float(dataset.get("RescaleSlope", 1) or 1), float(dataset.get("RescaleIntercept", 0) or 0)
        spacing = dataset.get("PixelSpacing") or dataset.get("ImagerPixelSpacing") or (1.0, 1.0)
        pixel_mm = float(spacing[0])
        images.extend(frame * slope + intercept for frame in frames)
    images = [image for image in images if image.shape == images[0].shape]
    if not images:
        return None
    chosen = sorted({round(k) for k in np.linspace(0, len(images) - 1, min(SLICES, len(images)))})
    return np.stack([_smaller(images[k]) for k in chosen]), pixel_mm


def _smaller(image: Field) -> Field:
    step = max(1, max(image.shape) // (2 * _SIDE))
    return np.asarray(image[::step, ::step], np.float32)


def _photographs(rng: np.random.Generator) -> Iterator[tuple[str, str, Field, float]]:
    found = find_spec("sklearn")
    folder = (
        Path(found.submodule_search_locations[0]) / "datasets/images"
        if found and found.submodule_search_locations
        else None
    )
    for path in sorted(folder.glob("*.jpg")) if folder else ():
        whole = np.asarray(Image.open(path).convert("L"), np.float32)
        for k in range(8):
            side = int(rng.integers(128, min(whole.shape)))
            top, left = (int(rng.integers(n - side + 1)) for n in whole.shape)
            yield "photograph", f"{path.stem} {k}", whole[None, top : top + side, left : left + side], 1.0
