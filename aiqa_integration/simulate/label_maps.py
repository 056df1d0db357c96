"""Label maps of bodies that nobody has: random tissues in random shapes, in the signal of a random sequence.

Training anatomy for what must not learn one person's head: outlines, layers, folded cortex, cavities, vessels, muscles,
organs and plain shapes, smoothly changing over the slices of a stack. Unlike ``anatomy``, which draws pictures for
recognition, each pixel has a label, so that its fat and its signal under any sequence are known.
Source of tissues: rounded relaxation times at 1.5 T as textbooks list them, spread at random.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from aiqa_integration.simulate.label_grid import Grid, Volume, grid_of
from aiqa_integration.simulate.label_regions import REGIONS, Tissue
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy, PhaseAxis, draw_acquisition

Relaxation = tuple[float, float, float, float]
"""Proton density (1), T1 (ms), T2 (ms), part of the signal that is fat (1)."""

TISSUES: dict[Tissue, Relaxation] = {
    Tissue.AIR: (0.0, 1000.0, 50.0, 0.0),
    Tissue.BONE: (0.06, 400.0, 20.0, 0.0),
    Tissue.FAT: (0.95, 280.0, 80.0, 0.95),
    Tissue.MARROW: (0.8, 400.0, 70.0, 0.6),
    Tissue.MUSCLE: (0.75, 950.0, 42.0, 0.02),
    Tissue.GREY: (0.82, 950.0, 95.0, 0.0),
    Tissue.WHITE: (0.70, 640.0, 75.0, 0.0),
    Tissue.FLUID: (1.0, 3500.0, 1200.0, 0.0),
    Tissue.VESSEL: (0.9, 1400.0, 150.0, 0.0),
    Tissue.LIVER: (0.75, 580.0, 45.0, 0.05),
    Tissue.ORGAN: (0.85, 1000.0, 85.0, 0.02),
    Tissue.LUNG: (0.12, 1200.0, 30.0, 0.0),
    Tissue.CARTILAGE: (0.7, 1050.0, 35.0, 0.0),
}

MOST_LEFT = 0.045
"""Part of the fat's signal that good suppression leaves, at most."""
_SIGNAL = 1000.0  # of the brightest tissue, in the voxels' unit


def draw_anatomy(
    rng: np.random.Generator, *, shape: Sequence[int], fat_suppressed: bool | None = None, region: str | None = None
) -> Anatomy:
    """Return a random object to scan, ``shape`` (z, y, x), with how it is scanned.

    ``fat_suppressed`` None suppresses fat in a quarter of the draws; ``region`` None draws one of ``REGIONS``.
    """
    name = region or str(rng.choice(list(REGIONS), p=[0.45, 0.15, 0.15, 0.1, 0.15]))
    grid = _draw_grid(rng, shape, name)
    labels = REGIONS[name](grid)
    table, fat_part = _draw_signals(rng)
    spread = np.float32(rng.uniform(0.01, 0.06))
    texture = 1 + spread * (grid.noise(float(rng.uniform(1.5, 4))) + grid.noise(float(rng.uniform(4, 15))))
    magnitude = np.asarray(table[labels] * np.maximum(texture, 0), np.float32)
    blur = (0.0, *(2 * [float(rng.uniform(0.35, 0.7))]))
    fat = gaussian_filter(magnitude * fat_part[labels], blur)
    magnitude = gaussian_filter(magnitude, blur)
    reach = _reach(rng, grid.shape)
    magnitude, fat = magnitude * reach, fat * reach
    suppress = bool(rng.random() < 0.25) if fat_suppressed is None else fat_suppressed
    phase_axis: PhaseAxis = 1 if rng.random() < 0.5 else 2
    anatomy = Anatomy(
        signal=magnitude.astype(np.complex64),
        foreground=labels > 0,
        pixel_mm=grid.step_mm[1],
        slice_mm=grid.step_mm[0],
        phase_axis=phase_axis,
        fat=fat,
        acquisition=draw_acquisition(rng),
    )
    anatomy = anatomy.suppressed(float(rng.uniform(0, MOST_LEFT))) if suppress else anatomy
    snr = float(np.exp(rng.uniform(np.log(20.5), np.log(100.0))))
    return replace(anatomy, noise_sd=anatomy.reference / snr)


def _reach(rng: np.random.Generator, shape: tuple[int, int, int]) -> Volume:
    """Return how well coils hear towards the image's borders, so that what leaves the image is often shaded off."""
    heard = np.ones(shape[1:], np.float32)
    for axis in (0, 1):
        if rng.random() < 0.5:
            place = np.abs(np.linspace(-1, 1, shape[1 + axis], dtype=np.float32))
            shade = 1 / (1 + np.exp((place - rng.uniform(0.82, 1.0)) / rng.uniform(0.03, 0.08)))
            heard *= shade[:, None] if axis == 0 else shade[None, :]
    return heard[None]


def _draw_grid(rng: np.random.Generator, shape: Sequence[int], region: str) -> Grid:
    size_mm = {"head": 180.0, "trunk": 330.0, "limbs": 150.0, "joint": 140.0, "shapes": 200.0}[region]
    pixel_mm = size_mm * float(rng.uniform(1.1, 1.55)) / max(shape[1:])
    planes = ["axial", "axial", "sagittal", "coronal"]
    plane = str(rng.choice(planes if region in {"head", "joint", "shapes"} else planes[:1]))
    middle = rng.normal(0, 0.03 * size_mm, 3)
    if region == "head":
        middle += {"axial": (0, 0, rng.uniform(-45, 60)), "sagittal": (rng.normal(0, 22), 0, -15)}.get(
            plane, (0, rng.uniform(-60, 60), -10)
        )
    return grid_of(
        rng,
        shape,
        pixel_mm=pixel_mm,
        slice_mm=float(rng.uniform(2.0, 6.5)),
        plane=plane,
        offset=(float(middle[0]), float(middle[1]), float(middle[2])),
    )


def _draw_signals(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the signal of each label and the part of it that is fat: a sequence's, or any."""
    density, t1, t2, fat = (np.array([TISSUES[tissue][k] for tissue in Tissue]) for k in range(4))
    t1, t2 = t1 * np.exp(rng.normal(0, 0.15, t1.size)), t2 * np.exp(rng.normal(0, 0.15, t2.size))
    signal = density * np.exp(rng.normal(0, 0.05, density.size))
    kind = rng.choice(["spin", "gradient", "inversion", "any"], p=[0.3, 0.2, 0.15, 0.35])
    if kind == "spin":
        signal = signal * (1 - np.exp(-rng.uniform(400, 5000) / t1)) * np.exp(-rng.uniform(8, 120) / t2)
    elif kind == "gradient":
        decay, flip = np.exp(-rng.uniform(5, 600) / t1), np.radians(rng.uniform(8, 80))
        signal = signal * np.sin(flip) * (1 - decay) / (1 - np.cos(flip) * decay) * np.exp(-rng.uniform(2, 30) / t2)
    elif kind == "inversion":
        repeat, wait = rng.uniform(2000, 9000), rng.choice([rng.uniform(300, 900), rng.uniform(1700, 2500)])
        recovered = np.abs(1 - 2 * np.exp(-wait / t1) + np.exp(-repeat / t1))
        signal = signal * recovered * np.exp(-rng.uniform(5, 120) / t2)
    else:
        signal = np.where(signal < 0.15, signal, rng.uniform(0.08, 1.0, signal.size))
    return np.asarray(_SIGNAL * signal / signal.max(), np.float32), np.asarray(fat, np.float32)
