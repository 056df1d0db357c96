"""Sections of the body and plain shapes as label maps: heads, trunks, limbs, joints, shapes."""

from collections.abc import Callable
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.simulate.label_grid import Grid, Mask

Labels = NDArray[np.uint8]


class Tissue(IntEnum):
    """Labels of the maps."""

    AIR = 0
    BONE = 1
    FAT = 2
    MARROW = 3
    MUSCLE = 4
    GREY = 5
    WHITE = 6
    FLUID = 7
    VESSEL = 8
    LIVER = 9
    ORGAN = 10
    LUNG = 11
    CARTILAGE = 12


_SOLID = (Tissue.FAT, Tissue.MARROW, Tissue.MUSCLE, Tissue.GREY, Tissue.WHITE, Tissue.FLUID, Tissue.LIVER, Tissue.ORGAN)


def _head(grid: Grid) -> Labels:
    """Return a head: scalp, skull with marrow, folded cortex, ventricles, cerebellum, face with cavities, neck."""
    rng = grid.rng
    size = rng.uniform(0.88, 1.1)
    axes = (68.0 * size, 86.0 * size * rng.uniform(0.95, 1.06), 70.0 * size)
    ripple = 0.035 * grid.noise(35.0)
    brain = grid.radius((0, 0, 0), axes) + ripple
    per_mm = 1 / 75.0
    labels = np.zeros(grid.shape, np.uint8)
    skin = brain - rng.uniform(9, 16) * per_mm + rng.uniform(0, 0.05) * grid.noise(35.0)
    low = grid.up < -5
    face = grid.radius((0, 28, -62), (58 * size, 62 * size, 75 * size)) + ripple
    neck = grid.radius((0, -22, -130), (58 * size, 58 * size, 120.0)) + ripple
    body = (skin < 1) | (low & ((face < 1) | (neck < 1)))
    labels[body] = Tissue.FAT
    deep = (brain - rng.uniform(5, 8) * per_mm < 1) | (low & ((face < 0.9) | (neck < 0.88)))
    labels[deep & body] = Tissue.MUSCLE
    _face(grid, labels, low & (face < 0.88) | (low & (neck < 0.85)), size)
    labels[brain < 1 + rng.uniform(5.0, 7.5) * per_mm] = Tissue.BONE
    labels[np.abs(brain - 1 - 3.8 * per_mm + 0.012 * grid.noise(9)) < rng.uniform(0.8, 1.8) * per_mm] = Tissue.MARROW
    inside = brain < 1
    labels[inside] = Tissue.FLUID
    _brain(grid, labels, brain, inside, size)
    return labels


def _brain(grid: Grid, labels: Labels, brain: NDArray[np.float32], inside: Mask, size: float) -> None:
    rng = grid.rng
    floor = grid.up + 0.35 * np.minimum(grid.front + 20, 0) * (grid.front < -20) > -46 * size + 6 * grid.noise(15.0)
    folds = np.abs(grid.noise(float(rng.uniform(2.6, 3.6))) + 0.8 * grid.noise(7.0))
    depth = (1 - brain) * 75.0
    cortex = inside & floor & (depth > rng.uniform(1, 3))
    labels[inside & ~floor & (grid.front > -10)] = Tissue.MUSCLE
    labels[inside & ~floor & (grid.front > -10) & (np.abs(grid.noise(6.0)) < 0.5)] = Tissue.BONE
    labels[cortex] = Tissue.WHITE
    shallow = np.exp(-depth / rng.uniform(10, 18))
    labels[cortex & ((folds < 0.9 * shallow + 0.12) | (depth < rng.uniform(3.5, 5.5)))] = Tissue.GREY
    labels[cortex & (folds < rng.uniform(0.12, 0.35) * shallow)] = Tissue.FLUID
    labels[cortex & (np.abs(grid.right + 0.8 * grid.noise(20)) < rng.uniform(0.8, 2)) & (depth < 32)] = Tissue.FLUID
    for side in (-1.0, 1.0):
        for centre, axes, tissue in (
            ((side * 24, 8, 2), (11, 22, 13), Tissue.GREY),
            ((side * 11, -14, 3), (9, 13, 9), Tissue.GREY),
            (
                (side * rng.uniform(8, 13), 6, 15),
                (rng.uniform(3, 9), rng.uniform(22, 34), rng.uniform(6, 11)),
                Tissue.FLUID,
            ),
            ((side * 20, -34, 8), (rng.uniform(4, 8), 16, 8), Tissue.FLUID),
        ):
            labels[inside & (grid.radius(centre, axes) + 0.08 * grid.noise(12) < 1)] = tissue
    labels[inside & grid.inside((0, -5, -6), (rng.uniform(1.5, 4), 15, 11))] = Tissue.FLUID
    folia = 0.6 * grid.noise(2.2) + np.cos((grid.up + 0.4 * grid.front + 2 * grid.noise(8.0)) * 1.0)
    cerebellum = grid.inside((0, -46 * size, -46 * size), (54 * size, 36 * size, 27 * size)) & inside & (brain < 0.97)
    labels[cerebellum] = np.where(folia[cerebellum] > -0.2, Tissue.GREY, Tissue.WHITE)
    labels[inside & grid.inside((0, -14 * size, -50 * size), (13, 14, 42))] = Tissue.WHITE
    for _ in range(int(rng.integers(0, 5))):
        place = (float(rng.normal(0, 30)), float(rng.normal(0, 35)), float(rng.normal(5, 25)))
        labels[inside & grid.inside(place, tuple(rng.uniform(1.5, 9, 3)))] = rng.choice([Tissue.FLUID, Tissue.ORGAN])


def _face(grid: Grid, labels: Labels, where: Mask, size: float) -> None:
    rng = grid.rng
    blocks = grid.noise(6.0)
    labels[where & (blocks > 0.75)] = Tissue.FAT
    labels[where & (np.abs(grid.noise(7.0)) < 0.13)] = Tissue.BONE
    for side in (-1.0, 1.0):
        eye = (side * 31 * size, 72 * size, -34 * size)
        labels[grid.inside(eye, (20, 22, 19))] = Tissue.FAT
        labels[grid.inside(eye, (12, 12.5, 12))] = Tissue.FLUID
        sinus = (side * 24 * size, 58 * size, -66 * size)
        labels[where & (grid.radius(sinus, (14, 18, 17)) + 0.15 * grid.noise(8) < 1)] = Tissue.AIR
        mastoid = grid.inside((side * 55 * size, -18, -58 * size), (12, 18, 16))
        labels[where & mastoid & (grid.noise(2.5) > -0.2)] = Tissue.AIR
        labels[where & grid.tube((side * 26, 2), rng.uniform(2.5, 4.5))] = Tissue.VESSEL
    labels[where & (grid.radius((0, 62 * size, -60 * size), (10, 24, 26)) + 0.2 * grid.noise(5) < 1)] = Tissue.AIR
    labels[where & (grid.radius((0, 18, -110), (11, 9, 60)) < 1)] = Tissue.AIR
    spine = where & grid.inside((0, -18, -140), (16, 14, 75))
    discs = np.broadcast_to(np.abs((grid.up / 17.0) % 1 - 0.5) > 0.38, grid.shape)
    labels[spine] = np.where(discs[spine], Tissue.CARTILAGE, Tissue.MARROW)
    labels[where & grid.tube((0, -38), 9)] = Tissue.FLUID
    labels[where & grid.tube((0, -38), 5.5)] = Tissue.WHITE


def _trunk(grid: Grid) -> Labels:
    """Return a section of chest, abdomen or pelvis: fat, muscle wall, organs, bowel gas, spine, ribs."""
    rng = grid.rng
    axes = (float(rng.uniform(130, 175)), float(rng.uniform(85, 125)), 900.0)
    outer = grid.radius((0, 0, 0), axes) + 0.05 * grid.noise(60.0)
    labels = np.zeros(grid.shape, np.uint8)
    labels[outer < 1] = Tissue.FAT
    rim = float(rng.uniform(0.05, 0.3))
    wall = outer + 0.04 * grid.noise(35.0)
    labels[wall < 1 - rim] = Tissue.MUSCLE
    labels[(wall < 1 - rim) & (np.abs(grid.noise(9.0)) < 0.12)] = Tissue.FAT
    cavity = (wall < 0.88 - rim) & (grid.front > -0.55 * axes[1])
    labels[cavity] = Tissue.FAT
    kinds = [Tissue.LIVER, Tissue.ORGAN, Tissue.ORGAN, Tissue.MUSCLE, Tissue.FLUID, Tissue.ORGAN]
    for _ in range(int(rng.integers(4, 12))):
        place = (float(rng.normal(0, 0.42) * axes[0]), float(rng.normal(0.1, 0.35) * axes[1]), 0.0)
        half = (float(rng.uniform(12, 45)), float(rng.uniform(12, 38)), float(rng.uniform(30, 90)))
        loop = cavity & (grid.radius(place, half) + 0.2 * grid.noise(14.0) < 1)
        labels[loop] = kinds[int(rng.integers(6))]
        if rng.random() < 0.25:
            labels[loop & (grid.front > place[1] + half[1] * rng.uniform(-0.2, 0.5))] = Tissue.AIR
    if rng.random() < 0.6:
        liver = (-0.42 * axes[0], 0.1 * axes[1], 0.0)
        where = cavity & (grid.radius(liver, (0.5 * axes[0], 0.62 * axes[1], 120.0)) + 0.1 * grid.noise(25.0) < 1)
        labels[where] = Tissue.LIVER
        labels[where & (np.abs(grid.noise(7.0)) < 0.05) & (grid.noise(20.0) > 0)] = Tissue.VESSEL
    elif rng.random() < 0.5:
        for side in (-1.0, 1.0):
            lung = grid.radius((side * 0.45 * axes[0], 0.05 * axes[1], 0.0), (0.33 * axes[0], 0.6 * axes[1], 150.0))
            where = cavity & (lung + 0.08 * grid.noise(20.0) < 1)
            labels[where] = Tissue.LUNG
            labels[where & (grid.noise(2.5) > 2.0)] = Tissue.VESSEL
    _spine(grid, labels, -0.5 * axes[1])
    if rng.random() < 0.35:
        for side in (-1.0, 1.0):
            centre = (side * (axes[0] + 38), float(rng.normal(-10, 10)), 0.0)
            arm = grid.radius(centre, (35.0, 38.0, 900.0)) + 0.05 * grid.noise(25.0)
            for limit, tissue in ((1.0, Tissue.FAT), (0.85, Tissue.MUSCLE), (0.33, Tissue.BONE), (0.22, Tissue.MARROW)):
                labels[(arm < limit) & (outer > 1.02)] = tissue
    return labels


def _spine(grid: Grid, labels: Labels, front: float) -> None:
    rng = grid.rng
    size = float(rng.uniform(17, 25))
    for limit, tissue in ((1.0, Tissue.BONE), (0.9, Tissue.MARROW)):
        body = grid.radius((0, front, 0), (size * 1.2, size, 900.0)) < limit
        labels[body] = tissue
    canal = (0.0, front - size - 8)
    labels[grid.tube(canal, 16)] = Tissue.BONE
    labels[grid.tube(canal, 10)] = Tissue.FLUID
    labels[grid.tube(canal, 5)] = Tissue.WHITE
    labels[grid.tube((float(rng.normal(8, 4)), front + size + 12), float(rng.uniform(7, 12)))] = Tissue.VESSEL
    labels[grid.tube((-18.0, front + size + 10), float(rng.uniform(7, 12)))] = Tissue.VESSEL


def _limbs(grid: Grid) -> Labels:
    """Return one or two arms or legs across: fat, muscles with septa, one or two bones, vessels."""
    rng = grid.rng
    labels = np.zeros(grid.shape, np.uint8)
    count = int(rng.choice([1, 1, 2]))
    half = float(rng.uniform(55, 75)) if count == 1 else float(rng.uniform(30, 38))
    for k in range(count):
        middle = (k - (count - 1) / 2) * half * 2.15
        axes = (half, half * float(rng.uniform(0.8, 1.15)), 900.0)
        outer = grid.radius((middle, 0, 0), axes) + 0.06 * grid.noise(30.0)
        labels[outer < 1] = Tissue.FAT
        flesh = outer < 1 - rng.uniform(0.04, 0.3)
        labels[flesh] = Tissue.MUSCLE
        labels[flesh & (np.abs(grid.noise(0.2 * half)) < rng.uniform(0.03, 0.12))] = Tissue.FAT
        for _ in range(int(rng.integers(2, 7))):
            vessel = (middle + float(rng.normal(0, half / 2.5)), float(rng.normal(0, half / 2.5)))
            labels[flesh & grid.tube(vessel, float(rng.uniform(1.2, 4)))] = Tissue.VESSEL
        for _ in range(int(rng.choice([1, 1, 2]))):
            place = (middle + float(rng.normal(0, half / 5)), float(rng.normal(0, half / 5)), 0.0)
            wide = half * float(rng.uniform(0.15, 0.32))
            bone = grid.radius(place, (wide, wide * float(rng.uniform(0.8, 1.2)), 900.0)) + 0.05 * grid.noise(15.0)
            labels[bone < 1] = Tissue.BONE
            labels[bone < rng.uniform(0.5, 0.8)] = Tissue.MARROW
    return labels


def _joint(grid: Grid) -> Labels:
    """Return tissue that fills the field of view around a joint or a row of vertebrae."""
    rng = grid.rng
    rows = bool(rng.random() < 0.5)
    depth = grid.radius((0, 0, 0), (float(rng.uniform(45, 75)), float(rng.uniform(55, 80)), 900.0)) + 0.05 * grid.noise(
        40
    )
    labels = np.zeros(grid.shape, np.uint8)
    labels[depth < 1] = Tissue.FAT
    labels[depth < rng.uniform(0.75, 0.92)] = Tissue.MUSCLE
    labels[(depth < 0.75) & (np.abs(grid.noise(8.0)) < 0.15)] = Tissue.FAT
    pitch, gap = (float(rng.uniform(22, 34)), 0.24) if rows else (float(rng.uniform(110, 160)), 0.05)
    wide = (20.0, 17.0) if rows else (float(rng.uniform(32, 42)), float(rng.uniform(26, 36)))
    bow = grid.up + 2.5 * grid.noise(25.0) + 0.1 * pitch
    near = np.abs((bow / pitch) % 1 - 0.5) * 2
    column = grid.radius((0, 0, 0), (wide[0], wide[1], 900.0)) + 0.06 * grid.noise(12.0)
    flare = column - (0.0 if rows else 0.5) * np.clip(near - 0.4, 0, 1)
    labels[flare < 1] = Tissue.BONE
    labels[(flare < 0.93) & (near < 1 - gap)] = Tissue.MARROW
    labels[(flare < 0.95) & (near >= 1 - gap * 0.75)] = Tissue.CARTILAGE
    if rows:
        canal = (0.0, -wide[1] - 9)
        labels[grid.tube(canal, 9)] = Tissue.FLUID
        labels[grid.tube(canal, 5)] = Tissue.WHITE
        labels[(depth < 0.8) & (grid.radius((0, -wide[1] - 30, 0), (4, 12, 900)) < 1) & (near < 0.6)] = Tissue.BONE
    for _ in range(int(rng.integers(1, 6))):
        place = (float(rng.normal(0, 30)), float(rng.normal(0, 35)))
        lean = (float(rng.normal(0, 0.2)), float(rng.normal(0, 0.2)))
        labels[(depth < 0.9) & (flare > 1) & grid.tube(place, float(rng.uniform(1.5, 5)), lean)] = Tissue.VESSEL
    return labels


def _shapes(grid: Grid) -> Labels:
    """Return no body at all: an outline filled with folds of tissues, ellipsoids, rings and rods."""
    rng = grid.rng
    axes = (float(rng.uniform(60, 105)), float(rng.uniform(60, 105)), float(rng.uniform(60, 105)))
    outer = grid.radius((0, 0, 0), axes) + float(rng.uniform(0, 0.15)) * grid.noise(30.0)
    labels = np.zeros(grid.shape, np.uint8)
    field = grid.noise(float(rng.uniform(5, 25)))
    levels = np.sort(rng.normal(0, 0.8, int(rng.integers(0, 4))))
    order = rng.permutation(_SOLID)
    labels[...] = order[np.searchsorted(levels, field)]
    labels[outer > 1] = Tissue.AIR
    if rng.random() < 0.5:
        ring = (outer < 1) & (outer > 1 - rng.uniform(0.03, 0.15))
        labels[ring] = Tissue.FAT
    inside = outer < 0.9
    for _ in range(int(rng.integers(2, 14))):
        place = (float(rng.normal(0, 40)), float(rng.normal(0, 40)), float(rng.normal(0, 40)))
        half = tuple(float(value) for value in np.exp(rng.uniform(np.log(2), np.log(35), 3)))
        blob = grid.radius(place, (half[0], half[1], half[2])) + float(rng.choice([0, 0.15])) * grid.noise(10.0)
        tissue = int(rng.choice([*_SOLID, Tissue.AIR, Tissue.BONE]))
        labels[inside & (blob < 1) & (blob > rng.choice([-9.0, 0.6]))] = tissue
    return labels


REGIONS: dict[str, Callable[[Grid], Labels]] = {
    "head": _head,
    "trunk": _trunk,
    "limbs": _limbs,
    "joint": _joint,
    "shapes": _shapes,
}
"""How each region is drawn, by name."""
