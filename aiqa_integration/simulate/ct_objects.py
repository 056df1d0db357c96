"""CT test objects, in Hounsfield units: ACR 464, CatPhan family, water and uniform objects, others.

Coordinates are mm from the object's axis, x right and y down. ACR 464: Gammex 464 accreditation phantom, four modules
of 40 mm (ACR CT Accreditation Phantom Instructions; places as in published numerical phantoms). CatPhan: The Phantom
Laboratory, CatPhan 500 and 600 series manuals; housing, gap and wires also read off published images.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from aiqa_integration.simulate.canvas import Canvas, Field, Point, paint

AIR_HU = -1000.0
CatphanModule = Literal["ctp404", "ctp486", "ctp515", "ctp528"]
CATPHAN_MODULES: tuple[CatphanModule, ...] = get_args(CatphanModule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rod:
    """A cylinder along the axis: place, diameter, CT number."""

    centre_mm: Point
    diameter_mm: float
    hu: float


def polar(radius_mm: float, angle_deg: float) -> Point:
    """Return the place at a radius and an angle, clockwise as displayed from +x."""
    angle = np.radians(angle_deg)
    return float(radius_mm * np.cos(angle)), float(radius_mm * np.sin(angle))


ACR_464_DIAMETER_MM = 200.0
ACR_464_BACKGROUND_HU = {1: 0.0, 2: 90.0, 3: 0.0, 4: 95.0}
ACR_464_RODS = {
    1: (
        Rod(centre_mm=polar(63, 45), diameter_mm=25.0, hu=AIR_HU),
        Rod(centre_mm=polar(63, 135), diameter_mm=25.0, hu=120.0),
        Rod(centre_mm=polar(63, 225), diameter_mm=25.0, hu=-95.0),
        Rod(centre_mm=polar(63, -45), diameter_mm=25.0, hu=955.0),
        Rod(centre_mm=polar(63, 180), diameter_mm=50.0, hu=0.0),
    ),
    2: (
        Rod(centre_mm=polar(62, -90), diameter_mm=25.0, hu=96.0),
        *(
            Rod(centre_mm=polar(62, 20 + 45 * group + degrees), diameter_mm=diameter, hu=96.0)
            for group, diameter in enumerate((6.0, 5.0, 4.0, 3.0, 2.0))
            for degrees in np.degrees((np.arange(4) - 1.5) * 2 * diameter / 62)
        ),
    ),
    3: (),
    4: (),
}
ACR_464_BARS_LP_PER_CM = {-135: 4, 180: 5, 135: 6, 90: 7, 45: 8, 0: 9, -45: 10, -90: 12}
"""Line pairs of the eight 15 mm squares of module 4, by their angle 70 mm from the axis."""
ACR_464_BEADS_MM = {1: 98.0, 4: 98.0}
"""Radius of the four alignment beads at 3, 6, 9 and 12 o'clock."""

CATPHAN_HOUSING_MM = 200.0
CATPHAN_MODULE_MM = 150.0
CATPHAN_ROD_RING_MM = 58.7
CATPHAN_ROD_ANGLES_DEG = (0, 60, 90, 120, 180, 240, 270, 300)
CATPHAN_ROD_HU = (340.0, 120.0, AIR_HU, -200.0, -100.0, 990.0, AIR_HU, -35.0)
CATPHAN_604_EXTRA_HU = ((30, 237.0), (150, 725.0))
CATPHAN_LINE_PAIR_RING_MM = 47.0


_PLAIN_SHARE = 0.35
"""Share of uniform objects that look like plain modules of phantoms, so that these are not told by guess."""
_LEAST_STRUCTURE_HU_MM2 = 15_000.0
"""Contrast times area by which a body is more than a uniform object: a block of 150 HU and 10 mm."""


def draw_acr_464(canvas: Canvas, rng: np.random.Generator, module: int) -> Field:
    """Return module 1 to 4 of the ACR 464 phantom in air, HU; specimens differ by some HU and a millimetre."""
    body, unlike = canvas.disk((0, 0), ACR_464_DIAMETER_MM / 2), float(rng.normal(0, 6))
    image = paint(np.full_like(canvas.x, AIR_HU), body, ACR_464_BACKGROUND_HU[module] + unlike)
    for rod in ACR_464_RODS[module]:
        image = _rod(canvas, image, rod, jitter_hu=rng.normal(0, 10) if module == 1 else unlike + rng.normal(0, 1))
    if module == 1:
        for y in rng.uniform(28, 40) * np.array([-1.0, 1.0]):
            for x in np.linspace(-12, 12, 9):
                image = paint(image, canvas.bar((x, y), length_mm=2.5, width_mm=0.4, angle_deg=90), 900.0)
    if module == 4:
        image = _bar_patterns(canvas, image, rng)
    if module in ACR_464_BEADS_MM:
        for angle in (0, 90, 180, 270):
            image = paint(image, canvas.disk(polar(ACR_464_BEADS_MM[module], angle), 0.6), 2500.0)
    if module == 3:
        for place in (polar(20, -45), polar(80, 135)):
            image = paint(image, canvas.disk(place, 0.14), 2500.0)
    return image


def draw_catphan(canvas: Canvas, rng: np.random.Generator, module: CatphanModule) -> Field:
    """Return a module of a CatPhan in its housing in air, HU; specimens differ in housing, gap and inserts."""
    image = paint(np.full_like(canvas.x, AIR_HU), canvas.disk((0, 0), CATPHAN_HOUSING_MM / 2), _about(rng, 60, 40))
    base = {"ctp404": 100.0, "ctp486": 12.0, "ctp515": 45.0, "ctp528": 110.0}[module] + float(rng.normal(0, 15))
    gap, aside = (
        (float(rng.uniform(0.1, 1.0)) if rng.random() < 0.7 else 0.0),
        polar(float(rng.uniform(0, 0.6)), 360 * rng.random()),
    )
    if rng.random() < 0.35:
        image = paint(image, canvas.disk((0, 0), CATPHAN_HOUSING_MM / 2), base + float(rng.normal(0, 4)))
    image = paint(image, canvas.disk((0, 0), CATPHAN_MODULE_MM / 2 + gap), AIR_HU if gap else base)
    image = paint(image, canvas.disk(aside if gap else (0, 0), CATPHAN_MODULE_MM / 2), base)
    if rng.random() < 0.5:
        image = paint(image, canvas.disk(polar(75, -90), 1.5), float(rng.choice([AIR_HU, 600.0])))
    if module == "ctp404":
        return _sensitometry(canvas, image, rng)
    if module == "ctp515":
        return _low_contrast(canvas, image, base)
    return _line_pairs(canvas, image, rng) if module == "ctp528" else image


def draw_uniform(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a water or uniform cylinder or body in air, HU: none of its insides shows a structure.

    At least a part of its rim is in the field of view: without it a picture shows no object.
    """
    if rng.random() < _PLAIN_SHARE:
        inside = float(rng.choice([rng.normal(0, 6), rng.normal(12, 15)]))
        return paint(np.full_like(canvas.x, AIR_HU), canvas.disk((0, 0), ACR_464_DIAMETER_MM / 2), inside)
    most = 0.5 * min(canvas.x.shape) * canvas.edge_mm
    radius = min(float(rng.choice([100.0, 75.0, 80.0, 150.0, 160.0, rng.uniform(30, 190)])), most)
    axes = (radius, radius * float(rng.choice([1.0, 1.0, 1.0, rng.uniform(0.6, 1.0)])))
    inside = float(
        rng.choice([0.0, 0.0, rng.normal(0, 10), rng.normal(120, 8), rng.normal(-95, 10), rng.normal(20, 20)])
    )
    image = np.full_like(canvas.x, AIR_HU)
    draw = canvas.rectangle if rng.random() < 0.12 else canvas.ellipse
    if rng.random() < 0.6:
        wall = float(rng.uniform(1.5, 12))
        image = paint(image, draw((0, 0), (axes[0] + wall, axes[1] + wall)), _about(rng, 110, 40))
    image = paint(image, draw((0, 0), axes), inside)
    if rng.random() < 0.15:
        top = np.asarray(np.clip(0.5 - (canvas.y + axes[1] - rng.uniform(2, 20)) / canvas.edge_mm, 0, 1), np.float32)
        image = paint(image, top * draw((0, 0), axes), AIR_HU)
    return image


def draw_other(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return another CT test object in air, HU: CTDI, rod rings, ramps, wires, stepped or barred blocks."""
    return _OTHERS[int(rng.integers(len(_OTHERS)))](canvas, rng)


def _about(rng: np.random.Generator, mean: float, spread: float) -> float:
    return float(rng.normal(mean, spread))


def _rod(canvas: Canvas, image: Field, rod: Rod, *, jitter_hu: float) -> Field:
    return paint(
        image, canvas.disk(rod.centre_mm, rod.diameter_mm / 2), rod.hu + (0 if rod.hu == AIR_HU else jitter_hu)
    )


def _bar_patterns(canvas: Canvas, image: Field, rng: np.random.Generator) -> Field:
    """Return the image with eight 15 mm squares of aluminium bars; those finer than a pixel are their mean."""
    metal = _about(rng, 1300, 150)
    for angle, pairs in ACR_464_BARS_LP_PER_CM.items():
        period = 10.0 / pairs
        centre = polar(70, angle)
        square = canvas.rectangle(centre, (7.5, 7.5))
        wave = np.cos(2 * np.pi * (canvas.x - centre[0]) / period)
        blur = np.exp(-2 * (np.pi * 0.45 * canvas.edge_mm / period) ** 2)
        image = paint(
            image, square, np.asarray(image * 0.5 + metal * 0.5 + (metal - image) * 0.6 * wave * blur, np.float32)
        )
    return image


def _sensitometry(canvas: Canvas, image: Field, rng: np.random.Generator) -> Field:
    spread, order = float(rng.normal(0, 1)), rng.permutation(6)
    solid = [hu for hu in CATPHAN_ROD_HU if hu != AIR_HU]
    values = iter([solid[k] for k in order] if rng.random() < 0.3 else solid)
    rods = [(angle, AIR_HU if angle in {90, 270} else next(values)) for angle in CATPHAN_ROD_ANGLES_DEG]
    rods += CATPHAN_604_EXTRA_HU if rng.random() < 0.4 else ()
    for angle, hu in rods:
        place = polar(CATPHAN_ROD_RING_MM + spread, angle)
        image = _rod(canvas, image, Rod(centre_mm=place, diameter_mm=12.2, hu=hu), jitter_hu=rng.normal(0, 20))
    for place in ((-25.0, -25.0), (25.0, -25.0), (25.0, 25.0), (-25.0, 25.0)):
        image = paint(image, canvas.disk(place, 1.5), float(rng.choice([AIR_HU, AIR_HU, 990.0])))
    if rng.random() < 0.3:
        for angle, diameter in enumerate((10.0, 8.0, 6.0, 4.0, 2.0)):
            image = paint(image, canvas.disk(polar(15.0, 72 * angle), diameter / 2), 120.0)
    for angle in (0, 90, 180, 270):
        middle, shift = polar(38.0, angle), polar(float(rng.uniform(-15, 15)), angle + 90)
        centre = (middle[0] + shift[0], middle[1] + shift[1])
        image = paint(image, canvas.bar(centre, length_mm=10, width_mm=0.4, angle_deg=angle + 90), 1200.0)
    return image


def _low_contrast(canvas: Canvas, image: Field, base: float) -> Field:
    for start, contrast in ((-90, 10.0), (30, 5.0), (150, 3.0)):
        for place, diameter in enumerate((15.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0)):
            image = paint(image, canvas.disk(polar(50, start + 11 * place), diameter / 2), base + contrast)
        for place, diameter in enumerate((9.0, 7.0, 5.0, 3.0)):
            image = paint(image, canvas.disk(polar(25, start + 20 * place), diameter / 2), base + contrast)
    return image


def _line_pairs(canvas: Canvas, image: Field, rng: np.random.Generator) -> Field:
    """Return the image with the fan of line pairs: 2 to 5 radial bars a group, finer from group to group."""
    angle, step = float(rng.choice([-90.0, 180.0 * rng.random()])), 1.0 if rng.random() < 0.5 else -1.0
    for pairs in range(1, int(rng.integers(10, 22))):
        bars, width = (2, 3, 4, 4, 4, 5)[min(pairs, 6) - 1], 5.0 / pairs
        for bar in range(bars):
            at = angle + step * float(np.degrees(2 * width * bar / CATPHAN_LINE_PAIR_RING_MM))
            place = polar(CATPHAN_LINE_PAIR_RING_MM, at)
            image = paint(image, canvas.bar(place, length_mm=5, width_mm=width, angle_deg=at), _about(rng, 1200, 100))
        angle += step * (float(np.degrees(2 * width * bars / CATPHAN_LINE_PAIR_RING_MM)) + rng.uniform(4, 10))
    return image


def _ctdi(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a PMMA dosimetry cylinder: holes in the middle and 10 mm below the surface, open, plugged or filled."""
    radius = float(rng.choice([80.0, 160.0, 50.0]))
    image = paint(np.full_like(canvas.x, AIR_HU), canvas.disk((0, 0), radius), _about(rng, 120, 10))
    for k, place in enumerate(((0.0, 0.0), *(polar(radius - 10, 90 * k) for k in range(4)))):
        filling = float(rng.choice([AIR_HU, AIR_HU, 90.0, 800.0, -900.0])) if k else AIR_HU
        image = paint(image, canvas.disk(place, float(rng.uniform(5, 7))), filling)
    return image


def _rod_rings(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return an electron-density body: rings of rods of many materials, 28 mm wide or less."""
    radius = float(rng.uniform(75, 170))
    axes = (radius, radius * float(rng.choice([1.0, 1.0, rng.uniform(0.7, 0.95)])))
    image = paint(np.full_like(canvas.x, AIR_HU), canvas.ellipse((0, 0), axes), _about(rng, 10, 30))
    diameter = float(rng.uniform(8, 30))
    for ring in rng.choice([0.3, 0.45, 0.62, 0.8], int(rng.integers(1, 4)), replace=False) * axes[1]:
        count, start = int(rng.integers(3, 13)), 360 * rng.random()
        for k in range(count):
            hu = float(rng.choice([-800, -500, -95, -50, 10, 20, 45, 220, 460, 820, 1250]))
            image = _rod(
                canvas,
                image,
                Rod(centre_mm=polar(ring, start + 360 * k / count), diameter_mm=diameter, hu=hu),
                jitter_hu=0,
            )
    return image


def _blocks(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a uniform body with a block, wires, beads, wedges or rows of holes somewhere inside."""
    body = draw_uniform(canvas, rng)
    image, most = body, int(rng.integers(1, 7))
    while most > 0 or float(np.abs(image - body).sum()) * canvas.edge_mm**2 < _LEAST_STRUCTURE_HU_MM2:
        most -= 1
        place = (float(rng.normal(0, 35)), float(rng.normal(0, 35)))
        hu = float(rng.choice([AIR_HU, 120.0, 300.0, 1500.0, -90.0]))
        turn = float(rng.choice([0.0, 90.0, 45.0, 360 * rng.random()]))
        size = (float(rng.uniform(4, 90)), float(rng.uniform(0.5, 30)))
        image = paint(image, canvas.bar(place, length_mm=size[0], width_mm=size[1], angle_deg=turn), hu)
    return _holes(canvas, image, rng) if rng.random() < 0.4 else image


def _holes(canvas: Canvas, image: Field, rng: np.random.Generator) -> Field:
    start = (float(rng.normal(0, 30)), float(rng.normal(0, 30)))
    for row in range(int(rng.integers(1, 5))):
        diameter, hu = float(rng.uniform(1, 6)), float(rng.choice([AIR_HU, 60.0, 1500.0]))
        for k in range(int(rng.integers(3, 9))):
            image = paint(image, canvas.disk((start[0] + 2 * diameter * k, start[1] + 13 * row), diameter / 2), hu)
    return image


def _wire(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return a thin wire or bead in air, water or a small cup."""
    image = np.full_like(canvas.x, float(rng.choice([AIR_HU, 0.0, AIR_HU])))
    if rng.random() < 0.5:
        image = paint(image, canvas.disk((0, 0), float(rng.uniform(15, 60))), _about(rng, 0, 60))
    for _ in range(int(rng.integers(1, 4))):
        place = (float(rng.normal(0, 12)), float(rng.normal(0, 12)))
        image = paint(image, canvas.disk(place, float(rng.uniform(0.5, 2))), float(rng.uniform(800, 3000)))
    return image


_OTHERS: tuple[Callable[[Canvas, np.random.Generator], Field], ...] = (
    _ctdi,
    _rod_rings,
    _rod_rings,
    _blocks,
    _blocks,
    _wire,
)
