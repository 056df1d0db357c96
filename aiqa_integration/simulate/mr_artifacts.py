"""What else makes an MR image: the gain of an array of loops, standing waves, spikes in k-space, zippers."""

import numpy as np

from aiqa_integration.simulate.canvas import Canvas, Field


def array_gain(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return the root of the summed squares of one to eight loops' fields around the object, mean 1.

    A loop of radius a gives (1 + (d/a)²)^-1.5 at the distance d (Biot-Savart, on the loop's axis); loops lie on an arc
    as wide as half or all of a circle, as head, knee, flex and spine coils do.
    """
    count, arc = int(rng.integers(1, 9)), float(rng.choice([np.pi / 2, np.pi, 2 * np.pi]))
    start, total = float(rng.uniform(0, 2 * np.pi)), np.zeros_like(canvas.x)
    size, ring = float(rng.uniform(35, 90)), float(rng.uniform(95, 200))
    for angle in start + arc * (np.arange(count) + 0.5) / count:
        d = np.hypot(canvas.x - ring * np.cos(angle), canvas.y - ring * np.sin(angle))
        total += float(rng.uniform(0.6, 1.4)) * (1 + (d / size) ** 2) ** -3.0
    gain = np.sqrt(total)
    share = float(rng.uniform(0.3, 1))
    return np.asarray(1 - share + share * gain / (gain.mean() + 1e-9), np.float32)


def standing_wave(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return the gain of a wave of 15 to 40 cm that stands in a fluid of high permittivity: bright or dark inside."""
    wave = np.cos(np.pi * np.hypot(canvas.x, canvas.y) / float(rng.uniform(75, 200)))
    return np.asarray(np.maximum(1 + float(rng.normal(0, 0.25)) * wave, 0.1), np.float32)


def add_spike(image: Field, rng: np.random.Generator) -> Field:
    """Return the image with the stripes of one corrupt sample of k-space."""
    rows, columns = np.indices(image.shape).astype(np.float32)
    frequency = rng.uniform(-0.45, 0.45, 2)
    stripes = np.cos(2 * np.pi * (frequency[0] * rows + frequency[1] * columns) + rng.uniform(0, 2 * np.pi))
    return np.asarray(np.abs(image + float(rng.uniform(0.02, 0.15)) * float(image.max()) * stripes), np.float32)


def add_zipper(image: Field, rng: np.random.Generator) -> Field:
    """Return the image with a line of interference across it."""
    marred, place = image.copy(), int(rng.integers(image.shape[0]))
    width = int(rng.integers(1, 3))
    level = float(rng.uniform(0.1, 0.8)) * float(image.max())
    marred[place : place + width] += np.asarray(level * rng.random(marred[place : place + width].shape), np.float32)
    return marred if rng.random() < 0.5 or image.shape[0] != image.shape[1] else marred.T.copy()
