"""Drift: few false alarms on what did not change, power on what did."""

import numpy as np
import pytest

from aiqa_integration.trends.drift import (
    LEAST_RECENT,
    LEAST_REFERENCE,
    Drift,
    share_drift,
    significant,
    value_drift,
    value_drifts,
)


def _rows(rng: np.random.Generator, count: int, shift: float = 0.0) -> list[dict[str, float]]:
    values = rng.normal(size=(count, 20))
    values[:, 0] += shift
    return [{f"metric-{column}": float(value) for column, value in enumerate(row)} for row in values]


def drifts(reference: list[dict[str, float]], recent: list[dict[str, float]]) -> tuple[Drift, ...]:
    return significant(value_drifts(reference, recent))


def test_nothing_that_stayed_as_it_was_is_called_drift() -> None:
    rng = np.random.default_rng(2)
    alarms = sum(bool(drifts(_rows(rng, 200), _rows(rng, 100))) for _ in range(100))
    assert alarms <= 1


def test_a_shift_of_a_standard_deviation_is_found_and_named() -> None:
    rng = np.random.default_rng(4)
    found = [drifts(_rows(rng, 200), _rows(rng, 100, shift=1.0)) for _ in range(20)]
    assert all([drift.name for drift in one] == ["metric-0"] for one in found)
    assert all(one[0].now > one[0].before for one in found)


def test_small_groups_are_not_judged() -> None:
    assert value_drift("x", [0.0] * (LEAST_REFERENCE - 1), [9.0] * 100) is None
    assert value_drift("x", [0.0] * 100, [9.0] * (LEAST_RECENT - 1)) is None
    assert share_drift("flagged", (1, 10), (9, 10)) is None
    assert drifts([], []) == ()


def test_a_flag_rate_that_triples_is_found() -> None:
    steady = share_drift("flagged", (20, 400), (6, 120))
    risen = share_drift("flagged", (20, 400), (30, 120))
    assert steady is not None
    assert risen is not None
    assert steady.p_value > 0.5
    assert significant([steady, risen]) == (risen,)


def test_a_rate_of_none_in_both_is_no_change() -> None:
    none = share_drift("flagged", (0, 100), (0, 100))
    assert none is not None
    assert none.p_value == pytest.approx(1.0)
