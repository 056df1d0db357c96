"""Mammography test objects as attenuation images: ACR Digital Mammography and small phantom, uniform and other blocks.

Values are thickness of attenuation, larger = less signal; coordinates are mm from the middle of the wax insert, x right
and y down. Sizes and numbers: ACR Digital Mammography QC Manual; RMI 156 / 18-220 data sheet (docs of both phantoms).
"""

from collections.abc import Callable

import numpy as np

from aiqa_integration.simulate.canvas import Canvas, Field, Point, paint

DM_INSERT_HALF_MM = (35.0, 65.0)
DM_BLOCK_HALF_MM = (95.0, 155.0)
DM_ROWS_MM = (50.0, 30.0, 10.0, -10.0, -30.0, -50.0)
DM_FIBRES_MM = (0.89, 0.75, 0.61, 0.54, 0.40, 0.30)
DM_SPECKS_MM = (0.33, 0.28, 0.23, 0.20, 0.17, 0.14)
DM_MASSES_MM = (1.00, 0.75, 0.50, 0.38, 0.25, 0.20)
SMALL_BLOCK_HALF_MM = (51.0, 54.0)
SMALL_INSERT_HALF_MM = (41.0, 41.0)
SMALL_FIBRES_MM = (1.56, 1.12, 0.89, 0.75, 0.54, 0.40)
SMALL_SPECKS_MM = (0.54, 0.40, 0.32, 0.24, 0.16)
SMALL_MASSES_MM = (2.00, 1.00, 0.75, 0.50, 0.25)

BLOCK = 1.0
"""Attenuation of 4.2 cm of the block; objects add their share of it."""
PER_MM = {"fibre": 0.012, "speck": 0.15, "mass": 0.012}
"""What a millimetre of nylon, of calcification-like specks and of a mass adds, as a share of the block's."""


def draw_dm(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return the ACR Digital Mammography phantom: block over the detector, wax insert, 3 columns of 6 objects."""
    image = paint(np.zeros_like(canvas.x), canvas.rectangle((float(rng.normal(0, 12)), 0), DM_BLOCK_HALF_MM), BLOCK)
    image = image + canvas.rectangle((0, 0), DM_INSERT_HALF_MM) * float(rng.choice([-1, 1]) * rng.uniform(0.004, 0.03))
    fibre, specks, mass = _gains(rng)
    for row, y in enumerate(DM_ROWS_MM):
        image = image + fibre * _fibre(canvas, _near(rng, -20.0, y), DM_FIBRES_MM[row], 45.0 if row % 2 else -45.0)
        image = image + specks * _specks(canvas, _near(rng, 1.0, y), DM_SPECKS_MM[row])
        image = image + mass * _mass(canvas, _near(rng, 22.0, y), DM_MASSES_MM[row])
    if rng.random() < 0.6:
        place = (float(rng.choice([-1, 1]) * rng.uniform(45, 60)), float(rng.uniform(-60, 60)))
        image = image + 0.03 * canvas.disk(place, 5.0)
    return image


def draw_small(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return the small ACR phantom: 102 x 108 mm block, insert with 4 x 4 places, fibres first, then specks, masses."""
    block = canvas.rectangle((float(rng.normal(0, 2)), float(rng.normal(0, 3))), SMALL_BLOCK_HALF_MM)
    image = paint(np.zeros_like(canvas.x), block, BLOCK)
    image = image + canvas.rectangle((0, 0), SMALL_INSERT_HALF_MM) * float(
        rng.choice([-1, 1]) * rng.uniform(0.004, 0.03)
    )
    pitch, (fibre, specks, mass) = float(rng.uniform(18.5, 21)), _gains(rng)
    centres = iter([_near(rng, (place % 4 - 1.5) * pitch, (place // 4 - 1.5) * pitch) for place in range(16)])
    for place, size in enumerate(SMALL_FIBRES_MM):
        image = image + fibre * _fibre(canvas, next(centres), size, 45.0 if place % 2 else -45.0)
    for size in SMALL_SPECKS_MM:
        image = image + specks * _specks(canvas, next(centres), size)
    for size in SMALL_MASSES_MM:
        image = image + mass * _mass(canvas, next(centres), size)
    if rng.random() < 0.6:
        image = image + 0.05 * canvas.disk((float(rng.uniform(-35, 35)), float(rng.choice([-48, 48]))), 5.0)
    return image


def draw_uniform_block(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a slab of PMMA, alone or with a second one on part of it."""
    half = (float(rng.uniform(40, 160)), float(rng.uniform(40, 160)))
    image = paint(np.zeros_like(canvas.x), canvas.rectangle((0, 0), half), BLOCK)
    return image + 0.002 * canvas.rectangle((float(rng.normal(0, 60)), 0.0), (5.0, 5.0)) * (rng.random() < 0.2)


def draw_other_block(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a contrast-detail grid, a step wedge, line pairs, an edge, a foil or an array of beads."""
    return draw_uniform_block(canvas, rng) + _OTHERS[int(rng.integers(len(_OTHERS)))](canvas, rng)


def expose(attenuation: Field, *, rng: np.random.Generator, pixel_mm: float) -> Field:
    """Return the detector's image: heel, scatter, noise of averaged pixels, raw or as shown (inverted, stretched)."""
    rows, columns = np.indices(attenuation.shape).astype(np.float32) * pixel_mm / 200.0
    heel = 1 + rng.normal(0, 0.15) * rows + rng.normal(0, 0.05) * columns + rng.normal(0, 0.08) * rows * columns
    beam = np.exp(-float(rng.uniform(1.5, 3.0)) * attenuation) * np.maximum(heel, 0.3)
    beam = beam + float(rng.uniform(0, 0.02))
    noise = float(np.exp(rng.uniform(np.log(3e-4), np.log(8e-3))))
    beam = np.maximum(beam * (1 + rng.normal(0, noise, beam.shape)), 1e-4)
    look = rng.random()
    if look < 0.4:
        return np.asarray(beam * 1e4, np.float32)
    shown = -np.log(beam)
    if look < 0.7:
        shown = np.clip(shown, *np.percentile(shown, [rng.uniform(0, 5), 100]))
    return np.asarray((shown if look < 0.85 else shown.max() - shown) * 1000, np.float32)


def _gains(rng: np.random.Generator) -> tuple[float, float, float]:
    """Return how strong fibres, specks and masses stand out, by beam and processing: a half to five times the usual."""
    common = float(np.exp(rng.uniform(np.log(0.6), np.log(3))))
    fibre, specks, mass = (common * float(np.exp(rng.normal(0, 0.25))) for _ in range(3))
    return fibre, specks, mass


def _near(rng: np.random.Generator, x: float, y: float) -> Point:
    """Return a place, off by what specimens differ."""
    return float(x + rng.normal(0, 0.5)), float(y + rng.normal(0, 0.5))


def _fibre(canvas: Canvas, centre: Point, size_mm: float, turn_deg: float) -> Field:
    return canvas.bar(centre, length_mm=10, width_mm=size_mm, angle_deg=turn_deg) * (PER_MM["fibre"] * size_mm * 0.8)


def _specks(canvas: Canvas, centre: Point, size_mm: float) -> Field:
    total = np.zeros_like(canvas.x)
    for angle in np.radians(35 + 72 * np.arange(5)):
        total += canvas.disk((centre[0] + 6.6 * np.cos(angle), centre[1] + 6.6 * np.sin(angle)), size_mm / 2)
    return (total + canvas.disk(centre, size_mm / 2)) * (PER_MM["speck"] * size_mm)


def _mass(canvas: Canvas, centre: Point, thickness_mm: float) -> Field:
    reach = 3 * thickness_mm + 1
    depth = 1 - np.hypot(canvas.x - centre[0], canvas.y - centre[1]) / reach
    return np.asarray(np.clip(2 * depth, 0, 1) * (PER_MM["mass"] * thickness_mm), np.float32)


def _detail_grid(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return lines at 45° that part cells, with a disk in each cell (as contrast-detail phantoms have)."""
    pitch, total = float(rng.uniform(6, 12)), np.zeros_like(canvas.x)
    for angle in np.radians([45.0, 135.0] if rng.random() < 0.7 else [0.0, 90.0]):
        across = canvas.x * np.cos(angle) + canvas.y * np.sin(angle)
        total += np.abs((across / pitch + 0.5) % 1 - 0.5) * pitch < max(0.5, canvas.edge_mm / 2)
    inside = canvas.rectangle((0, 0), (float(rng.uniform(60, 90)), float(rng.uniform(60, 120))))
    return np.asarray(0.03 * np.clip(total, 0, 1) * inside, np.float32)


def _steps(canvas: Canvas, rng: np.random.Generator) -> Field:
    count, width = int(rng.integers(4, 12)), float(rng.uniform(8, 20))
    step = np.clip(np.floor(canvas.x / width + count / 2), 0, count)
    return np.asarray(0.5 * step / count * canvas.rectangle((0, 0), (count * width / 2, 20.0)), np.float32)


def _plates(canvas: Canvas, rng: np.random.Generator) -> Field:
    total = np.zeros_like(canvas.x)
    for _ in range(int(rng.integers(1, 6))):
        centre = (float(rng.normal(0, 40)), float(rng.normal(0, 40)))
        half, turn = (float(rng.uniform(2, 40)), float(rng.uniform(1, 40))), float(rng.choice([0.0, 3.0, 45.0]))
        plate = canvas.bar(centre, length_mm=2 * half[0], width_mm=2 * half[1], angle_deg=turn)
        total += plate * float(rng.choice([-0.1, 0.05, 0.3, 1.5]))
    return total


def _beads(canvas: Canvas, rng: np.random.Generator) -> Field:
    pitch, total = float(rng.uniform(12, 30)), np.zeros_like(canvas.x)
    for x in np.arange(-60, 61, pitch):
        for y in np.arange(-60, 61, pitch):
            total += canvas.disk((float(x), float(y)), float(rng.uniform(0.5, 4)))
    return np.asarray(float(rng.uniform(0.01, 0.3)) * total, np.float32)


_OTHERS: tuple[Callable[[Canvas, np.random.Generator], Field], ...] = (_detail_grid, _steps, _plates, _plates, _beads)
