"""Stripes of a spike of k-space: their direction and period from the point that stands out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter, median_filter, minimum_filter

_OUTSTANDING = 1.5  # of the natural logarithm above the surroundings; of noise alone the most of an image is about 1.4
_CENTRE = 0.03  # cycles per pixel: below, the object's own shape stands out
_OBJECT = 0.15  # of the bright signal: what is brighter is the object
_RIM = 7  # pixels of the outline that are left out
_SLOW = 12.0  # pixels
_CUT = 1.5  # robust standard deviations
_LEAST_INSIDE = 200
_AROUND = 9
_ALONG = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripes:
    """Stripes of a slice: period, direction counter-clockwise from the rows' (0 to 180°), how strong.

    ``height`` is their amplitude over the signal of the object.
    """

    slice_index: int
    period_mm: float
    angle_deg: float
    height: float


def stripes_of(image: NDArray[np.float32], slice_index: int, pixel_mm: tuple[float, float]) -> Stripes | None:
    """Return the stripes of one slice whose (row, column) spacing is ``pixel_mm``; None where no point stands out."""
    inside = _inside(image)
    if inside.sum() < _LEAST_INSIDE:
        return None
    spectrum = np.abs(fft.fftshift(fft.fft2(_without_anatomy(image, inside))))
    height = np.log(spectrum + 1e-6 * float(spectrum.max()) + 1e-12)
    around = np.maximum(
        median_filter(height, _AROUND, mode="wrap"),
        np.maximum(median_filter(height, (1, _ALONG), mode="wrap"), median_filter(height, (_ALONG, 1), mode="wrap")),
    )
    rows, columns = (fft.fftshift(np.fft.fftfreq(count)) for count in image.shape)
    far = np.hypot(rows[:, None], columns) > _CENTRE
    rest = np.where(far, height - around, -np.inf)
    row, column = (int(place) for place in np.unravel_index(np.argmax(rest), rest.shape))
    if rest[row, column] < _OUTSTANDING:
        return None
    down, across = rows[row] / pixel_mm[0], columns[column] / pixel_mm[1]
    wave = np.outer(_wave(rows[row], image.shape[0]), _wave(columns[column], image.shape[1]))
    swing = 2 * float(np.abs(np.sum(wave * (image - _slow(image, inside)) * inside))) / float(inside.sum())
    return Stripes(
        slice_index=slice_index,
        period_mm=float(1 / np.hypot(down, across)),
        angle_deg=float(np.degrees(np.arctan2(across, down))) % 180.0,
        height=swing * float(inside.sum()) / float((image * inside).sum()),
    )


def _inside(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a soft mask of the object, away from its outline: in air a spike adds no stripes to a magnitude."""
    smooth = gaussian_filter(image, 2.0)
    deep = minimum_filter(smooth, _RIM) > _OBJECT * float(np.percentile(smooth, 98))
    return np.asarray(gaussian_filter(deep.astype(np.float32), 1.5), np.float32)


def _without_anatomy(image: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the object's inside less its slow changes, its edges cut to what stripes and noise reach."""
    rest = image - _slow(image, inside)
    usual = 1.4826 * float(np.median(np.abs(rest[inside > 0.5]))) if (inside > 0.5).any() else 1.0
    return np.asarray(np.clip(rest, -_CUT * usual, _CUT * usual) * inside, np.float32)


def _slow(image: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the object around each pixel."""
    weight = np.maximum(gaussian_filter(inside, _SLOW), 1e-3)
    return np.asarray(gaussian_filter(image * inside, _SLOW) / weight, np.float32)


def _wave(frequency: float, count: int) -> NDArray[np.complex128]:
    return np.asarray(np.exp(-2j * np.pi * frequency * np.arange(count)))
