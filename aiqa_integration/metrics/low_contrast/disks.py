"""How far each disk of a slice stands out of the water around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.metrics.low_contrast.field import Field, pixels_of, solve, square_distances
from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM, RADII_MM, SPOKES, Placement, disk_places
from aiqa_integration.metrics.low_contrast.template import (
    ANNULUS_MM,
    KINDS,
    answers,
    blur_mm,
    disk_filters,
    disk_shape,
    patch_reach,
)
from aiqa_integration.model.sampling import BoolArray, FloatArray

_SPECK_SD = 6.0
"""Pixels this far from the fit are specks (bubbles, dust), not noise; a reader looks past them."""
_CLIP_SD = 3.0
_LOCAL_MM = 10.0
_LOCAL_REACH = 2.5
_SMALLER = slice(4, SPOKES)
"""How the noise differs from place to place is read from the filters of the smaller disks, which see more of it."""
_LEAST_NOISE = 1e-6
"""Noise below this part of the signal is the rounding of float32."""
_FREE_MM = 0.5
_REACH_MM = 42.0
"""Filters answer what lies within the ring up to here from its centre."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Disks:
    """Contrast of each disk and the SD of its noise, parts of the water's signal, ``[spoke, radius]``.

    ``noise_error`` ``[spoke]`` is the standard uncertainty of the SDs as a part of them.
    """

    contrast: FloatArray
    noise: FloatArray
    noise_error: FloatArray


def read_disks(field: Field, placement: Placement) -> Disks:
    """Return the contrasts of thirty disks from one fit, corrected by what each disk's filter finds left at its place.

    The noise of a contrast is the scatter of the same filter's answers beside the disks, whatever its cause; of four
    kinds of filter the one that is disturbed least is taken, place by place.
    """
    u, v = disk_places(field.number, placement)
    squares = square_distances(field.u_mm, field.v_mm, field.number, placement)
    fitted, left = _fit(field, squares)
    free, rest, at = _free(field, squares, placement), field.image_of(left), pixels_of(field, u, v)
    noise_at = _NoiseAt(field, free, at)
    noises = np.array([noise_at.of(found) for found in answers(rest, field.pose.pixel_mm, KINDS)])
    contrasts = fitted + _left(field, rest, at)
    best = np.argmin(noises, axis=0)[None]
    return Disks(
        contrast=np.take_along_axis(contrasts, best, axis=0)[0],
        noise=np.maximum(np.take_along_axis(noises, best, axis=0)[0], _LEAST_NOISE),
        noise_error=_noise_error(field, free),
    )


def _fit(field: Field, squares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the contrasts ``[spoke, radius]`` of one fit of disks and background, and what it leaves of the water.

    ``squares`` ``[disk, pixel]`` are those of the pixels' distances from the disks, mm².
    """
    count = len(squares)
    diameters = np.repeat(DIAMETERS_MM, len(RADII_MM))
    terms = np.zeros((count + len(field.shapes), squares.shape[1]))
    terms[count:] = field.shapes
    disk, pixel = np.nonzero(squares < ((diameters / 2 + ANNULUS_MM) ** 2)[:, None])
    distance = np.sqrt(np.maximum(squares[disk, pixel], 0.0))
    terms[disk, pixel] = disk_shape(distance, diameters[disk], blur_mm(field.pose.pixel_mm))
    values = field.relative[field.water]
    products, aims, keep = terms @ terms.T, terms @ values, np.ones(values.shape, np.bool_)
    for _ in range(2):
        specks = terms[:, ~keep]
        factors = solve(products - specks @ specks.T, aims - specks @ values[~keep])
        rest = values - factors @ terms
        keep = np.abs(rest) <= _SPECK_SD * max(float(np.median(np.abs(rest))) / 0.6745, 1e-12)
    return factors[:count].reshape(SPOKES, len(RADII_MM)), np.where(keep, rest, 0.0)


def _left(field: Field, rest: FloatArray, at: FloatArray) -> FloatArray:
    """Return what each kind of filter finds of each disk in what the fit left ``[kind, spoke, radius]``."""
    reach_columns, reach_rows = patch_reach(field.pose.pixel_mm)
    places = at.reshape(2, -1, 1)
    rows, columns = (
        np.round(place).astype(np.intp) + np.arange(-n, n + 1)
        for place, n in zip(places, (reach_rows, reach_columns), strict=True)
    )
    across, down = (columns - places[1]) * field.pose.pixel_mm[0], (rows - places[0]) * field.pose.pixel_mm[1]
    filters = disk_filters(
        np.hypot(across[:, None, :], down[:, :, None]), np.repeat(DIAMETERS_MM, len(RADII_MM)), field.pose.pixel_mm
    )
    patches = _patches(rest, rows, columns)
    found = [(filters[kind] * patches).sum(axis=(1, 2)) for kind in KINDS]
    return np.reshape(found, (len(KINDS), *at.shape[1:]))


def _patches(image: FloatArray, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> FloatArray:
    """Return the patches ``[disk, y, x]`` of an image at rows ``[disk, y]`` and columns ``[disk, x]``; 0 outside."""
    height, width = image.shape
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    found = image[np.clip(rows, 0, height - 1)[:, :, None], np.clip(columns, 0, width - 1)[:, None, :]]
    return np.where(inside, found, 0.0)


def _free(field: Field, squares: FloatArray, placement: Placement) -> BoolArray:
    """Return where in the crop a filter's centre lies beside all disks and well within the ring."""
    from_centre = (field.u_mm - placement.centre_mm[0]) ** 2 + (field.v_mm - placement.centre_mm[1]) ** 2
    clear = np.repeat(DIAMETERS_MM / 2 + _FREE_MM, len(RADII_MM))[:, None]
    beside = (squares > clear**2).all(axis=0) & (from_centre < _REACH_MM**2)
    return np.asarray(field.image_of(beside.astype(np.float64)) > 0, np.bool_)


class _NoiseAt:
    """The noise of filters at the disks: their scatter over the free water, more by what is near a disk."""

    def __init__(self, field: Field, free: BoolArray, at: FloatArray) -> None:
        self._places, self._shape = np.flatnonzero(free), free.shape
        self._down, self._across = (
            _window(place, n, _LOCAL_MM / pixel)
            for place, n, pixel in zip(at, free.shape, reversed(field.pose.pixel_mm), strict=True)
        )
        self._weight = self._near(free.astype(np.float64))

    def of(self, found: NDArray[np.float32]) -> FloatArray:
        """Return the scatter of the filters' answers ``[spoke, y, x]`` around each disk ``[spoke, radius]``."""
        beside = found.reshape(len(found), -1).take(self._places, axis=1)
        general = _spread(beside)
        scaled = beside[_SMALLER] / np.maximum(general[_SMALLER], 1e-12)
        square = np.zeros(self._shape)
        square.flat[self._places] = np.minimum(scaled**2, _CLIP_SD**2).mean(axis=0)
        return np.asarray(general * np.sqrt(self._near(square) / np.maximum(self._weight, 1e-6)), np.float64)

    def _near(self, image: FloatArray) -> FloatArray:
        """Return the sum of an image around each disk, by distance."""
        return np.asarray(((self._down @ image) * self._across).sum(axis=-1), np.float64)


def _window(places: FloatArray, size: int, sigma: float) -> FloatArray:
    """Return weights ``[..., pixel]`` about places along an axis, which sum to 1 but for what lies beyond 2.5 sigma."""
    away = (np.arange(size) - places[..., None]) / sigma
    weights = np.where(np.abs(away) < _LOCAL_REACH, np.exp(-(away**2) / 2), 0.0)
    return np.asarray(weights / (sigma * np.sqrt(2 * np.pi)), np.float64)


def _spread(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the root mean square of each row ``[row, 1]``, what lies beyond three robust SD drawn in to there."""
    size = np.abs(values)
    middle = size.shape[1] // 2
    edge = _CLIP_SD * np.partition(size, middle, axis=1)[:, middle : middle + 1] / 0.6745
    return np.asarray(np.sqrt(np.mean(np.minimum(size, edge) ** 2, axis=1, keepdims=True)), np.float32)


def _noise_error(field: Field, free: BoolArray) -> FloatArray:
    """Return the standard uncertainty of the scatter as a part of it, from how many filters fit side by side."""
    patches = 2 * np.pi * (DIAMETERS_MM / 2 + blur_mm(field.pose.pixel_mm)) ** 2
    everywhere = np.count_nonzero(free) * field.pose.pixel_mm[0] * field.pose.pixel_mm[1] / patches
    nearby = 4 * np.pi * _LOCAL_MM**2 / patches[_SMALLER].mean()
    return np.asarray(np.sqrt(0.5 / np.maximum(everywhere, 2.0) + 0.5 / nearby), np.float64)
