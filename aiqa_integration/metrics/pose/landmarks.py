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
_PEAK_REACH = 3
"""Points around a map's highest one whose weights tell its place to part of a point."""


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
    each = np.arange(len(flat))
    row, column = np.divmod(flat.reshape(len(flat), -1).argmax(axis=1), flat.shape[2])
    rows, columns = (at[:, None] + np.arange(-_PEAK_REACH, _PEAK_REACH + 1) for at in (row, column))
    in_rows, in_columns = ((at >= 0) & (at < size) for at, size in zip((rows, columns), flat.shape[1:], strict=True))
    around = flat[
        each[:, None, None], np.where(in_rows, rows, 0)[:, :, None], np.where(in_columns, columns, 0)[:, None]
    ]
    inside = in_rows[:, :, None] & in_columns[:, None, :]
    weights = np.where(inside, np.clip(around, 0, None).astype(np.float64) ** 2, 0.0)
    total = weights.sum(axis=(1, 2))
    some = np.where(total > 0, total, 1.0)
    found = [
        np.where(total > 0, (weights.sum(axis=other) * at).sum(axis=1) / some, peak)
        for at, peak, other in ((columns, column, 1), (rows, row, 2))
    ]
    return np.stack([*found, flat[each, row, column]], axis=1).reshape(*heat.shape[:-2], 3)


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
