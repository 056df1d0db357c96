"""Where simulated objects are drawn: soft shapes in mm, random tissue-like fields, closed outlines."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

Field = NDArray[np.float32]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """Where to draw: places of the pixels relative to the object's centre, turned by its rotation, mm."""

    x: Field
    y: Field
    edge_mm: float

    def ellipse(self, centre: Point, axes: tuple[float, float]) -> Field:
        """Return the fraction of each pixel inside an ellipse of half axes."""
        across = np.hypot((self.x - centre[0]) / axes[0], (self.y - centre[1]) / axes[1])
        return np.asarray(np.clip(0.5 + (1 - across) * min(axes) / self.edge_mm, 0, 1), np.float32)

    def rectangle(self, centre: Point, half: tuple[float, float]) -> Field:
        """Return the fraction of each pixel inside a rectangle of half sides."""
        outside = np.maximum(np.abs(self.x - centre[0]) - half[0], np.abs(self.y - centre[1]) - half[1])
        return np.asarray(np.clip(0.5 - outside / self.edge_mm, 0, 1), np.float32)

    def disk(self, centre: Point, radius_mm: float) -> Field:
        """Return the fraction inside a circle; one smaller than a pixel keeps its area."""
        shown_mm = max(radius_mm, self.edge_mm / 2)
        return np.asarray(self.ellipse(centre, (shown_mm, shown_mm)) * (radius_mm / shown_mm) ** 2, np.float32)

    def bar(self, centre: Point, *, length_mm: float, width_mm: float, angle_deg: float) -> Field:
        """Return the fraction inside a bar of a direction; one thinner than a pixel keeps its area."""
        cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
        along = (self.x - centre[0]) * cos + (self.y - centre[1]) * sin
        aside = (self.y - centre[1]) * cos - (self.x - centre[0]) * sin
        shown_mm = max(width_mm, self.edge_mm)
        outside = np.maximum(np.abs(along) - length_mm / 2, np.abs(aside) - shown_mm / 2)
        return np.asarray(np.clip(0.5 - outside / self.edge_mm, 0, 1) * width_mm / shown_mm, np.float32)

    def outline(self, rng: np.random.Generator, axes: tuple[float, float], roughness: float) -> Field:
        """Return the depth below a random smooth outline, in fractions of the half axes (negative outside)."""
        angle = np.arctan2(self.y / axes[1], self.x / axes[0])
        reach = np.ones_like(self.x)
        for order in range(2, 7):
            reach += rng.normal(0, roughness / order) * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
        return np.asarray(1 - np.hypot(self.x / axes[0], self.y / axes[1]) / np.maximum(reach, 0.3), np.float32)


def random_canvas(
    rng: np.random.Generator, matrix: tuple[int, int], pixel_mm: float, *, offset_mm: float, turn_deg: float
) -> Canvas:
    """Return a canvas whose object lies off centre by a normal ``offset_mm`` in each direction, turned as told."""
    rows, columns = np.indices(matrix).astype(np.float32)
    x = (columns - (matrix[1] - 1) / 2) * pixel_mm - rng.normal(0, offset_mm)
    y = (rows - (matrix[0] - 1) / 2) * pixel_mm - rng.normal(0, offset_mm)
    cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    return Canvas(
        x=np.asarray(cos * x + sin * y, np.float32), y=np.asarray(-sin * x + cos * y, np.float32), edge_mm=pixel_mm
    )


def paint(image: Field, cover: Field, value: float | Field) -> Field:
    """Return the image with ``value`` where something covers it."""
    return np.asarray(image + cover * (value - image), np.float32)


def texture(canvas: Canvas, rng: np.random.Generator, size_mm: float) -> Field:
    """Return a smooth random field of mean 0 and standard deviation 1."""
    field = gaussian_filter(rng.normal(0, 1, canvas.x.shape), size_mm / canvas.edge_mm)
    return np.asarray((field - field.mean()) / (field.std() + 1e-9), np.float32)


def fractal(rng: np.random.Generator, shape: tuple[int, int], exponent: float) -> Field:
    """Return a random field whose amplitude spectrum falls with ``exponent``, of mean 0 and standard deviation 1."""
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None])
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(0, 1, shape)) * frequency**-exponent
    field = np.fft.irfft2(spectrum, s=shape)
    return np.asarray((field - field.mean()) / (field.std() + 1e-9), np.float32)


def folded(field: Field, levels: tuple[float, ...], values: tuple[float, ...]) -> Field:
    """Return ``values`` by the interval between ``levels`` that the field lies in, with edges softened by a pixel."""
    image = np.full_like(field, values[0])
    slope = 1 / (float(np.abs(np.diff(field, axis=0)).mean()) * 2 + 1e-6)
    for level, (before, after) in zip(levels, pairwise(values), strict=True):
        image += (after - before) * np.clip(0.5 + (field - level) * slope, 0, 1)
    return image


def coarse_noise(rng: np.random.Generator, shape: tuple[int, int], block: int) -> Field:
    """Return noise of uniform values in blocks of ``block`` pixels."""
    small = rng.random((-(-shape[0] // block), -(-shape[1] // block)))
    return np.asarray(zoom(small, block, order=0)[: shape[0], : shape[1]], np.float32)
