"""The rotation as the images themselves show it: solid parts are dark, and water is bright where they are not.

Landmarks of the network can be taken for one another where the phantom lies in turned (an end of the ramp bar looks
like the wedges' housing). All slices together can't: the housing is dark in every slice and at one place only, the bar
and the tube in the first four, and the tube tells left from right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from aiqa_integration.metrics.pose.landmarks import BAR_RIGHT, HOUSING, LANDMARKS_MM, TUBE
from aiqa_integration.model.ranks import percentile_along

Points = NDArray[np.float64]

COARSE_DEG, FINE_DEG = 3.0, 0.5
_GRID_MM = 2.0
_SMOOTH_MM = 3.0
_LOCAL_MM = 50.0
"""Width of the boxes that the local signal is read from; two of them reach as far as a Gaussian with an SD of 20 mm."""
_SPARSE = 2
"""Of the smooth images every second pixel tells the local signal."""
_TUBE_WALL_MM = 15.75
_LOWER_PART = (1, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rotation (degrees) with or without mirror, and how much darker the solid parts are: 0 not at all, 1 wholly."""

    rotation_deg: float
    mirrored: bool
    contrast: float


def match_pattern(
    voxels: NDArray[np.float32],
    slices: Mapping[int, int],
    centres_mm: Points,
    pixel_mm: tuple[float, float],
    phantom: str,
) -> Match:
    """Return the rotation in which the phantom's solid parts lie on what is darkest.

    ``slices`` maps guideline numbers to places, ``centres_mm`` has the axis (x, y) of every place, ``pixel_mm`` is
    (row, column) distance. Without slices 1 to 4 a mirror can't be told and isn't assumed.
    """
    lower = [number for number in slices if _LOWER_PART[0] <= number <= _LOWER_PART[1]]
    stride = max(1, int(_GRID_MM / max(pixel_mm)))
    places = list(slices.values())
    images, centres = _local(voxels[places], pixel_mm, stride), centres_mm[places]
    grid_mm = (pixel_mm[0] * stride, pixel_mm[1] * stride)
    in_lower = np.array([number in lower for number in slices], np.bool_)
    groups = [
        (images[chosen], _parts(phantom, lower=part), centres[chosen])
        for part, chosen in ((False, ~in_lower), (True, in_lower))
        if chosen.any()
    ]

    def contrasts(angles: Points, *, mirrored: bool) -> Points:
        total = np.zeros(len(angles))
        for shown, parts, axes in groups:
            total += _contrasts(shown, parts, angles, mirrored, axes, grid_mm)
        return np.asarray(total / max(len(slices), 1), np.float64)

    best: list[Match] = []
    for mirrored in (False, True) if lower else (False,):
        coarse = np.arange(-180.0, 180.0, COARSE_DEG)
        middle = float(coarse[int(np.argmax(contrasts(coarse, mirrored=mirrored)))])
        fine = middle + np.arange(-COARSE_DEG, COARSE_DEG + FINE_DEG / 2, FINE_DEG)
        found = contrasts(fine, mirrored=mirrored)
        top = int(np.argmax(found))
        best.append(Match(rotation_deg=float(fine[top]), mirrored=mirrored, contrast=float(found[top])))
    return max(best, key=lambda match: match.contrast)


def _local(images: NDArray[np.float32], pixel_mm: tuple[float, float], stride: int) -> NDArray[np.float32]:
    """Return every ``stride``-th pixel of images ``[z, y, x]`` by its surroundings.

    It is near 1 in water and 0 in solids, whatever the shading.
    """
    smooth = images
    for axis, mm in zip((1, 2), pixel_mm, strict=True):
        smooth = _box_means(smooth, max(round(_SMOOTH_MM / mm), 1), axis, stride)
    wet = smooth > 0.15 * percentile_along(smooth.reshape(len(smooth), -1), 98.0)[:, None, None]
    size = [max(round(_LOCAL_MM / mm / stride / _SPARSE), 1) for mm in pixel_mm]
    share, total = (_around(one, size) for one in (wet.astype(np.float32), np.where(wet, smooth, np.float32(0))))
    water = (total / np.maximum(share, 1e-3)).repeat(_SPARSE, axis=1).repeat(_SPARSE, axis=2)
    water = water[:, : smooth.shape[1], : smooth.shape[2]]
    return np.asarray(np.clip(smooth / np.maximum(water, 1e-9), 0.0, 1.0), np.float32)


def _box_means(images: NDArray[np.float32], wide: int, axis: int, stride: int) -> NDArray[np.float32]:
    """Return the means of so many pixels along an axis around every ``stride``-th; mirrored beyond the image."""
    count, before = images.shape[axis], wide // 2
    around = [(before, wide - 1 - before) if one == axis else (0, 0) for one in range(images.ndim)]
    padded = np.moveaxis(np.pad(images, around, mode="symmetric"), axis, 0)
    total = padded[0:count:stride].copy()
    for step in range(1, wide):
        total += padded[step : step + count : stride]
    total /= wide
    return np.moveaxis(total, 0, axis)


def _around(images: NDArray[np.float32], size: list[int]) -> NDArray[np.float32]:
    """Return the mean around every ``_SPARSE``-th pixel, by distance: two boxes, one after the other."""
    sparse = images[:, ::_SPARSE, ::_SPARSE]
    down, across = (_two_boxes(count, wide) for count, wide in zip(sparse.shape[1:], size, strict=True))
    return np.asarray(down @ sparse @ across.T, np.float32)


@lru_cache(maxsize=8)
def _two_boxes(count: int, wide: int) -> NDArray[np.float32]:
    """Return how much each of an axis' pixels counts at each of them, ``[pixel, pixel]``; mirrored beyond the axis."""
    once = uniform_filter1d(np.eye(count), wide, axis=0)
    return np.asarray(uniform_filter1d(once, wide, axis=0), np.float32)


def _parts(phantom: str, *, lower: bool) -> tuple[Points, Points]:
    """Return points (u, v) of solid parts and as many of water that another rotation or mirror would put there."""
    table = LANDMARKS_MM[phantom]
    across, along = np.meshgrid((-3.0, 0.0, 3.0), (-2.0, 0.0, 2.0, 4.0))
    housing = np.stack([across.ravel(), along.ravel() + table[HOUSING][1]], axis=1)
    dark, bright = [housing], [-housing]
    if lower:
        far = np.array([0.65, 0.7, 0.75, 0.8, 0.85, 0.9]) * table[BAR_RIGHT][0]
        bar = np.stack([np.concatenate([far, -far]), np.zeros(2 * len(far))], axis=1)
        turn = np.linspace(0.0, 2 * np.pi, 12, endpoint=False)
        wall = np.asarray(table[TUBE]) + _TUBE_WALL_MM * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        dark += [bar, wall]
        bright += [bar[: len(far), ::-1].repeat(2, axis=0), wall * (-1.0, 1.0)]
    return np.concatenate(dark), np.concatenate(bright)


def _contrasts(
    images: NDArray[np.float32],
    parts: tuple[Points, Points],
    angles_deg: Points,
    mirrored: bool,  # noqa: FBT001
    centres_mm: Points,
    pixel_mm: tuple[float, float],
) -> Points:
    """Return for every rotation how much brighter the pixels nearest to water are than those nearest to solids.

    The sum over images ``[z, y, x]``, each with its own centre ``[z, 2]``.
    """
    dark, bright = parts
    points = np.concatenate(parts)
    weights = np.concatenate([np.full(len(dark), -1.0 / len(dark)), np.full(len(bright), 1.0 / len(bright))])
    turn = np.radians(angles_deg)[:, None]
    u, v = (-points[:, 0] if mirrored else points[:, 0]), points[:, 1]
    x, y = np.cos(turn) * u - np.sin(turn) * v, np.sin(turn) * u + np.cos(turn) * v
    height, width = images.shape[1:]
    total = np.zeros(len(angles_deg))
    for image, (across, down) in zip(images, centres_mm, strict=True):
        rows, columns = (
            np.rint((offset + middle) / mm).astype(np.intp)
            for offset, middle, mm in ((y, down, pixel_mm[0]), (x, across, pixel_mm[1]))
        )
        np.clip(rows, 0, height - 1, out=rows)
        np.clip(columns, 0, width - 1, out=columns)
        rows *= width
        rows += columns
        total += image.reshape(-1).take(rows) @ weights
    return total
