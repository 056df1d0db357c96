"""Pictures of no object at all: noise, blanks, gradients, patterns, text, and what a photograph is made of."""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from aiqa_integration.simulate.canvas import Field, coarse_noise, fractal

NoImageKind = Literal["noise", "blank", "gradient", "pattern", "text", "photograph", "cloud", "page", "screen"]
NO_IMAGE_KINDS: tuple[NoImageKind, ...] = get_args(NoImageKind)


def draw_no_image(kind: NoImageKind, rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return such a picture, values around 0 to 1."""
    return _DRAWERS[kind](rng, shape)


def _noise(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    noise = gaussian_filter(rng.normal(0, 1, (2, *shape)), (0, *[float(rng.choice([0.0, rng.uniform(0, 2)]))] * 2))
    if rng.random() < 0.5:
        return np.asarray(np.hypot(noise[0], noise[1]), np.float32)
    return np.asarray(noise[0] * np.exp(rng.normal(0, 1)), np.float32)


def _blank(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    image = np.full(shape, float(rng.choice([0.0, 1.0, -1000.0, rng.random()])), np.float32)
    if rng.random() < 0.5:
        image += np.asarray(rng.normal(0, 1e-3 * rng.random(), shape), np.float32)
    for _ in range(int(rng.integers(0, 3))):
        image[int(rng.integers(shape[0])), int(rng.integers(shape[1]))] += 1
    return image


def _gradient(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    rows, columns = np.indices(shape) / max(shape)
    ramp = rng.normal() * rows + rng.normal() * columns + rng.normal() * (rows**2 + columns**2)
    return np.asarray(ramp + rng.normal(0, 0.05 * rng.random(), shape), np.float32)


def _pattern(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return stripes, a checkerboard, rings, bars of grey as monitors are tested with, or blocks."""
    rows, columns = np.indices(shape)
    period, choice = float(rng.uniform(3, 60)), int(rng.integers(5))
    if choice == 0:
        angle = rng.uniform(0, np.pi)
        wave = np.sin(2 * np.pi * (rows * np.cos(angle) + columns * np.sin(angle)) / period)
        return np.asarray(wave if rng.random() < 0.5 else wave > 0, np.float32)
    if choice == 1:
        return np.asarray((rows // period + columns // period) % 2, np.float32)
    if choice == 2:
        return np.asarray(
            np.sin(2 * np.pi * np.hypot(rows - shape[0] / 2, columns - shape[1] / 2) / period), np.float32
        )
    if choice == 3:
        return np.asarray(columns * 8 // shape[1] / 8 + 0.2 * ((rows > shape[0] * 0.7) & (columns % 3 > 1)), np.float32)
    return coarse_noise(rng, shape, int(rng.integers(2, 40)))


def _text(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return lines of random glyphs, at times a frame or a table, dark on light or light on dark."""
    image = np.zeros(shape, np.float32)
    size = int(rng.integers(1, 4))
    top = int(rng.integers(2, 20))
    while top + 7 * size < shape[0]:
        left = int(rng.integers(2, 30))
        end = int(rng.uniform(0.2, 1) * shape[1]) if rng.random() < 0.85 else 0
        while left + 6 * size < end:
            if rng.random() < 0.85:
                glyph = np.kron(rng.random((6, 4)) < 0.5, np.ones((size, size)))
                image[top : top + 6 * size, left : left + 4 * size] = glyph
            left += 5 * size
        top += int(rng.integers(8, 14)) * size
    if rng.random() < 0.4:
        image[:: int(rng.integers(20, 60))] = 1
        image[:, :: int(rng.integers(20, 60))] = 1
    return 1 - image if rng.random() < 0.5 else image


def _photograph(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return overlapping shapes of all sizes with shading and texture (the dead leaves model of natural pictures)."""
    rows, columns = np.indices(shape).astype(np.float32)
    image = np.full(shape, rng.random(), np.float32) + 0.2 * fractal(rng, shape, 1.5)
    for size in np.sort(np.exp(rng.uniform(np.log(3), np.log(max(shape) / 2), int(rng.integers(15, 60)))))[::-1]:
        row, column = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        turn, flat = rng.uniform(0, np.pi), rng.uniform(0.3, 1)
        x = (columns - column) * np.cos(turn) + (rows - row) * np.sin(turn)
        y = ((rows - row) * np.cos(turn) - (columns - column) * np.sin(turn)) / flat
        inside = np.hypot(x, y) < size if rng.random() < 0.5 else np.maximum(np.abs(x), np.abs(y)) < size
        image = np.where(inside, rng.random() + rng.normal(0, 0.2) * x / size, image)
    grain = float(rng.uniform(0, 0.1)) * fractal(rng, shape, float(rng.uniform(0, 1)))
    return np.asarray(gaussian_filter(image, float(rng.uniform(0, 1))) + grain, np.float32)


def _cloud(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    return fractal(rng, shape, float(rng.uniform(0.5, 2.5)))


def _page(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return set text as scanned or photographed: words in lines, an uneven light, a turn, at times a frame."""
    side = 2 * max(shape)
    sheet = Image.new("L", (side, side), 255)
    pen, size, top = ImageDraw.Draw(sheet), int(rng.integers(7, 36)), 0.0
    font, indent = ImageFont.load_default(size), int(rng.integers(0, side // 3))
    while top < side:
        end = int(rng.uniform(0.4, 1.1) * side)
        pen.text((indent, top), _words(rng, max(1, 2 * end // size)), fill=int(rng.integers(0, 90)), font=font)
        top += size * float(rng.choice([1.2, 1.5, 3.0], p=[0.6, 0.3, 0.1]))
    if rng.random() < 0.4:
        left, upper = (int(place) for place in rng.integers(0, side // 2, 2))
        pen.rectangle((left, upper, left + side // 3, upper + side // 4), fill=int(rng.integers(0, 255)), outline=0)
    turned = sheet.rotate(float(rng.normal(0, 4)) + 90 * int(rng.integers(4)) * (rng.random() < 0.2), fillcolor=255)
    row, column = (int(rng.integers(side - n + 1)) for n in shape)
    page = np.asarray(turned, np.float32)[row : row + shape[0], column : column + shape[1]] / 255
    light = 1 + 0.3 * rng.random() * fractal(rng, shape, 2.0) + 0.02 * rng.normal(0, 1, shape)
    shown = gaussian_filter(page, float(rng.uniform(0, 1.2))) * np.maximum(light, 0.05)
    return np.asarray(1 - shown if rng.random() < 0.3 else shown, np.float32)


def _screen(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return a screen of windows, rows of text, buttons and a plot (secondary captures look like that)."""
    sheet = Image.new("L", (shape[1], shape[0]), int(rng.choice([0, 30, 230, 255])))
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(2, 9))):
        left, top = int(rng.integers(shape[1] - 20)), int(rng.integers(shape[0] - 20))
        right, bottom = left + int(rng.integers(20, shape[1])), top + int(rng.integers(15, shape[0]))
        ground = int(rng.integers(0, 256))
        pen.rectangle((left, top, right, bottom), fill=ground, outline=255 - ground)
        pen.rectangle((left, top, right, top + 8), fill=int(rng.integers(0, 256)))
        font, ink = ImageFont.load_default(int(rng.integers(8, 22))), (ground + 128) % 256
        for row in range(top + 12, bottom, int(rng.integers(12, 40))):
            pen.text((left + 5, row), _words(rng, int(rng.integers(3, 40))), fill=ink, font=font)
        if rng.random() < 0.4:
            across = np.linspace(left, right, 24)
            heights = rng.uniform(top, bottom) + np.cumsum(rng.normal(0, 6, 24))
            pen.line(list(zip(across.tolist(), heights.tolist(), strict=True)), fill=ink, width=2)
    return np.asarray(np.asarray(sheet) / 255, np.float32)


def _words(rng: np.random.Generator, count: int) -> str:
    """Return ``count`` characters of words of random letters."""
    return "".join(rng.choice(list("aeionstrlcdumpg  ,.HTB1203"), count))


_DRAWERS: dict[NoImageKind, Callable[[np.random.Generator, tuple[int, int]], Field]] = {
    "noise": _noise,
    "blank": _blank,
    "gradient": _gradient,
    "pattern": _pattern,
    "text": _text,
    "photograph": _photograph,
    "cloud": _cloud,
    "page": _page,
    "screen": _screen,
}
