"""Where an ACR MRI phantom lies in a localizer: the rectangle that its cylinder makes when cut along the axis."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_fill_holes, gaussian_filter, label, map_coordinates
from scipy.spatial import ConvexHull, QhullError

from aiqa_integration.errors import PhantomNotFound
from aiqa_integration.model.image import ImageStack
from aiqa_integration.model.phantom import LocatedPhantom, PlanePose
from aiqa_integration.model.straight_edge import StraightEdge, straight_edge

MOST_IMAGES = 5
"""A localizer is an image or a few; more are a stack in the wrong plane for the guidance's tests."""
LENGTH_TOLERANCE = 0.05
"""The medium phantom's 134 mm and the large one's 148 mm stay apart, and a 5 % length error is still told as such."""
WIDTHS = (0.85, 1.06)
"""Width of the section by the diameter: within half a radius of the axis, and no wider than the diameter's error."""
RASTER_MM = 2.0
STEP_MM = 1.0
LEVEL = 0.08
MIN_SHARE = 0.3
MAX_SKEW_DEG = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle:
    """A section along the axis: its pose (u across the axis, v along it), width and length in mm."""

    pose: PlanePose
    width_mm: float
    length_mm: float
    residual_mm: float


SIZES_MM = ((190.0, 148.0), (165.0, 134.0))
LOOKED_AT = 3
UPRIGHT_DEG = 5.0


def shows_section(stack: ImageStack, present: NDArray[np.float64]) -> bool:
    """Return whether one of the images most likely to show a phantom has the outline of one cut along its axis."""
    for place in np.argsort(-present)[:LOOKED_AT]:
        outline = fit_rectangle(stack.voxels[place], stack)
        if outline is not None and any(_fits(outline, size) for size in SIZES_MM):
            return True
    return False


def section_turn_deg(stack: ImageStack) -> float:
    """Return by how much sections along a phantom's axis lie askew, from columns towards rows, -45 to 45; 0 where none.

    What lies askew by less than ``UPRIGHT_DEG`` counts as upright.
    """
    if len(stack.slices) > MOST_IMAGES:
        return 0.0
    outlines = [fit_rectangle(image, stack) for image in stack.voxels]
    turns = [
        (outline.pose.rotation_deg + 45.0) % 90.0 - 45.0
        for outline in outlines
        if outline is not None and any(_fits(outline, size) for size in SIZES_MM)
    ]
    turn = float(np.median(turns)) if turns else 0.0
    return turn if abs(turn) > UPRIGHT_DEG else 0.0


def _fits(outline: Rectangle, size_mm: tuple[float, float]) -> bool:
    diameter_mm, length_mm = size_mm
    as_wide = WIDTHS[0] < outline.width_mm / diameter_mm < WIDTHS[1]
    return as_wide and abs(outline.length_mm / length_mm - 1) < LENGTH_TOLERANCE


def locate_localizer(
    stack: ImageStack, present: NDArray[np.float64], *, phantom: str, title: str, size_mm: tuple[float, float]
) -> LocatedPhantom:
    """Return where a phantom lies in images along its axis, with a pose for each that shows its whole outline.

    ``present`` is the network's probability of a phantom for each image, ``size_mm`` diameter and length. Raises
    PhantomNotFound where there are too many images, no outline, or one of another size.
    """
    if len(stack.slices) > MOST_IMAGES:
        raise PhantomNotFound(
            f"{len(stack.slices)} slices along the phantom's axis: the tests need slices across it, and the length "
            f"needs one localizer"
        )
    found = {place: fit_rectangle(image, stack) for place, image in enumerate(stack.voxels)}
    outlines = {place: rectangle for place, rectangle in found.items() if rectangle is not None}
    if not outlines:
        raise PhantomNotFound("localizer without a whole outline of the phantom")
    fitting = {place: rectangle for place, rectangle in outlines.items() if _fits(rectangle, size_mm)}
    if not fitting:
        seen = max(outlines.values(), key=lambda rectangle: rectangle.width_mm)
        raise PhantomNotFound(
            f"outline of {seen.width_mm:.0f} x {seen.length_mm:.0f} mm in the localizer; "
            f"the {title} measures {size_mm[0]:.0f} x {size_mm[1]:.0f} mm"
        )
    return LocatedPhantom(
        phantom=phantom,
        slices={},
        poses={place: rectangle.pose for place, rectangle in fitting.items()},
        tilt_deg=None,
        residual_mm=max(rectangle.residual_mm for rectangle in fitting.values()),
        confidence=float(present[list(fitting)].max()),
        view="localizer",
    )


def fit_rectangle(image: NDArray[np.float32], stack: ImageStack) -> Rectangle | None:
    """Return the rectangle of the water's outline, its longer side across the axis; None where there is none."""
    pose_and_size = _coarse(image, (stack.spacing_mm[1], stack.spacing_mm[2]))
    if pose_and_size is None:
        return None
    pose, width, length = pose_and_size
    picture = image.astype(np.float64)
    skew = residual = np.inf
    for reach in (9.0, 5.0):
        down, left, up, right = (_side(picture, pose, quarter, (width, length), reach) for quarter in range(4))
        flanks = [flank for flank in (left, right) if flank is not None]
        if down is None or up is None or not flanks:
            return None
        halves = (left.place_mm if left else width / 2, right.place_mm if right else width / 2)
        pose, width, length = _moved(pose, (down, up), halves)
        skew = min(_skew_deg(down, up, flank) for flank in flanks)
        residual = float(np.hypot(down.scatter_mm, up.scatter_mm) / np.sqrt(2.0))
    return Rectangle(pose=pose, width_mm=width, length_mm=length, residual_mm=residual) if skew < MAX_SKEW_DEG else None


def _skew_deg(*sides: StraightEdge) -> float:
    """Return by how much sides differ from those of a rectangle, degrees.

    Of the flanks one is enough: the housing of the wedges and a bubble over it may hide the other.
    """
    return float(np.ptp([np.degrees(np.arctan(side.slope)) for side in sides]))


def _coarse(image: NDArray[np.float32], pixel_mm: tuple[float, float]) -> tuple[PlanePose, float, float] | None:
    """Return pose, width and length of the smallest rectangle around what gives signal."""
    rows = np.arange(0, image.shape[0] - 1, RASTER_MM / pixel_mm[0])
    columns = np.arange(0, image.shape[1] - 1, RASTER_MM / pixel_mm[1])
    if min(len(rows), len(columns)) < 8:
        return None
    smooth = gaussian_filter(image.astype(np.float64), [1.5 / mm for mm in pixel_mm])
    small = map_coordinates(smooth, np.meshgrid(rows, columns, indexing="ij"), order=1)
    low, high = np.percentile(small, [5.0, 98.0])
    mask = binary_fill_holes(binary_closing(np.pad(small > low + LEVEL * (high - low), 8), iterations=6))[8:-8, 8:-8]
    parts, count = label(mask)
    if count == 0:
        return None
    largest = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    points = np.argwhere(largest)[:, ::-1] * RASTER_MM
    try:
        hull = points[ConvexHull(points).vertices]
    except QhullError:
        return None
    return _smallest_rectangle(hull.astype(np.float64), pixel_mm)


def _smallest_rectangle(hull: NDArray[np.float64], pixel_mm: tuple[float, float]) -> tuple[PlanePose, float, float]:
    angles = np.radians(np.arange(0.0, 180.0, 0.5))
    across = hull @ np.stack([np.cos(angles), np.sin(angles)])
    along = hull @ np.stack([-np.sin(angles), np.cos(angles)])
    widths, lengths = np.ptp(across, axis=0) + RASTER_MM, np.ptp(along, axis=0) + RASTER_MM
    best = int(np.argmin(np.where(widths >= lengths, widths * lengths, np.inf)))
    u, v = np.ptp(across[:, best]) / 2 + across[:, best].min(), np.ptp(along[:, best]) / 2 + along[:, best].min()
    cos, sin = np.cos(angles[best]), np.sin(angles[best])
    turn = float(np.degrees(angles[best]))
    pose = PlanePose(
        centre=(float((cos * u - sin * v) / pixel_mm[1]), float((sin * u + cos * v) / pixel_mm[0])),
        rotation_deg=turn - 180.0 if turn > 90.0 else turn,
        pixel_mm=(pixel_mm[1], pixel_mm[0]),
    )
    return pose, float(widths[best]), float(lengths[best])


def _side(
    image: NDArray[np.float64], pose: PlanePose, quarter: int, size_mm: tuple[float, float], reach_mm: float
) -> StraightEdge | None:
    """Return the side that faces +v (0), -u (1), -v (2) or +u (3), read away from the corners."""
    turned = PlanePose(centre=pose.centre, rotation_deg=pose.rotation_deg + 90.0 * quarter, pixel_mm=pose.pixel_mm)
    half_across, half_along = (size_mm[0] / 2, size_mm[1] / 2) if quarter % 2 == 0 else (size_mm[1] / 2, size_mm[0] / 2)
    along = np.arange(-half_across + 15.0, half_across - 14.9, STEP_MM)
    if len(along) < 40:
        return None
    found = straight_edge(image, turned, along, place_mm=half_along, reach_mm=reach_mm)
    return found if found is not None and found.share > MIN_SHARE else None


def _moved(
    pose: PlanePose, ends: tuple[StraightEdge, StraightEdge], flanks_mm: tuple[float, float]
) -> tuple[PlanePose, float, float]:
    """Return pose, width and length from the sides; the ends, which are flat, tell the rotation."""
    (down, up), (left_mm, right_mm) = ends, flanks_mm
    turn = float(np.degrees(np.arctan((down.slope + up.slope) / 2)))
    centre = pose.to_pixel((right_mm - left_mm) / 2, (down.place_mm - up.place_mm) / 2)
    moved = PlanePose(
        centre=(float(centre[0]), float(centre[1])), rotation_deg=pose.rotation_deg + turn, pixel_mm=pose.pixel_mm
    )
    return moved, right_mm + left_mm, (down.place_mm + up.place_mm) * float(np.cos(np.radians(turn)))
