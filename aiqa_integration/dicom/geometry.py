"""Do these images form one stack, and which one? Nothing is picked silently: what does not fit is refused by name.

A few stray images beside a stack that is clearly what was meant (a localizer filed into the series, an image stored
twice) are left out, and counted for the report.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.dicom.frames import Frame
from aiqa_integration.errors import MixedGeometry
from aiqa_integration.model.image import LeftOut

_Kind = TypeVar("_Kind", bound=Hashable)

SAME_DIRECTION = 2e-3
"""Largest difference of direction cosines within one orientation (about 0.1°); scanners repeat them to 1e-6."""

SAME_PLACE_MM = 0.01
"""Images nearer than this along the normal are at the same place."""

OFF_LINE_MM = 1.0
"""How far an image's corner may lie beside the line through the others: more means a second stack."""

FEWEST_OF_A_STACK = 5
TIMES_AS_MANY = 3
"""How many images a stack has, and how many times as many as all stray ones, to be clearly what was meant: a
localizer of one image, or of three, beside a phantom's eleven slices; three planes of a localizer are no such thing."""


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


def without_strays(
    frames: Sequence[Frame], same_values: Callable[[Frame, Frame], bool]
) -> tuple[tuple[Frame, ...], tuple[LeftOut, ...]]:
    """Return the frames of the stack that was clearly meant, and what was left out beside it.

    ``same_values`` tells whether two images are equal pixel by pixel; copies are, and nothing in their headers tells
    them apart. All frames are returned where nothing is clear.
    """
    kinds = sorted(_kinds(frames, _is_of_one_stack), key=len, reverse=True)
    main, strays = kinds[0], kinds[1:]
    count = sum(len(stray) for stray in strays)
    if count and (len(main) < FEWEST_OF_A_STACK or len(main) < TIMES_AS_MANY * count):
        return tuple(frames), ()
    left_out = [LeftOut(images=len(stray), reason=_beside(stray[0], main)) for stray in strays]
    kept = _without_copies(main, same_values)
    if len(kept) < len(main):
        left_out.append(LeftOut(images=len(main) - len(kept), reason="equal to another at its place"))
    return kept, tuple(left_out)


def _kinds(frames: Sequence[Frame], alike: Callable[[Frame, Frame], bool]) -> list[list[Frame]]:
    """Return the frames in groups whose members are like the group's first."""
    kinds: list[list[Frame]] = []
    for frame in frames:
        members = next((members for members in kinds if alike(members[0], frame)), None)
        if members is None:
            kinds.append([frame])
        else:
            members.append(frame)
    return kinds


def _is_of_one_stack(one: Frame, other: Frame) -> bool:
    """Return whether two frames have one matrix, pixel spacing and orientation."""
    return _is_parallel(one, other) and _is_alike(one, other)


def _is_parallel(one: Frame, other: Frame) -> bool:
    return bool(np.abs(np.subtract(one.orientation, other.orientation)).max() <= SAME_DIRECTION)


def _is_alike(one: Frame, other: Frame) -> bool:
    same_spacing = np.abs(np.subtract(one.pixel_spacing_mm, other.pixel_spacing_mm)).max() < 1e-4
    return one.matrix == other.matrix and bool(same_spacing)


def _beside(stray: Frame, main: Sequence[Frame]) -> str:
    """Return how a stray image differs from the stack."""
    names = [plane_name(stray), plane_name(main[0])]
    if names[0] == names[1]:
        sizes = [f"{frame.matrix[1]} × {frame.matrix[0]}" for frame in (stray, main[0])]
        names = sizes if sizes[0] != sizes[1] else ["of another orientation or pixel spacing", names[1]]
    return f"{names[0]} beside {len(main)} {names[1]} ones"


def _without_copies(frames: Sequence[Frame], same_values: Callable[[Frame, Frame], bool]) -> tuple[Frame, ...]:
    """Return the frames without those that equal another at the same place; all where one differs from it."""
    normal = _normal(frames[0])
    first: dict[int, Frame] = {}
    kept: list[Frame] = []
    places = np.array([np.dot(frame.position_mm, normal) for frame in frames])
    steps = np.cumsum(np.diff(np.sort(places), prepend=-np.inf) >= SAME_PLACE_MM)
    number = dict(zip(np.argsort(places, kind="stable").tolist(), steps.tolist(), strict=True))
    for index, frame in enumerate(frames):
        earlier = first.setdefault(number[index], frame)
        if earlier is frame:
            kept.append(frame)
        elif earlier.marks != frame.marks or not same_values(earlier, frame):
            return tuple(frames)
    return tuple(kept)


def _same_matrix(frames: Sequence[Frame]) -> None:
    sizes = Counter(frame.matrix for frame in frames)
    if len(sizes) > 1:
        raise MixedGeometry(f"{len(sizes)} matrix sizes: {_counted(sizes, lambda size: f'{size[1]} × {size[0]}')}")
    spacings = Counter(tuple(round(part, 4) for part in frame.pixel_spacing_mm) for frame in frames)
    if len(spacings) > 1:
        listed = _counted(spacings, lambda spacing: f"{spacing[1]:g} × {spacing[0]:g} mm")
        raise MixedGeometry(f"{len(spacings)} pixel spacings: {listed}")


def _same_orientation(frames: Sequence[Frame]) -> None:
    kinds = _kinds(frames, _is_parallel)
    if len(kinds) > 1:
        names = Counter[str]()
        for members in kinds:
            names[plane_name(members[0])] += len(members)
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
