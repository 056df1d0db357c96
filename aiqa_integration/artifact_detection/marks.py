"""What a map of energy can't show: lines, folds, stripes, dropped slices, the phase direction, found in the pixels.

All is looked for at the images' own resolution, in the slices that are said to be the worst. A mark says where; whether
there is an artifact is not decided here. Numbers of a mark are evidence, rounded as they are shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiqa_integration.artifact_detection.figures import beside, evidence, shown, value_text
from aiqa_integration.artifact_detection.fold import fold_paths
from aiqa_integration.artifact_detection.lines import interference_lines
from aiqa_integration.artifact_detection.slice_profile import lost_slices
from aiqa_integration.artifact_detection.stripes import Stripes, stripes_of
from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId
from aiqa_integration.model.finding import Evidence
from aiqa_integration.model.image import ImageStack, SeriesHeader
from aiqa_integration.model.measurement import Region
from aiqa_integration.model.quantity import DEGREE, MM, ONE, PERCENT

MOST_SLICES = 5
"""Slices that are marked at most: a person looks at a few."""
_AXES = (("R", "L"), ("A", "P"), ("F", "H"))
_MIDDLE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """Marks, their numbers, and the sentence that says them; all empty where nothing was found."""

    regions: tuple[Region, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    sentence: str = ""


def phase_axis(header: SeriesHeader) -> int | None:
    """Return the array axis (1 rows' index, 2 columns') of phase encoding; None where the header does not tell."""
    return {"COLUMN": 1, "ROW": 2, None: None}[header.phase_encoding]


def phase_direction(header: SeriesHeader, stack: ImageStack) -> str | None:
    """Return the patient's direction of phase encoding as ``A–P``; None where the header does not tell."""
    axis = phase_axis(header)
    if axis is None:
        return None
    along = stack.affine_mm[:3, 1 if axis == 1 else 0]
    return "–".join(_AXES[int(np.argmax(np.abs(along)))])


def marks_of(artifact: ArtifactId, stack: ImageStack, header: SeriesHeader, slices: Sequence[int]) -> Marked:
    """Return what is to be drawn of an artifact in its worst slices."""
    worst = tuple(slices[:MOST_SLICES])
    match artifact:
        case ArtifactId.ZIPPER:
            return _zipper(stack, header, worst)
        case ArtifactId.WRAP:
            return _fold(stack, header, worst)
        case ArtifactId.SPIKE:
            return _spike(stack, worst)
        case ArtifactId.SLICE_DROPOUT:
            return _dropout(stack)
        case ArtifactId.MOTION | ArtifactId.GHOST:
            return Marked(regions=phase_arrows(stack, header, worst))
        case _:
            return Marked()


def phase_arrows(stack: ImageStack, header: SeriesHeader, slices: Sequence[int]) -> tuple[Region, ...]:
    """Return an arrow along phase encoding near a corner of each slice; none where the direction is not known."""
    axis, direction = phase_axis(header), phase_direction(header, stack)
    if axis is None or direction is None:
        return ()
    size = np.array(stack.voxels.shape[:0:-1], float)
    along = np.array([0.0, 1.0]) if axis == 1 else np.array([1.0, 0.0])
    start, length = 0.06 * size, 0.2 * float(along @ size)
    tip, head, aside = start + length * along, 0.15 * length, along[::-1]
    barbs = (tip - head * (along + aside / 2), tip - head * (along - aside / 2))
    points = tuple((float(x), float(y)) for x, y in (start, tip, barbs[0], tip, barbs[1]))
    label = f"phase encoding {direction}"
    return tuple(Region(slice_index=index, shape="polyline", points=points, label=label) for index in slices)


def _zipper(stack: ImageStack, header: SeriesHeader, slices: Sequence[int]) -> Marked:
    found = interference_lines(stack.voxels, slices, phase_axis(header))
    if not found:
        return Marked()
    limit = ARTIFACTS_BY_ID[ArtifactId.ZIPPER].anchors[1]
    numbers, regions, words = [], [], []
    for line in found:
        name = "column" if line.axis == 2 else "row"
        place = evidence(f"mr-mark-line-{name}", f"Place of the line ({name})", line.place, ONE, decimals=0)
        numbers.append(place)
        words.append(f"{name} {shown(place.quantity.value)}")
        if line.level is not None:
            level = evidence(
                "mr-mark-line-level",
                "Line over the standard deviation of the background",
                line.level,
                ONE,
                decimals=1,
                limit=limit,
                slice_index=line.slices[0],
            )
            numbers.append(level)
            words[-1] += f" ({value_text(level)} times the background's spread, {beside(level)})"
        rows, columns = stack.voxels.shape[1:]
        at = float(line.place)
        ends = ((at, 0.0), (at, rows - 1.0)) if line.axis == 2 else ((0.0, at), (columns - 1.0, at))
        label = f"interference, {name} {line.place}"
        regions += [Region(slice_index=k, shape="polyline", points=ends, label=label) for k in line.slices]
    return Marked(regions=tuple(regions), evidence=tuple(numbers), sentence=f"Line along {' and '.join(words)}")


def _fold(stack: ImageStack, header: SeriesHeader, slices: Sequence[int]) -> Marked:
    """Draw where the fold ends; its width is not told, for an inner edge of the object is too often taken for it."""
    regions = list(phase_arrows(stack, header, slices))
    paths = [(index, path) for index in slices for path in fold_paths(stack.voxels[index], phase_axis(header))]
    label = "likely edge of the fold"
    regions += [Region(slice_index=index, shape="polyline", points=path.points, label=label) for index, path in paths]
    return Marked(regions=tuple(regions), sentence="The likely edge of what is folded in is drawn" if paths else "")


def _spike(stack: ImageStack, slices: Sequence[int]) -> Marked:
    found = [stripes for index in slices if (stripes := stripes_of(stack.voxels[index], index, stack.spacing_mm[1:]))]
    if not found:
        return Marked()
    strongest = max(found, key=lambda stripes: stripes.height)
    period = evidence(
        "mr-mark-stripe-period",
        "Period of the stripes",
        strongest.period_mm,
        MM,
        decimals=1,
        slice_index=strongest.slice_index,
    )
    angle = evidence(
        "mr-mark-stripe-angle",
        "Stripes, from the rows' direction",
        strongest.angle_deg,
        DEGREE,
        decimals=0,
        slice_index=strongest.slice_index,
    )
    height = evidence(
        "mr-mark-stripe-height",
        "Stripes over the object's signal",
        100 * strongest.height,
        PERCENT,
        decimals=1,
        limit=100 * ARTIFACTS_BY_ID[ArtifactId.SPIKE].anchors[1],
        slice_index=strongest.slice_index,
    )
    sentence = (
        f"Stripes every {value_text(period)} at {value_text(angle)} to the rows, "
        f"{value_text(height)} of the object's signal ({beside(height)})"
    )
    regions = tuple(_stripe(stripes, stack) for stripes in found)
    return Marked(regions=regions, evidence=(period, angle, height), sentence=sentence)


def _stripe(stripes: Stripes, stack: ImageStack) -> Region:
    """Return a line along the stripes through the middle of the image."""
    rows, columns = stack.voxels.shape[1:]
    turn = np.radians(stripes.angle_deg)
    row_mm, column_mm = stack.spacing_mm[1:]
    along = np.array([np.cos(turn) / column_mm, -np.sin(turn) / row_mm])
    reach = 0.45 * float(np.min(np.array([columns, rows]) / np.maximum(np.abs(along), 1e-9)))
    middle = np.array([columns - 1, rows - 1]) * _MIDDLE
    ends = tuple((float(point[0]), float(point[1])) for point in (middle - reach * along, middle + reach * along))
    label = f"stripes every {stripes.period_mm:.1f} mm"
    return Region(slice_index=stripes.slice_index, shape="polyline", points=ends, label=label)


def _dropout(stack: ImageStack) -> Marked:
    lost = lost_slices(stack.voxels)
    if not lost.losses:
        return Marked()
    worst = max(lost.losses, key=lambda index: lost.losses[index])
    limit = 100 * ARTIFACTS_BY_ID[ArtifactId.SLICE_DROPOUT].anchors[1]
    number = evidence(
        "mr-mark-slice-loss",
        "Loss of signal against the neighbouring slices",
        100 * lost.losses[worst],
        PERCENT,
        decimals=1,
        limit=limit,
        slice_index=worst,
    )
    rows, columns = stack.voxels.shape[1:]
    frame = ((1.0, 1.0), (columns - 2.0, 1.0), (columns - 2.0, rows - 2.0), (1.0, rows - 2.0))
    regions = tuple(
        Region(slice_index=index, shape="polygon", points=frame, label=f"signal -{100 * loss:.1f} %")
        for index, loss in sorted(lost.losses.items())
    )
    which = "Every other slice has" if lost.alternate else "Single slices have"
    sentence = f"{which} up to {value_text(number)} less signal than the neighbours ({beside(number)})"
    return Marked(regions=regions, evidence=(number,), sentence=sentence)
