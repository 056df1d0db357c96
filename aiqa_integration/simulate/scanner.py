"""What a scanner does to an object: coil sensitivity, k-space sampling, ghosts, noise, masks."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter

Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shading:
    """A coil's sensitivity: 1 + linear (x, y) + quadratic terms of the place, in fractions per 100 mm."""

    linear_x: float = 0.0
    linear_y: float = 0.0
    bowl: float = 0.0
    saddle: float = 0.0

    def at(self, x_mm: Field, y_mm: Field) -> Field:
        """Return the sensitivity at places relative to the isocentre; never below 0.05."""
        x, y = x_mm / 100.0, y_mm / 100.0
        gain = 1 + self.linear_x * x + self.linear_y * y + self.bowl * (x * x + y * y) + self.saddle * (x * x - y * y)
        return np.asarray(np.maximum(gain, 0.05), np.float32)


def sample_kspace(dense: Field, shape: tuple[int, int], kept: tuple[float, float] = (1.0, 1.0)) -> Field:
    """Return what a scanner reconstructs of a densely drawn object.

    ``dense`` is (n·rows, n·columns); its k-space is cut to ``shape`` times the ``kept`` fraction of rows and columns
    and zero-filled to ``shape``: the sinc point spread and Gibbs ringing of a real acquisition. The image's pixel
    ``(r, c)`` is centred where the mean of the dense pixels of its block lies.
    """
    spectrum = np.fft.fftshift(np.fft.fft2(dense))
    out = np.zeros(shape, np.complex128)
    taken = [int(2 * round(full * part / 2)) for full, part in zip(shape, kept, strict=True)]
    source = tuple(slice((n - t) // 2, (n - t) // 2 + t) for n, t in zip(dense.shape, taken, strict=True))
    target = tuple(slice((n - t) // 2, (n - t) // 2 + t) for n, t in zip(shape, taken, strict=True))
    out[target] = spectrum[source]
    for axis in (0, 1):
        factor = dense.shape[axis] / shape[axis]
        frequency = np.arange(shape[axis]) - shape[axis] // 2
        ramp = np.exp(2j * np.pi * frequency * (factor - 1) / 2 / dense.shape[axis])
        out *= ramp[:, None] if axis == 0 else ramp[None, :]
    image = np.fft.ifft2(np.fft.ifftshift(out)) * (shape[0] * shape[1] / dense.size)
    return np.asarray(image.real, np.float32)


def add_ghost(image: Field, fraction: float, phase_axis: Literal["ROW", "COLUMN"]) -> Field:
    """Return the image with a ghost of ``fraction`` of it half a field of view away along the phase direction.

    ``phase_axis`` is DICOM's InPlanePhaseEncodingDirection: COLUMN shifts along rows' index.
    """
    if fraction == 0:
        return image
    axis = 0 if phase_axis == "COLUMN" else 1
    return np.asarray(image + fraction * np.roll(image, image.shape[axis] // 2, axis=axis), np.float32)


def add_rician_noise(
    image: Field, sigma: float, rng: np.random.Generator, kept: tuple[float, float] = (1.0, 1.0)
) -> Field:
    """Return the magnitude of the image with complex Gaussian noise of ``sigma`` per channel.

    Noise comes with the samples of k-space: where only the ``kept`` fraction was sampled, neighbours share it.
    """
    noise = rng.normal(0.0, sigma, (2, *image.shape)) if sigma > 0 else np.zeros((2, *image.shape))
    if sigma > 0 and min(kept) < 1.0:
        sampled = np.outer(*(_sampled(count, part) for count, part in zip(image.shape, kept, strict=True)))
        banded = np.fft.ifft2(np.fft.fft2(noise[0] + 1j * noise[1]) * sampled) / np.sqrt(sampled.mean())
        noise = np.stack([banded.real, banded.imag])
    return np.asarray(np.hypot(image + noise[0], noise[1]), np.float32)


def _sampled(count: int, part: float) -> NDArray[np.bool_]:
    """Return which of an axis' frequencies, in the order of the FFT, were sampled."""
    frequency = np.fft.fftfreq(count, 1.0 / count)
    taken = 2 * round(count * part / 2)
    return np.asarray((frequency >= -taken / 2) & (frequency < taken / 2), np.bool_)


def zero_background(image: Field, level: float = 0.1) -> Field:
    """Return the image with everything away from signal set to 0, as some vendors' filters do."""
    smooth = gaussian_filter(image, 2.0)
    mask = binary_dilation(smooth > level * float(np.percentile(smooth, 98)), iterations=3)
    return np.where(mask, image, np.float32(0))
