"""What a CT scanner does to an object: couch, blur, correlated noise, cupping, rings, streaks, field of view."""

import numpy as np
from scipy.ndimage import gaussian_filter

from aiqa_integration.simulate.canvas import Canvas, Field, paint

AIR_HU = -1000.0


def add_couch(image: Field, canvas: Canvas, rng: np.random.Generator) -> Field:
    """Return the image with a couch, flat or curved, below the object (towards larger y of the canvas)."""
    y = float(rng.uniform(85, 200))
    if rng.random() < 0.5:
        shell = canvas.rectangle((0, y), (220.0, float(rng.uniform(8, 30)))) - canvas.rectangle((0, y), (216.0, 6.0))
    else:
        radius = float(rng.uniform(200, 500))
        outer, inner = canvas.disk((0, y - radius), radius + 3), canvas.disk((0, y - radius), radius)
        shell = (outer - inner) * (canvas.y > y - 60)
    free = image < AIR_HU + 100
    return paint(image, np.asarray(shell * free, np.float32), float(rng.uniform(-900, 100)))


def scan_ct(image: Field, *, rng: np.random.Generator, pixel_mm: float, most_noise_hu: float = 60.0) -> Field:
    """Return what a scanner shows of an object in HU, from low to high dose, diagnostic or cone-beam."""
    blurred = gaussian_filter(image, float(rng.uniform(0.3, 1.2)) / pixel_mm)
    rows, columns = np.indices(image.shape).astype(np.float32)
    middle = (np.array(image.shape) - 1) / 2 + rng.normal(0, 1, 2)
    radius_mm = np.hypot(rows - middle[0], columns - middle[1]) * pixel_mm
    object_mm2 = max(float((blurred > -500).sum()) * pixel_mm**2, 1.0)
    cone_beam = rng.random() < 0.3
    cupping = float(rng.normal(0, 40 if cone_beam else 6))
    blurred = blurred + cupping * (1 - np.exp(-(radius_mm**2) * np.pi / object_mm2)) * (blurred > -800)
    blurred = blurred + _noise(image.shape, rng, pixel_mm, most_noise_hu)
    if rng.random() < 0.35:
        profile = gaussian_filter(rng.normal(0, 1, 400), 0.7) * float(rng.uniform(1, 25 if cone_beam else 8))
        blurred = blurred + profile[np.minimum(radius_mm / 1.5, 399).astype(int)] * (blurred > -800)
    if rng.random() < 0.25:
        angle = rng.uniform(0, np.pi)
        across = (rows - middle[0]) * np.cos(angle) + (columns - middle[1]) * np.sin(angle)
        blurred = blurred + rng.normal(0, 30) * np.exp(-((across * pixel_mm / rng.uniform(2, 20)) ** 2))
    if cone_beam:
        blurred = (blurred - AIR_HU) * float(rng.uniform(0.8, 1.15)) + AIR_HU
    if rng.random() < 0.4:
        reach = float(rng.uniform(0.48, 0.52)) * max(image.shape) * pixel_mm
        blurred = np.where(radius_mm > reach, float(rng.choice([-1000.0, -1024.0, -2000.0, -3024.0])), blurred)
    return np.asarray(np.clip(blurred, -3024, 3071), np.float32)


def _noise(shape: tuple[int, int], rng: np.random.Generator, pixel_mm: float, most_hu: float) -> Field:
    """Return noise with the missing low frequencies of a reconstruction, from 1 HU."""
    white = rng.normal(0, 1, shape)
    fine = gaussian_filter(white, float(rng.uniform(0.2, 0.9)) / pixel_mm)
    noise = fine - float(rng.uniform(0, 0.9)) * gaussian_filter(fine, float(rng.uniform(2, 4)) / pixel_mm)
    return np.asarray(noise / (noise.std() + 1e-9) * np.exp(rng.uniform(0.0, np.log(most_hu))), np.float32)
