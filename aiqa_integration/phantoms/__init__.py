"""Phantoms: one file each with its ``PHANTOM``; a file dropped in here is found."""

import pkgutil
from functools import cache
from importlib import import_module

from aiqa_integration.model.phantom import Phantom


@cache
def all_phantoms() -> tuple[Phantom, ...]:
    """Return every phantom that is scored, by name; ValueError where two share a name."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found: dict[str, Phantom] = {}
    for name in modules:
        phantom: Phantom = import_module(f"{__name__}.{name}").PHANTOM
        if phantom.name in found:
            raise ValueError(f"two phantoms are called {phantom.name}")
        found[phantom.name] = phantom
    return tuple(found[name] for name in sorted(found))


def phantoms_of(analysis: str) -> tuple[Phantom, ...]:
    """Return the phantoms that belong to an analysis, by name; empty for an analysis that has none."""
    return tuple(phantom for phantom in all_phantoms() if phantom.analysis == analysis)
