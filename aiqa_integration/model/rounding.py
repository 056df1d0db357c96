"""Numbers as they are written: as many digits as a person needs, never on the wrong side of a limit."""

from decimal import ROUND_HALF_EVEN, Decimal

from aiqa_integration.model.judgement import Tolerance

_EXTRA_DIGITS = 6


def exact(number: float) -> Decimal:
    """Return the shortest decimal that is this float."""
    return Decimal(repr(float(number)))


def rounded(number: float, decimals: int, limits: Tolerance | None = None) -> Decimal:
    """Return the number with ``decimals`` digits, or as many more as keep it on its own side of every limit.

    So 5.004 mm beside a limit of 5 mm is never written as 5.00 with the verdict "outside". There is no negative zero.
    """
    value, bounds = exact(number), _bounds(limits)
    for digits in range(decimals, decimals + _EXTRA_DIGITS + 1):
        candidate = value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
        if all(_side(candidate, bound) == _side(value, bound) for bound in bounds):
            return abs(candidate) if candidate.is_zero() else candidate
    return value


def significant(number: float, decimals: int) -> Decimal:
    """Return the number with ``decimals`` digits, or its first digit where those would all be zero."""
    short = rounded(number, decimals)
    value = exact(number)
    return short if not short.is_zero() or value.is_zero() else rounded(number, -value.adjusted())


def decimals_of(number: Decimal) -> int:
    """Return how many digits stand after the point."""
    exponent = number.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _bounds(limits: Tolerance | None) -> list[Decimal]:
    if limits is None:
        return []
    values = (limits.tolerance_low, limits.tolerance_high, limits.action_low, limits.action_high)
    return [exact(value) for value in values if value is not None]


def _side(value: Decimal, bound: Decimal) -> int:
    return (value > bound) - (value < bound)
