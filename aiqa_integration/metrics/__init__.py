"""Metrics: one file a family, each with its ``METRICS`` and pure functions; a file dropped in here is found."""

import pkgutil
from functools import cache
from importlib import import_module

from aiqa_integration.model.measurement import MetricDef


@cache
def all_metrics() -> tuple[MetricDef, ...]:
    """Return every metric of the catalogue, by id; ValueError where two share an id."""
    found: dict[str, MetricDef] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        for metric in getattr(import_module(f"{__name__}.{module.name}"), "METRICS", ()):
            if metric.id in found:
                raise ValueError(f"two metrics are called {metric.id}")
            found[metric.id] = metric
    return tuple(found[name] for name in sorted(found))
