"""Reading an image in a phantom's own coordinates: lines, polar fans, disks, and the regions that show them.

Images are one slice, ``[y, x]``; phantom coordinates ``(u, v)`` are those of ``PlanePose``. Values between pixel
centres are bilinear; points outside the image are masked, never extrapolated.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from aiqa_integration.errors import MeasurementError
from aiqa_integration.model.measurement import Region
from aiqa_integration.model.phantom import PhantomImages, PlanePose
from aiqa_integration.model.ranks import median

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_AT_ONCE = 8192
"""Points that are read together: so few that all that is made on the way stays in a processor's cache."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhantomSlice:
    """One slice that shows the phantom: its place in the stack, its pixels ``[y, x]`` as float64, its pose."""

    index: int
    image: FloatArray
    pose: PlanePose


def slice_of(images: PhantomImages, number: int) -> PhantomSlice | None:
    """Return the guideline's slice ``number``, None where the series does not show it.

    Raises MeasurementError where its pixels are not all finite.
    """
    index = images.located.slices.get(number)
    pose = None if index is None else images.located.poses.get(index)
    if index is None or pose is None:
        return None
    image = images.stack.voxels[index].astype(np.float64)
    if not np.isfinite(image).all():
        raise MeasurementError(f"slice {number} holds values that are not finite numbers")
    return PhantomSlice(index=index, image=image, pose=pose)


def to_pixels(pose: PlanePose, u_mm: FloatArray, v_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``(columns, rows)`` of points of the phantom, any shape."""
    columns, rows = pose.to_pixel(u_mm, v_mm)  # type: ignore[arg-type]
    return np.asarray(columns, np.float64), np.asarray(rows, np.float64)


def to_phantom(pose: PlanePose, columns: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``(u, v)`` mm of pixel positions, any shape: the inverse of ``to_pixels``."""
    x_mm, y_mm = (columns - pose.centre[0]) * pose.pixel_mm[0], (rows - pose.centre[1]) * pose.pixel_mm[1]
    angle = np.radians(pose.rotation_deg)
    u_mm, v_mm = np.cos(angle) * x_mm + np.sin(angle) * y_mm, -np.sin(angle) * x_mm + np.cos(angle) * y_mm
    return (-u_mm if pose.mirrored else u_mm), v_mm


def pixel_places(sl: PhantomSlice) -> tuple[FloatArray, FloatArray]:
    """Return the phantom coordinates ``(u, v)`` mm of every pixel of a slice, ``[y, x]``."""
    height, width = sl.image.shape
    column, row = (np.full(1, at) for at in sl.pose.centre)
    across = to_phantom(sl.pose, np.arange(width, dtype=np.float64), row)
    down = to_phantom(sl.pose, column, np.arange(height, dtype=np.float64))
    u_mm, v_mm = (at_row[:, None] + at_column for at_row, at_column in zip(down, across, strict=True))
    return u_mm, v_mm


def square_distances(sl: PhantomSlice, centre_mm: tuple[float, float] = (0.0, 0.0)) -> FloatArray:
    """Return the square of how far every pixel of a slice lies from a place of the phantom, ``[y, x]``, mm²."""
    across, down = (
        ((np.arange(size) - at) * pixel) ** 2
        for size, at, pixel in zip(sl.image.shape[::-1], sl.pose.to_pixel(*centre_mm), sl.pose.pixel_mm, strict=True)
    )
    return np.asarray(down[:, None] + across, np.float64)


def signal_beyond(sl: PhantomSlice, radius_mm: float) -> float:
    """Return the median signal 4 to 12 mm beyond a phantom of that radius; minus infinity where no pixel lies there."""
    square = square_distances(sl)
    ring = sl.image[(square > (radius_mm + 4.0) ** 2) & (square < (radius_mm + 12.0) ** 2)]
    return median(ring) if ring.size else -np.inf


def part_of(sl: PhantomSlice, reach_mm: float, centre_mm: tuple[float, float] = (0.0, 0.0)) -> PhantomSlice:
    """Return what lies up to so far from a place of the phantom, along rows and columns: a view, with its own pose.

    Pixels that it cuts are in it. It is never empty.
    """
    spans = []
    for at, pixel, size in zip(sl.pose.to_pixel(*centre_mm), sl.pose.pixel_mm, sl.image.shape[::-1], strict=True):
        start = int(np.clip(np.floor(at - reach_mm / pixel), 0, size - 1))
        spans.append((start, int(np.clip(np.ceil(at + reach_mm / pixel) + 1, start + 1, size))))
    (left, right), (top, bottom) = spans
    centre = (sl.pose.centre[0] - left, sl.pose.centre[1] - top)
    return replace(sl, image=sl.image[top:bottom, left:right], pose=replace(sl.pose, centre=centre))


def sample(image: FloatArray, columns: FloatArray, rows: FloatArray, *, order: int = 1) -> tuple[FloatArray, BoolArray]:
    """Return bilinear values at pixel positions and whether each lies inside the image (0 where it does not).

    With a higher ``order`` the image is one of spline coefficients of that order (``scipy.ndimage.spline_filter``).
    """
    height, width = image.shape
    inside = np.asarray((columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1), np.bool_)
    if order == 1:
        values = between_pixels(image, columns, rows)
        return (values if inside.all() else np.where(inside, values, 0.0)), inside
    values = map_coordinates(
        image, np.stack([rows, columns]), output=np.float64, order=order, mode="constant", prefilter=False
    )
    return np.asarray(values, np.float64), inside


def between_pixels(
    images: NDArray[np.floating], columns: FloatArray, rows: FloatArray, which: NDArray[np.intp] | None = None
) -> FloatArray:
    """Return bilinear values at pixel positions, any shape; beyond the image its outermost pixels go on.

    ``images`` is one, ``[y, x]``, or several, ``[n, y, x]``: ``which`` of them, of a shape that the positions' takes.
    """
    shape = np.broadcast_shapes(columns.shape, rows.shape)
    columns, rows = (np.broadcast_to(at, shape).reshape(-1) for at in (columns, rows))
    first = None if which is None else np.broadcast_to(which * (images.shape[-2] * images.shape[-1]), shape).reshape(-1)
    flat, found = images.reshape(-1), np.empty(columns.size)
    for start in range(0, found.size, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        found[part] = _bilinear(flat, images.shape[-2:], columns[part], rows[part], 0 if first is None else first[part])
    return found.reshape(shape)


def _bilinear(
    flat: NDArray[np.floating],
    shape: tuple[int, ...],
    columns: FloatArray,
    rows: FloatArray,
    first: NDArray[np.intp] | int,
) -> FloatArray:
    """Return bilinear values of images that lie one after the other, each from its ``first`` pixel."""
    height, width = shape
    left, across = _pixel_and_rest(columns, width)
    upper_left, along = _pixel_and_rest(rows, height)
    upper_left *= width
    upper_left += left
    at = upper_left.astype(np.intp)
    at += first
    right, below = min(width - 1, 1), width * min(height - 1, 1)
    upper, lower = _between(flat, at, across, right), _between(flat[below:], at, across, right)
    lower -= upper
    lower *= along
    upper += lower
    return upper


def _pixel_and_rest(at: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    """Return the last pixel before each position, but never the last of all, and how far beyond it each lies."""
    rest = np.clip(at, 0.0, np.nextafter(size - 1.0, 0.0))
    pixel = np.floor(rest)
    rest -= pixel
    return pixel, rest


def _between(flat: NDArray[np.floating], at: NDArray[np.intp], part: FloatArray, step: int) -> FloatArray:
    """Return values at a part of the way from pixels to those a step further."""
    near = flat.take(at).astype(np.float64, copy=False)
    far = flat[step:].take(at) - near
    far *= part
    near += far
    return near


def fan(
    image: FloatArray, pose: PlanePose, angles_deg: FloatArray, radii_mm: FloatArray, *, order: int = 1
) -> tuple[FloatArray, BoolArray]:
    """Return rays from the phantom's axis ``[angle, radius]`` and which points lie inside the image.

    Angles run from +u (0°) towards +v (90°); ``order`` is that of ``sample``.
    """
    angles = np.radians(angles_deg)
    one_mm = to_pixels(pose, np.cos(angles), np.sin(angles))
    columns, rows = (axis + (at - axis)[:, None] * radii_mm for at, axis in zip(one_mm, pose.centre, strict=True))
    return sample(image, columns, rows, order=order)


def raster(image: FloatArray, pose: PlanePose, u_mm: FloatArray, v_mm: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the image resampled on the grid ``[v, u]`` of phantom coordinates, and which points lie inside."""
    across = to_pixels(pose, u_mm, np.zeros_like(u_mm))
    down = to_pixels(pose, np.zeros_like(v_mm), v_mm)
    columns, rows = (at_u + (at_v - axis)[:, None] for at_u, at_v, axis in zip(across, down, pose.centre, strict=True))
    return sample(image, columns, rows)


def noise_sd(image: FloatArray, where: BoolArray, *, lag: int = 1) -> float:
    """Return the SD of the noise inside a mask, blind to slow shading and robust to a few edges.

    The median absolute mixed difference of pixels ``lag`` apart (SD 2 of unit white noise, any plane cancels), scaled
    for a normal distribution. Neighbours of an interpolated image share noise, which a lag of 1 then misses. 0.0 where
    the mask holds no whole square. Source: after Immerkaer, CVIU 64 (1996) 300.
    """
    low, high = slice(None, -lag), slice(lag, None)
    steps, both = image[low] - image[high], where[low] & where[high]
    mixed, whole = steps[:, low] - steps[:, high], both[:, low] & both[:, high]
    if not whole.any():
        return 0.0
    return median(np.abs(mixed[whole])) / 0.6745 / 2.0


def noise_and_band(image: FloatArray, where: BoolArray) -> tuple[float, float]:
    """Return the SD of the noise inside a mask, of interpolated images too, and the part of its band that it fills.

    Zero-filled k-space leaves noise of the same SD in a part f of the band, 1 where neighbours share none; pixels a lag
    apart then correlate by sinc(f · lag), and mixed differences at lags 1 and 2 tell both. f below 0.5 reads 0.5.
    """
    near, far = noise_sd(image, where), noise_sd(image, where, lag=2)
    if near <= 0.0 or far <= 0.0:
        return max(near, far), 1.0
    bands = np.linspace(0.5, 1.0, 26)
    ratios = (1.0 - np.sinc(bands)) / (1.0 - np.sinc(2.0 * bands))
    band = float(np.interp(near / far, ratios, bands))
    return near / (1.0 - float(np.sinc(band))), band


def line_region(sl: PhantomSlice, start_mm: tuple[float, float], end_mm: tuple[float, float], *, label: str) -> Region:
    """Return a straight line between two points of the phantom as a region."""
    points = (sl.pose.to_pixel(*start_mm), sl.pose.to_pixel(*end_mm))
    return region(sl.index, "polyline", points, label=label)


def circle_region(sl: PhantomSlice, centre_mm: tuple[float, float], radius_mm: float, *, label: str) -> Region:
    """Return a circle of the phantom as a region: a polygon where the pixels are not square."""
    if abs(sl.pose.pixel_mm[0] - sl.pose.pixel_mm[1]) < 1e-4 * sl.pose.pixel_mm[0]:
        u_mm, v_mm = centre_mm
        points = (sl.pose.to_pixel(u_mm, v_mm), sl.pose.to_pixel(u_mm + radius_mm, v_mm))
        return region(sl.index, "circle", points, label=label)
    turn = np.linspace(0.0, 2 * np.pi, 72, endpoint=False)
    columns, rows = to_pixels(sl.pose, centre_mm[0] + radius_mm * np.cos(turn), centre_mm[1] + radius_mm * np.sin(turn))
    return region(sl.index, "polygon", tuple(zip(columns.tolist(), rows.tolist(), strict=True)), label=label)


def region(
    index: int,
    shape: Literal["circle", "polyline", "polygon"],
    points: tuple[tuple[float, float], ...],
    *,
    label: str,
) -> Region:
    """Return a region with plain floats."""
    plain = tuple((float(column), float(row)) for column, row in points)
    return Region(slice_index=index, shape=shape, points=plain, label=label)
