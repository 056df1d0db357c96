"""One slice's water inside the ring, flat: a crop around the insert with its smooth background divided out."""

from dataclasses import dataclass

import numpy as np

from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM, Placement, disk_places
from aiqa_integration.model.measurement import Obstacle, Reason
from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.model.sampling import BoolArray, FloatArray, PhantomSlice, pixel_places, to_pixels

_MARGIN_MM = 3.0
_FINEST_MM = 0.4
_BACKGROUND_ORDER = 6
_ROUND_ORDERS = (8, 10)
_DISK_MARGIN_MM = 2.0
_EDGE_PIXELS = 1.5
_LOWEST_SNR = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """Relative signal minus one, ``[y, x]``, with the slice's number and the pose of this crop.

    ``water`` marks the pixels wholly inside the ring, ``background`` is the smooth signal that was divided out,
    ``shapes`` ``[pixel of water, term]`` are the background's terms.
    """

    number: int
    relative: FloatArray
    water: BoolArray
    background: FloatArray
    shapes: FloatArray
    pose: PlanePose


def flatten(sl: PhantomSlice, number: int, placement: Placement, *, ring_radius_mm: float) -> Field | Obstacle:
    """Return the flat water inside the ring; the background is fitted beside the disks' nominal places."""
    cut = _crop(sl, placement, ring_radius_mm + _MARGIN_MM)
    u, v = pixel_places(cut)
    x, y = (u - placement.centre_mm[0]) / ring_radius_mm, (v - placement.centre_mm[1]) / ring_radius_mm
    reach = 1.0 - _EDGE_PIXELS * max(cut.pose.pixel_mm) / ring_radius_mm
    water: BoolArray = np.hypot(x, y) <= reach
    if np.count_nonzero(water) < 1000:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="the pixels are too large for the disks")
    shapes = _shapes(x[water], y[water])
    free = _beside_disks(u[water], v[water], number, placement)
    values = cut.image[water]
    level = shapes @ np.linalg.lstsq(shapes[free], values[free], rcond=None)[0]
    if level.min() <= _LOWEST_SNR * float(np.std((values - level)[free])):
        return Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail="the water around the disks hardly leaves the noise")
    background = np.ones_like(cut.image)
    background[water] = level
    relative = np.where(water, cut.image / background - 1.0, 0.0)
    return Field(
        number=number, relative=relative, water=water, background=background, shapes=shapes, pose=cut.pose
    )


def _crop(sl: PhantomSlice, placement: Placement, reach_mm: float) -> PhantomSlice:
    """Return the part of a slice around the insert; pixels much finer than any disk are averaged in blocks."""
    parts = [max(int(_FINEST_MM / pixel), 1) for pixel in sl.pose.pixel_mm]
    column, row = sl.pose.to_pixel(*placement.centre_mm)
    spans = []
    for middle, pixel, part, size in zip(
        (column, row), sl.pose.pixel_mm, parts, (sl.image.shape[1], sl.image.shape[0]), strict=True
    ):
        start = max(int(middle - reach_mm / pixel), 0)
        stop = min(int(middle + reach_mm / pixel) + 2, size)
        spans.append((start, start + (stop - start) // part * part))
    (left, right), (top, bottom) = spans
    block = sl.image[top:bottom, left:right]
    block = block.reshape((bottom - top) // parts[1], parts[1], (right - left) // parts[0], parts[0]).mean(axis=(1, 3))
    centre = (
        (sl.pose.centre[0] - left - (parts[0] - 1) / 2) / parts[0],
        (sl.pose.centre[1] - top - (parts[1] - 1) / 2) / parts[1],
    )
    pose = PlanePose(
        centre=centre,
        rotation_deg=sl.pose.rotation_deg,
        pixel_mm=(sl.pose.pixel_mm[0] * parts[0], sl.pose.pixel_mm[1] * parts[1]),
        mirrored=sl.pose.mirrored,
    )
    return PhantomSlice(index=sl.index, image=block, pose=pose)


def _shapes(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the terms of the background: all products of powers up to the sixth order, and rounder ones."""
    terms = [x**i * y**j for i in range(_BACKGROUND_ORDER + 1) for j in range(_BACKGROUND_ORDER + 1 - i)]
    terms += [np.hypot(x, y) ** order for order in _ROUND_ORDERS]
    return np.stack(terms, axis=-1)


def _beside_disks(u: FloatArray, v: FloatArray, number: int, placement: Placement) -> BoolArray:
    free = np.ones(u.shape, np.bool_)
    for u0, v0, diameter in zip(*disk_places(number, placement), DIAMETERS_MM, strict=True):
        for at_u, at_v in zip(u0, v0, strict=True):
            free &= np.hypot(u - at_u, v - at_v) > diameter / 2 + _DISK_MARGIN_MM
    return free


def pixels_of(field: Field, u_mm: FloatArray, v_mm: FloatArray) -> FloatArray:
    """Return ``[row or column, ...]`` of places of the phantom in the crop."""
    columns, rows = to_pixels(field.pose, u_mm, v_mm)
    return np.stack([rows, columns])
