"""Simulated training and test slices for the network, with their labels. No real image is used."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.metrics.pose import GRID, GRID_MM, to_grid
from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_localizer, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, PhantomName, Variant
from aiqa_integration.simulate.negatives import NEGATIVE_KINDS, simulate_negative
from aiqa_integration.simulate.scanner import Shading

LANDMARKS = ("centre", "housing", "tube", "bar-left", "bar-right", "ring")
KINDS = ("none", "acr-mri-large", "acr-mri-medium")
SAGITTAL = 12
MISSING = -1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A slice on the network's grid: kind, slice class, landmarks as (column, row), MISSING where not shown."""

    image: NDArray[np.float32]
    kind: int
    slice_class: int
    landmarks: NDArray[np.float32]


def landmark_table(phantom: PhantomName, height_mm: float) -> NDArray[np.float64]:
    """Return ``(u, v)`` of the landmarks that a slice at a height shows, NaN for the others."""
    layout = LAYOUTS[phantom]
    table = np.full((len(LANDMARKS), 2), np.nan)
    table[0] = 0.0
    table[1] = 0.0, sum(layout.housing.v) / 2
    if height_mm < 34.0:
        table[2] = layout.tube_centre
        table[3], table[4] = (layout.slab.u[0], 0.0), (layout.slab.u[1], 0.0)
    if height_mm > 69.5:
        table[5] = layout.ring_centre
    return table


def random_scan(rng: np.random.Generator, **fixed: object) -> Scan:
    """Return scanner settings from the whole range that the network must bear."""
    pixel = float(rng.uniform(0.95, 2.0))
    field_mm = float(rng.uniform(205, 300))
    rows = round(field_mm / pixel / 2) * 2
    aspect = float(rng.choice([1.0, 1.0, 1.0, rng.uniform(0.8, 1.25)]))
    scan = Scan(
        matrix=(rows, round(rows * aspect / 2) * 2),
        pixel_mm=(pixel, pixel / aspect),
        thickness_mm=float(rng.uniform(3.5, 7.0)),
        position_error_mm=float(rng.normal(0, 1.5) if rng.random() < 0.7 else rng.uniform(-4.5, 4.5)),
        snr=float(np.exp(rng.uniform(np.log(8), np.log(300)))),
        shading=Shading(
            linear_x=float(rng.normal(0, 0.2)),
            linear_y=float(rng.normal(0, 0.2)),
            bowl=float(rng.normal(0, 0.3)),
            saddle=float(rng.normal(0, 0.1)),
        ),
        ghost=float(rng.choice([0.0, 0.0, rng.uniform(0, 0.12)])),
        phase_encoding="ROW" if rng.random() < 0.5 else "COLUMN",
        scale=(float(rng.normal(1, 0.012)), float(rng.normal(1, 0.012))),
        barrel=float(rng.normal(0, 0.006)),
        kept=(float(rng.uniform(0.6, 1)), float(rng.uniform(0.6, 1))),
        zeroed_background=bool(rng.random() < 0.25),
        oversampling=1 if pixel < 1.4 else 2,
        slice_count=1,
    )
    return replace(scan, **fixed)  # type: ignore[arg-type]


def random_pose(rng: np.random.Generator) -> Pose:
    """Return a pose: any angle, more often near upright, some mirrored, little tilt."""
    turn = float(rng.normal(0, 12) if rng.random() < 0.5 else rng.uniform(-180, 180))
    return Pose(
        offset_mm=(float(rng.normal(0, 8)), float(rng.normal(0, 8))),
        rotation_deg=turn,
        mirrored=bool(rng.random() < 0.4),
        tilt_x_deg=float(rng.normal(0, 0.8)),
        tilt_y_deg=float(rng.normal(0, 0.8)),
    )


def random_variant(rng: np.random.Generator, pose: Pose) -> Variant:
    """Return a specimen: insert, bubble towards the image's top (whatever the rotation), window signals."""
    up = -90.0 - pose.rotation_deg if rng.random() < 0.8 else float(rng.uniform(-180, 180))
    if pose.mirrored:
        up = 180.0 - up
    return Variant(
        insert="grid" if rng.random() < 0.5 else "plate",
        bubble_mm=float(rng.choice([0.0, rng.uniform(0.5, 6)])),
        bubble_direction_deg=up + float(rng.normal(0, 6)),
        bubble_z=(-30.0, 130.0) if rng.random() < 0.3 else (float(rng.uniform(-30, 40)), float(rng.uniform(40, 120))),
        window_signal=(float(rng.uniform(0, 1.1)), float(rng.uniform(0, 1.1))),
        disk_gain=float(rng.uniform(0.3, 2.0)),
        bubble_half_width_mm=float(rng.uniform(8, 32)),
    )


def phantom_sample(rng: np.random.Generator, number: int | None = None) -> Sample:
    """Return one axial phantom slice: guideline numbers -1 to 14 (12 on: beyond slice 11)."""
    phantom: PhantomName = "acr-mri-large" if rng.random() < 0.5 else "acr-mri-medium"
    number = int(rng.choice([*range(1, 12), *range(1, 12), *range(-1, 15)])) if number is None else number
    pose = random_pose(rng)
    series = simulate_series(
        phantom, rng=rng, pose=pose, scan=random_scan(rng, first_slice=number), variant=random_variant(rng, pose)
    )
    height, plane = series.truth.heights_mm[0], series.truth.poses[0]
    half_mm = np.hypot(*pose_drift(pose, height))
    centre = plane.to_pixel(*rng.normal(0, 5 + half_mm / 10, 2))
    pixel = (series.stack.spacing_mm[1], series.stack.spacing_mm[2])
    image = to_grid(series.stack.voxels[0], pixel, centre)
    layout = LAYOUTS[phantom]
    shown = layout.z[0] + 3 < height < layout.z[1] - 3
    marks = np.full((len(LANDMARKS), 2), MISSING, np.float32)
    if shown:
        marks = grid_landmarks(plane, landmark_table(phantom, height), centre)
    numbered = next(iter(series.truth.slices), 0) if shown else 0
    return Sample(image=image, kind=KINDS.index(phantom) if shown else 0, slice_class=numbered, landmarks=marks)


def pose_drift(pose: Pose, height_mm: float) -> tuple[float, float]:
    """Return how far the axis has moved at a height by tilt, mm."""
    lean = (np.tan(np.radians(pose.tilt_x_deg)), np.tan(np.radians(pose.tilt_y_deg)))
    return float(lean[0] * height_mm), float(lean[1] * height_mm)


def grid_landmarks(plane: PlanePose, table: NDArray[np.float64], centre: tuple[float, float]) -> NDArray[np.float32]:
    """Return the landmarks' (column, row) on the network's grid; MISSING where the table has NaN."""
    marks = np.full((len(LANDMARKS), 2), MISSING, np.float32)
    for index, (u, v) in enumerate(table):
        if np.isfinite(u):
            column, row = plane.to_pixel(float(u), float(v))
            offset = np.array([(column - centre[0]) * plane.pixel_mm[0], (row - centre[1]) * plane.pixel_mm[1]])
            marks[index] = offset / GRID_MM + (GRID - 1) / 2
    return marks


def localizer_sample(rng: np.random.Generator) -> Sample:
    """Return a sagittal localizer, upright or turned by quarter turns."""
    phantom: PhantomName = "acr-mri-large" if rng.random() < 0.5 else "acr-mri-medium"
    scan = random_scan(rng, thickness_mm=float(rng.uniform(5, 25)), oversampling=1)
    pose = Pose(offset_mm=(float(rng.normal(0, 10)), float(rng.normal(0, 10))))
    stack = simulate_localizer(phantom, rng=rng, scan=scan, pose=pose, variant=random_variant(rng, pose))
    middle = (scan.matrix[1] - 1) / 2 + rng.normal(0, 5), (scan.matrix[0] - 1) / 2 + rng.normal(0, 5)
    image = np.rot90(to_grid(stack.voxels[0], scan.pixel_mm, middle), int(rng.integers(4))).copy()
    marks = np.full((len(LANDMARKS), 2), MISSING, np.float32)
    return Sample(image=image, kind=KINDS.index(phantom), slice_class=SAGITTAL, landmarks=marks)


def negative_sample(rng: np.random.Generator) -> Sample:
    """Return an image of something else."""
    kind = NEGATIVE_KINDS[int(rng.integers(len(NEGATIVE_KINDS)))]
    pixel = float(rng.uniform(0.8, 2.5))
    size = int(rng.uniform(160, 300) / pixel)
    image = simulate_negative(kind, rng=rng, matrix=(size, size), pixel_mm=pixel)
    middle = (size - 1) / 2 + rng.normal(0, 5), (size - 1) / 2 + rng.normal(0, 5)
    marks = np.full((len(LANDMARKS), 2), MISSING, np.float32)
    return Sample(image=to_grid(image, (pixel, pixel), middle), kind=0, slice_class=0, landmarks=marks)


def random_sample(rng: np.random.Generator) -> Sample:
    """Return a sample of the training mix: 72 % phantom slices, 6 % localizers, 22 % others."""
    draw = rng.random()
    if draw < 0.72:
        return phantom_sample(rng)
    return localizer_sample(rng) if draw < 0.78 else negative_sample(rng)
