"""FHIRPath invariants of R4 and of our profiles."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import fhirpathpy
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

_NATIVE = frozenset({"ele-1", "ext-1", "txt-1", "txt-2", "dom-3", "ref-1", "rng-2"})
"""Answered by the walker itself: they are asked of every element, or need what FHIRPath here can't do."""

_OPTIONS = {
    "userInvocationTable": {
        "hasValue": {"fn": lambda given: [len(given) == 1 and not isinstance(given[0], dict | list)], "arity": {0: []}}
    },
    "traceFn": lambda *_: None,
}
"""``hasValue()``, which fhirpathpy lacks, and silence where an invariant of R4 traces."""


def is_crossed(value: dict[str, Any]) -> bool:
    """Return whether a Range has its low above its high (rng-2), in one unit; FHIRPath here can't tell."""
    low, high = (value[side] if isinstance(value.get(side), dict) else {} for side in ("low", "high"))
    first, last = low.get("value"), high.get("value")
    numbers = isinstance(first, int | float) and isinstance(last, int | float)
    return bool(numbers and low.get("code") == high.get("code") and first > last)


@cache
def _compiled(expression: str) -> Callable[..., list[Any]]:
    return fhirpathpy.compile(expression, models["r4"], _OPTIONS)


class Invariants:
    """Asks the invariants of one resource, each once of an element: R4, profile and slice repeat most of them."""

    def __init__(self, resource: dict[str, Any]) -> None:
        self._variables = {"resource": resource, "rootResource": resource}
        self._answers: dict[tuple[str, int], bool] = {}

    def broken(self, definition: dict[str, Any], element: Any, base: str) -> Iterator[tuple[str, str]]:
        """Yield key and words of each invariant of severity error that an element breaks.

        ``base`` is the path by which R4 knows the element, such as Observation.component: choice types need it.
        """
        for rule in definition.get("constraint", []):
            if rule.get("severity") != "error" or rule["key"] in _NATIVE or "expression" not in rule:
                continue
            asked = (rule["expression"], id(element))
            if asked not in self._answers:
                self._answers[asked] = self._holds(rule["expression"], element, base)
            if not self._answers[asked]:
                yield rule["key"], rule["human"]

    def _holds(self, expression: str, element: Any, base: str) -> bool:
        node = ResourceNode.create_node(element, base)
        try:
            return _compiled(expression)(node, self._variables) == [True]
        except Exception:  # noqa: BLE001 - fhirpathpy raises it bare where types don't fit, as for a number in quotes
            return False
