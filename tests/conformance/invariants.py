"""FHIRPath invariants of R4 and of our profiles."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import fhirpathpy
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.models import models

_NATIVE = frozenset({"ele-1", "ext-1", "txt-1", "txt-2", "dom-3", "ref-1"})
"""Answered by the walker itself: they are asked of every element, or need what FHIRPath here can't do."""

_OPTIONS = {
    "userInvocationTable": {
        "hasValue": {"fn": lambda given: [len(given) == 1 and not isinstance(given[0], dict | list)], "arity": {0: []}}
    },
    "traceFn": lambda *_: None,
}
"""``hasValue()``, which fhirpathpy lacks, and silence where an invariant of R4 traces."""


@cache
def _compiled(expression: str) -> Callable[..., list[Any]]:
    return fhirpathpy.compile(expression, models["r4"], _OPTIONS)


def broken(
    definition: dict[str, Any], element: Any, base: str, resource: dict[str, Any], already: set[str]  # noqa: ANN401
) -> Iterator[tuple[str, str]]:
    """Yield key and words of each invariant of severity error that an element breaks; ``already`` are not asked twice.

    ``base`` is the path by which R4 knows the element, such as Observation.component: choice types need it.
    """
    for rule in definition.get("constraint", []):
        key = rule["key"]
        if rule.get("severity") != "error" or key in _NATIVE or key in already or "expression" not in rule:
            continue
        already.add(key)
        if not _holds(rule["expression"], element, base, resource):
            yield key, rule["human"]


def _holds(expression: str, element: Any, base: str, resource: dict[str, Any]) -> bool:  # noqa: ANN401
    node = ResourceNode.create_node(element, base)
    try:
        return _compiled(expression)(node, {"resource": resource, "rootResource": resource}) == [True]
    except Exception:  # noqa: BLE001 - fhirpathpy raises it bare where types don't fit, as for a number in quotes
        return False
