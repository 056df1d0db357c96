"""What is inside the ACR MRI phantoms, in mm, and the fluid seen by a slice that cuts them.

Coordinates are the guideline's drawing, from the phantom's axis: ``u`` right, ``v`` down, ``z`` from slice 1 (0) to
slice 11 (100). Diameters, lengths, hole sizes, disk diameters, ramp slope and wedge angle: ACR Large and Medium
Phantom Guidance (2022); the places of the inserts were read off published images and are good to about 1 mm.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
PhantomName = Literal["acr-mri-large", "acr-mri-medium"]

SLICE_PITCH_MM = 10.0
RAMP_SLOPE = 10.0
RAMP_SLAB_MM = 1.0
DISK_DIAMETERS_MM = tuple(float(d) for d in np.linspace(7.0, 1.5, 10))
DISK_RADII_MM = (12.8, 25.6, 38.4)
DISK_CONTRAST = {8: 0.014, 9: 0.025, 10: 0.036, 11: 0.051}
DISK_FIRST_ANGLE_DEG = {8: -90.0, 9: -81.0, 10: -72.0, 11: -63.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An upright box: corners in u, v and z, mm."""

    u: tuple[float, float]
    v: tuple[float, float]
    z: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One phantom's inserts; ``plate`` has half width, cut corner and the pitch of its marks, mm.

    ``wedge_half_mm`` is how far both bars reach below the housing in a slice through the wedges' crossing.
    """

    name: PhantomName
    diameter_mm: float
    z: tuple[float, float]
    housing: Box
    slab: Box
    holes_box: Box
    slot: Box
    tube_centre: tuple[float, float]
    ring_centre: tuple[float, float]
    hole_arrays: tuple[tuple[float, float, float], ...]
    windows: tuple[tuple[float, float], ...]
    plate: tuple[float, float, float]
    wedge_half_mm: float

    @property
    def radius_mm(self) -> float:
        """Inner radius of the vessel."""
        return self.diameter_mm / 2


LAYOUTS: dict[PhantomName, Layout] = {
    "acr-mri-large": Layout(
        name="acr-mri-large",
        diameter_mm=190.0,
        z=(-28.0, 120.0),
        housing=Box(u=(-6.0, 6.0), v=(-93.0, -80.0), z=(-28.0, 120.0)),
        slab=Box(u=(-89.0, 89.0), v=(-6.0, 6.0), z=(-28.0, 35.0)),
        holes_box=Box(u=(-57.0, 57.0), v=(18.5, 57.0), z=(-5.0, 5.0)),
        slot=Box(u=(49.0, 57.0), v=(18.5, 57.0), z=(5.0, 35.0)),
        tube_centre=(-45.0, -45.5),
        ring_centre=(0.0, 8.5),
        hole_arrays=((1.1, -13.6, 38.0), (1.0, 9.4, 38.0), (0.9, 32.0, 38.0)),
        windows=((-46.0, 35.0), (-35.5, 45.0)),
        plate=(67.0, 4.0, 60.0),
        wedge_half_mm=19.0,
    ),
    "acr-mri-medium": Layout(
        name="acr-mri-medium",
        diameter_mm=165.0,
        z=(-20.5, 113.5),
        housing=Box(u=(-6.0, 6.0), v=(-80.0, -66.5), z=(-20.5, 113.5)),
        slab=Box(u=(-79.5, 79.5), v=(-6.0, 6.0), z=(-20.5, 35.0)),
        holes_box=Box(u=(-57.0, 57.0), v=(16.5, 55.0), z=(-5.0, 5.0)),
        slot=Box(u=(-57.0, -47.5), v=(16.5, 55.0), z=(5.0, 35.0)),
        tube_centre=(-40.0, -41.0),
        ring_centre=(0.0, 4.0),
        hole_arrays=((1.1, -17.0, 35.0), (1.0, 4.0, 35.0), (0.9, 23.0, 35.0), (0.8, 41.0, 35.0)),
        windows=((-46.0, 31.0), (-35.0, 44.0)),
        plate=(60.5, 20.0, 40.0),
        wedge_half_mm=14.5,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What differs between specimens: slice-5 insert, bubble (depth mm, direction deg in the drawing, z range mm)."""

    insert: Literal["grid", "plate"] = "grid"
    bubble_mm: float = 3.0
    bubble_direction_deg: float = -90.0
    bubble_z: tuple[float, float] = (-28.0, 45.0)
    window_signal: tuple[float, float] = (0.9, 0.6)
    disk_gain: float = 1.0
    bubble_half_width_mm: float = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The points a slice is drawn at: phantom coordinates, edge softness and slice thickness, mm."""

    u: Field
    v: Field
    z: Field
    edge_mm: float
    thickness_mm: float

    def span(self, low: float | Field, high: float | Field) -> Field:
        """Return the fraction of the slice's thickness that lies between two heights."""
        half = self.thickness_mm / 2
        overlap = np.minimum(self.z + half, high) - np.maximum(self.z - half, low)
        return np.asarray(np.clip(overlap / self.thickness_mm, 0, 1), np.float32)

    def inside(self, distance_mm: Field) -> Field:
        """Return the fraction of each point that lies inside a shape of signed distance (negative inside)."""
        return np.asarray(np.clip(0.5 - distance_mm / self.edge_mm, 0, 1), np.float32)

    def disk(self, u_mm: float, v_mm: float, radius_mm: float) -> Field:
        """Return the fraction inside a cylinder along the axis."""
        return self.inside(np.hypot(self.u - u_mm, self.v - v_mm) - radius_mm)

    def rectangle(self, u: tuple[float, float], v: tuple[float, float]) -> Field:
        """Return the fraction inside a rectangle."""
        across = self._between(self.u, u)
        return np.asarray(across * self._between(self.v, v), np.float32)

    def box(self, box: Box) -> Field:
        """Return the fraction inside a box."""
        return np.asarray(self.rectangle(box.u, box.v) * self.span(*box.z), np.float32)

    def _between(self, field: Field, limits: tuple[float, float]) -> Field:
        overlap = np.minimum(field + self.edge_mm / 2, limits[1]) - np.maximum(field - self.edge_mm / 2, limits[0])
        return np.asarray(np.clip(overlap / self.edge_mm, 0, 1), np.float32)


def fluid(cut: Cut, layout: Layout, variant: Variant) -> Field:
    """Return the signal of the fluid (0…≈1.05) seen by a slice at the cut's points."""
    low, high = float(cut.z.min()) - cut.thickness_mm / 2, float(cut.z.max()) + cut.thickness_mm / 2
    signal = cut.disk(0, 0, layout.radius_mm) * cut.span(*layout.z)
    signal = signal * (1 - _bubble(cut, layout, variant)) * (1 - cut.box(layout.housing))
    signal = signal * (1 - _wedges(cut, layout))
    if low < layout.slab.z[1]:
        signal = _lower_half(cut, layout, variant, signal)
    if low < 45.0 and high > 35.0:
        signal = signal * (1 - _insert(cut, layout, variant) * cut.span(35.0, 45.0))
    if high > 69.0:
        signal = _contrast_disks(cut, layout, variant, signal)
    return np.asarray(signal, np.float32)


def _bubble(cut: Cut, layout: Layout, variant: Variant) -> Field:
    if variant.bubble_mm <= 0:
        return np.zeros_like(cut.u)
    angle = np.radians(variant.bubble_direction_deg)
    up, along = np.cos(angle), np.sin(angle)
    depth = layout.radius_mm - variant.bubble_mm - (cut.u * up + cut.v * along)
    aside = np.abs(cut.v * up - cut.u * along) - variant.bubble_half_width_mm
    both = cut.inside(np.asarray(depth, np.float32)) * cut.inside(np.asarray(aside, np.float32))
    return np.asarray(both * cut.span(*variant.bubble_z), np.float32)


def _wedges(cut: Cut, layout: Layout) -> Field:
    """Return the crossed 45° wedges below the housing: right bar longer above the crossing, left bar below it."""
    bottom, half = layout.housing.v[1], layout.wedge_half_mm
    depth = cut.v - bottom
    total = np.zeros_like(cut.u)
    for crossing in (0.0, 100.0):
        if float(np.abs(cut.z - crossing).min()) > half + cut.thickness_mm:
            continue
        low, high = crossing - half, crossing + half
        start = crossing + depth - half
        right = cut.span(np.clip(start, low, high), high)
        left = cut.span(low, np.clip(2 * crossing - start, low, high))
        reach = (bottom - 1.0, bottom + 2 * half)
        total += cut.rectangle((0.0, layout.housing.u[1]), reach) * right
        total += cut.rectangle((layout.housing.u[0], 0.0), reach) * left
    return np.asarray(np.clip(total, 0, 1), np.float32)


def _lower_half(cut: Cut, layout: Layout, variant: Variant, signal: Field) -> Field:
    """Return the signal with slices 1 to 4's tube, ramps, hole arrays and slot cut out."""
    tube = cut.disk(*layout.tube_centre, 19.0) - cut.disk(*layout.tube_centre, 12.5)
    plug = cut.disk(*layout.tube_centre, 12.5) * cut.span(31.0, 35.0)
    signal = signal * (1 - tube * cut.span(layout.z[0], 35.0)) * (1 - plug)
    signal = signal * (1 - cut.box(layout.slab)) * (1 - cut.box(layout.slot))
    if float(np.abs(cut.z).min()) < 20.0:
        signal = signal + _ramps(cut, layout)
        box = cut.box(layout.holes_box)
        signal = signal * (1 - box) + _holes(cut, layout, variant) * cut.span(*layout.holes_box.z)
    return signal


def _ramps(cut: Cut, layout: Layout) -> Field:
    """Return two crossed fluid slabs of slope 10:1 inside the central bar (upper rises to the right)."""
    half = RAMP_SLAB_MM / 2
    upper = cut.span(cut.u / RAMP_SLOPE - half, cut.u / RAMP_SLOPE + half)
    lower = cut.span(-cut.u / RAMP_SLOPE - half, -cut.u / RAMP_SLOPE + half)
    ends = (layout.slab.u[0] + 1.0, layout.slab.u[1] - 1.0)
    strips = cut.rectangle(ends, (-4.0, -0.5)) * upper + cut.rectangle(ends, (0.5, 4.0)) * lower
    return np.asarray(strips, np.float32)


def hole_centres(layout: Layout) -> tuple[tuple[float, float, float], ...]:
    """Return ``(u, v, diameter)`` of every hole of slice 1, mm.

    Each pair is an upper left array of four rows and a lower right array of four columns that shares its corner;
    holes are spaced by twice their diameter, each next row (column) shifted by a quarter of it.
    """
    holes: list[tuple[float, float, float]] = []
    for diameter, u0, v0 in layout.hole_arrays:
        pitch, shift = 2 * diameter, diameter / 4
        for line in range(4):
            for place in range(4):
                holes.append((u0 + (place - 3) * pitch + (line - 3) * shift, v0 + (line - 3) * pitch, diameter))
                if line or place:
                    holes.append((u0 + line * pitch, v0 + place * pitch + line * shift, diameter))
    return tuple(holes)


def _holes(cut: Cut, layout: Layout, variant: Variant) -> Field:
    total = np.zeros_like(cut.u)
    for (u0, v0), level in zip(layout.windows, variant.window_signal, strict=True):
        total += level * cut.rectangle((u0 - 5, u0 + 5), (v0 - 5, v0 + 5))
    near = cut.rectangle(layout.holes_box.u, layout.holes_box.v) > 0
    rows = np.flatnonzero(near)
    u, v = cut.u.ravel()[rows], cut.v.ravel()[rows]
    patch = np.zeros(len(rows), np.float32)
    for u0, v0, diameter in hole_centres(layout):
        close = np.flatnonzero(np.abs(u - u0) + np.abs(v - v0) < 3 * diameter + 2 * cut.edge_mm)
        distance = np.hypot(u[close] - u0, v[close] - v0)
        patch[close] = np.maximum(patch[close], _disk_cover(distance, diameter / 2, cut.edge_mm))
    total.ravel()[rows] += patch
    return np.asarray(np.clip(total, 0, 1.05), np.float32)


def _disk_cover(distance: Field, radius_mm: float, edge_mm: float) -> Field:
    """Return a soft disk whose area is right also where it is smaller than the edge's width."""
    cover = np.clip(0.5 + (radius_mm - distance) / edge_mm, 0, 1)
    if radius_mm > edge_mm / 2:
        drawn_mm2 = np.pi * (radius_mm**2 + edge_mm**2 / 12)
    else:
        drawn_mm2 = np.pi * (radius_mm + edge_mm / 2) ** 3 / (3 * edge_mm)
    return np.asarray(cover * (np.pi * radius_mm**2 / drawn_mm2), np.float32)


def _insert(cut: Cut, layout: Layout, variant: Variant) -> Field:
    """Return the solid part of slice 5: the ten-by-ten grid, or the plate with nine marks."""
    if variant.insert == "grid" and layout.name == "acr-mri-large":
        return _grid(cut)
    half, corner, pitch = layout.plate
    plate = cut.rectangle((-half, half), (-half, half))
    plate = plate * cut.inside(np.asarray((np.abs(cut.u) + np.abs(cut.v) - 2 * half + corner) / np.sqrt(2), np.float32))
    for u0 in (-pitch, 0.0, pitch):
        for v0 in (-pitch, 0.0, pitch):
            plate = plate * (1 - 0.9 * cut.disk(u0, v0, 0.9))
    return np.asarray(plate, np.float32)


def _grid(cut: Cut) -> Field:
    pitch, line = 15.1, 1.2
    reach = {5: 3, 4: 4, 3: 5, 2: 5, 1: 5, 0: 5}
    total = np.zeros_like(cut.u)
    for k in range(-5, 6):
        end = reach[abs(k)] * pitch
        total = np.maximum(total, cut.rectangle((k * pitch - line / 2, k * pitch + line / 2), (-end, end)))
        total = np.maximum(total, cut.rectangle((-end, end), (k * pitch - line / 2, k * pitch + line / 2)))
    return total


def _contrast_disks(cut: Cut, layout: Layout, variant: Variant, signal: Field) -> Field:
    """Return the signal with the low-contrast ring (from slice 8 to the end) and the disks of slices 8 to 11."""
    u0, v0 = layout.ring_centre
    ring = cut.disk(u0, v0, 51.0) - cut.disk(u0, v0, 44.7)
    signal = signal * (1 - ring * cut.span(69.0, layout.z[1]))
    for number, contrast in DISK_CONTRAST.items():
        seen = cut.span(number * SLICE_PITCH_MM - 14.0, number * SLICE_PITCH_MM - 6.0)
        if float(seen.max()) <= 0:
            continue
        disks = _low_contrast_disks(cut, layout, number)
        signal = signal * (1 + contrast * variant.disk_gain * disks * seen)
    return np.asarray(signal, np.float32)


def disk_centres(layout: Layout, number: int) -> tuple[tuple[float, float, float], ...]:
    """Return ``(u, v, diameter)`` of the thirty low-contrast disks of slice 8, 9, 10 or 11, mm, largest spoke first."""
    u0, v0 = layout.ring_centre
    disks: list[tuple[float, float, float]] = []
    for spoke, diameter in enumerate(DISK_DIAMETERS_MM):
        angle = np.radians(DISK_FIRST_ANGLE_DEG[number] + 36.0 * spoke)
        disks += [(float(u0 + r * np.cos(angle)), float(v0 + r * np.sin(angle)), diameter) for r in DISK_RADII_MM]
    return tuple(disks)


def _low_contrast_disks(cut: Cut, layout: Layout, number: int) -> Field:
    near = np.flatnonzero(np.hypot(cut.u - layout.ring_centre[0], cut.v - layout.ring_centre[1]) < 44.7)
    u, v = cut.u.ravel()[near], cut.v.ravel()[near]
    patch = np.zeros(len(near), np.float32)
    for u0, v0, diameter in disk_centres(layout, number):
        close = np.flatnonzero(np.abs(u - u0) + np.abs(v - v0) < diameter + 2 * cut.edge_mm)
        distance = np.hypot(u[close] - u0, v[close] - v0)
        patch[close] += _disk_cover(distance, diameter / 2, cut.edge_mm)
    disks = np.zeros_like(cut.u)
    disks.ravel()[near] = patch
    return disks
