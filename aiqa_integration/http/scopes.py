"""What SMART scopes cover: ``system/Observation.cruds`` (version 2) and ``system/Observation.write`` (version 1).

Source: SMART App Launch 2.2.0, "Scopes and Launch Context", 3.0.2.
"""

import re
from collections.abc import Iterable

_SCOPE = re.compile(r"(?P<context>patient|user|system)/(?P<type>\*|[A-Za-z]+)\.(?P<rights>[a-z*]+)(?P<narrowed>\?.*)?")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}


def missing_scopes(asked: Iterable[str], granted: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes asked for that the granted ones do not cover, by what they mean.

    A granted scope that is narrowed by a query covers only the same words.
    """
    held = frozenset(granted)
    return tuple(scope for scope in asked if scope not in held and not _covered(scope, held))


def _covered(scope: str, granted: Iterable[str]) -> bool:
    wanted = _SCOPE.fullmatch(scope)
    if wanted is None:
        return False
    rights: set[str] = set()
    for found in filter(None, map(_SCOPE.fullmatch, granted)):
        same = found["context"] == wanted["context"] and found["type"] in {"*", wanted["type"]}
        if same and found["narrowed"] is None:
            rights |= set(_VERSION_1.get(found["rights"], found["rights"]))
    return set(_VERSION_1.get(wanted["rights"], wanted["rights"])) <= rights
