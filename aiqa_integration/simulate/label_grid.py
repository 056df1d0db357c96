"""Where label maps are drawn: places in mm of a stack of slices, smooth random fields, soft shapes as boundaries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]
Triple = tuple[float, float, float]

_DAMPED = 0.6  # cycles per standard deviation of the blur: higher frequencies are below 1e-3 and aren't drawn


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """A stack's pixels: ``right``, ``front`` and ``up`` of each in mm from the object's centre, ready to broadcast.

    ``shape`` is (z, y, x), ``step_mm`` the distance of neighbours along each; ``rng`` gives the shapes' randomness.
    """

    shape: tuple[int, int, int]
    step_mm: Triple
    right: Volume
    front: Volume
    up: Volume
    rng: np.random.Generator

    def noise(self, size_mm: float) -> Volume:
        """Return a smooth random field of mean 0 and standard deviation 1 that changes over ``size_mm``."""
        extra = [int(4 * size_mm / step) + 1 if n > 1 else 0 for n, step in zip(self.shape, self.step_mm, strict=True)]
        padded = [fft.next_fast_len(n + more) for n, more in zip(self.shape, extra, strict=True)]
        kept = [min(n, 2 * int(_DAMPED / size_mm * n * step) + 3) for n, step in zip(padded, self.step_mm, strict=True)]
        kept[2] = min(kept[2] // 2 + 1, padded[2] // 2)
        field = self.rng.standard_normal((*kept, 2), np.float32).view(np.complex64)[..., 0]
        first = (kept[0] // 2, kept[1] // 2, 0)
        for axis, (n, step) in enumerate(zip(padded, self.step_mm, strict=True)):
            place = np.arange(kept[axis]) - first[axis]
            damping = np.exp(-2 * (np.pi * size_mm * place / (n * step)) ** 2).astype(np.float32)
            field *= damping.reshape([-1 if k == axis else 1 for k in range(3)])
        for axis in (0, 1):
            field = _inverse(field, padded[axis], axis)[tuple(slice(n) for n in self.shape[: axis + 1])]
        values = fft.irfft(field, padded[2], axis=2)[..., : self.shape[2]]
        return np.asarray((values - values.mean()) / (values.std() + 1e-12), np.float32)

    def radius(self, centre: Triple, axes: Triple) -> Volume:
        """Return the distance from an ellipsoid's centre in its half axes: below 1 inside."""
        square = ((self.right - centre[0]) / axes[0]) ** 2 + ((self.front - centre[1]) / axes[1]) ** 2
        return np.asarray(np.sqrt(square + ((self.up - centre[2]) / axes[2]) ** 2), np.float32)

    def inside(self, centre: Triple, axes: Triple) -> Mask:
        """Return which pixels lie inside an ellipsoid."""
        square = ((self.right - centre[0]) / axes[0]) ** 2 + ((self.front - centre[1]) / axes[1]) ** 2
        return np.asarray(square + ((self.up - centre[2]) / axes[2]) ** 2 < 1, np.bool_)

    def tube(self, centre: tuple[float, float], radius_mm: float, lean: tuple[float, float] = (0.0, 0.0)) -> Mask:
        """Return which pixels lie inside a tube that runs upwards, leaning right and to the front by mm per mm."""
        right = self.right - centre[0] - lean[0] * self.up
        front = self.front - centre[1] - lean[1] * self.up
        return np.asarray(right * right + front * front < radius_mm**2, np.bool_)


def _inverse(spectrum: NDArray[np.complex64], count: int, axis: int) -> NDArray[np.complex64]:
    """Return the inverse FFT along an axis of ``count`` frequencies of which only the central ones are given."""
    given = spectrum.shape[axis]
    shape = list(spectrum.shape)
    shape[axis] = count
    whole = np.zeros(shape, np.complex64)
    index: list[slice | NDArray[np.intp]] = [slice(None)] * spectrum.ndim
    index[axis] = (np.arange(given) - given // 2) % count
    whole[tuple(index)] = spectrum
    return cast("NDArray[np.complex64]", fft.ifft(whole, axis=axis, overwrite_x=True))


def grid_of(
    rng: np.random.Generator, shape: Sequence[int], *, pixel_mm: float, slice_mm: float, plane: str, offset: Triple
) -> Grid:
    """Return the grid of a stack in a plane (axial, sagittal, coronal), turned and tilted a little.

    ``offset`` is where the stack's middle lies from the object's centre: right, front, up, mm.
    """
    z, y, x = (
        ((np.arange(n, dtype=np.float32) - (n - 1) / 2) * np.float32(step)).reshape(
            [-1 if k == axis else 1 for k in range(3)]
        )
        for axis, (n, step) in enumerate(zip(shape, (slice_mm, pixel_mm, pixel_mm), strict=True))
    )
    turn, tilt = np.radians(rng.normal(0, 8)), np.radians(rng.normal(0, 6))
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    across, down = cos * x + sin * y, cos * y - sin * x
    through = z + np.float32(np.tan(tilt)) * down
    right, front, up = {
        "axial": (across, -down, through),
        "coronal": (across, through, -down),
        "sagittal": (through, -across, -down),
    }[plane]
    return Grid(
        shape=(int(shape[0]), int(shape[1]), int(shape[2])),
        step_mm=(slice_mm, pixel_mm, pixel_mm),
        right=np.asarray(right + offset[0], np.float32),
        front=np.asarray(front + offset[1], np.float32),
        up=np.asarray(up + offset[2], np.float32),
        rng=rng,
    )
