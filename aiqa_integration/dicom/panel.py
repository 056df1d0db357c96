"""One slice of a result's picture: where its pixels lie on the canvas, and where tags find room beside regions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiqa_integration.dicom.energy import member_mask
from aiqa_integration.dicom.entries import Entry
from aiqa_integration.model.measurement import Region

Point = tuple[float, float]

COMPASS = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1))
"""Where a tag looks for room, (across, down)."""

TAG = (42, 38)
"""Room that a tag takes, (across, down) in canvas pixels."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One slice on the canvas: its place, its corner, canvas pixels per image pixel, and its rows and columns."""

    place: int
    left: int
    top: int
    scale: Point
    shape: tuple[int, int]

    def canvas_point(self, point: Point) -> Point:
        """Return where the centre of an image pixel lies on the canvas."""
        return self.left + (point[0] + 0.5) * self.scale[0], self.top + (point[1] + 0.5) * self.scale[1]


def tag_anchors(panel: Panel, entry: Entry) -> list[Point]:
    """Return where the tag of an entry may go on a slice: at its first region there, else in the middle of its map."""
    regions = entry.regions_on(panel.place)
    if regions:
        return _anchors(panel, regions[0])
    if entry.energy is None:
        return []
    rows, columns = np.nonzero(member_mask(entry.energy, panel.place, panel.shape))
    return [panel.canvas_point((float(columns.mean()), float(rows.mean())))] if rows.size else []


def _anchors(panel: Panel, region: Region) -> list[Point]:
    """Return where on the canvas the number of a region may go: beside a circle, at the ends of a line."""
    points = [panel.canvas_point(point) for point in region.points]
    if region.shape != "circle":
        return [(x - 24, y - 18) for x, y in (points[0], points[-1])]
    (x, y), edge = points
    reach = (float(np.hypot(edge[0] - x, edge[1] - y)) + 24) * 0.7071
    return [(x + across * reach, y + down * reach) for across, down in ((1, -1), (-1, -1), (1, 1), (-1, 1))]


def free_place(panel: Panel, anchors: Sequence[Point], taken: Sequence[Point]) -> Point:
    """Return where a tag goes: the first free anchor, else the nearest free place in the picture about the first."""
    x, y = anchors[0]
    rings = (
        (x + across * ring * TAG[0], y + down * ring * TAG[1]) for ring in range(1, 12) for across, down in COMPASS
    )
    rows, columns = panel.shape
    right, bottom = panel.left + columns * panel.scale[0] - 20, panel.top + rows * panel.scale[1] - 18
    inside = (place for place in rings if panel.left + 20 <= place[0] <= right and panel.top + 18 <= place[1] <= bottom)
    return next((place for place in (*anchors, *inside) if _is_free(place, taken)), anchors[0])


def _is_free(point: Point, taken: Sequence[Point]) -> bool:
    return all(abs(point[0] - other[0]) >= 40 or abs(point[1] - other[1]) >= 36 for other in taken)
