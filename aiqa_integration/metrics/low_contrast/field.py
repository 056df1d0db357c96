"""One slice's water inside the ring, flat: a crop around the insert with its smooth background divided out."""

from dataclasses import dataclass

import numpy as np

from aiqa_integration.metrics.low_contrast.insert import DIAMETERS_MM, RADII_MM, Placement, disk_places
from aiqa_integration.model.measurement import Obstacle, Reason
from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.model.sampling import BoolArray, FloatArray, PhantomSlice, pixel_places, to_pixels

_MARGIN_MM = 3.0
_FINEST_MM = 0.4
_BACKGROUND_ORDER = 6
_ROUND_ORDERS = (8, 10)
_DISK_MARGIN_MM = 2.0
_EDGE_PIXELS = 1.5
_FEWEST_PIXELS = 1000
_LOWEST_SNR = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """Relative signal minus one, ``[y, x]``, with the slice's number and the pose of this crop.

    ``water`` marks the pixels wholly inside the ring; of those, in order, ``u_mm`` and ``v_mm`` are the places in the
    phantom and ``shapes`` ``[term, pixel]`` the terms of the background.
    """

    number: int
    relative: FloatArray
    water: BoolArray
    u_mm: FloatArray
    v_mm: FloatArray
    shapes: FloatArray
    pose: PlanePose

    def image_of(self, values: FloatArray) -> FloatArray:
        """Return values of the water's pixels as an image ``[y, x]``, 0 elsewhere."""
        image = np.zeros(self.water.shape)
        image[self.water] = values
        return image


def flatten(sl: PhantomSlice, number: int, placement: Placement, *, ring_radius_mm: float) -> Field | Obstacle:
    """Return the flat water inside the ring; the background is fitted beside the disks' nominal places."""
    cut = _crop(sl, placement, ring_radius_mm + _MARGIN_MM)
    u, v = pixel_places(cut)
    x, y = (u - placement.centre_mm[0]) / ring_radius_mm, (v - placement.centre_mm[1]) / ring_radius_mm
    reach = 1.0 - _EDGE_PIXELS * max(cut.pose.pixel_mm) / ring_radius_mm
    water: BoolArray = x * x + y * y <= reach * reach
    if np.count_nonzero(water) < _FEWEST_PIXELS:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="the pixels are too large for the disks")
    u, v, shapes, values = u[water], v[water], _shapes(x[water], y[water]), cut.image[water]
    free = _beside_disks(u, v, number, placement)
    beside = shapes[:, free]
    level = solve(beside @ beside.T, beside @ values[free]) @ shapes
    noise = float(np.std((values - level)[free]))
    if level.min() <= _LOWEST_SNR * noise or level.min() <= 0:
        return Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail="the water around the disks hardly leaves the noise")
    relative = np.zeros(water.shape)
    relative[water] = values / level - 1.0
    return Field(number=number, relative=relative, water=water, u_mm=u, v_mm=v, shapes=shapes, pose=cut.pose)


def solve(products: FloatArray, aims: FloatArray) -> FloatArray:
    """Return the factors of a least-squares fit from the terms' products with each other and with the values.

    A trillionth of their mean is added to the squares, so that terms that tell the same share a value.
    """
    size = len(products)
    return np.asarray(np.linalg.solve(products + np.eye(size) * (1e-12 * np.trace(products) / size), aims), np.float64)


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


def _shapes(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the terms of the background: all products of powers up to the sixth order, and rounder ones."""
    down = [np.ones_like(y)]
    for _ in range(_BACKGROUND_ORDER):
        down.append(down[-1] * y)
    terms, across = [], down
    for _ in range(_BACKGROUND_ORDER + 1):
        terms += across
        across = [x * term for term in across[:-1]]
    square = x * x + y * y
    terms += [square ** (order // 2) for order in _ROUND_ORDERS]
    return np.array(terms)


def _beside_disks(u: FloatArray, v: FloatArray, number: int, placement: Placement) -> BoolArray:
    clear = np.repeat(DIAMETERS_MM / 2 + _DISK_MARGIN_MM, len(RADII_MM))[:, None]
    return np.asarray((square_distances(u, v, number, placement) > clear**2).all(axis=0), np.bool_)


def square_distances(u_mm: FloatArray, v_mm: FloatArray, number: int, placement: Placement) -> FloatArray:
    """Return the square of how far each of thirty disks is from places of the phantom ``[disk, place]``, mm².

    As a product of matrices, which is good to a millionth of a mm².
    """
    u, v = (at.reshape(-1) for at in disk_places(number, placement))
    disks = np.stack([np.ones_like(u), u * u + v * v, -2 * u, -2 * v], axis=1)
    return np.asarray(disks @ np.array([u_mm * u_mm + v_mm * v_mm, np.ones_like(u_mm), u_mm, v_mm]), np.float64)


def pixels_of(field: Field, u_mm: FloatArray, v_mm: FloatArray) -> FloatArray:
    """Return ``[row or column, ...]`` of places of the phantom in the crop."""
    columns, rows = to_pixels(field.pose, u_mm, v_mm)
    return np.stack([rows, columns])
