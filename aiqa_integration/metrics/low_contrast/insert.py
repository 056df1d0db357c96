"""The low-contrast insert of the ACR MRI phantoms: a ring, and inside it ten spokes of three disks a slice.

Diameters, contrasts, the direction of the first spoke and the step from slice to slice: ACR MRI Phantom Test Guidance
(10/2022), section 7. The ring's radii and the disks' distances from its centre were read off published images and are
good to 0.3 mm.
"""

from dataclasses import dataclass

import numpy as np

from aiqa_integration.model.sampling import FloatArray

SLICE_NUMBERS = (8, 9, 10, 11)
SPOKES = 10
DIAMETERS_MM = np.linspace(7.0, 1.5, SPOKES)
RADII_MM = np.array([12.8, 25.6, 38.4])
RING_INNER_MM = 44.6
RING_OUTER_MM = 51.0
NOMINAL_CONTRAST = {8: 0.014, 9: 0.025, 10: 0.036, 11: 0.051}
_FIRST_ANGLE_DEG = -90.0
_STEP_DEG = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where the insert lies in the phantom: centre ``(u, v)`` mm, turn from the drawing in degrees, scale."""

    centre_mm: tuple[float, float]
    turn_deg: float = 0.0
    scale: float = 1.0


def disk_places(number: int, placement: Placement) -> tuple[FloatArray, FloatArray]:
    """Return ``(u, v)`` mm of one slice's disks, each ``[spoke, radius]``, largest spoke first."""
    return moved_places(np.array(float(number)), placement, np.zeros(4))


def moved_places(numbers: FloatArray, placement: Placement, moves: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``(u, v)`` mm of the disks of slices after each move, ``[..., spoke, radius]``.

    ``moves`` ``[..., 4]`` are what to add to a placement: u mm, v mm, turn in degrees, scale; ``numbers`` ``[...]`` are
    the slices'.
    """
    du, dv, turn, scale = np.moveaxis(moves, -1, 0)[..., None, None]
    first = _FIRST_ANGLE_DEG + _STEP_DEG * (numbers[..., None, None] - SLICE_NUMBERS[0]) + placement.turn_deg
    angles = np.radians(first + turn + 360.0 / SPOKES * np.arange(SPOKES)[:, None])
    radii = (placement.scale + scale) * RADII_MM
    u_mm = placement.centre_mm[0] + du + radii * np.cos(angles)
    v_mm = placement.centre_mm[1] + dv + radii * np.sin(angles)
    return u_mm, v_mm


def moved(placement: Placement, move: FloatArray) -> Placement:
    """Return a placement after one move."""
    du, dv, turn, scale = (float(part) for part in move)
    return Placement(
        centre_mm=(placement.centre_mm[0] + du, placement.centre_mm[1] + dv),
        turn_deg=placement.turn_deg + turn,
        scale=placement.scale + scale,
    )
