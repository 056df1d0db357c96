"""Pictures with the make-up of patients: random outlines, layers, organs, bones, airways, in CT, MR and X-ray contrast.

No atlas and no real image: shapes are random and contrasts are drawn anew for each picture, so that a network learns
"tissue of irregular shape" and not one anatomy.
"""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from aiqa_integration.simulate.canvas import Canvas, Field, folded, fractal, paint, texture

Region = Literal["head", "trunk", "limbs", "filling", "side", "skull-base", "girdle"]
REGIONS: tuple[Region, ...] = get_args(Region)
CT_HU = {"air": -1000.0, "lung": -800.0, "fat": -100.0, "soft": 45.0, "fluid": 8.0, "spongy": 250.0, "bone": 900.0}
Tissues = dict[str, float]


def ct_tissues(rng: np.random.Generator) -> Tissues:
    """Return CT numbers of tissues, with contrast medium or without."""
    spread = {name: hu + float(rng.normal(0, abs(hu) * 0.04 + 5)) for name, hu in CT_HU.items()}
    return spread | {"vessel": float(rng.choice([45.0, rng.uniform(100, 400)]))}


def mr_tissues(rng: np.random.Generator) -> Tissues:
    """Return signals of tissues as any sequence might give them."""
    signal = {name: float(rng.uniform(0.1, 1.2)) for name in ("fat", "soft", "fluid", "spongy", "vessel")}
    return signal | {"air": 0.0, "lung": float(rng.uniform(0, 0.1)), "bone": float(rng.uniform(0, 0.12))}


def draw_patient(canvas: Canvas, rng: np.random.Generator, tissues: Tissues, region: Region) -> Field:
    """Return a section through a region of the body, in the tissues' values."""
    return _REGIONS[region](canvas, rng, tissues)


def draw_breast(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a compressed breast's attenuation: at the chest wall's side, glandular tissue of fractal make-up."""
    side = float(rng.choice([-1, 1]))
    axes = (float(rng.uniform(60, 150)), float(rng.uniform(70, 140)))
    x = side * canvas.x + float(rng.uniform(60, 100))
    depth = 1 - np.hypot(np.maximum(x, 0) / axes[0], (canvas.y + rng.normal(0, 20)) / axes[1])
    thickness = np.clip(depth * 6, 0, 1) ** 0.5
    tissue = fractal(rng, canvas.x.shape, float(rng.uniform(1.2, 1.9)))
    gland = np.clip(0.35 + 0.35 * tissue + 0.4 * depth, 0, 1) * np.clip(depth * 3, 0, 1)
    image = thickness * (0.8 + float(rng.uniform(0.1, 0.6)) * gland)
    if rng.random() < 0.5:
        muscle = np.clip((80 - x - canvas.y * float(rng.uniform(0.2, 0.6))) / 20 - 3, 0, 1)
        image = np.maximum(image, muscle * 1.3 * (x > -10))
    return np.asarray(image * (1 + 0.03 * fractal(rng, canvas.x.shape, 1.0)), np.float32)


def draw_radiograph(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a projection of a body: smooth soft parts, lungs or none, ribs and long bones, sharp rims."""
    depth = np.clip(canvas.outline(rng, (rng.uniform(60, 220), rng.uniform(60, 250)), 0.15) * 3, 0, 1)
    image = depth * (0.8 + 0.15 * texture(canvas, rng, 30.0))
    for _ in range(int(rng.integers(1, 12))):
        centre, turn = (float(rng.normal(0, 70)), float(rng.normal(0, 80))), float(rng.uniform(0, 180))
        bone = canvas.bar(
            centre, length_mm=float(rng.uniform(40, 250)), width_mm=float(rng.uniform(6, 35)), angle_deg=turn
        )
        image = image + 0.3 * bone * (1 + 0.2 * texture(canvas, rng, 2.0))
    if rng.random() < 0.4:
        for side in (-1.0, 1.0):
            image = image * (1 - 0.5 * canvas.ellipse((side * 65, -10.0), (50.0, 95.0)))
    return np.asarray(image + 0.02 * fractal(rng, canvas.x.shape, 1.2), np.float32)


def _organs(canvas: Canvas, rng: np.random.Generator, tissues: Tissues, size_mm: float, *, symmetric: bool) -> Field:
    """Return folds of tissues that fill the picture."""
    field = texture(canvas, rng, size_mm)
    if symmetric:
        field = np.asarray((field + field[:, ::-1] * 0.9) / 1.35, np.float32)
    names = rng.permutation(["soft", "fat", "fluid", "soft", "spongy", "vessel"])[: int(rng.integers(3, 6))]
    levels = tuple(float(level) for level in np.sort(rng.normal(0, 0.9, len(names) - 1)))
    image = folded(field, levels, tuple(tissues[name] for name in names))
    spread = 0.1 * float(np.ptp([tissues[name] for name in names])) + 1e-3
    return image + spread * texture(canvas, rng, float(rng.uniform(1, 5)))


def _head(canvas: Canvas, rng: np.random.Generator, tissues: Tissues) -> Field:
    axes = (float(rng.uniform(55, 85)), float(rng.uniform(70, 110)))
    depth = canvas.outline(rng, axes, 0.05) * min(axes)
    layers, edge = (0.0, float(rng.uniform(3, 8)), float(rng.uniform(9, 14))), canvas.edge_mm
    image = np.full_like(canvas.x, tissues["air"])
    for name, level in zip(("fat", "bone", "fluid"), layers, strict=True):
        image = paint(image, np.asarray(np.clip(depth / edge - level / edge + 0.5, 0, 1), np.float32), tissues[name])
    brain = np.asarray(np.clip(depth / edge - (layers[2] + rng.uniform(1, 4)) / edge, 0, 1), np.float32)
    grey, white = tissues["soft"], tissues["soft"] * float(rng.uniform(0.6, 1.5))
    folds = folded(texture(canvas, rng, float(rng.uniform(3, 7))), (float(rng.normal(0, 0.5)),), (grey, white))
    image = paint(image, brain, folds)
    for side in (-1.0, 1.0):
        place = (side * float(rng.uniform(4, 14)), float(rng.normal(0, 15)))
        image = paint(
            image, canvas.ellipse(place, (float(rng.uniform(2, 7)), float(rng.uniform(5, 28)))), tissues["fluid"]
        )
    if rng.random() < 0.35:
        cover = np.asarray((canvas.y < -axes[1] * rng.uniform(0, 0.5)) * np.clip(depth, 0, 1), np.float32)
        image = paint(image, cover, _organs(canvas, rng, tissues, float(rng.uniform(4, 10)), symmetric=True))
    return image


def _trunk(canvas: Canvas, rng: np.random.Generator, tissues: Tissues) -> Field:
    axes = (float(rng.uniform(110, 210)), float(rng.uniform(75, 150)))
    depth = canvas.outline(rng, axes, 0.06) * min(axes)
    rim, edge = float(rng.uniform(3, 35)), canvas.edge_mm
    image = paint(
        np.full_like(canvas.x, tissues["air"]),
        np.asarray(np.clip(depth / edge + 0.5, 0, 1), np.float32),
        tissues["fat"],
    )
    inner = np.asarray(np.clip((depth - rim) / edge + 0.5, 0, 1), np.float32)
    image = paint(image, inner, _organs(canvas, rng, tissues, float(rng.uniform(8, 22)), symmetric=rng.random() < 0.5))
    if rng.random() < 0.5:
        for side in (-1.0, 1.0):
            place = (side * axes[0] * float(rng.uniform(0.38, 0.5)), float(rng.normal(0, 10)))
            lung = canvas.ellipse(
                place, (axes[0] * float(rng.uniform(0.22, 0.36)), axes[1] * float(rng.uniform(0.4, 0.7)))
            )
            vessels = tissues["lung"] + (tissues["soft"] - tissues["lung"]) * (texture(canvas, rng, 2.5) > 1.8)
            image = paint(image, lung * inner, np.asarray(vessels, np.float32))
    image = _bones(canvas, rng, tissues, image, (axes[1] - rim) * 0.6)
    if rng.random() < 0.3:
        arm = (float(rng.choice([-1, 1])) * (axes[0] + 45), 20.0)
        image = paint(paint(image, canvas.disk(arm, 40.0), tissues["soft"]), canvas.disk(arm, 12.0), tissues["bone"])
    return image


def _bones(canvas: Canvas, rng: np.random.Generator, tissues: Tissues, image: Field, spine_mm: float) -> Field:
    body = (0.0, spine_mm)
    radius = float(rng.uniform(14, 24))
    image = paint(image, canvas.ellipse(body, (radius * 1.2, radius)), tissues["bone"])
    image = paint(image, canvas.ellipse(body, (radius * 1.2 - 3, radius - 3)), tissues["spongy"])
    for _ in range(int(rng.integers(0, 10))):
        place = (float(rng.normal(0, 90)), float(rng.normal(0, 60)))
        turn, width = float(rng.uniform(0, 180)), float(rng.uniform(5, 14))
        bone = canvas.bar(place, length_mm=float(rng.uniform(10, 60)), width_mm=width, angle_deg=turn)
        image = paint(image, bone, tissues["bone"])
    return image


def _limbs(canvas: Canvas, rng: np.random.Generator, tissues: Tissues) -> Field:
    image = np.full_like(canvas.x, tissues["air"])
    count = int(rng.choice([1, 1, 2, 5]))
    size = float(rng.uniform(12, 25)) if count == 5 else float(rng.uniform(25, 85))
    for k in range(count):
        shift = (k - (count - 1) / 2) * size * 2.2
        moved = Canvas(x=np.asarray(canvas.x - shift, np.float32), y=canvas.y, edge_mm=canvas.edge_mm)
        depth = moved.outline(rng, (size, size * float(rng.uniform(0.75, 1.3))), 0.12) * size
        for name, level in (("fat", 0.0), ("soft", float(rng.uniform(2, 10)))):
            image = paint(
                image, np.asarray(np.clip((depth - level) / canvas.edge_mm + 0.5, 0, 1), np.float32), tissues[name]
            )
        inner = np.asarray(np.clip((depth - size * 0.15) / canvas.edge_mm, 0, 1), np.float32)
        image = paint(image, inner * 0.6, _organs(canvas, rng, tissues, size / 7, symmetric=False))
        for _ in range(int(rng.integers(1, 4))):
            place, wide = (
                (shift + float(rng.normal(0, size / 4)), float(rng.normal(0, size / 4))),
                size * float(rng.uniform(0.1, 0.3)),
            )
            image = paint(image, canvas.disk(place, wide), tissues["bone"])
            image = paint(image, canvas.disk(place, wide * 0.6), tissues["spongy"])
    return image


def _filling(canvas: Canvas, rng: np.random.Generator, tissues: Tissues) -> Field:
    """Return tissue that fills the field of view, as joints and spines do, at times shaded off by a surface coil."""
    image = _organs(canvas, rng, tissues, float(rng.uniform(4, 25)), symmetric=False)
    if rng.random() < 0.5:
        for k in range(-4, 5):
            place = (float(rng.normal(0, 3)), k * float(rng.uniform(24, 34)))
            image = paint(image, canvas.rectangle(place, (float(rng.uniform(12, 20)), 11.0)), tissues["spongy"])
    if rng.random() < 0.4:
        image = paint(image, np.asarray(canvas.x > rng.uniform(30, 110), np.float32), tissues["air"])
    return image


def _side(canvas: Canvas, rng: np.random.Generator, tissues: Tissues) -> Field:
    """Return a head and neck seen from the side or front: an oval on a trunk that leaves the picture."""
    head = canvas.outline(rng, (float(rng.uniform(75, 100)), float(rng.uniform(75, 100))), 0.07) * 90
    neck = canvas.rectangle((float(rng.normal(10, 15)), 110.0), (float(rng.uniform(35, 60)), 90.0))
    body = np.maximum(np.clip(head / canvas.edge_mm + 0.5, 0, 1), neck)
    image = paint(np.full_like(canvas.x, tissues["air"]), np.asarray(body, np.float32), tissues["fat"])
    inner = np.maximum(np.clip((head - 6) / canvas.edge_mm, 0, 1), neck * 0.8)
    image = paint(
        image, np.asarray(inner, np.float32), _organs(canvas, rng, tissues, float(rng.uniform(5, 14)), symmetric=False)
    )
    brain = np.asarray(
        np.clip((head - rng.uniform(9, 16)) / canvas.edge_mm, 0, 1) * (canvas.y < rng.uniform(0, 50)), np.float32
    )
    folds = folded(texture(canvas, rng, 4.0), (0.0,), (tissues["soft"], tissues["soft"] * float(rng.uniform(0.6, 1.5))))
    return paint(image, brain, folds)


def _skull_base(canvas: Canvas, rng: np.random.Generator, tissues: Tissues) -> Field:
    """Return a head below the brain: bone and air cells of all sizes inside skin and muscle, some brain behind."""
    axes = (float(rng.uniform(60, 85)), float(rng.uniform(75, 110)))
    depth, edge = canvas.outline(rng, axes, 0.08) * min(axes), canvas.edge_mm
    image = paint(np.full_like(canvas.x, tissues["air"]), _above(depth, 0.0, edge), tissues["fat"])
    image = paint(
        image, _above(depth, float(rng.uniform(3, 8)), edge), _organs(canvas, rng, tissues, 9.0, symmetric=True)
    )
    values = tuple(tissues[name] for name in rng.permutation(["air", "soft", "bone", "spongy", "bone", "fat"])[:5])
    cells = texture(canvas, rng, float(rng.uniform(2, 8)))
    cells = np.asarray((cells + cells[:, ::-1] * float(rng.uniform(0, 1))) / 1.3, np.float32)
    web = folded(cells, tuple(float(level) for level in np.sort(rng.normal(0, 0.9, 4))), values)
    image = paint(image, _above(depth, float(rng.uniform(8, 25)), edge), web)
    for side in (-1.0, 1.0):
        place = (side * float(rng.uniform(15, 45)), -axes[1] * float(rng.uniform(0.3, 0.7)))
        hole = canvas.ellipse(place, (float(rng.uniform(6, 20)), float(rng.uniform(8, 22))))
        image = paint(image, hole, tissues[str(rng.choice(["air", "fat", "fluid"]))])
    if rng.random() < 0.6:
        back = (0.0, axes[1] * float(rng.uniform(0.3, 0.6)))
        half = (axes[0] * float(rng.uniform(0.4, 0.75)), axes[1] * float(rng.uniform(0.2, 0.4)))
        image = paint(image, canvas.ellipse(back, (half[0] + 5, half[1] + 5)), tissues["bone"])
        brain = tissues["soft"] * (1 + 0.05 * texture(canvas, rng, 4.0))
        image = paint(image, canvas.ellipse(back, half), np.asarray(brain, np.float32))
    return image


def _girdle(canvas: Canvas, rng: np.random.Generator, tissues: Tissues) -> Field:
    """Return a trunk with shells of bone: ribs along the rim, blades, sockets with balls, and a spine."""
    axes = (float(rng.uniform(130, 210)), float(rng.uniform(85, 150)))
    depth, edge = canvas.outline(rng, axes, 0.06) * min(axes), canvas.edge_mm
    rim = float(rng.uniform(8, 40))
    image = paint(np.full_like(canvas.x, tissues["air"]), _above(depth, 0.0, edge), tissues["fat"])
    image = paint(image, _above(depth, rim, edge), _organs(canvas, rng, tissues, 14.0, symmetric=True))
    if rng.random() < 0.5:
        wave = np.cos(np.arctan2(canvas.y, canvas.x) * int(rng.integers(6, 14)) + rng.uniform(0, 6))
        ribs = _above(depth, rim + 4, edge) * (1 - _above(depth, rim + float(rng.uniform(9, 15)), edge)) * (wave > 0)
        image = paint(image, np.asarray(ribs, np.float32), tissues["bone"])
    aside, below = float(rng.uniform(0.35, 0.6)) * axes[0], float(rng.normal(0, 25))
    for side in (-1.0, 1.0):
        turn, long_ = side * float(rng.uniform(10, 70)), float(rng.uniform(30, 90))
        place = (side * (aside + float(rng.normal(0, 4))), below)
        image = paint(image, canvas.bar(place, length_mm=long_, width_mm=15, angle_deg=turn), tissues["bone"])
        image = paint(image, canvas.bar(place, length_mm=long_ - 6, width_mm=8, angle_deg=turn), tissues["spongy"])
        if rng.random() < 0.6:
            ball, radius = (place[0] + side * 12, below + float(rng.normal(0, 15))), float(rng.uniform(16, 26))
            image = paint(image, canvas.disk(ball, radius), tissues["bone"])
            image = paint(image, canvas.disk(ball, radius - 3), tissues["spongy"])
    return _bones(canvas, rng, tissues, image, (axes[1] - rim) * 0.6)


def _above(depth: Field, level: float, edge_mm: float) -> Field:
    """Return the fraction of each pixel that lies deeper than a level."""
    return np.asarray(np.clip((depth - level) / edge_mm + 0.5, 0, 1), np.float32)


_REGIONS: dict[Region, Callable[[Canvas, np.random.Generator, Tissues], Field]] = {
    "head": _head,
    "trunk": _trunk,
    "limbs": _limbs,
    "filling": _filling,
    "side": _side,
    "skull-base": _skull_base,
    "girdle": _girdle,
}
