"""Images that show none of the phantoms that AIQA scores: other test objects, shapes of anatomy, noise, nothing."""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from aiqa_integration.simulate.canvas import Canvas, Field, texture

NegativeKind = Literal["bottle", "square", "rods", "catphan", "ct-head", "head", "thorax", "joint", "noise", "blank"]
NEGATIVE_KINDS: tuple[NegativeKind, ...] = get_args(NegativeKind)


def simulate_negative(
    kind: NegativeKind, *, rng: np.random.Generator, matrix: tuple[int, int], pixel_mm: float
) -> Field:
    """Return one noisy image ``[row, column]`` of a kind of object that is not an ACR MRI phantom."""
    turn = rng.uniform(-np.pi, np.pi) if rng.random() < 0.5 else 0.0
    rows, columns = np.indices(matrix).astype(np.float32)
    x = (columns - (matrix[1] - 1) / 2) * pixel_mm - rng.normal(0, 10)
    y = (rows - (matrix[0] - 1) / 2) * pixel_mm - rng.normal(0, 10)
    canvas = Canvas(
        x=np.asarray(np.cos(turn) * x + np.sin(turn) * y, np.float32),
        y=np.asarray(-np.sin(turn) * x + np.cos(turn) * y, np.float32),
        edge_mm=pixel_mm,
    )
    image = _DRAWERS[kind](canvas, rng)
    shading = 1 + rng.normal(0, 0.15) * x / 100 + rng.normal(0, 0.15) * y / 100
    shading = np.maximum(shading + rng.normal(0, 0.2) * (x * x + y * y) / 1e4, 0.1)
    sigma = float(rng.uniform(0.003, 0.06)) if kind != "noise" else 1.0
    noise = rng.normal(0, sigma, (2, *matrix))
    return np.asarray(np.hypot(image * shading + noise[0], noise[1]) * 1000, np.float32)


def _bottle(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a round bottle, often of the phantom's own size, with a bubble or a cap but no inserts."""
    radius = float(rng.choice([95.0, 82.5, rng.uniform(20, 120)]))
    image = canvas.ellipse((0, 0), (radius, radius * float(rng.choice([1.0, rng.uniform(0.8, 1.0)]))))
    if rng.random() < 0.5:
        image = image * (canvas.y > -radius + rng.uniform(2, 25))
    if rng.random() < 0.2:
        image = image * (1 - 0.7 * canvas.ellipse((0, 0), (radius * 0.4, radius * 0.4)))
    return np.asarray(image, np.float32)


def _square(canvas: Canvas, rng: np.random.Generator) -> Field:
    half = (float(rng.uniform(30, 110)), float(rng.uniform(30, 110)))
    image = canvas.rectangle((0, 0), half)
    for _ in range(int(rng.integers(0, 4))):
        centre = (float(rng.uniform(-half[0], half[0])), float(rng.uniform(-half[1], half[1])))
        image = image * (1 - canvas.rectangle(centre, (float(rng.uniform(1, 40)), float(rng.uniform(1, 12)))))
    return np.asarray(image, np.float32)


def _rods(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a disk or square with a regular array of dark or bright rods, some with plates."""
    radius = float(rng.uniform(50, 110))
    draw = canvas.ellipse if rng.random() < 0.7 else canvas.rectangle
    image = draw((0, 0), (radius, radius))
    count, size = int(rng.integers(2, 7)), float(rng.uniform(1, 8))
    pitch = float(rng.uniform(1.2, 1.8)) * radius / count
    level = float(rng.choice([0.0, 0.3, 1.6]))
    places = (np.arange(count) - (count - 1) / 2) * pitch
    for x in places:
        for y in places:
            rod = canvas.ellipse((float(x), float(y)), (size, size))
            image = image * (1 - rod) + level * rod * image
    for _ in range(int(rng.integers(0, 3))):
        centre = (float(rng.normal(0, radius / 3)), float(rng.normal(0, radius / 3)))
        plate = canvas.rectangle(centre, (float(rng.uniform(5, radius * 0.8)), float(rng.uniform(2, 15))))
        image = image * (1 - float(rng.uniform(0.2, 1)) * plate)
    return np.asarray(image, np.float32)


def _catphan(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a disk with a ring of inserts, as CT phantoms have, sometimes inside a larger housing."""
    radius = float(rng.uniform(60, 105))
    base = float(rng.uniform(0.4, 1.0))
    image = base * canvas.ellipse((0, 0), (radius, radius))
    if rng.random() < 0.4:
        outer = (radius * 1.1, radius * 1.1)
        image = image + 0.3 * (canvas.ellipse((0, 0), outer) - canvas.ellipse((0, 0), (radius, radius)))
    count, at = int(rng.integers(3, 13)), radius * float(rng.uniform(0.4, 0.85))
    for k in range(count):
        angle, size = 2 * np.pi * k / count, float(rng.uniform(2, 13))
        centre = (float(at * np.cos(angle)), float(at * np.sin(angle)))
        rod = canvas.ellipse(centre, (size, size))
        image = image * (1 - rod) + float(rng.choice([0.0, 0.2, 0.9 * base, 1.1 * base, 1.5])) * rod
    return np.asarray(image, np.float32)


def _ct_head(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a CT-like picture: bright rim, grey inside, air above zero, sometimes a couch."""
    axes = (float(rng.uniform(60, 120)), float(rng.uniform(60, 120)))
    image = 0.3 * canvas.ellipse((0, 0), (axes[0] + 80, axes[1] + 80))
    image = image + 0.7 * canvas.ellipse((0, 0), axes) - 0.3 * canvas.ellipse((0, 0), (axes[0] - 6, axes[1] - 6))
    if rng.random() < 0.5:
        image = image + 0.3 * canvas.rectangle((0.0, axes[1] + 15.0), (150.0, 2.0))
    return np.asarray(image + texture(canvas, rng, 6.0) * 0.1, np.float32)


def _head(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return scalp, dark skull and a brain of folded tissues with ventricles."""
    axes = (float(rng.uniform(55, 85)), float(rng.uniform(65, 110)))
    scalp = canvas.ellipse((0, 0), axes)
    skull = canvas.ellipse((0, 0), (axes[0] - 6, axes[1] - 6))
    brain = canvas.ellipse((0, 0), (axes[0] - 12, axes[1] - 12))
    folds = 0.55 + 0.35 * np.tanh(3 * texture(canvas, rng, float(rng.uniform(3, 9))))
    image = float(rng.uniform(0.4, 1.2)) * (scalp - skull) + 0.05 * (skull - brain) + brain * folds
    for side in (-1, 1):
        place = (side * float(rng.uniform(5, 15)), float(rng.normal(0, 10)))
        hole = canvas.ellipse(place, (5.0, float(rng.uniform(8, 25))))
        image = image * (1 - hole) + float(rng.choice([0.1, 1.2])) * hole
    if rng.random() < 0.4:
        neck = canvas.rectangle((float(rng.normal(0, 10)), 90.0), (35.0, 50.0))
        image = np.maximum(image, neck * (0.5 + 0.4 * texture(canvas, rng, 10.0)))
    return np.asarray(image, np.float32)


def _thorax(canvas: Canvas, rng: np.random.Generator) -> Field:
    axes = (float(rng.uniform(110, 200)), float(rng.uniform(80, 140)))
    image = canvas.ellipse((0, 0), axes) * (0.6 + 0.2 * texture(canvas, rng, 12.0))
    for _ in range(int(rng.integers(2, 9))):
        centre = (float(rng.normal(0, axes[0] / 2.5)), float(rng.normal(0, axes[1] / 2.5)))
        organ = canvas.ellipse(centre, (float(rng.uniform(8, 60)), float(rng.uniform(8, 60))))
        image = image * (1 - organ) + float(rng.uniform(0, 1.3)) * organ * (1 + 0.1 * texture(canvas, rng, 6.0))
    return np.asarray(image * canvas.ellipse((0, 0), axes), np.float32)


def _joint(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return tissue that fills the field of view: blobs with dark rims."""
    field = texture(canvas, rng, float(rng.uniform(4, 20)))
    rims = np.exp(-((field / 0.25) ** 2))
    image = 0.5 + 0.4 * np.tanh(2 * field) - 0.4 * rims + 0.1 * texture(canvas, rng, 3.0)
    if rng.random() < 0.5:
        image = image * canvas.ellipse((0, 0), (float(rng.uniform(30, 120)), float(rng.uniform(30, 120))))
    return np.asarray(np.clip(image, 0, None), np.float32)


def _nothing(canvas: Canvas, rng: np.random.Generator) -> Field:
    return np.zeros_like(canvas.x) + np.float32(rng.choice([0.0, 0.2]))


_DRAWERS: dict[NegativeKind, Callable[[Canvas, np.random.Generator], Field]] = {
    "bottle": _bottle,
    "square": _square,
    "rods": _rods,
    "catphan": _catphan,
    "ct-head": _ct_head,
    "head": _head,
    "thorax": _thorax,
    "joint": _joint,
    "noise": _nothing,
    "blank": _nothing,
}
