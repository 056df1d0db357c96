"""The edge of what was folded in from the other border: the outline of a part of the object that comes from a border.

The part begins at a border along the phase direction and ends where its signal stops adding: a step down, seen from the
border, whose line comes from the border and goes back to it. The best such line is found by dynamic programming over
the columns (its depth in each, 0 being none; depth of neighbours at most a few pixels apart).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, grey_closing

Image = NDArray[np.float32]
Point = tuple[float, float]

_DEEPEST = 0.4  # of the field of view
_BEYOND = 1.0  # times the part of the object that its outline says to lie beyond the other border
_SLACK = 3  # pixels of that
_REFITS = 3
_FITTING = 0.8  # of the outline's points, those nearest to the curve
_PRESENT = 0.12  # of the bright signal: less is air
_GAP = 7  # pixels of dark (bone) inside the folded part that don't end it
_WORTH = 0.06  # of the bright signal: a smaller step is no edge
_STEEPEST = 5  # pixels of depth from column to column
_BEND = 0.012  # of the bright signal, that each pixel of a change of depth costs
_SHALLOW = 0.5  # of the bright signal, that each field of view of depth costs: folds are rather narrow
_LEAST_MEAN = 0.25  # of the bright signal: the step, on average, of an edge that is worth showing
_LEAST_COLUMNS = 8
_ALSO = 0.35  # of the better border's sum: the other border is folded, too


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldPath:
    """The edge of a fold: ``(column, row)`` points, depth over the field of view, sum of the steps along it."""

    points: tuple[Point, ...]
    width: float
    strength: float


def fold_paths(image: Image, phase_axis: int | None) -> tuple[FoldPath, ...]:
    """Return the edges of the fold of a slice at one border or both; of the better direction where it isn't known."""
    best: tuple[FoldPath, ...] = ()
    for axis in (1, 2) if phase_axis is None else (phase_axis,):
        paths = [path for last in (False, True) if (path := _path(image, axis, last=last)) is not None]
        strength = max((path.strength for path in paths), default=0.0)
        if paths and (not best or strength > max(path.strength for path in best)):
            best = tuple(path for path in paths if path.strength >= _ALSO * strength)
    return best


def _path(image: Image, axis: int, *, last: bool) -> FoldPath | None:
    """Return the edge at one border: the first line of the axis, or the last."""
    turned = image if axis == 1 else image.T
    turned = turned[::-1] if last else turned
    count = len(turned)
    smooth = gaussian_filter(turned, 1.0) / (float(np.percentile(image, 98)) or 1.0)
    depths = int(min(_DEEPEST * count, _BEYOND * _overflow(smooth) + _SLACK))
    if depths <= _SLACK:
        return None
    depth, strength = _best_depths(_gains(smooth, depths))
    columns = _longest(depth > 0)
    if len(columns) < _LEAST_COLUMNS or strength < _LEAST_MEAN * len(columns):
        return None
    lines = depth[columns].astype(float)
    places = (count - 1 - lines) if last else lines
    pairs = zip(columns, places, strict=True) if axis == 1 else zip(places, columns, strict=True)
    points = tuple((float(column), float(row)) for column, row in pairs)
    return FoldPath(points=points, width=float((lines.max() + 1) / count), strength=strength)


def _overflow(smooth: Image) -> float:
    """Return about how many lines of the object lie beyond the last line, by the outline that is seen.

    The square of an outline's half width is fitted by a parabola (an ellipse, exactly) over the half near that border.
    0 where the object ends before; as many as there are where its outline doesn't close.
    """
    count = len(smooth)
    shown = smooth > _PRESENT
    if not shown[-_SLACK:].any(axis=1).all():
        return 0.0
    rows = np.arange(int(0.45 * count), count - 1)
    rows = rows[shown[rows].any(axis=1)]
    if rows.size < _LEAST_COLUMNS:
        return float(count)
    first = np.argmax(shown[rows], axis=1)
    end = shown.shape[1] - np.argmax(shown[rows][:, ::-1], axis=1)
    square, used = ((end - first) / 2.0) ** 2, np.ones(rows.size, np.bool_)
    for _ in range(_REFITS):
        curve = np.polyfit(rows[used], square[used], 2)
        away = np.abs(square - np.polyval(curve, rows))
        used = away <= np.quantile(away, _FITTING)
    roots = np.roots(curve)
    beyond = [float(root.real) - count for root in roots if abs(root.imag) < 1e-6 and root.real >= count]
    return min(beyond, default=float(count))


def _gains(smooth: Image, depths: int) -> Image:
    """Return what an edge at each depth and column is worth; below 0 without a step, never where air lies before."""
    step = smooth[: depths + 1] - smooth[3 : depths + 4]
    gains = np.full((depths, smooth.shape[1]), -1e3, np.float32)
    gains[1:] = step[: depths - 1] - _WORTH - _SHALLOW * np.arange(1, depths, dtype=np.float32)[:, None] / len(smooth)
    filled = grey_closing(smooth[: depths + 1], (_GAP, 1))
    present = np.minimum.accumulate(filled[:depths], axis=0) > _PRESENT
    gains[~present] = -1e3
    gains[0] = 0.0
    return gains


def _best_depths(gains: Image) -> tuple[NDArray[np.intp], float]:
    """Return the depth in each column of the cap worth most, and its worth.

    A cap deepens and then gets shallower: two passes of the same programme, the second on the first's totals.
    """
    depths, columns = gains.shape
    totals = np.zeros((2, depths), np.float32) + gains[:, 0]
    back = np.zeros((2, columns, depths), np.intp)
    for column in range(1, columns):
        deeper, source = _step(totals[0], -1)
        shallower, other = _step(totals[1], 1)
        turning = totals[0] > shallower
        back[0, column] = source
        back[1, column] = np.where(turning, np.arange(depths) - depths, other)
        totals = np.stack([deeper, np.where(turning, totals[0], shallower)]) + gains[:, column]
    side = int(totals[1].max() >= totals[0].max())
    depth = np.zeros(columns, np.intp)
    depth[-1] = int(np.argmax(totals[side]))
    for column in range(columns - 1, 0, -1):
        before = int(back[side, column, depth[column]])
        side = 0 if side == 0 or before < 0 else 1
        depth[column - 1] = before % depths
    return depth, float(totals.max())


def _step(total: Image, sign: int) -> tuple[Image, NDArray[np.intp]]:
    """Return the best total of the column before from which each depth is reached, and from which depth.

    ``sign`` -1 comes from shallower or equal depths, 1 from deeper or equal ones.
    """
    places = np.arange(total.size)
    best, source = total.copy(), places.copy()
    for change in range(1, _STEEPEST + 1):
        before = places + sign * change
        inside = (before >= 0) & (before < total.size)
        value = np.where(inside, total[np.clip(before, 0, total.size - 1)] - _BEND * change, -np.inf)
        better = value > best
        best, source = np.where(better, value, best).astype(np.float32), np.where(better, before, source)
    return best, source


def _longest(there: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the longest run of places where something is."""
    runs = np.split(np.arange(there.size), np.flatnonzero(np.diff(there.astype(int))) + 1)
    return max((run for run in runs if there[run[0]]), key=len, default=np.zeros(0, np.intp))
