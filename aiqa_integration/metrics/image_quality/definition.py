"""How an image-quality metric is defined."""

from collections.abc import Callable
from dataclasses import dataclass

from aiqa_integration.metrics.image_quality.view import SliceView
from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Better, MetricDef
from aiqa_integration.model.quantity import ONE, Unit


def quality_metric(
    name: str, code: str, label: str, *, source: str, better: Better = "lower", unit: Unit = ONE
) -> MetricDef:
    """Return the definition of ``mr-iqm-<name>``; ``better`` is "target" for what only describes the image."""
    return MetricDef(
        id=f"mr-iqm-{name}",
        label=label,
        unit=unit,
        better=better,
        source=source,
        version="1",
        code=aiqa_code(f"AIQA-Q-{code}", label),
        decimals=3,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Metrics that are computed together: their definitions, and the function that returns their values in order."""

    metrics: tuple[MetricDef, ...]
    values: Callable[[SliceView], tuple[float, ...]]
