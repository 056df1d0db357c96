"""How far each disk of a slice stands out of the water around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.metrics.low_contrast.background import solve
from aiqa_integration.metrics.low_contrast.field import Field, pixels_of
from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM, RADII_MM, SPOKES, Placement, disk_places
from aiqa_integration.metrics.low_contrast.patches import Patches, disk_patches
from aiqa_integration.metrics.low_contrast.template import (
    ANNULUS_MM,
    KINDS,
    answers,
    blur_mm,
    disk_filters,
    disk_shape,
)
from aiqa_integration.model.ranks import median
from aiqa_integration.model.sampling import BoolArray, FloatArray, PhantomSlice, square_distances

_DIAMETERS_MM = np.repeat(DIAMETERS_MM, len(RADII_MM))
"""Of all thirty disks, in the order of spoke and radius."""
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
    patches = disk_patches(field.water.shape, field.pose, field.number, placement)
    shape = disk_shape(patches.distance_mm, _DIAMETERS_MM[:, None, None], blur_mm(field.pose.pixel_mm))
    fitted, rest = _fit(field, patches, shape)
    free = _free(field, patches, placement)
    noise_at = _NoiseAt(field, free, pixels_of(field, *disk_places(field.number, placement)))
    noises = np.array([noise_at.of(found) for found in answers(rest, field.pose.pixel_mm, KINDS)])
    contrasts = fitted + _left(field, rest, patches, shape)
    best = np.argmin(noises, axis=0)[None]
    return Disks(
        contrast=np.take_along_axis(contrasts, best, axis=0)[0],
        noise=np.maximum(np.take_along_axis(noises, best, axis=0)[0], _LEAST_NOISE),
        noise_error=_noise_error(field, free),
    )


def _fit(field: Field, patches: Patches, shape: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the contrasts ``[spoke, radius]`` of one fit of disks and background, and what it leaves ``[y, x]``.

    ``shape`` are the disks' own, ``[disk, y, x]``.
    """
    reach = (_DIAMETERS_MM / 2 + ANNULUS_MM)[:, None, None]
    watery = patches.of(field.water.astype(np.float64)) > 0
    drawn = np.where(watery & (patches.distance_mm < reach), shape, 0.0)
    disks = _Drawn.of(drawn, patches, field.water.shape)
    across = field.background.aims_of_patches(drawn, patches.rows, patches.columns)
    products = np.block([[disks.heights @ disks.heights.T, across], [across.T, field.products]])
    aims = np.append(disks.heights @ field.relative.take(disks.pixels), field.background.aims(field.relative))
    factors, rest, keep = _solved(field, disks, products, aims)
    rows, columns = np.nonzero(field.water & ~keep)
    if rows.size:
        specks = np.concatenate([disks.at(rows, columns), field.background.at(rows, columns)])
        without = products - specks @ specks.T, aims - specks @ field.relative[rows, columns]
        factors, rest, keep = _solved(field, disks, *without)
    return factors[: len(drawn)].reshape(SPOKES, len(RADII_MM)), np.where(keep, rest, 0.0)


def _solved(
    field: Field, disks: "_Drawn", products: FloatArray, aims: FloatArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the factors of a fit, what it leaves of the water ``[y, x]``, and where that is no speck."""
    factors = solve(products, aims)
    rest = field.relative - field.background.image(factors[len(disks.heights) :])
    rest.flat[disks.pixels] -= factors[: len(disks.heights)] @ disks.heights
    rest = np.where(field.water, rest, 0.0)
    size = np.abs(rest)
    keep = field.water & (size <= _SPECK_SD * max(median(size[field.water]) / 0.6745, 1e-12))
    return factors, rest, keep


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Drawn:
    """Disks drawn over the pixels of an image that they reach: these, flat and in order, and ``[disk, pixel]``."""

    pixels: NDArray[np.intp]
    heights: FloatArray
    shape: tuple[int, ...]

    @classmethod
    def of(cls, drawn: FloatArray, patches: Patches, shape: tuple[int, ...]) -> "_Drawn":
        """Return the disks of patches ``[disk, y, x]``."""
        disk, y, x = np.nonzero(drawn)
        pixel = patches.rows[disk, y] * shape[1] + patches.columns[disk, x]
        reached = np.zeros(shape[0] * shape[1], np.bool_)
        reached[pixel] = True
        pixels, place = np.flatnonzero(reached), np.cumsum(reached) - 1
        heights = np.zeros((len(drawn), pixels.size))
        heights[disk, place[pixel]] = drawn[disk, y, x]
        return cls(pixels=pixels, heights=heights, shape=shape)

    def at(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> FloatArray:
        """Return the disks at single pixels, ``[disk, pixel]``."""
        asked = rows * self.shape[1] + columns
        place = np.minimum(np.searchsorted(self.pixels, asked), self.pixels.size - 1)
        return np.where(self.pixels[place] == asked, self.heights[:, place], 0.0)


def _left(field: Field, rest: FloatArray, patches: Patches, shape: FloatArray) -> FloatArray:
    """Return what each kind of filter finds of each disk in what the fit left ``[kind, spoke, radius]``."""
    filters = disk_filters(patches.distance_mm, _DIAMETERS_MM, field.pose.pixel_mm, shape=shape)
    around = patches.of(rest)
    found = [np.einsum("dyx,dyx->d", filters[kind], around) for kind in KINDS]
    return np.reshape(found, (len(KINDS), SPOKES, len(RADII_MM)))


def _free(field: Field, patches: Patches, placement: Placement) -> BoolArray:
    """Return where in the crop a filter's centre lies beside all disks and well within the ring."""
    cut = PhantomSlice(index=0, image=field.relative, pose=field.pose)
    near = field.water & (square_distances(cut, placement.centre_mm) < _REACH_MM**2)
    return patches.without(near, _DIAMETERS_MM / 2 + _FREE_MM)


class _NoiseAt:
    """The noise of filters at the disks: their scatter over the free water, more by what is near a disk."""

    def __init__(self, field: Field, free: BoolArray, at: FloatArray) -> None:
        self._places, self._shape = np.nonzero(free), free.shape
        self._down, self._across = (
            _window(place, n, _LOCAL_MM / pixel)
            for place, n, pixel in zip(at, free.shape, reversed(field.pose.pixel_mm), strict=True)
        )
        self._weight = self._near(free.astype(np.float64))

    def of(self, found: NDArray[np.float32]) -> FloatArray:
        """Return the scatter of the filters' answers ``[spoke, y, x]`` around each disk ``[spoke, radius]``."""
        rows, columns = self._places
        beside = found.reshape(len(found), -1).take(rows * found.shape[2] + columns, axis=1)
        general = _spread(beside)
        scaled = beside[_SMALLER] / np.maximum(general[_SMALLER], 1e-12)
        square = np.zeros(self._shape)
        square[self._places] = np.minimum(scaled**2, _CLIP_SD**2).mean(axis=0)
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
