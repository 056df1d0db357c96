"""Landmarks: where the network saw them, where the phantom has them, and the rotation that joins the two."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CENTRE, HOUSING, TUBE, BAR_LEFT, BAR_RIGHT, RING = range(6)
LANDMARKS_MM: dict[str, tuple[tuple[float, float], ...]] = {
    "acr-mri-large": ((0.0, 0.0), (0.0, -86.5), (-45.0, -45.5), (-89.0, 0.0), (89.0, 0.0), (0.0, 8.5)),
    "acr-mri-medium": ((0.0, 0.0), (0.0, -73.25), (-40.0, -41.0), (-79.5, 0.0), (79.5, 0.0), (0.0, 4.0)),
}
"""``(u, v)`` of axis, wedge housing, tube, left and right end of the ramp bar, low-contrast ring."""

_SHOWN = {HOUSING: (1, 11), TUBE: (1, 4), BAR_LEFT: (1, 4), BAR_RIGHT: (1, 4), RING: (9, 11)}
MIN_PEAK = 0.3
_FAR_MM = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A landmark seen in a slice: place in the drawing, place in the image from the slice's centre (mm), weight."""

    u_mm: float
    v_mm: float
    x_mm: float
    y_mm: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The rotation (degrees, mirrored or not) that lays the drawing on the image, and what remains (mm)."""

    rotation_deg: float
    mirrored: bool
    residual_mm: float
    used: int


def peaks(heat: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return ``(column, row, height)`` of the highest point of each map ``[..., row, column]``, to part of a point."""
    flat = heat.reshape(-1, *heat.shape[-2:])
    found = np.array([_peak(plane) for plane in flat])
    return found.reshape(*heat.shape[:-2], 3)


def _peak(plane: NDArray[np.float32]) -> tuple[float, float, float]:
    row, column = divmod(int(plane.argmax()), plane.shape[1])
    rows = np.arange(max(row - 3, 0), min(row + 4, plane.shape[0]))
    columns = np.arange(max(column - 3, 0), min(column + 4, plane.shape[1]))
    weights = np.clip(plane[np.ix_(rows, columns)], 0, None) ** 2
    total = float(weights.sum())
    if total <= 0:
        return float(column), float(row), float(plane[row, column])
    return (
        float((weights.sum(axis=0) * columns).sum() / total),
        float((weights.sum(axis=1) * rows).sum() / total),
        float(plane[row, column]),
    )


def expected(phantom: str, number: int) -> dict[int, tuple[float, float]]:
    """Return the landmarks, without the centre, that a numbered slice shows, by their index."""
    table = LANDMARKS_MM[phantom]
    return {index: table[index] for index, (first, last) in _SHOWN.items() if first <= number <= last}


def fit_turn(sightings: list[Sighting], *, start: tuple[float, bool] | None = None) -> Turn | None:
    """Return the rotation about the centre that fits the sightings best, mirrored if that fits better.

    With a ``start`` (degrees, mirrored) only sightings that fit it count. The least-squares angle is the argument of
    Σ w·conj(drawing)·image with points as complex numbers; sightings more than 6 mm off are left out. None where there
    are none.
    """
    if start is not None:
        return _fit(sightings, mirrored=start[1], start_deg=start[0])
    turns = [turn for mirrored in (False, True) if (turn := _fit(sightings, mirrored=mirrored)) is not None]
    if not turns:
        return None
    asides = [abs(s.u_mm) > 20 for s in sightings]
    if not any(asides):
        return turns[0]
    return max(turns, key=lambda turn: (turn.used, -turn.residual_mm))


def _fit(sightings: list[Sighting], *, mirrored: bool, start_deg: float | None = None) -> Turn | None:
    if not sightings:
        return None
    sign = -1.0 if mirrored else 1.0
    drawing = np.array([complex(sign * s.u_mm, s.v_mm) for s in sightings])
    image = np.array([complex(s.x_mm, s.y_mm) for s in sightings])
    weights = np.array([s.weight for s in sightings])
    angles = np.angle(image * np.conj(drawing)) if start_deg is None else np.radians([start_deg])
    votes = [
        float((weights * (np.abs(image - np.exp(1j * a) * drawing) < _FAR_MM) * np.abs(drawing)).sum()) for a in angles
    ]
    angle = float(angles[int(np.argmax(votes))])
    near = np.ones(len(sightings), bool)
    for _ in range(5):
        near = np.abs(image - np.exp(1j * angle) * drawing) < _FAR_MM
        if not near.any():
            return None
        angle = float(np.angle((weights * np.conj(drawing) * image)[near].sum()))
    residual = np.abs(image - np.exp(1j * angle) * drawing)[near]
    return Turn(
        rotation_deg=float(np.degrees(angle)),
        mirrored=mirrored,
        residual_mm=float(np.sqrt(np.mean(residual**2))),
        used=int(near.sum()),
    )
