"""Smooth random fields over a stack: what coils, shims and main fields vary like."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Volume = NDArray[np.float32]


def rotation(angle_rad: NDArray[np.floating]) -> NDArray[np.complex64]:
    """Return the unit complex number of each angle."""
    turned = np.empty(angle_rad.shape, np.complex64)
    single = np.asarray(angle_rad, np.float32)
    turned.real, turned.imag = np.cos(single), np.sin(single)
    return turned


def places(shape: Sequence[int]) -> tuple[Volume, Volume, Volume]:
    """Return z, y and x from -1 to 1 over a stack, ready to broadcast."""
    z, y, x = (
        np.asarray((np.arange(n) - (n - 1) / 2) / max((n - 1) / 2, 0.5), np.float32).reshape(
            [-1 if k == axis else 1 for k in range(3)]
        )
        for axis, n in enumerate(shape)
    )
    return z, y, x


def polynomial_field(rng: np.random.Generator, shape: Sequence[int], *, order: int) -> Volume:
    """Return a random polynomial of the place, of degree up to ``order`` in the plane and 1 across slices."""
    z, y, x = places(shape)
    tilt = 0.5 * rng.standard_normal(2).astype(np.float32)
    y_moved, x_moved = y + 0.3 * tilt[0] * z, x + 0.3 * tilt[1] * z
    total = np.zeros(tuple(shape), np.float32)
    for degree_y in range(order + 1):
        for degree_x in range(order + 1 - degree_y):
            if degree_y + degree_x:
                weight = np.float32(rng.standard_normal() / (degree_y + degree_x))
                total += weight * y_moved**degree_y * x_moved**degree_x
    return total


def coil_field(rng: np.random.Generator, shape: Sequence[int]) -> Volume:
    """Return the logarithm of the sensitivity of a small coil at the side of the field of view."""
    z, y, x = places(shape)
    angle, depth = rng.uniform(0, 2 * np.pi), float(rng.uniform(0.3, 1.2))
    reach, along = float(rng.uniform(0.7, 1.2)), float(rng.normal(0, 0.5))
    square = (y - reach * np.sin(angle)) ** 2 + (x - reach * np.cos(angle)) ** 2 + 0.2 * (z - along) ** 2
    return np.asarray(-np.log(1 + square / depth**2) * rng.uniform(0.7, 1.5), np.float32)
