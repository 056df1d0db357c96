"""The outcome of a validation as one HTML file for a person: no scripts, nothing loaded from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from aiqa_integration.model.measurement import MetricDef
from aiqa_integration.model.wording import INTENDED_USE
from aiqa_integration.validation.agreement import Agreement
from aiqa_integration.validation.document import About, left_out_counts
from aiqa_integration.validation.ranking import Interval
from aiqa_integration.validation.reliability import Reliability
from aiqa_integration.validation.study import Study

SIDE = 220.0
"""Side of a drawing's frame, in its own units."""

_LEAST_SHOWN = 10
"""With fewer series of one of the two kinds a warning stands beside the figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A point of a drawing with its error bar, and how large it is."""

    x: float
    y: float
    low: float
    high: float
    radius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Differences against means of pairs: dots, places of the lines, and what the axes say at their ends."""

    dots: tuple[Dot, ...]
    zero: float
    bias: float
    limits: tuple[float, float] | None
    across: tuple[str, str]
    up: tuple[str, str]


def study_page(study: Study, given: About) -> str:
    """Return the HTML page."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": _percent, "area": _area, "spread": _spread}
    source = files("aiqa_integration.validation").joinpath("page.html").read_text()
    return environment.from_string(source).render(
        study=study,
        about=given,
        left_out=left_out_counts(study),
        intended_use=INTENDED_USE,
        side=SIDE,
        few=_LEAST_SHOWN,
        curve=_curve,
        dots=_dots,
        differences=_differences,
        number=_number,
    )


def _percent(share: Interval | None) -> str:
    """Return ``90 % (81-96)``."""
    if share is None:
        return "–"
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f}–{100 * share.high:.0f})"


def _area(value: float | Interval | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, Interval):
        return f"{value.value:.3f} ({value.low:.3f}–{value.high:.3f})"
    return f"{value:.3f}"


def _number(value: float, metric: MetricDef) -> str:
    """Return a difference with one digit more than the metric's values have."""
    return f"{value:.{metric.decimals + 1}f}"


def _spread(ends: tuple[float, float] | None, metric: MetricDef) -> str:
    if ends is None:
        return "–"
    return f"{_number(ends[0], metric)} to {_number(ends[1], metric)} {metric.unit.display}".rstrip()


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """Return the points of a polyline in a frame whose origin is below on the left."""
    return " ".join(f"{x * SIDE:.1f},{(1 - y) * SIDE:.1f}" for x, y in points)


def _dots(found: Reliability) -> tuple[Dot, ...]:
    most = max(group.count for group in found.bins)
    return tuple(
        Dot(
            x=group.mean_probability * SIDE,
            y=(1 - group.observed.value) * SIDE,
            low=(1 - group.observed.low) * SIDE,
            high=(1 - group.observed.high) * SIDE,
            radius=2.5 + 5.5 * (group.count / most) ** 0.5,
        )
        for group in found.bins
    )


def _differences(found: Agreement, metric: MetricDef) -> Differences:
    """Return the drawing after Bland and Altman."""
    means = [(pair.measured + pair.labelled) / 2 for pair in found.pairs]
    values = [pair.measured - pair.labelled for pair in found.pairs]
    left, right = _ends(means)
    down, up = _ends([*values, *(found.limits or ()), 0.0])

    def height(value: float) -> float:
        return (up - value) / (up - down) * SIDE

    dots = [
        Dot(x=(mean - left) / (right - left) * SIDE, y=height(value), low=height(value), high=height(value), radius=4.0)
        for mean, value in zip(means, values, strict=True)
    ]
    return Differences(
        dots=tuple(dots),
        zero=height(0.0),
        bias=height(found.bias),
        limits=(height(found.limits[0]), height(found.limits[1])) if found.limits else None,
        across=(_number(left, metric), _number(right, metric)),
        up=(_number(down, metric), _number(up, metric)),
    )


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Return ends of an axis that holds all values with a margin."""
    low, high = min(values), max(values)
    margin = 0.1 * (high - low) or max(abs(high), 1.0) * 0.1
    return low - margin, high + margin
