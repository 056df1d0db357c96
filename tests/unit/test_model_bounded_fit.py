import numpy as np
import pytest
from scipy.optimize import least_squares

from aiqa_integration.model.bounded_fit import fit_between

AT = np.linspace(-3.0, 3.0, 61)
FREE = (np.array([-np.inf, -np.inf]), np.array([np.inf, np.inf]))


def _bell(x):
    return x[0] * np.exp(-((AT - x[1]) ** 2))


def _slopes(x):
    bell = np.exp(-((AT - x[1]) ** 2))
    return np.stack([bell, 2 * x[0] * (AT - x[1]) * bell], axis=1)


def _values(*, far: int = 0):
    values = _bell((2.0, 0.4)) + np.random.default_rng(3).normal(0.0, 0.02, AT.size)
    values[40 : 40 + far] += 3.0
    return values


@pytest.mark.parametrize("soft_l1", [None, 0.05])
def test_the_fit_is_that_of_scipy_with_its_slopes(soft_l1):
    """To a hundredth of what the values' noise moves it: far points slow the last steps, and the search ends before."""
    values, start = _values(far=4), np.array([1.0, 0.0])
    found = fit_between(lambda x: _bell(x) - values, _slopes, start, bounds=FREE, soft_l1=soft_l1)
    loss = "linear" if soft_l1 is None else "soft_l1"
    known = least_squares(
        lambda x: _bell(x) - values, start, jac=_slopes, loss=loss, f_scale=soft_l1 or 1.0, xtol=1e-12, ftol=1e-12
    )
    assert found.x == pytest.approx(known.x, abs=4e-5)
    assert found.fun == pytest.approx(known.fun, abs=1e-4)
    assert found.jac == pytest.approx(known.jac, abs=1e-3)


def test_a_few_far_points_hardly_move_a_soft_fit():
    values, start = _values(far=4), np.array([1.0, 0.0])
    soft = fit_between(lambda x: _bell(x) - values, _slopes, start, bounds=FREE, soft_l1=0.05)
    hard = fit_between(lambda x: _bell(x) - values, _slopes, start, bounds=FREE)
    assert np.abs(soft.x - (2.0, 0.4)).max() < 0.1 < np.abs(hard.x - (2.0, 0.4)).max()


def test_what_lies_beyond_the_bounds_is_sought_on_them():
    values = _values()
    bounds = (np.array([0.0, -1.0]), np.array([1.5, 1.0]))
    found = fit_between(lambda x: _bell(x) - values, _slopes, np.array([1.0, 0.0]), bounds=bounds, soft_l1=0.05)
    assert found.x[0] == pytest.approx(1.5, abs=1e-3)
    assert found.x[1] == pytest.approx(0.4, abs=0.05)
