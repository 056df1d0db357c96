"""Do these images form one stack, and which one? Nothing is picked silently: what does not fit is refused by name."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.dicom.frames import Frame
from aiqa_integration.errors import MixedGeometry

_Kind = TypeVar("_Kind", bound=Hashable)

SAME_DIRECTION = 2e-3
"""Largest difference of direction cosines within one orientation (about 0.1°); scanners repeat them to 1e-6."""

SAME_PLACE_MM = 0.01
"""Images nearer than this along the normal are at the same place."""

OFF_LINE_MM = 1.0
"""How far an image's corner may lie beside the line through the others: more means a second stack."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stack:
    """Frames sorted along their normal, with their places on it, the slice distance and the affine of the stack."""

    frames: tuple[Frame, ...]
    positions_mm: tuple[float, ...]
    spacing_mm: tuple[float, float, float]
    affine_mm: NDArray[np.float64]


def stack_of(frames: Sequence[Frame]) -> Stack:
    """Return the frames as one stack; a single slice gets its thickness (else 1 mm) for the slice distance.

    Raises MixedGeometry, with a sentence that counts what was found. Source: PS3.3 C.7.6.2.1.1.
    """
    _same_matrix(frames)
    _same_orientation(frames)
    normal = _normal(frames[0])
    places = np.array([np.dot(frame.position_mm, normal) for frame in frames])
    order = np.argsort(places, kind="stable")
    ordered, places = [frames[i] for i in order], places[order]
    _one_image_a_place(ordered, places)
    _one_value(ordered, "StackID", "stacks")
    _on_one_line(ordered, places)
    distance = float(np.median(np.diff(places))) if len(ordered) > 1 else ordered[0].thickness_mm or 1.0
    return Stack(
        frames=tuple(ordered),
        positions_mm=tuple(float(place) for place in places),
        spacing_mm=(distance, *ordered[0].pixel_spacing_mm),
        affine_mm=_affine(ordered, normal, distance),
    )


def _normal(frame: Frame) -> NDArray[np.float64]:
    return np.cross(frame.orientation[:3], frame.orientation[3:])


def _same_matrix(frames: Sequence[Frame]) -> None:
    sizes = Counter(frame.matrix for frame in frames)
    if len(sizes) > 1:
        raise MixedGeometry(f"{len(sizes)} matrix sizes: {_counted(sizes, lambda size: f'{size[1]} × {size[0]}')}")
    spacings = Counter(tuple(round(part, 4) for part in frame.pixel_spacing_mm) for frame in frames)
    if len(spacings) > 1:
        listed = _counted(spacings, lambda spacing: f"{spacing[1]:g} × {spacing[0]:g} mm")
        raise MixedGeometry(f"{len(spacings)} pixel spacings: {listed}")


def _same_orientation(frames: Sequence[Frame]) -> None:
    kinds: list[tuple[Frame, list[Frame]]] = []
    for frame in frames:
        for first, members in kinds:
            if np.abs(np.subtract(first.orientation, frame.orientation)).max() <= SAME_DIRECTION:
                members.append(frame)
                break
        else:
            kinds.append((frame, [frame]))
    if len(kinds) > 1:
        names = Counter[str]()
        for first, members in kinds:
            names[plane_name(first)] += len(members)
        raise MixedGeometry(f"{len(kinds)} orientations: {_counted(names, str)}")


def plane_name(frame: Frame) -> str:
    """Return the anatomical plane that a frame is nearest to, "oblique" where it is over 20° from all."""
    normal = np.abs(_normal(frame))
    axis = int(np.argmax(normal))
    return ("sagittal", "coronal", "axial")[axis] if normal[axis] > np.cos(np.radians(20)) else "oblique"


def _one_image_a_place(ordered: Sequence[Frame], places: NDArray[np.float64]) -> None:
    """Raise where two images are at one place, naming the attribute that tells them apart."""
    together = np.diff(places) < SAME_PLACE_MM
    if not together.any():
        return
    number_of_places = len(ordered) - int(together.sum())
    summary = f"{len(ordered)} images at {number_of_places} place{'s' if number_of_places > 1 else ''}"
    for keyword in dict.fromkeys(keyword for frame in ordered for keyword, _ in frame.marks):
        values = Counter(dict(frame.marks).get(keyword, "none") for frame in ordered)
        if len(values) > 1 and len(ordered) <= number_of_places * len(values):
            raise MixedGeometry(f"{summary}: {_counted(values, str)}")
    raise MixedGeometry(f"{summary}, and nothing in their headers says which to use")


def _one_value(frames: Sequence[Frame], keyword: str, plural: str) -> None:
    values = Counter(dict(frame.marks).get(keyword, "none") for frame in frames)
    if len(values) > 1:
        raise MixedGeometry(f"{len(values)} {plural}: {_counted(values, str)}")


def _on_one_line(ordered: Sequence[Frame], places: NDArray[np.float64]) -> None:
    """Raise where corners do not lie on one line: parallel slices of stacks that are shifted against each other."""
    if len(ordered) < 3:
        return
    corners = np.array([frame.position_mm for frame in ordered])
    design = np.stack([places - places.mean(), np.ones_like(places)], axis=1)
    fitted = design @ np.linalg.lstsq(design, corners, rcond=None)[0]
    off = float(np.linalg.norm(corners - fitted, axis=1).max())
    if off > OFF_LINE_MM:
        raise MixedGeometry(f"the slices are shifted against each other by up to {off:.1f} mm: more than one stack")


def _affine(ordered: Sequence[Frame], normal: NDArray[np.float64], distance: float) -> NDArray[np.float64]:
    """Return the matrix from ``(column, row, slice, 1)`` to patient mm (PS3.3 C.7.6.2.1.1, with the slice step)."""
    first, last = ordered[0], ordered[-1]
    step = normal * distance
    if len(ordered) > 1:
        step = np.subtract(last.position_mm, first.position_mm)
        step = step * (distance / float(np.dot(step, normal)))
    affine = np.eye(4)
    affine[:3, 0] = np.multiply(first.orientation[:3], first.pixel_spacing_mm[1])
    affine[:3, 1] = np.multiply(first.orientation[3:], first.pixel_spacing_mm[0])
    affine[:3, 2] = step
    affine[:3, 3] = first.position_mm
    return affine


def _counted(counts: Counter[_Kind], name: Callable[[_Kind], str]) -> str:
    """Return "7 axial, 5 coronal, …", the most frequent first, at most six."""
    listed = [f"{count} {name(key)}" for key, count in counts.most_common(6)]
    return ", ".join([*listed, "…"] if len(counts) > 6 else listed)
