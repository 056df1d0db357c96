"""A second way of drawing the named phantoms, for testing only: polygons on a fine raster, boxed down, other noise.

Nothing is shared with aiqa_integration.simulate; lengths are read again from the phantoms' descriptions.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import uniform_filter

from aiqa_integration.recognition import Modality
from aiqa_integration.simulate.canvas import Field
from scripts.pictures import Picture

FINE = 3


class Sheet:
    """A raster of ``FINE`` points a pixel; shapes are given in mm and turned, mirrored and moved with the object."""

    def __init__(self, side: int, pixel_mm: float, rng: np.random.Generator, ground: float) -> None:
        self._raster = Image.new("F", (side * FINE, side * FINE), ground)
        self._pen = ImageDraw.Draw(self._raster)
        self._per_mm = FINE / pixel_mm
        self._turn = math.radians(float(rng.choice([0.0, rng.uniform(-8, 8), rng.uniform(-180, 180)])))
        self._sign = -1 if rng.random() < 0.3 else 1
        self._middle = side * FINE / 2 + rng.uniform(-10, 10, 2) * self._per_mm

    def polygon(self, points: list[tuple[float, float]], value: float) -> None:
        """Fill a polygon."""
        cos, sin = math.cos(self._turn), math.sin(self._turn)
        placed = [
            (
                float(self._middle[0] + (cos * self._sign * x - sin * y) * self._per_mm),
                float(self._middle[1] + (sin * self._sign * x + cos * y) * self._per_mm),
            )
            for x, y in points
        ]
        self._pen.polygon(placed, fill=value)

    def box(self, left: float, top: float, right: float, bottom: float, value: float) -> None:
        """Fill a rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], value)

    def circle(self, x: float, y: float, radius: float, value: float) -> None:
        """Fill a circle, as a polygon of 72 corners."""
        steps = [2 * math.pi * k / 72 for k in range(72)]
        self.polygon([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in steps], value)

    def pixels(self) -> Field:
        """Return the raster boxed down to pixels."""
        fine = np.asarray(self._raster, np.float32)
        side = fine.shape[0] // FINE
        return np.asarray(fine.reshape(side, FINE, side, FINE).mean(axis=(1, 3)), np.float32)


def acr_mri(rng: np.random.Generator, radius: float, number: int) -> Picture:
    """Return slice 1, 3, 5, 7 or 9 of a phantom of 95 or 82.5 mm radius."""
    pixel = float(rng.uniform(0.9, 1.8))
    sheet, large = Sheet(round(256 / pixel), pixel, rng, 0.0), radius > 90
    sheet.circle(0, 0, radius, 1.0)
    sheet.box(-6, -radius + 2, 6, -radius + 15.5, 0.0)
    if number <= 3:
        sheet.box(-radius + 5, -5.5, radius - 5, 5.5, 0.0)
        sheet.circle(-0.47 * radius, -0.48 * radius, 19, 0.0)
        sheet.circle(-0.47 * radius, -0.48 * radius, 12.5, 1.0)
    if number == 1:
        sheet.box(-57, 18, 57, 56, 0.0)
        for x in (-35, -16, 8, 30):
            sheet.box(x, 34, x + 6, 46, 0.6)
    if number == 3:
        left = 49 if large else -57
        sheet.box(left, 18, left + 8.5, 56, 0.0)
    if number == 5 and large:
        for k in range(-5, 6):
            sheet.box(15 * k - 0.7, -75 + 4 * abs(k), 15 * k + 0.7, 75 - 4 * abs(k), 0.0)
            sheet.box(-75 + 4 * abs(k), 15 * k - 0.7, 75 - 4 * abs(k), 15 * k + 0.7, 0.0)
    if number == 5 and not large:
        sheet.polygon([(-50, -60), (50, -60), (60, -50), (60, 50), (50, 60), (-50, 60), (-60, 50), (-60, -50)], 0.0)
    if number >= 8:
        sheet.circle(0, 8 if large else 4, 51, 0.0)
        sheet.circle(0, 8 if large else 4, 45, 1.0)
        sheet.box(-3, -radius + 15, 3, -radius + 28, 0.0)
    image = sheet.pixels()
    ramp = np.linspace(-1, 1, image.shape[0])
    image = image * np.maximum(0.2, 1 + rng.normal(0, 0.2) * ramp[None] + rng.normal(0, 0.2) * ramp[:, None])
    noise = float(rng.uniform(0.005, 0.08))
    magnitude = np.abs(image + noise * (rng.normal(0, 1, image.shape) + 1j * rng.normal(0, 1, image.shape)))
    return Picture(pixels=np.asarray(800 * magnitude, np.float32), pixel_mm=pixel, modality="MR")


def acr_464(rng: np.random.Generator, module: int) -> Picture:
    """Return module 1, 2 or 4 of the ACR 464 phantom."""
    sheet, pixel = _ct_sheet(rng)
    sheet.circle(0, 0, 100, {1: 0.0, 2: 90.0, 4: 90.0}[module])
    if module == 1:
        for x, y, hu in ((44.5, 44.5, -1000.0), (-44.5, 44.5, 120.0), (-44.5, -44.5, -95.0), (44.5, -44.5, 950.0)):
            sheet.circle(x, y, 12.5, hu)
    if module == 2:
        sheet.circle(0, -62, 12.5, 97.0)
    if module == 4:
        for k, pairs in enumerate((4, 5, 6, 7, 8, 9, 10, 12)):
            angle, bar = math.radians(-135 - 45 * k), 5.0 / pairs
            for j in range(int(7.5 / bar)):
                left = 70 * math.cos(angle) - 7.5 + 2 * bar * j
                sheet.box(left, 70 * math.sin(angle) - 7.5, left + bar, 70 * math.sin(angle) + 7.5, 1500.0)
    return _ct(sheet, pixel, rng)


def catphan(rng: np.random.Generator, module: int) -> Picture:
    """Return CTP404 (0), CTP486 with its gap (1) or CTP528 (3) in the housing."""
    sheet, pixel = _ct_sheet(rng)
    sheet.circle(0, 0, 100, float(rng.uniform(20, 100)))
    sheet.circle(0, 0, 75.6, -900.0)
    sheet.circle(0.2, 0.2, 75.0, {0: 95.0, 1: 10.0, 3: 105.0}[module])
    if module == 0:
        hu = (-1000, -200, 990, 340, -1000, 120, -35, -100)
        for angle, value in zip((90, 60, 0, -60, -90, -120, 180, 120), hu, strict=True):
            sheet.circle(58.5 * math.cos(math.radians(angle)), -58.5 * math.sin(math.radians(angle)), 6.1, value)
        for x, y in ((25, 25), (-25, 25), (25, -25), (-25, -25)):
            sheet.circle(x, y, 1.5, -1000.0)
    if module == 3:
        angle = float(rng.uniform(0, 360))
        for pairs in range(1, 16):
            for _ in range(3):
                x, y = 47 * math.cos(math.radians(angle)), 47 * math.sin(math.radians(angle))
                sheet.circle(x, y, 2.4 / pairs**0.6, 1100.0)
                angle += 11.0 / pairs**0.7
            angle += 6
    return _ct(sheet, pixel, rng)


def water(rng: np.random.Generator) -> Picture:
    """Return a water cylinder with a wall, as vendors deliver them."""
    sheet, pixel = _ct_sheet(rng)
    radius = float(rng.uniform(60, 115))
    sheet.circle(0, 0, radius + 6, 110.0)
    sheet.circle(0, 0, radius, 0.0)
    return _ct(sheet, pixel, rng)


def bottle(rng: np.random.Generator) -> Picture:
    """Return an MR bottle or sphere."""
    pixel = float(rng.uniform(0.9, 2))
    sheet = Sheet(round(256 / pixel), pixel, rng, 0.0)
    sheet.circle(0, 0, float(rng.uniform(40, 100)), 1.0)
    noisy = np.hypot(sheet.pixels() + rng.normal(0, 0.03, (2, 1, 1))[0], rng.normal(0, 0.03))
    noisy = np.abs(noisy + rng.normal(0, 0.03, noisy.shape))
    return Picture(pixels=np.asarray(500 * noisy, np.float32), pixel_mm=pixel, modality="MR")


def mammography(rng: np.random.Generator, *, small: bool) -> Picture:
    """Return the small or the Digital Mammography phantom as a raw detector image."""
    pixel, thickness = float(rng.uniform(1.0, 1.8)), 1.0
    sheet = Sheet(round(280 / pixel), pixel, rng, 0.0)
    if small:
        sheet.box(-51, -54, 51, 54, thickness)
        sheet.box(-41, -41, 41, 41, thickness + 0.01)
        places = [((k % 4 - 1.5) * 20, (k // 4 - 1.5) * 20) for k in range(16)]
        kinds = "ffffffsssssmmmmm"
        sizes = [1.56, 1.12, 0.89, 0.75, 0.54, 0.40, 0.54, 0.40, 0.32, 0.24, 0.16, 2.0, 1.0, 0.75, 0.5, 0.25]
    else:
        sheet.box(-95, -155, 95, 155, thickness)
        sheet.box(-35, -65, 35, 65, thickness + 0.01)
        places = [(x, 50 - 20 * k) for x in (-20, 1, 22) for k in range(6)]
        kinds = "f" * 6 + "s" * 6 + "m" * 6
        sizes = [0.89, 0.75, 0.61, 0.54, 0.4, 0.3, 0.33, 0.28, 0.23, 0.2, 0.17, 0.14, 1, 0.75, 0.5, 0.38, 0.25, 0.2]
    for (x, y), kind, size in zip(places, kinds, sizes, strict=True):
        if kind == "m":
            sheet.circle(x, y, 1 + 2.5 * size, thickness + 0.01 + 0.012 * size)
        elif kind == "f":
            sheet.polygon(
                [(x - 3.5, y - 3.5), (x - 3.5 + size, y - 3.5), (x + 3.5, y + 3.5), (x + 3.5 - size, y + 3.5)], 1.02
            )
        else:
            for k in range(5):
                sheet.circle(x + 6.6 * math.cos(1.26 * k), y + 6.6 * math.sin(1.26 * k), max(size, 0.35), 1.05)
    beam = np.exp(-2.2 * sheet.pixels())
    beam = beam * (1 + rng.normal(0, 0.05) * np.linspace(-1, 1, len(beam))[:, None])
    beam = beam * (1 + rng.normal(0, 0.002, beam.shape))
    keep = round(240 / pixel)
    return Picture(pixels=np.asarray(5000 * beam[:, :keep], np.float32), pixel_mm=pixel, modality="X-ray")


def _ct_sheet(rng: np.random.Generator) -> tuple[Sheet, float]:
    pixel = float(rng.uniform(0.8, 1.6))
    return Sheet(round(float(rng.choice([220.0, 250.0, 350.0])) / pixel), pixel, rng, -1000.0), pixel


def _ct(sheet: Sheet, pixel_mm: float, rng: np.random.Generator) -> Picture:
    image = sheet.pixels()
    white = rng.normal(0, 1, image.shape)
    noise = uniform_filter(white, 2) - 0.5 * uniform_filter(white, 7)
    image = uniform_filter(image, int(rng.integers(1, 3))) + noise / noise.std() * float(rng.uniform(2, 25))
    modality: Modality = "CT"
    return Picture(pixels=np.asarray(image, np.float32), pixel_mm=pixel_mm, modality=modality)


DRAWINGS: tuple[tuple[str, Callable[[np.random.Generator], Picture]], ...] = (
    *(("acr-mri-large", lambda rng, n=n: acr_mri(rng, 95.0, n)) for n in (1, 3, 5, 7, 9)),
    *(("acr-mri-medium", lambda rng, n=n: acr_mri(rng, 82.5, n)) for n in (1, 3, 5, 7, 9)),
    *(("acr-ct-464", lambda rng, m=m: acr_464(rng, m)) for m in (1, 2, 4)),
    *(("catphan", lambda rng, m=m: catphan(rng, m)) for m in (0, 1, 3)),
    ("uniform", water),
    ("uniform", bottle),
    ("acr-mammography-dm", lambda rng: mammography(rng, small=False)),
    ("acr-mammography-small", lambda rng: mammography(rng, small=True)),
)
"""Kind of what is drawn, and how."""
