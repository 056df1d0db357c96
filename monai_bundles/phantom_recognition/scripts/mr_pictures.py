"""Simulated MR images of the ACR MRI phantoms in any pose, direction and scanner setting, and of other fluids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from aiqa_integration.simulate.acr_mri import Pose, Scan, simulate_localizer, simulate_series
from aiqa_integration.simulate.acr_mri_layout import LAYOUTS, Cut, PhantomName, Variant, fluid
from aiqa_integration.simulate.canvas import Canvas, Field, random_canvas
from aiqa_integration.simulate.mr_artifacts import array_gain
from aiqa_integration.simulate.mr_objects import receive
from aiqa_integration.simulate.scanner import Shading
from scripts.pictures import Picture, some_pixel_mm, some_turn


def mr_scan(rng: np.random.Generator, first_slice: int) -> Scan:
    """Return scanner settings: coarse enough to be quick, as varied as the network must bear."""
    field_mm, pixel = float(rng.choice([250.0, rng.uniform(200, 330)])), some_pixel_mm(rng)
    side = round(field_mm / pixel / 2) * 2
    return Scan(
        matrix=(side, side),
        pixel_mm=(pixel, pixel),
        first_slice=first_slice,
        slice_count=1,
        thickness_mm=float(rng.choice([5.0, rng.uniform(2, 10)])),
        position_error_mm=float(np.clip(rng.normal(0, 2.5), -4, 4)),
        weighting="T1" if rng.random() < 0.5 else "T2",
        snr=float(np.exp(rng.uniform(np.log(6), np.log(300)))),
        shading=Shading(
            linear_x=float(rng.normal(0, 0.25)), linear_y=float(rng.normal(0, 0.25)), bowl=float(rng.normal(0, 0.35))
        ),
        ghost=float(rng.choice([0.0, 0.0, rng.uniform(0, 0.15)])),
        scale=(float(rng.normal(1, 0.015)), float(rng.normal(1, 0.015))),
        barrel=float(rng.normal(0, 0.01)),
        kept=(float(rng.uniform(0.55, 1)), float(rng.uniform(0.55, 1))),
        zeroed_background=bool(rng.random() < 0.25),
        oversampling=1,
    )


def mr_pose(rng: np.random.Generator) -> Pose:
    """Return a pose: off centre by up to 30 mm, any angle, mirrored or not, tilted by up to some degrees."""
    offset = rng.normal(0, float(rng.choice([5.0, 12.0])), 2)
    tilt = rng.normal(0, 1.2, 2)
    return Pose(
        offset_mm=(float(offset[0]), float(offset[1])),
        rotation_deg=some_turn(rng),
        mirrored=bool(rng.random() < 0.4),
        tilt_x_deg=float(tilt[0]),
        tilt_y_deg=float(tilt[1]),
    )


def mr_variant(rng: np.random.Generator) -> Variant:
    """Return a specimen with either insert, a bubble anywhere or none, windows of any signal."""
    return Variant(
        insert="grid" if rng.random() < 0.5 else "plate",
        bubble_mm=float(rng.choice([0.0, rng.uniform(0.5, 10)])),
        bubble_direction_deg=float(rng.choice([-90.0, rng.uniform(-180, 180)])),
        bubble_z=(-30.0, 130.0) if rng.random() < 0.4 else (-28.0, float(rng.uniform(0, 120))),
        window_signal=(float(rng.uniform(0, 1.1)), float(rng.uniform(0, 1.1))),
        disk_gain=float(rng.uniform(0.3, 2.5)),
        bubble_half_width_mm=float(rng.uniform(8, 40)),
    )


def acr_mri_axial(rng: np.random.Generator, phantom: PhantomName) -> Picture:
    """Return an axial slice from one before slice 1 to one behind slice 11, where the vessel reaches that far."""
    scan = mr_scan(rng, int(rng.integers(0, 13 if phantom == "acr-mri-large" else 12)))
    series = simulate_series(phantom, rng=rng, pose=mr_pose(rng), scan=scan, variant=mr_variant(rng))
    return _seen_by_array(Picture(pixels=series.stack.voxels[0], pixel_mm=scan.pixel_mm[0], modality="MR"), rng)


def _seen_by_array(picture: Picture, rng: np.random.Generator) -> Picture:
    """Return a picture as before, or with the gain of an array of loops."""
    if rng.random() < 0.7:
        return picture
    canvas = random_canvas(rng, picture.pixels.shape, picture.pixel_mm, offset_mm=15, turn_deg=0.0)
    return replace(picture, pixels=np.asarray(picture.pixels * array_gain(canvas, rng), np.float32))


def acr_mri_along(rng: np.random.Generator, phantom: PhantomName) -> Picture:
    """Return a sagittal or coronal slice, through the axis or beside it, in any quarter turn."""
    scan = mr_scan(rng, 1)
    if rng.random() < 0.3:
        scan = replace(scan, thickness_mm=float(rng.uniform(5, 25)))
        image = simulate_localizer(phantom, rng=rng, scan=scan, variant=mr_variant(rng)).voxels[0]
    else:
        image = _beside_axis(rng, phantom, scan)
    turned = np.rot90(image, int(rng.integers(4))).copy()
    return _seen_by_array(Picture(pixels=turned, pixel_mm=scan.pixel_mm[0], modality="MR"), rng)


def _beside_axis(rng: np.random.Generator, phantom: PhantomName, scan: Scan) -> Field:
    layout, variant, turn = LAYOUTS[phantom], mr_variant(rng), float(rng.choice([0.0, rng.normal(0, 4)]))
    canvas = random_canvas(rng, scan.matrix, scan.pixel_mm[0], offset_mm=8, turn_deg=turn)
    place, sagittal, total = (
        float(rng.uniform(-0.85, 0.85)) * layout.radius_mm,
        rng.random() < 0.5,
        np.zeros(scan.matrix),
    )
    for offset in (-scan.thickness_mm / 4, scan.thickness_mm / 4):
        across = np.full_like(canvas.x, place + offset)
        u, v = (across, canvas.x) if sagittal else (canvas.x, across)
        z = np.asarray(sum(layout.z) / 2 - canvas.y, np.float32)
        cut = Cut(u=u, v=v, z=z, edge_mm=canvas.edge_mm, thickness_mm=canvas.edge_mm)
        total = total + fluid(cut, layout, variant) / 2
    return receive(np.asarray(total, np.float32), canvas, rng)


def mr_picture(rng: np.random.Generator, draw: Callable[[Canvas, np.random.Generator], Field]) -> Picture:
    """Return an MR image of what ``draw`` gives as signal."""
    pixel = float(rng.uniform(1.2, 2.5))
    side = int(float(rng.choice([250.0, rng.uniform(120, 480)])) / pixel)
    canvas = random_canvas(rng, (side, side), pixel, offset_mm=8, turn_deg=some_turn(rng))
    return Picture(pixels=receive(draw(canvas, rng), canvas, rng), pixel_mm=pixel, modality="MR")
