"""A slice as all image-quality metrics see it: scaled to its own signal, object and air apart, one Fourier transform.

Values are in units of the object's median block, so that no scanner's gain is seen.
"""

from dataclasses import replace
from functools import cached_property

import numpy as np
from scipy.fft import rfft2

from aiqa_integration.metrics.image_quality.blocks import Blocks, Mask, Pixels, blocks_of
from aiqa_integration.metrics.image_quality.statistics import Floats, deviation_of
from aiqa_integration.model.ranks import median

PhaseAxis = int | None

LEAST_SIDE = 32
"""Pixels that a slice must have along each axis; what is smaller has no metrics (zeros)."""

_BRIGHTEST = 1e4
"""Pixels count as so many times the object's signal at most."""


class SliceView:
    """A slice ``[row, column]`` in units of its object's signal, and what several metrics need of it, made once.

    ``signal`` is that unit, in the image's own. ``phase_axis`` is the array axis along which the phase-encoded lines
    are stacked; None where it is not known.
    """

    def __init__(
        self, image: Pixels, blocks: Blocks, *, signal: float, pixel_mm: tuple[float, float], phase_axis: PhaseAxis
    ) -> None:
        self.image, self.blocks, self.signal = image, blocks, signal
        self.pixel_mm, self.phase_axis = pixel_mm, phase_axis

    @cached_property
    def object_pixels(self) -> Pixels:
        """Values of the object's pixels, rising."""
        return np.sort(self.image[self.blocks.to_pixels(self.blocks.object, self.shape)])

    @cached_property
    def air_mask(self) -> Mask:
        """Which pixels are air."""
        return self.blocks.to_pixels(self.blocks.air, self.shape)

    @cached_property
    def air_pixels(self) -> Pixels:
        """Values of the pixels of air, rising; empty where the background was set to zero."""
        return np.sort(self.image[self.air_mask])

    @cached_property
    def air_deviation(self) -> float:
        """Standard deviation of the air's pixels (at least one)."""
        return deviation_of(self.air_pixels)

    @cached_property
    def core_mask(self) -> Mask:
        """Which pixels lie well inside the object."""
        return self.blocks.to_pixels(self.blocks.core, self.shape)

    def core_squares(self, step: int) -> Mask:
        """Return which squares of ``step`` + 1 pixels have all corners well inside the object, by their first one."""
        rows = self.core_mask[step:] & self.core_mask[:-step]
        return np.asarray(rows[:, step:] & rows[:, :-step], np.bool_)

    @cached_property
    def air_weight(self) -> Pixels:
        """1 where a pixel is air, else 0."""
        return self.air_mask.astype(np.float32)

    @cached_property
    def steps(self) -> tuple[Pixels, Pixels]:
        """Differences of neighbouring pixels along the rows' and the columns' index."""
        return self.image[1:] - self.image[:-1], self.image[:, 1:] - self.image[:, :-1]

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the pixel noise inside the object: median of the mixed differences / (2 · 0.6745)."""
        return self.noise_over(1)

    def noise_over(self, step: int) -> float:
        """Return the same from mixed differences over ``step`` pixels; 0 where the object is too thin for them."""
        across = self.steps[0] if step == 1 else self.image[step:] - self.image[:-step]
        mixed = across[:, step:] - across[:, :-step]
        found = np.abs(mixed[self.core_squares(step)])
        if found.size == 0:
            return 0.0
        found.partition(found.size // 2)
        return float(found[found.size // 2]) / (2.0 * 0.6745)

    @cached_property
    def power(self) -> Pixels:
        """Power of the Fourier transform ``[row frequency, column frequency]``, per pixel, zero frequency first.

        Column frequencies from zero to Nyquist only: a real image's other half is the same.
        """
        spectrum = rfft2(self.image)
        return np.asarray((spectrum.real**2 + spectrum.imag**2) / np.float32(self.image.size), np.float32)

    @cached_property
    def log_power(self) -> Pixels:
        """Natural logarithm of the power, over a floor at the rounding of single precision."""
        floor = np.float32(1e-12) * np.float32(np.vdot(self.image, self.image)) / np.float32(self.image.size)
        return np.asarray(np.log(self.power + max(floor, np.float32(1e-30))), np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.image.shape
        return rows, columns

    def along(self, axis: int) -> Pixels:
        """Return the image with ``axis`` first."""
        return self.image if axis == 0 else self.image.T

    def steps_along(self, axis: int) -> Pixels:
        """Return the differences of neighbouring pixels along ``axis``, that axis first."""
        return self.steps[0] if axis == 0 else self.steps[1].T

    def phase_and_read(self, rows: float, columns: float, *, worst: str = "high") -> tuple[float, float]:
        """Return the values of the two axes as (along phase encoding, along the read-out).

        Where the directions are not known, the worse value (the higher or lower one) counts as phase encoding, along
        which most artifacts spread.
        """
        first = self.phase_axis == 0 if self.phase_axis is not None else (rows >= columns) == (worst == "high")
        return (rows, columns) if first else (columns, rows)


def half_weights(columns: int) -> Pixels:
    """Return how often the column frequencies from zero to Nyquist stand in a whole transform, over two."""
    weights = np.ones(columns // 2 + 1, np.float32)
    weights[0] = 0.5
    if columns % 2 == 0:
        weights[-1] = 0.5
    return weights


def line_means(half: Pixels, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return the means over the other axis of a quantity of k-space, from zero to Nyquist along rows and columns."""
    weights = half_weights(shape[1])
    over_columns = (half @ weights).astype(np.float64) / float(weights.sum())
    count = shape[0] // 2 + 1
    both_sides = (over_columns[:count] + over_columns[-np.arange(count)]) / 2
    return both_sides, half.mean(axis=0).astype(np.float64)


def view_of(image: Pixels, *, pixel_mm: tuple[float, float], phase_axis: PhaseAxis) -> SliceView | None:
    """Return the slice's view; None where it is uniform, dark or too small to say anything.

    Values that are negative or not finite count as 0: a magnitude image has none.
    """
    if min(image.shape) < LEAST_SIDE:
        return None
    low, top = float(image.min()), float(image.max())
    if not np.isfinite(top - low):
        image = np.where(np.isfinite(image), image, 0).astype(np.float32)
        low, top = float(image.min()), float(image.max())
    if top <= 0.0 or low == top:
        return None
    scaled = image / np.float32(top)
    if low < 0.0:
        scaled = np.maximum(scaled, np.float32(0))
    blocks = blocks_of(scaled, pixel_mm)
    signal = median(blocks.mean[blocks.object & ~blocks.empty])
    in_units = replace(blocks, mean=blocks.mean / signal)
    values = scaled / np.float32(signal)
    if signal * _BRIGHTEST < 1.0:
        values = np.minimum(values, np.float32(_BRIGHTEST))
    return SliceView(values, in_units, signal=signal * top, pixel_mm=pixel_mm, phase_axis=phase_axis)
