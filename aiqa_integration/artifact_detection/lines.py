"""Lines of radio-frequency interference: where they lie and how bright they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter

from aiqa_integration.artifact_detection.air import RAYLEIGH_SD, air_of

Volume = NDArray[np.float32]

_ACROSS = 9  # pixels that a line is compared with
_AIR = 0.1  # of the bright signal: smoother than this is air
_LEAST_AIR = 16  # pixels of air along a line that are enough to judge by them alone
_LEAST_LINES = 16
_APART = 2  # pixels along a line between those that are compared: interpolated neighbours are too alike
_TELLING = 0.9  # part of the lines with enough air along them
_OUTSTANDING = 5.0  # robust standard deviations of the profile
_OUTSTANDING_TOO = 8.0  # of a line over the object alone, or beside a clearer one, of which it must be the part below
_ALSO = 0.5
_RIVAL = 3  # pixels about a line that belong to it
_MOST_LINES = 3
_CLIPPED = 3.0  # standard deviations of noise that one pixel counts at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line at ``place`` of an array axis (1: a row, 2: a column) in some slices, the brightest first.

    ``level`` is its mean signal over the background's standard deviation, in its brightest slice; None where too little
    air is along it.
    """

    axis: int
    place: int
    level: float | None
    slices: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Profile:
    """Of each line of a slice: by how much it stands out, and its level (0 where not known)."""

    clear: Volume
    level: Volume


def interference_lines(voxels: Volume, slices: Sequence[int], phase_axis: int | None) -> tuple[Line, ...]:
    """Return lines along the phase direction, the clearest first; along either where the direction is not known."""
    best: tuple[Line, ...] = ()
    clearest = 0.0
    for axis in _axes(phase_axis):
        profiles = {index: _profile(voxels[index], axis) for index in slices}
        found, clear = _peaks(profiles, axis)
        if clear > clearest:
            best, clearest = found, clear
    return best


def _profile(image: Volume, axis: int) -> _Profile:
    """Return how far each line stands out, in its air where there is enough of it, else in all of it.

    A line's phase is random: over air it adds to the magnitude, over the object as often as not it takes away.
    """
    across = image if axis == 2 else image.T
    bright = float(np.percentile(image, 98)) or 1.0
    rest = across - median_filter(across, (1, _ACROSS))
    air = (uniform_filter(across, _ACROSS) < _AIR * bright) & (across > 0)
    counts = air.sum(axis=0)
    in_air = counts >= _LEAST_AIR
    noise = 1.4826 * float(np.median(np.abs(rest))) + 1e-6 * bright
    clear = _outstanding(np.minimum(np.abs(rest), _CLIPPED * noise).mean(axis=0), ~in_air)
    if in_air.sum() >= _LEAST_LINES:
        spread = float(across[air].std()) + 1e-6 * bright
        clipped = np.clip(rest, -_CLIPPED * spread, _CLIPPED * spread)
        clear += _outstanding((clipped * air).sum(axis=0) / np.maximum(counts, 1), in_air)
    return _Profile(clear=clear, level=np.nan_to_num(line_levels(image, axis)))


def _outstanding(means: Volume, of: NDArray[np.bool_]) -> Volume:
    """Return by how many robust standard deviations each of some lines is above them; 0 for the others."""
    if of.sum() < _LEAST_LINES:
        return np.zeros(means.size, np.float32)
    rest = means - median_filter(means, _ACROSS)
    spread = 1.4826 * float(np.median(np.abs(rest[of])))
    return np.asarray(np.where(of, rest / max(spread, 1e-9), 0), np.float32)


def line_levels(image: Volume, axis: int) -> Volume:
    """Return the mean signal of each line of an axis (1: rows, 2: columns) over the air's spread; NaN where not known.

    By the median of the line's air, of which ghosts and what leaks from the object fill a part only: a tone's random
    phases make its magnitude a Rayleigh distribution, as noise has it, and the powers of both add. The spread is that
    of neighbours along the line.
    """
    levels = np.full(image.shape[axis - 1], np.nan, np.float32)
    found = air_of(image)
    if found is None:
        return levels
    across, air = (image, found.mask) if axis == 2 else (image.T, found.mask.T)
    enough = air.sum(axis=0) >= _LEAST_AIR
    beside = air[_APART:] & air[:-_APART]
    if enough.sum() < _LEAST_LINES or not beside.any():
        return levels
    apart = float(np.median(np.abs(across[_APART:] - across[:-_APART])[beside]))
    spread = max(1.4826 * apart / np.sqrt(2), RAYLEIGH_SD * found.least_noise)
    power = np.nanmedian(np.where(air, across, np.nan)[:, enough], axis=0) ** 2 / np.log(2)
    filled = np.full(enough.size, np.median(power))
    filled[enough] = power
    own = np.sqrt(np.maximum(filled - median_filter(filled, _ACROSS), 0)) * np.sqrt(np.pi) / 2
    levels[enough] = (own / spread)[enough]
    return levels


def brightest_line(image: Volume, phase_axis: int | None) -> float | None:
    """Return the level of the brightest line along phase encoding (1 or 2); along either axis where it is not known.

    None where a tenth of the lines or more has too little air to tell: one of them may be brighter.
    """
    levels = [line_levels(image, axis) for axis in _axes(phase_axis)]
    if any(float(np.isfinite(one).mean()) < _TELLING for one in levels):
        return None
    return float(max(np.nanmax(one) for one in levels))


def _axes(phase_axis: int | None) -> tuple[int, ...]:
    """Return the axes whose lines run along phase encoding (1 or 2); both where it is not known."""
    return (1, 2) if phase_axis is None else (3 - phase_axis,)


def _peaks(profiles: Mapping[int, _Profile], axis: int) -> tuple[tuple[Line, ...], float]:
    """Return the lines that stand out in several slices together, and by how much the first does."""
    if not profiles:
        return (), 0.0
    total = np.sum([profile.clear for profile in profiles.values()], axis=0) / np.sqrt(len(profiles))
    lines: list[Line] = []
    first = float(total.max())
    while len(lines) < _MOST_LINES and total.max() > (max(_OUTSTANDING_TOO, _ALSO * first) if lines else _OUTSTANDING):
        place = int(np.argmax(total))
        line = _line(profiles, axis, place)
        if line.level is not None or (not lines and first > _OUTSTANDING_TOO):
            lines.append(line)
        total[max(place - _RIVAL, 0) : place + _RIVAL + 1] = -np.inf
    return tuple(lines), first


def _line(profiles: Mapping[int, _Profile], axis: int, place: int) -> Line:
    """Return the line at a place, with the slices in which it stands out."""
    ordered = sorted(profiles, key=lambda index: -float(profiles[index].clear[place]))
    shown = [index for index in ordered if profiles[index].clear[place] > _CLIPPED] or ordered[:1]
    level = float(profiles[shown[0]].level[place])
    return Line(axis=axis, place=place, level=level or None, slices=tuple(shown))
