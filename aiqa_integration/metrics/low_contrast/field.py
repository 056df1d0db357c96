"""One slice's water inside the ring, flat: a crop around the insert with its smooth background divided out."""

from dataclasses import dataclass

import numpy as np

from aiqa_integration.metrics.low_contrast.background import Background, solve
from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM, RADII_MM, Placement
from aiqa_integration.metrics.low_contrast.patches import disk_patches
from aiqa_integration.model.measurement import Obstacle, Reason
from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.model.sampling import BoolArray, FloatArray, PhantomSlice, to_pixels

_MARGIN_MM = 3.0
_FINEST_MM = 0.4
_DISK_MARGIN_MM = 2.0
_EDGE_PIXELS = 1.5
_FEWEST_PIXELS = 1000
_LOWEST_SNR = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """Relative signal minus one, ``[y, x]``, 0 outside the water, with the slice's number and the pose of this crop.

    ``water`` marks the pixels wholly inside the ring, ``background`` is what may be smooth in them, and ``products``
    those of its terms over the water.
    """

    number: int
    relative: FloatArray
    water: BoolArray
    background: Background
    products: FloatArray
    pose: PlanePose


def flatten(sl: PhantomSlice, number: int, placement: Placement, *, ring_radius_mm: float) -> Field | Obstacle:
    """Return the flat water inside the ring; the background is fitted beside the disks' nominal places."""
    cut = _crop(sl, placement, ring_radius_mm + _MARGIN_MM)
    across, down = (
        (np.arange(size) - at) * (pixel / ring_radius_mm)
        for size, at, pixel in zip(
            cut.image.shape[::-1], cut.pose.to_pixel(*placement.centre_mm), cut.pose.pixel_mm, strict=True
        )
    )
    reach = 1.0 - _EDGE_PIXELS * max(cut.pose.pixel_mm) / ring_radius_mm
    water: BoolArray = down[:, None] ** 2 + across**2 <= reach * reach
    if np.count_nonzero(water) < _FEWEST_PIXELS:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="the pixels are too large for the disks")
    clear = np.repeat(DIAMETERS_MM / 2 + _DISK_MARGIN_MM, len(RADII_MM))
    free = disk_patches(water.shape, cut.pose, number, placement).without(water, clear)
    background = Background.over(down, across)
    level = background.image(solve(background.products(free), background.aims(np.where(free, cut.image, 0.0))))
    noise, lowest = float(np.std((cut.image - level)[free])), float(level[water].min())
    if lowest <= _LOWEST_SNR * noise or lowest <= 0:
        return Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail="the water around the disks hardly leaves the noise")
    return Field(
        number=number,
        relative=np.where(water, cut.image / np.where(water, level, 1.0) - 1.0, 0.0),
        water=water,
        background=background,
        products=background.products(water),
        pose=cut.pose,
    )


def _crop(sl: PhantomSlice, placement: Placement, reach_mm: float) -> PhantomSlice:
    """Return the part of a slice around the insert; pixels much finer than any disk are averaged in blocks."""
    column, row = sl.pose.to_pixel(*placement.centre_mm)
    sizes = (sl.image.shape[1], sl.image.shape[0])
    parts = [max(int(_FINEST_MM / pixel), 1) for pixel in sl.pose.pixel_mm]
    spans = []
    for middle, pixel, part, size in zip((column, row), sl.pose.pixel_mm, parts, sizes, strict=True):
        start, stop = max(int(middle - reach_mm / pixel), 0), min(int(middle + reach_mm / pixel) + 2, size)
        spans.append((start, start + (stop - start) // part * part))
    (left, right), (top, bottom) = spans
    wide, high = (right - left) // parts[0], (bottom - top) // parts[1]
    block = sl.image[top:bottom, left:right].reshape(high, parts[1], wide, parts[0]).mean(axis=(1, 3))
    pose = PlanePose(
        centre=(
            (sl.pose.centre[0] - left - (parts[0] - 1) / 2) / parts[0],
            (sl.pose.centre[1] - top - (parts[1] - 1) / 2) / parts[1],
        ),
        rotation_deg=sl.pose.rotation_deg,
        pixel_mm=(sl.pose.pixel_mm[0] * parts[0], sl.pose.pixel_mm[1] * parts[1]),
        mirrored=sl.pose.mirrored,
    )
    return PhantomSlice(index=sl.index, image=block, pose=pose)


def pixels_of(field: Field, u_mm: FloatArray, v_mm: FloatArray) -> FloatArray:
    """Return ``[row or column, ...]`` of places of the phantom in the crop."""
    columns, rows = to_pixels(field.pose, u_mm, v_mm)
    return np.stack([rows, columns])
