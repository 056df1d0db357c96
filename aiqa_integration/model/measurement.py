"""What was measured, or why it was not."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from aiqa_integration.model.coding import Code
from aiqa_integration.model.quantity import Quantity, Unit

Better = Literal["lower", "higher", "target"]


class Reason(StrEnum):
    """Why a metric has no value: closed list, stable in reports."""

    SLICE_MISSING = "slice-missing"
    FEATURE_NOT_FOUND = "feature-not-found"
    ROI_OUTSIDE_IMAGE = "roi-outside-image"
    BACKGROUND_ZEROED = "background-zeroed"
    BACKGROUND_TOO_SMALL = "background-too-small"
    SIGNAL_TOO_LOW = "signal-too-low"
    IMPLAUSIBLE = "implausible"
    POSE_UNCERTAIN = "pose-uncertain"
    WRONG_ORIENTATION = "wrong-orientation"
    ATTRIBUTE_MISSING = "attribute-missing"
    ANALYSIS_FAILED = "analysis-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDef:
    """A metric of the closed catalogue: stable id, what a person reads, unit, direction, source, code.

    ``decimals`` is how many digits after the point a person needs; ``source`` names the guideline or paper and section.
    """

    id: str
    label: str
    unit: Unit
    better: Better
    source: str
    version: str
    code: Code
    decimals: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Where something was measured, in ``(column, row)`` pixel coordinates of one slice (zero-based).

    ``circle``: centre, point on the circle. ``polyline``: points in order, open. ``polygon``: points in order, the last
    joins the first.
    """

    slice_index: int
    shape: Literal["circle", "polyline", "polygon"]
    points: tuple[tuple[float, float], ...]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value with its unit, its expanded uncertainty (k = 2, same unit) and the regions that it came from.

    ``slice_index`` is the zero-based place in the stack of the slice that carries the value, None for a series value.
    """

    metric: MetricDef
    quantity: Quantity
    uncertainty: float | None = None
    slice_index: int | None = None
    regions: tuple[Region, ...] = ()
    detail: str | None = None

    def __post_init__(self) -> None:
        if self.quantity.unit != self.metric.unit:
            raise ValueError(f"{self.metric.id} is in {self.metric.unit.ucum}, not {self.quantity.unit.ucum}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """A metric without a value: the reason (closed list) and a sentence with the particulars. It can never pass.

    ``regions`` are where it was looked for, when that is known.
    """

    metric: MetricDef
    reason: Reason
    detail: str
    slice_index: int | None = None
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What keeps a metric function from a value: returned by its parts, made a NotMeasured at the end."""

    reason: Reason
    detail: str

    def not_measured(self, metric: MetricDef, slice_index: int | None = None) -> NotMeasured:
        """Return the metric without a value."""
        return NotMeasured(metric=metric, reason=self.reason, detail=self.detail, slice_index=slice_index)


Measurement = Measured | NotMeasured
