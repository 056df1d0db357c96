"""Units (exact UCUM strings) and quantities."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of the closed table: UCUM code, what a person reads, dimension, factor to the dimension's base unit."""

    ucum: str
    display: str
    dimension: str
    to_base: float


MM = Unit(ucum="mm", display="mm", dimension="length", to_base=1.0)
SQUARE_MM = Unit(ucum="mm2", display="mm²", dimension="area", to_base=1.0)
PERCENT = Unit(ucum="%", display="%", dimension="number", to_base=0.01)
ONE = Unit(ucum="1", display="", dimension="number", to_base=1.0)
DEGREE = Unit(ucum="deg", display="°", dimension="angle", to_base=1.0)
MILLISECOND = Unit(ucum="ms", display="ms", dimension="time", to_base=1.0)
MEGAHERTZ = Unit(ucum="MHz", display="MHz", dimension="frequency", to_base=1e6)
TESLA = Unit(ucum="T", display="T", dimension="flux-density", to_base=1.0)
SCORE = Unit(ucum="{score}", display="", dimension="score", to_base=1.0)
SPOKE = Unit(ucum="{spokes}", display="spokes", dimension="spokes", to_base=1.0)

UNITS: dict[str, Unit] = {
    unit.ucum: unit for unit in (MM, SQUARE_MM, PERCENT, ONE, DEGREE, MILLISECOND, MEGAHERTZ, TESLA, SCORE, SPOKE)
}
"""Every unit that a metric may have, by UCUM code."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A finite number with its unit.

    Raises ValueError for NaN or infinity, and for arithmetic between different units.
    """

    value: float
    unit: Unit

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"a quantity is finite, not {self.value}")

    def __add__(self, other: "Quantity") -> "Quantity":
        self._same_unit(other)
        return Quantity(self.value + other.value, self.unit)

    def __sub__(self, other: "Quantity") -> "Quantity":
        self._same_unit(other)
        return Quantity(self.value - other.value, self.unit)

    def to(self, unit: Unit) -> "Quantity":
        """Return the same quantity in another unit of its dimension; ValueError where the dimensions differ."""
        if unit.dimension != self.unit.dimension:
            raise ValueError(f"{self.unit.ucum} is not {unit.ucum}")
        return Quantity(self.value * self.unit.to_base / unit.to_base, unit)

    def _same_unit(self, other: "Quantity") -> None:
        if other.unit != self.unit:
            raise ValueError(f"{self.unit.ucum} and {other.unit.ucum} do not add")
