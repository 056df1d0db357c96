"""How far each disk of a slice stands out of the water around it."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from aiqa_integration.metrics.low_contrast.field import Field, pixels_of
from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM, RADII_MM, SPOKES, Placement, disk_places
from aiqa_integration.metrics.low_contrast.template import answers, blur_mm, disk_shape
from aiqa_integration.model.sampling import BoolArray, FloatArray, pixel_places

_REACH_MM = 4.0
_SPECK_SD = 6.0
"""Pixels this far from the fit are specks (bubbles, dust), not noise; a reader looks past them."""
_CLIP_SD = 3.0
_LOCAL_MM = 12.0
_LOCAL_SPOKES = slice(4, SPOKES)
"""How the noise differs from place to place is read from the filters of the smaller disks, which see more of it."""
_REACH_OF_CENTRES_MM = 42.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Disks:
    """Contrast of each disk and the SD of its noise, parts of the water's signal, ``[spoke, radius]``.

    ``noise_error`` is the standard uncertainty of the SDs as a part of them.
    """

    contrast: FloatArray
    noise: FloatArray
    noise_error: FloatArray


def read_disks(field: Field, placement: Placement) -> Disks:
    """Return the contrasts of thirty disks from one fit, corrected by what each disk's filter finds left at its place.

    The noise of a contrast is the scatter of the same filter's answers beside the disks, whatever its cause.
    """
    places = disk_places(field.number, placement)
    fitted, rest = _fit(field, places)
    found = answers(rest, field.pose.pixel_mm)
    spokes = np.repeat(np.arange(SPOKES)[:, None], len(RADII_MM), axis=1)
    at = [spokes, *pixels_of(field, *places)]
    contrast = fitted + map_coordinates(found, at, order=3, mode="nearest")
    free = _free_pixels(field, places, placement)
    general = np.array([_spread(one[where]) for one, where in zip(found, free, strict=True)])
    local = _local(field, found / np.maximum(general, 1e-12)[:, None, None], free)
    here = map_coordinates(local, at[1:], order=1, mode="nearest")
    pixel_mm2 = field.pose.pixel_mm[0] * field.pose.pixel_mm[1]
    patches = 2 * np.pi * (DIAMETERS_MM / 2 + blur_mm(field.pose.pixel_mm)) ** 2
    independent = free.sum(axis=(1, 2)) * pixel_mm2 / patches
    nearby = 4 * np.pi * _LOCAL_MM**2 / patches[_LOCAL_SPOKES].mean()
    return Disks(
        contrast=np.asarray(contrast, np.float64),
        noise=np.asarray(general[:, None] * here, np.float64),
        noise_error=np.asarray(np.sqrt(0.5 / np.maximum(independent, 2.0) + 0.5 / nearby), np.float64),
    )


def _fit(field: Field, places: tuple[FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return the contrasts ``[spoke, radius]`` of one fit of disks and background, and what it leaves ``[y, x]``."""
    columns = _columns(field, places)
    values = field.relative[field.water]
    design = np.hstack([columns, field.shapes])
    keep = np.ones(values.shape, np.bool_)
    rest = values
    factors = np.zeros(design.shape[1])
    for _ in range(2):
        kept = design[keep]
        factors = np.linalg.lstsq(kept.T @ kept, kept.T @ values[keep], rcond=1e-12)[0]
        rest = values - design @ factors
        keep = np.abs(rest) <= _SPECK_SD * max(float(np.median(np.abs(rest))) / 0.6745, 1e-12)
    left = np.zeros(field.relative.shape)
    left[field.water] = np.where(keep, rest, 0.0)
    return factors[: columns.shape[1]].reshape(SPOKES, len(RADII_MM)), left


def _columns(field: Field, places: tuple[FloatArray, FloatArray]) -> FloatArray:
    u, v = (axis[field.water] for axis in pixel_places_of(field))
    blur = blur_mm(field.pose.pixel_mm)
    columns = np.zeros((u.size, SPOKES * len(RADII_MM)))
    for column, (at_u, at_v) in enumerate(zip(places[0].ravel(), places[1].ravel(), strict=True)):
        diameter = float(DIAMETERS_MM[column // len(RADII_MM)])
        distance = np.hypot(u - at_u, v - at_v)
        near = distance < diameter / 2 + _REACH_MM
        columns[near, column] = disk_shape(distance[near], diameter, blur)
    return columns


def pixel_places_of(field: Field) -> tuple[FloatArray, FloatArray]:
    """Return the phantom coordinates of every pixel of the crop."""
    from aiqa_integration.model.sampling import PhantomSlice

    return pixel_places(PhantomSlice(index=0, image=field.relative, pose=field.pose))


def _free_pixels(field: Field, places: tuple[FloatArray, FloatArray], placement: Placement) -> BoolArray:
    """Return for each diameter where a filter's centre lies beside all disks and within the water ``[spoke, y, x]``."""
    u, v = pixel_places_of(field)
    inner = field.water & (np.hypot(u - placement.centre_mm[0], v - placement.centre_mm[1]) < _REACH_OF_CENTRES_MM)
    beside = inner.copy()
    for at_u, at_v, diameter in zip(*places, DIAMETERS_MM, strict=True):
        for one_u, one_v in zip(at_u, at_v, strict=True):
            beside &= np.hypot(u - one_u, v - one_v) > diameter / 2 + 0.5
    return np.broadcast_to(beside, (SPOKES, *beside.shape))


def _spread(values: FloatArray) -> float:
    """Return the root mean square without what lies beyond three robust SD."""
    robust = float(np.median(np.abs(values))) / 0.6745
    return float(np.sqrt(np.mean(np.clip(values, -_CLIP_SD * robust, _CLIP_SD * robust) ** 2)))


def _local(field: Field, scaled: FloatArray, free: BoolArray) -> FloatArray:
    """Return how much larger the noise is at each place than in general ``[y, x]``."""
    square = np.minimum(scaled[_LOCAL_SPOKES] ** 2, _CLIP_SD**2).mean(axis=0)
    mask = free[-1].astype(np.float64)
    sigma = [_LOCAL_MM / pixel for pixel in reversed(field.pose.pixel_mm)]
    total, weight = (gaussian_filter(one, sigma, mode="constant", truncate=2.5) for one in (square * mask, mask))
    return np.asarray(np.sqrt(total / np.maximum(weight, 1e-6)), np.float64)
