"""Head anatomies from the tissue probabilities of the MNI template, with a drawn skull, scalp and face around.

And from heads of software packages (``scripts/real_heads.py``). The template (ICBM 152, symmetric, 2009a) comes with
nilearn and is read where that is installed: an average of 152 brains, no person's image. Contrast, size, bending, plane
and everything outside the brain are drawn anew.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, distance_transform_edt, gaussian_filter, map_coordinates

from aiqa_integration.simulate.canvas import Canvas, Field, folded, texture
from aiqa_integration.simulate.label_maps import MOST_LEFT
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy, draw_acquisition
from scripts.real_heads import as_maps, read_heads

Maps = NDArray[np.uint8]
_FILES = tuple(f"mni_icbm152_{tissue}_tal_nlin_sym_09a_converted.nii.gz" for tissue in ("gm", "wm"))


def read_maps() -> Maps | None:
    """Return grey and white matter ``[2, x, y, z]`` at 1 mm in 255ths, or None where nilearn is not installed."""
    found = find_spec("nilearn")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "datasets" / "data"
    if not all((folder / name).is_file() for name in _FILES):
        return None
    import nibabel  # noqa: PLC0415 - comes with nilearn

    volumes = [np.asarray(nibabel.load(folder / name).dataobj, np.float32) for name in _FILES]
    return np.stack([np.asarray(np.clip(v / v.max(), 0, 1) * 255, np.uint8) for v in volumes])


@cache
def maps_at(path: Path) -> Maps | None:
    """Return the maps kept at a path; None where there are none."""
    if not path.exists():
        return None
    with np.load(path) as arrays:
        return np.asarray(arrays["maps"])


@cache
def heads_at(path: Path) -> tuple[Maps, ...]:
    """Return signal and fat of the heads kept beside the maps."""
    if not path.exists():
        return ()
    with np.load(path) as arrays:
        return tuple(np.asarray(arrays[name]) for name in arrays.files if name != "maps")


def keep_maps(path: Path, heads: Path | None = None) -> None:
    """Keep the maps at a path, where nilearn is installed and they are not there yet, and heads found in a folder."""
    maps = None if path.exists() else read_maps()
    if maps is None:
        return
    found = [] if heads is None else read_heads(heads, "training")
    print(f"heads to train on: {[head.name for head in found]}", flush=True)
    np.savez_compressed(path, maps=maps, **{f"head{k}": as_maps(head) for k, head in enumerate(found)})


def draw_head(
    rng: np.random.Generator, maps: Maps, shape: tuple[int, int, int], pixel_mm: float, slice_mm: float
) -> Anatomy:
    """Return a head in any plane and contrast."""
    grey, white = _brain(rng, maps, shape, pixel_mm, slice_mm)
    total, fat = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    signal = {name: float(rng.uniform(0.1, 1.2)) for name in ("grey", "white", "fluid", "fat", "muscle", "marrow")}
    if rng.random() < 0.5:
        signal["fluid"] = float(rng.uniform(0.02, 0.3) if rng.random() < 0.5 else rng.uniform(1.0, 2.0))
        signal["white"] = signal["grey"] * float(rng.uniform(0.65, 1.5))
    layers = _layers(rng, shape[1:])
    face = _face(rng, shape[1:], pixel_mm)
    for z in range(shape[0]):
        total[z], fat[z] = _section(rng, (grey[z], white[z]), signal, layers, face, pixel_mm)
    blur = (0.0, *(2 * [float(rng.uniform(0.35, 0.7))]))
    total, fat = gaussian_filter(total, blur), gaussian_filter(fat, blur)
    return _to_scan(rng, total, fat, pixel_mm, slice_mm)


def draw_real_head(
    rng: np.random.Generator, head: Maps, shape: tuple[int, int, int], pixel_mm: float, slice_mm: float
) -> Anatomy:
    """Return a section of a real head, its fat known to likelihood only, in another contrast."""
    whole, fat = _brain(rng, head, shape, pixel_mm, slice_mm)
    if rng.random() < 0.6:
        steps = np.linspace(0, 1, 5)
        levels = np.concatenate([[0.0], rng.uniform(0.1, 1.0, 4)])
        lean = np.interp(np.maximum(whole - fat, 0), steps, levels)
        fat = fat * np.float32(rng.uniform(0.2, 1.3))
        whole = np.asarray(lean + fat, np.float32)
    heard = _reach(rng, shape[1:])
    return _to_scan(rng, whole * heard, np.minimum(fat, whole) * heard, pixel_mm, slice_mm)


def _reach(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return a coil's fading towards one side, at times none."""
    rows, columns = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in shape), indexing="ij")
    turn = rng.uniform(0, 2 * np.pi)
    return np.asarray(np.exp(rng.uniform(0, 0.12) * (rows * np.sin(turn) + columns * np.cos(turn))), np.float32)


def _to_scan(rng: np.random.Generator, total: Field, fat: Field, pixel_mm: float, slice_mm: float) -> Anatomy:
    anatomy = Anatomy(
        signal=total.astype(np.complex64),
        foreground=gaussian_filter(total, (0, 1, 1)) > 0.05 * float(total.max() or 1),
        pixel_mm=pixel_mm,
        slice_mm=slice_mm,
        phase_axis=1 if rng.random() < 0.5 else 2,
        fat=fat,
        acquisition=draw_acquisition(rng),
    )
    anatomy = anatomy.suppressed(float(rng.uniform(0, MOST_LEFT))) if rng.random() < 0.3 else anatomy
    snr = float(np.exp(rng.uniform(np.log(20.5), np.log(100.0))))
    return replace(anatomy, noise_sd=anatomy.reference / snr)


def _layers(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return how far fluid, bone, fat and muscle reach outside the brain (mm), unevenly thick."""
    rows, columns = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    angle = np.arctan2(rows, columns)
    thick = rng.uniform([0.5, 3, 1, 1], [3, 8, 7, 5])
    uneven = [
        sum(
            rng.normal(0, 0.28 / turns) * np.cos(turns * angle + rng.uniform(0, 2 * np.pi)) for turns in (1, 2, 3, 5, 9)
        )
        for _ in range(4)
    ]
    return np.asarray(np.cumsum(thick[:, None, None] * np.exp(np.array(uneven)), axis=0), np.float32)


def _brain(
    rng: np.random.Generator, maps: Maps, shape: tuple[int, int, int], pixel_mm: float, slice_mm: float
) -> tuple[Field, Field]:
    """Return grey and white matter of a section: turned, stretched, bent."""
    plane = int(rng.integers(3))
    order = {0: (2, 1, 0), 1: (0, 2, 1), 2: (1, 2, 0)}[plane]
    size = np.array([maps.shape[1 + axis] for axis in order], float)
    middle = size / 2 + np.array([rng.uniform(-0.25, 0.3) * size[0], *rng.normal(0, 8, 2)])
    grid = np.stack(np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij")).reshape(3, -1)
    grid = grid * np.array([slice_mm, pixel_mm, pixel_mm])[:, None] / rng.uniform(0.85, 1.2, (3, 1))
    turn = _rotation(rng.normal(0, 0.2, 3) * np.array([1.0, 0.7, 0.7]))
    place = turn @ grid + middle[:, None]
    place += _bend(rng, shape)
    place[1] = size[1] - 1 - place[1] if plane else place[1]
    back = np.argsort(order)
    found = [map_coordinates(m, place[back], order=1, output=np.float32).reshape(shape) / 255 for m in maps]
    return found[0], found[1]


def _bend(rng: np.random.Generator, shape: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return a smooth displacement (mm) of each point in three directions, the same for all slices."""
    rows, columns = (np.linspace(0, 2 * np.pi, n) for n in shape[1:])
    total = np.zeros((3, *shape[1:]))
    for row, column in ((1.0, 0.5), (0.5, 1.0), (1.5, 1.5)):
        start = rng.uniform(0, 2 * np.pi, (3, 2))
        along = np.cos(row * rows[None, :] + start[:, :1])[:, :, None]
        total += rng.normal(0, 1.5, (3, 1, 1)) * along * np.cos(column * columns[None, :] + start[:, 1:])[:, None, :]
    return np.repeat(total.reshape(3, 1, -1), shape[0], axis=1).reshape(3, -1)


def _section(
    rng: np.random.Generator,
    tissue: tuple[Field, Field],
    signal: dict[str, float],
    layers: Field,
    face: tuple[Field, Field],
    pixel_mm: float,
) -> tuple[Field, Field]:
    """Return a section's signal and the part of it that is fat."""
    grey, white = tissue
    brain = np.clip(grey + white, 0, 1)
    inside = binary_fill_holes(gaussian_filter(brain, 2 / pixel_mm) > 0.35)
    depth = distance_transform_edt(~inside) * pixel_mm if inside.any() else np.full(grey.shape, 99.0)
    depth = np.minimum(depth, layers[3] - face[0])
    covers = [np.clip((limit - depth) / pixel_mm + 0.5, 0, 1) for limit in layers]
    image = covers[3] * signal["muscle"]
    shining = signal["fat"] * (1 + 0.2 * gaussian_filter(rng.normal(0, 1, grey.shape), 3 / pixel_mm) * 6 / pixel_mm)
    shining = np.clip(shining, 0.3 * signal["fat"], 1.7 * signal["fat"])
    fat = np.clip(covers[2] - covers[1], 0, 1) * shining
    image = image + covers[2] * (shining - image)
    bone = covers[1] - covers[0]
    image = image * (1 - covers[1]) + bone * signal["marrow"] * 0.08
    image = image * (1 - covers[0]) + covers[0] * signal["fluid"]
    parts = grey * signal["grey"] + white * signal["white"] + np.clip(1 - brain, 0, 1) * image
    deep = np.clip((face[0] - layers[3]) / pixel_mm, 0, 1) * (depth > layers[1]) * np.clip(1 - brain, 0, 1)
    parts = parts * (1 - deep) + deep * face[1]
    own = np.clip(grey + white, 0, 1)
    parts = _with_vessels(rng, parts, depth, pixel_mm)
    grain = 1 + 0.04 * gaussian_filter(rng.normal(0, 1, grey.shape), 1.2 / pixel_mm) * own
    return np.asarray(parts * grain, np.float32), np.asarray(
        np.minimum(fat * (1 - deep) * (1 - own), parts), np.float32
    )


def _with_vessels(rng: np.random.Generator, image: Field, depth: Field, pixel_mm: float) -> Field:
    """Return a section with bright or dark vessels cut across, in half of the sections."""
    if rng.random() < 0.5:
        return image
    places = np.argwhere((depth > -40) & (depth < 12))
    level = float(rng.uniform(1.0, 2.2) if rng.random() < 0.7 else 0.02)
    rows, columns = np.indices(image.shape, np.float32)
    for _ in range(int(rng.integers(1, 12)) if len(places) else 0):
        row, column = places[int(rng.integers(len(places)))]
        away = np.hypot(rows - row, columns - column) * pixel_mm
        cover = np.clip((float(rng.uniform(0.6, 3.0)) - away) / pixel_mm + 0.5, 0, 1)
        image = image * (1 - cover) + cover * level
    return image


def _face(rng: np.random.Generator, shape: tuple[int, int], pixel_mm: float) -> tuple[Field, Field]:
    """Return the depth (mm) below the surface of face and neck, or nothing, and tissue to fill it."""
    rows, columns = np.indices(shape).astype(np.float32)
    place = rng.normal([60, 0], [15, 35])
    canvas = Canvas(
        x=np.asarray((columns - shape[1] / 2) * pixel_mm - place[1], np.float32),
        y=np.asarray((rows - shape[0] / 2) * pixel_mm - place[0], np.float32),
        edge_mm=pixel_mm,
    )
    if rng.random() < 0.35:
        return np.full(shape, -99.0, np.float32), np.zeros(shape, np.float32)
    axes = (float(rng.uniform(35, 75)), float(rng.uniform(45, 110)))
    depth = canvas.outline(rng, axes, 0.12) * min(axes)
    levels = tuple(float(level) for level in np.sort(rng.normal(0, 0.8, 3)))
    values = tuple(float(value) for value in rng.uniform(0, 1.1, 4) * (rng.random(4) > 0.25))
    return np.asarray(depth, np.float32), folded(texture(canvas, rng, float(rng.uniform(4, 12))), levels, values)


def _rotation(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix of turns about the three axes (radian)."""
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        step = np.eye(3)
        step[one, one] = step[other, other] = np.cos(angle)
        step[one, other], step[other, one] = -np.sin(angle), np.sin(angle)
        turn = step @ turn
    return turn
