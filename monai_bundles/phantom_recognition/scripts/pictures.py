"""An image as a scanner gives it, and what is drawn alike for every modality: turns, pixel sizes, parts, labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aiqa_integration.recognition import Modality
from aiqa_integration.simulate.canvas import Field
from aiqa_integration.simulate.no_image import draw_no_image


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One image as a scanner gives it: pixels, their size (mm) and the header's modality."""

    pixels: Field
    pixel_mm: float
    modality: Modality


def some_turn(rng: np.random.Generator) -> float:
    """Return an angle: often upright, at times slightly turned, at times any."""
    return float(rng.choice([0.0, rng.normal(0, 5), rng.uniform(-180, 180)], p=[0.35, 0.35, 0.3]))


def some_pixel_mm(rng: np.random.Generator) -> float:
    """Return a pixel's size: mostly coarse, which is quick to draw, at times as fine as scanners give it."""
    return float(rng.uniform(1.2, 2.2) if rng.random() < 0.9 else rng.uniform(0.7, 1.2))


def cropped(picture: Picture, field_mm: float) -> Picture:
    """Return the middle of a picture."""
    half = max(8, int(field_mm / picture.pixel_mm / 2))
    row, column = (n // 2 for n in picture.pixels.shape)
    kept = picture.pixels[max(0, row - half) : row + half, max(0, column - half) : column + half]
    return replace(picture, pixels=kept.copy())


def labelled(pixels: Field, rng: np.random.Generator) -> Field:
    """Return an image with some words burnt into it near an edge."""
    rows, columns = int(rng.integers(12, 30)), int(rng.integers(30, 75))
    text = draw_no_image("text", rng, (rows, columns))
    top = int(rng.choice([2, pixels.shape[0] - rows - 2]))
    left = int(rng.integers(pixels.shape[1] - columns))
    marked = pixels.copy()
    part = marked[top : top + rows, left : left + columns]
    marked[top : top + rows, left : left + columns] = np.where(text > 0.5, pixels.max(), part)
    return marked
