"""Where a value lies between its limits, as numbers for a small drawing; templates draw them as inline SVG."""

from dataclasses import dataclass

from aiqa_integration.model.judgement import Tolerance
from aiqa_integration.model.measurement import Measured

WIDTH = 100.0
"""Width of the drawing, in its own units."""

_MARGIN = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """Places on a line from 0 to ``WIDTH``: what is inside the action and the tolerance limits, value, uncertainty."""

    action: tuple[float, float]
    tolerance: tuple[float, float]
    value: float
    whisker: tuple[float, float]


def gauge(measured: Measured, limits: Tolerance | None) -> Gauge | None:
    """Return the drawing of a value between its limits, None where there are no limits."""
    if limits is None:
        return None
    edges = [
        e for e in (limits.action_low, limits.action_high, limits.tolerance_low, limits.tolerance_high) if e is not None
    ]
    if not edges:
        return None
    value, half = measured.quantity.value, measured.uncertainty or 0.0
    first, last = min(*edges, value - half), max(*edges, value + half)
    # One open side: the drawing needs an end there all the same.
    span = (last - first) or abs(last) or 1.0
    start, end = first - _MARGIN * span, last + _MARGIN * span

    def place(at: float) -> float:
        return round(min(max((at - start) / (end - start), 0.0), 1.0) * WIDTH, 2)

    def band(low: float | None, high: float | None) -> tuple[float, float]:
        return (0.0 if low is None else place(low), WIDTH if high is None else place(high))

    action = band(limits.action_low, limits.action_high)
    tolerance = band(limits.tolerance_low, limits.tolerance_high)
    inner = (max(action[0], tolerance[0]), min(action[1], tolerance[1]))
    return Gauge(action=action, tolerance=inner, value=place(value), whisker=(place(value - half), place(value + half)))
