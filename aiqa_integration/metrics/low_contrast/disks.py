"""How far each disk of a slice stands out of the water around it."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from aiqa_integration.metrics.low_contrast.field import Field, pixels_of, solve
from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM, RADII_MM, SPOKES, Placement, disk_places
from aiqa_integration.metrics.low_contrast.template import (
    ANNULUS_MM,
    KINDS,
    Kind,
    answers,
    blur_mm,
    disk_filter,
    disk_shape,
    patch_reach,
)
from aiqa_integration.model.sampling import BoolArray, FloatArray

_SPECK_SD = 6.0
"""Pixels this far from the fit are specks (bubbles, dust), not noise; a reader looks past them."""
_CLIP_SD = 3.0
_LOCAL_MM = 10.0
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
    distances = np.sqrt([(field.u_mm - a) ** 2 + (field.v_mm - b) ** 2 for a, b in zip(u.flat, v.flat, strict=True)])
    fitted, left = _fit(field, distances)
    free, rest, at = _free(field, distances, placement), field.image_of(left), pixels_of(field, u, v)
    found = {
        kind: one for curved in (False, True) for kind, one in answers(rest, field.pose.pixel_mm, curved=curved).items()
    }
    noises = np.array([_noise(field, found[kind], free, at) for kind in KINDS])
    contrasts = np.array([fitted + _left(field, rest, at, kind) for kind in KINDS])
    best = np.argmin(noises, axis=0)[None]
    return Disks(
        contrast=np.take_along_axis(contrasts, best, axis=0)[0],
        noise=np.maximum(np.take_along_axis(noises, best, axis=0)[0], _LEAST_NOISE),
        noise_error=_noise_error(field, free),
    )


def _fit(field: Field, distances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the contrasts ``[spoke, radius]`` of one fit of disks and background, and what it leaves of the water."""
    columns, blur = np.zeros(distances.shape), blur_mm(field.pose.pixel_mm)
    for index, distance in enumerate(distances):
        diameter = float(DIAMETERS_MM[index // len(RADII_MM)])
        near = distance < diameter / 2 + ANNULUS_MM
        columns[index, near] = disk_shape(distance[near], diameter, blur)
    terms, values = np.hstack([columns.T, field.shapes]), field.relative[field.water]
    keep = np.ones(values.shape, np.bool_)
    for _ in range(2):
        factors = solve(terms, values) if keep.all() else solve(terms[keep], values[keep])
        rest = values - terms @ factors
        keep = np.abs(rest) <= _SPECK_SD * max(float(np.median(np.abs(rest))) / 0.6745, 1e-12)
    return factors[: len(distances)].reshape(SPOKES, len(RADII_MM)), np.where(keep, rest, 0.0)


def _left(field: Field, rest: FloatArray, at: FloatArray, kind: Kind) -> FloatArray:
    """Return what the filter of each disk finds at its place in what the fit left ``[spoke, radius]``."""
    found = np.zeros(at.shape[1:])
    for (spoke, radius), diameter in zip(np.ndindex(found.shape), np.repeat(DIAMETERS_MM, len(RADII_MM)), strict=True):
        row, column = at[:, spoke, radius]
        reach_columns, reach_rows = patch_reach(float(diameter), field.pose.pixel_mm)
        rows = np.arange(max(round(row) - reach_rows, 0), min(round(row) + reach_rows + 1, rest.shape[0]))
        columns = np.arange(
            max(round(column) - reach_columns, 0), min(round(column) + reach_columns + 1, rest.shape[1])
        )
        across, down = (columns - column) * field.pose.pixel_mm[0], (rows - row) * field.pose.pixel_mm[1]
        distance = np.hypot(across[None, :], down[:, None])
        patch = rest[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        found[spoke, radius] = (disk_filter(distance, float(diameter), field.pose.pixel_mm, kind) * patch).sum()
    return found


def _free(field: Field, distances: FloatArray, placement: Placement) -> BoolArray:
    """Return where in the crop a filter's centre lies beside all disks and well within the ring."""
    from_centre = (field.u_mm - placement.centre_mm[0]) ** 2 + (field.v_mm - placement.centre_mm[1]) ** 2
    clear = np.repeat(DIAMETERS_MM / 2 + _FREE_MM, len(RADII_MM))[:, None]
    beside = (distances > clear).all(axis=0) & (from_centre < _REACH_MM**2)
    return np.asarray(field.image_of(beside.astype(np.float64)) > 0, np.bool_)


def _noise(field: Field, found: FloatArray, free: BoolArray, at: FloatArray) -> FloatArray:
    """Return the scatter of the filters' answers ``[spoke, y, x]`` around each disk ``[spoke, radius]``."""
    general = np.array([_spread(one[free]) for one in found])
    scaled = found[_SMALLER] / np.maximum(general[_SMALLER], 1e-12)[:, None, None]
    square = np.where(free, np.minimum(scaled**2, _CLIP_SD**2).mean(axis=0), 0.0)
    sigma = [_LOCAL_MM / pixel for pixel in reversed(field.pose.pixel_mm)]
    total, weight = (gaussian_filter(one, sigma, mode="constant", truncate=2.5) for one in (square, free * 1.0))
    local = np.sqrt(total / np.maximum(weight, 1e-6))
    return np.asarray(general[:, None] * map_coordinates(local, at, order=1, mode="nearest"), np.float64)


def _spread(values: FloatArray) -> float:
    """Return the root mean square, with what lies beyond three robust SD drawn in to there."""
    edge = _CLIP_SD * float(np.median(np.abs(values))) / 0.6745
    return float(np.sqrt(np.mean(np.clip(values, -edge, edge) ** 2)))


def _noise_error(field: Field, free: BoolArray) -> FloatArray:
    """Return the standard uncertainty of the scatter as a part of it, from how many filters fit side by side."""
    patches = 2 * np.pi * (DIAMETERS_MM / 2 + blur_mm(field.pose.pixel_mm)) ** 2
    everywhere = np.count_nonzero(free) * field.pose.pixel_mm[0] * field.pose.pixel_mm[1] / patches
    nearby = 4 * np.pi * _LOCAL_MM**2 / patches[_SMALLER].mean()
    return np.asarray(np.sqrt(0.5 / np.maximum(everywhere, 2.0) + 0.5 / nearby), np.float64)
