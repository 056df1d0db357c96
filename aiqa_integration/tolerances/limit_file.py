"""The files that hold limit sets: TOML, read and checked.

A set's revision is the digest of its file's text, so a changed limit can't keep an old one's revision.
"""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import cast

from aiqa_integration.errors import ConfigurationError
from aiqa_integration.model.judgement import Tolerance

Toml = Mapping[str, object]

CONDITIONS: dict[str, tuple[str, str]] = {
    "magnetic_field_strength_t": ("field strength", "T"),
    "nominal_slice_thickness_mm": ("nominal slice thickness", "mm"),
    "repetition_time_ms": ("repetition time", "ms"),
    "echo_time_ms": ("echo time", "ms"),
}
"""Attributes of a series' header that a limit may depend on: in words, with unit."""

_SET_KEYS = {"id", "title", "phantom", "source", "edition", "effective", "limit"}
_LIMIT_KEYS = {"metrics", "unit", "tolerance_low", "tolerance_high", "action_low", "action_high"} | {
    "section",
    "when",
    "required",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A limit holds where the header's ``attribute`` is at least ``at_least`` and below ``below``."""

    attribute: str
    at_least: float
    below: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Limits of one metric under conditions that must all hold."""

    metric: str
    unit: str
    tolerance: Tolerance
    when: tuple[Condition, ...]
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSet:
    """The limits of one document's edition for one phantom; ``revision`` is the digest of the file's text."""

    id: str
    title: str
    phantom: str
    source: str
    edition: str
    effective: date
    revision: str
    limits: tuple[Limit, ...]


def parse_limit_set(text: str) -> LimitSet:
    """Return the limit set of a TOML text; raises ConfigurationError."""
    try:
        table: Toml = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"limit set: {error}") from error
    name = str(table.get("id", "without id"))
    _only(table, _SET_KEYS, name)
    effective = table.get("effective")
    rows = table.get("limit")
    if not isinstance(effective, date) or not isinstance(rows, list) or not rows:
        raise ConfigurationError(f"limit set {name}: needs a date 'effective' and at least one [[limit]]")
    revision = hashlib.sha256(text.encode()).hexdigest()[:12]
    title, phantom, source, edition = (_text(table, key, name) for key in ("title", "phantom", "source", "edition"))
    prefix = f"{source}, {edition}"
    return LimitSet(
        id=_text(table, "id", name),
        title=title,
        phantom=phantom,
        source=source,
        edition=edition,
        effective=effective,
        revision=revision,
        limits=tuple(limit for row in rows for limit in _limits(cast("Toml", row), f"{name}@{revision}", prefix)),
    )


@cache
def shipped_limit_sets() -> tuple[LimitSet, ...]:
    """Return the limit sets in the package, by name."""
    files = sorted(
        (file for file in resources.files(__package__).iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    return tuple(parse_limit_set(file.read_text("utf-8")) for file in files)


def _limits(row: Toml, revision: str, prefix: str) -> tuple[Limit, ...]:
    """Return the limits of one [[limit]] table, one per metric."""
    where = f"limit set {revision.partition('@')[0]}"
    _only(row, _LIMIT_KEYS, where)
    names = row.get("metrics")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"{where}: 'metrics' is a list of metric ids")
    low, high, act_low, act_high = (
        _number(row, key, where) for key in ("tolerance_low", "tolerance_high", "action_low", "action_high")
    )
    _ordered(f"{where}: {names[0]}", (act_low, low, high, act_high))
    tolerance = Tolerance(
        tolerance_low=low,
        tolerance_high=high,
        action_low=act_low,
        action_high=act_high,
        source=f"{prefix}, {_text(row, 'section', where)}",
        revision=revision,
    )
    unit, when, required = _text(row, "unit", where), _conditions(row, where), row.get("required", True)
    return tuple(
        Limit(metric=name, unit=unit, tolerance=tolerance, when=when, required=required is True) for name in names
    )


def _conditions(row: Toml, where: str) -> tuple[Condition, ...]:
    tables = row.get("when", {})
    if not isinstance(tables, Mapping) or not set(tables) <= set(CONDITIONS):
        raise ConfigurationError(f"{where}: 'when' knows {', '.join(CONDITIONS)}")
    found = []
    for attribute, limits in tables.items():
        _only(limits, {"at_least", "below"}, where)
        low, below = _number(limits, "at_least", where), _number(limits, "below", where)
        if low is None or below is None or low >= below:
            raise ConfigurationError(f"{where}: {attribute} needs at_least < below")
        found.append(Condition(attribute=attribute, at_least=low, below=below))
    return tuple(found)


def _ordered(where: str, values: Sequence[float | None]) -> None:
    given = [value for value in values if value is not None]
    if not given or given != sorted(given):
        raise ConfigurationError(f"{where}: limits must be given and rise: action, tolerance, tolerance, action")


def _only(table: object, known: set[str], where: str) -> None:
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{where}: expected a table")
    unknown = sorted(set(table) - known)
    if unknown:
        raise ConfigurationError(f"{where}: unknown key {', '.join(unknown)}")


def _text(table: Toml, key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{where}: '{key}' must be text")
    return value


def _number(table: Toml, key: str, where: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(f"{where}: '{key}' must be a number")
    return float(value)
