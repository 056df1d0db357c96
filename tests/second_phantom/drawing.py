"""What is inside the phantoms, and its transform.

Numbers: ACR Large and Medium Phantom Guidance (2022); places: read off published images.
"""

from typing import Any

import numpy as np

PITCH = 10.0
WEDGE = {"acr-mri-large": 19.0, "acr-mri-medium": 14.5}
"""How far both bars reach below the housing in a slice through the wedges' crossing."""

TABLES: dict[str, dict[str, Any]] = {
    "acr-mri-large": {
        "radius": 95.0,
        "ends": (-28.0, 120.0),
        "housing": (-93.0, -80.0),
        "slab": 89.0,
        "box": (18.5, 57.0),
        "slot": (49.0, 57.0),
        "tube": (-45.0, -45.5),
        "ring": (0.0, 8.5),
        "arrays": ((1.1, -13.6, 38.0), (1.0, 9.4, 38.0), (0.9, 32.0, 38.0)),
        "windows": ((-46.0, 35.0, 0.9), (-35.5, 45.0, 0.6)),
    },
    "acr-mri-medium": {
        "radius": 82.5,
        "ends": (-20.5, 113.5),
        "housing": (-80.0, -66.5),
        "slab": 79.5,
        "box": (16.5, 55.0),
        "slot": (-57.0, -47.5),
        "tube": (-40.0, -41.0),
        "ring": (0.0, 4.0),
        "arrays": ((1.1, -17.0, 35.0), (1.0, 4.0, 35.0), (0.9, 23.0, 35.0), (0.8, 41.0, 35.0)),
        "windows": ((-46.0, 31.0, 0.9), (-35.0, 44.0, 0.6)),
    },
}
PLATE = {"acr-mri-large": (67.0, 4.0, 60.0), "acr-mri-medium": (60.5, 20.0, 40.0)}
"""Half width, cut corner and pitch of the nine marks."""
CONTRASTS = {8: 0.014, 9: 0.025, 10: 0.036, 11: 0.051}
FIRST_SPOKE = {8: -90.0, 9: -81.0, 10: -72.0, 11: -63.0}


def fill(kspace, number):
    """Add everything that a slice around the guideline's slice ``number`` shows."""
    setup = kspace.plane.setup
    table = TABLES[setup.phantom]
    everywhere = (-np.inf, np.inf)
    kspace.disks([(0.0, 0.0)], table["radius"], 1.0, everywhere)
    kspace.box((-6.0, 6.0), table["housing"], -1.0)
    if setup.bubble > 0:
        kspace.polygon(_segment(table["radius"], setup.bubble), -1.0, (table["ends"][0], 45.0))
    if number in {1, 2, 10, 11}:
        _wedges(kspace, table, 0.0 if number < 3 else 100.0)
    if number <= 4:
        _lower(kspace, table, number)
    if number == 5:
        _insert(kspace, setup)
    if number >= 8:
        _contrast(kspace, table)


def _segment(radius, depth):
    """Return the bubble: the top of the disk, above a chord that stays above the housing."""
    half = np.arccos(1 - depth / radius)
    turn = -np.pi / 2 + np.linspace(-half, half, 61)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)


def wedge_ends(plane, depth, crossing, u):
    """Return v where the right and the left wedge end at one u, in one layer."""
    top, half = TABLES[plane.setup.phantom]["housing"][1], WEDGE[plane.setup.phantom]
    slope, rise = plane.z_of(depth)
    above = rise + slope[0] * u - crossing
    return (top + half + above) / (1 - slope[1]), (top + half - above) / (1 + slope[1])


def _wedges(kspace, table, crossing):
    for depth in kspace.plane.depths:
        ends = {u: wedge_ends(kspace.plane, depth, crossing, u) for u in (0.0, 6.0, -6.0)}
        if min(min(pair) for pair in ends.values()) <= table["housing"][1]:
            continue
        for side, outer in ((0, 6.0), (1, -6.0)):
            for start, stop in _outside_ring(table, crossing):
                lines = [(u, start(u), min(ends[u][side], stop(u))) for u in (0.0, outer)]
                if all(first < last for _, first, last in lines):
                    (u, first, last), (far, far_first, far_last) = lines
                    kspace.layer([(u, first), (u, last), (far, far_last), (far, far_first)], -1.0, depth)


def _outside_ring(table, crossing):
    """Return the stretches of v, as functions of u, where a bar is not yet dark by the low-contrast ring."""
    top, (_, down) = table["housing"][1], table["ring"]
    if crossing == 0.0:
        return [(lambda _: top, lambda _: np.inf)]
    outer, inner = (lambda u, r=radius: down - np.sqrt(r * r - u * u) for radius in (51.0, 44.7))
    return [(lambda _: top, outer), (inner, lambda _: np.inf)]


def _lower(kspace, table, number):
    below, end = (-np.inf, 35.0), table["slab"]
    kspace.disks([table["tube"]], 19.0, -1.0, below)
    kspace.disks([table["tube"]], 12.5, 1.0, below)
    kspace.disks([table["tube"]], 12.5, -1.0, (31.0, 35.0))
    kspace.box((-end, end), (-6.0, 6.0), -1.0, below)
    kspace.box(table["slot"], table["box"], -1.0, (5.0, 35.0))
    if number != 1:
        return
    kspace.ramp(0.1, (-4.0, -0.5), end - 1.0)
    kspace.ramp(-0.1, (0.5, 4.0), end - 1.0)
    solid = (-5.0, 5.0)
    kspace.box((-57.0, 57.0), table["box"], -1.0, solid)
    for u, v, level in table["windows"]:
        kspace.box((u - 5.0, u + 5.0), (v - 5.0, v + 5.0), level, solid)
    for diameter, u, v in table["arrays"]:
        kspace.disks(_holes(diameter, u, v), diameter / 2, 1.0, solid)


def _holes(diameter, corner_u, corner_v):
    """Return the centres of 16 holes up and left of a corner, and of 15 down and right of it."""
    steps = [(row, place) for row in range(4) for place in range(4)]
    upper = [(corner_u - (2 * p + r / 4) * diameter, corner_v - 2 * r * diameter) for r, p in steps]
    lower = [(corner_u + 2 * r * diameter, corner_v + (2 * p + r / 4) * diameter) for r, p in steps]
    return upper + lower[1:]


def _insert(kspace, setup):
    z = (35.0, 45.0)
    if setup.phantom == "acr-mri-large" and setup.grid:
        pitch, half = 15.1, 0.6
        reach = {k: {5: 3, 4: 4}.get(abs(k), 5) * pitch + half for k in range(-5, 6)}
        for k, end in reach.items():
            line = (k * pitch - half, k * pitch + half)
            kspace.box(line, (-end, end), -1.0, z)
            kspace.box((-end, end), line, -1.0, z)
        crossings = [(a * pitch, b * pitch) for a in reach for b in reach if abs(b) * pitch < reach[a]]
        kspace.boxes(crossings, half, 1.0, z)
        return
    half, corner, pitch = PLATE[setup.phantom]
    near = half - corner
    octagon = [(-near, -half), (near, -half), (half, -near), (half, near)]
    kspace.polygon(octagon + [(-u, -v) for u, v in octagon], -1.0, z)
    kspace.disks([(u, v) for u in (-pitch, 0.0, pitch) for v in (-pitch, 0.0, pitch)], 0.9, 0.9, z)


def _contrast(kspace, table):
    u, v = table["ring"]
    kspace.disks([(u, v)], 51.0, -1.0, (69.0, np.inf))
    kspace.disks([(u, v)], 44.7, 1.0, (69.0, np.inf))
    for number, contrast in CONTRASTS.items():
        z = (PITCH * number - 14.0, PITCH * number - 6.0)
        for spoke in range(10):
            angle = np.radians(FIRST_SPOKE[number] + 36.0 * spoke)
            places = [(u + r * np.cos(angle), v + r * np.sin(angle)) for r in (12.8, 25.4, 37.8)]
            kspace.disks(places, (7.0 - 5.5 / 9 * spoke) / 2, contrast, z)
