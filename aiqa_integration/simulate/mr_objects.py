"""MR test objects other than the ACR phantoms, and what a coil and a receiver do to any object."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

from aiqa_integration.simulate.canvas import Canvas, Field, paint, texture
from aiqa_integration.simulate.mr_artifacts import array_gain, standing_wave
from aiqa_integration.simulate.scanner import Shading, add_ghost, add_rician_noise, zero_background

_LEAST_STRUCTURE_MM2 = 120.0
"""Signal missing from a vessel by which it is more than a uniform object: less drowns in the noise."""


def draw_uniform_fluid(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a bottle, sphere or box of fluid, at times with a bubble, a neck or a cradle: nothing inside.

    At least a part of its rim is in the field of view: without it a picture shows no object.
    """
    most = 0.47 * min(canvas.x.shape) * canvas.edge_mm
    radius = min(float(rng.choice([95.0, 100.0, 82.5, 85.0, 70.0, 50.0, rng.uniform(15, 150)])), most)
    axes = (radius, radius * float(rng.choice([1.0, 1.0, 1.0, rng.uniform(0.5, 1.0)])))
    image = (canvas.ellipse if rng.random() < 0.75 else canvas.rectangle)((0, 0), axes)
    if rng.random() < 0.35:
        image = image * np.clip(0.5 + (canvas.y + axes[1] - rng.uniform(1, 30)) / canvas.edge_mm, 0, 1)
    for _ in range(int(rng.choice([0, 0, 0, 1, 3]))):
        angle, size = 2 * np.pi * rng.random(), float(rng.uniform(1, 5))
        place = (float((axes[0] - size) * np.cos(angle)), float((axes[1] - size) * np.sin(angle)))
        image = image * (1 - canvas.disk(place, size))
    if rng.random() < 0.15:
        image = np.maximum(
            image, canvas.rectangle((float(rng.normal(0, 5)), -axes[1]), (float(rng.uniform(8, 25)), 20.0))
        )
    if rng.random() < 0.1:
        outer = float(rng.uniform(4, 20))
        shell = canvas.ellipse((0, 0), (axes[0] + outer, axes[1] + outer)) * (canvas.y > float(rng.normal(0, 30)))
        inner = canvas.ellipse((0, 0), (axes[0] + outer * 0.6, axes[1] + outer * 0.6))
        image = np.maximum(image, float(rng.uniform(0.02, 0.15)) * shell * (1 - inner))
    if rng.random() < 0.1:
        image = image * (1 + float(rng.uniform(0, 0.05)) * texture(canvas, rng, float(rng.uniform(10, 40))))
    return np.asarray(image * (standing_wave(canvas, rng) if rng.random() < 0.3 else 1), np.float32)


def draw_other_object(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return another MR test object: plates, wedges, rods, grids, spheres in a sphere, vials."""
    return _OTHERS[int(rng.integers(len(_OTHERS)))](canvas, rng)


def receive(image: Field, canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return the magnitude image of an object of signal about 1: blur, coil, ghost, noise, masked background."""
    smooth = gaussian_filter(image, float(rng.uniform(0.2, 0.9)))
    coil = Shading(
        linear_x=float(rng.normal(0, 0.25)), linear_y=float(rng.normal(0, 0.25)), bowl=float(rng.normal(0, 0.3))
    )
    if rng.random() < 0.3:
        smooth = np.asarray(smooth * array_gain(canvas, rng), np.float32)
    signal = np.asarray(smooth * coil.at(canvas.x, canvas.y), np.float32)
    ghosted = add_ghost(
        signal, float(rng.choice([0.0, 0.0, rng.uniform(0, 0.15)])), "ROW" if rng.random() < 0.5 else "COLUMN"
    )
    noisy = add_rician_noise(ghosted, float(np.exp(rng.uniform(np.log(0.002), np.log(0.15)))), rng)
    return 1000 * (zero_background(noisy) if rng.random() < 0.2 else noisy)


def _vessel(canvas: Canvas, rng: np.random.Generator) -> tuple[Field, float]:
    radius = float(rng.choice([95.0, 100.0, 82.5, rng.uniform(50, 130)]))
    round_ = rng.random() < 0.75
    return (canvas.ellipse if round_ else canvas.rectangle)((0, 0), (radius, radius)), radius


def _plates(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a vessel with plates, wedges and bars across it (slice width and position objects)."""
    vessel, radius = _vessel(canvas, rng)
    turn, image, most = float(rng.choice([0.0, 90.0, 45.0, 180 * rng.random()])), vessel, int(rng.integers(1, 7))
    while most > 0 or float((vessel - image).sum()) * canvas.edge_mm**2 < _LEAST_STRUCTURE_MM2:
        most -= 1
        place = (float(rng.normal(0, radius / 2.5)), float(rng.normal(0, radius / 2.5)))
        size = (float(rng.uniform(10, 1.8 * radius)), float(rng.uniform(1, 25)))
        plate = canvas.bar(place, length_mm=size[0], width_mm=size[1], angle_deg=turn + float(rng.choice([0, 90])))
        image = paint(image, plate, float(rng.choice([0.0, 0.0, 0.5])))
    return image


def _rods(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a vessel with four or more rods on a square, at times with more inside (geometry objects)."""
    image, radius = _vessel(canvas, rng)
    half, count = float(rng.uniform(0.3, 0.65)) * radius, int(rng.integers(2, 6))
    size, level = float(rng.uniform(1.5, 10)), float(rng.choice([0.0, 0.0, 0.4, 1.5]))
    for x in np.linspace(-half, half, count):
        for y in np.linspace(-half, half, count):
            image = paint(image, canvas.disk((float(x), float(y)), size), level)
    return image


def _grid(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a vessel filled with a grid of lines or cells from rim to rim (distortion objects)."""
    image, radius = _vessel(canvas, rng)
    pitch, width = float(rng.uniform(7, 30)), float(rng.uniform(1, 4))
    near = (np.abs((field / pitch + 0.5) % 1 - 0.5) * pitch for field in (canvas.x, canvas.y))
    lines = np.max([np.clip(0.5 + (width / 2 - distance) / canvas.edge_mm, 0, 1) for distance in near], axis=0)
    lines = lines * canvas.ellipse((0, 0), (radius * 0.9, radius * 0.9))
    return paint(image, np.asarray(lines, np.float32), 0.0) if rng.random() < 0.7 else np.asarray(lines, np.float32)


def _vials(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return vials or spheres of many signals on rings or in rows, in fluid, gel or air (relaxation, diffusion)."""
    image, radius = _vessel(canvas, rng)
    image = image * float(rng.choice([0.0, 0.3, 1.0]))
    size, turn = float(rng.uniform(5, 18)), 360 * rng.random()
    for ring in (0.0, 0.45, 0.8)[: int(rng.integers(2, 4))]:
        count = 1 if ring == 0 else int(2 * np.pi * ring * radius / (size * rng.uniform(2.4, 5)))
        for angle in np.radians(turn + 360 * np.arange(count) / max(count, 1)):
            centre = (float(ring * radius * np.cos(angle)), float(ring * radius * np.sin(angle)))
            image = paint(image, canvas.disk(centre, size), float(rng.uniform(0, 1.3)))
    return image


def _bottles(canvas: Canvas, rng: np.random.Generator) -> Field:
    image = np.zeros_like(canvas.x)
    for _ in range(int(rng.integers(2, 7))):
        centre, radius = (float(rng.normal(0, 55)), float(rng.normal(0, 55))), float(rng.uniform(8, 50))
        image = paint(
            image, canvas.ellipse(centre, (radius, radius * float(rng.uniform(0.5, 1)))), float(rng.uniform(0.3, 1.2))
        )
    return image


_OTHERS: tuple[Callable[[Canvas, np.random.Generator], Field], ...] = (_plates, _plates, _rods, _grid, _vials, _bottles)
