"""Least squares of few parameters, between bounds that hardly ever matter; on request blind to a few far points."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares, leastsq

from aiqa_integration.model.sampling import FloatArray

_FOUND = frozenset({1, 2, 3, 4})
"""MINPACK's answers that say that a fit arrived."""
_MOST_STEPS = 100

Function = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Parameters, residuals there, and their slopes ``[residual, parameter]``, weighted as the fit weights residuals.

    The inverse of the slopes' products with each other, times the variance of a residual, is the covariance.
    """

    x: FloatArray
    fun: FloatArray
    jac: FloatArray


def fit_between(
    residual: Function,
    slopes: Function,
    start: FloatArray,
    *,
    bounds: tuple[FloatArray, FloatArray],
    x_scale: FloatArray | None = None,
    soft_l1: float | None = None,
    tolerance: float = 1e-8,
) -> Fit:
    """Return the fit with the least sum of squares of residuals r, or of 2 f² (√(1 + (r / f)²) - 1), f = ``soft_l1``.

    It is begun without bounds: MINPACK needs a third of the time, and where what it finds lies between them it is what
    is looked for. Where it doesn't, a slower search keeps to the bounds. ``x_scale`` are typical changes of parameters.
    """
    typical = np.ones_like(start) if x_scale is None else x_scale
    tamed = _Tamed(residual, slopes, soft_l1)
    with np.errstate(all="ignore"):  # steps far beyond the bounds come to nothing
        found, _, _, _, answer = leastsq(
            tamed.residuals,
            start,
            Dfun=tamed.slopes_of_residuals,
            full_output=True,
            ftol=tolerance,
            xtol=tolerance,
            gtol=0.0,
            maxfev=_MOST_STEPS,
            diag=1.0 / typical,
        )
    if answer not in _FOUND or not ((found > bounds[0]) & (found < bounds[1])).all():
        found = least_squares(
            residual,
            start,
            jac=slopes,
            bounds=bounds,
            x_scale=typical,
            loss="linear" if soft_l1 is None else "soft_l1",
            f_scale=soft_l1 or 1.0,
            ftol=tolerance,
            xtol=tolerance,
            max_nfev=_MOST_STEPS,
        ).x
    rest = residual(found)
    return Fit(x=found, fun=rest, jac=slopes(found) * (tamed.far(rest) ** -1.5)[:, None])


class _Tamed:
    """Residuals whose squares are what the fit adds up, and their slopes; MINPACK asks for both at a place in turn."""

    def __init__(self, residual: Function, slopes: Function, soft_l1: float | None) -> None:
        self._residual, self._slopes, self._soft_l1 = residual, slopes, soft_l1
        self._latest: tuple[FloatArray, FloatArray] | None = None

    def far(self, rest: FloatArray) -> FloatArray:
        """Return how far residuals are, 1 where they are small."""
        return np.ones_like(rest) if self._soft_l1 is None else np.sqrt(1.0 + (rest / self._soft_l1) ** 2)

    def residuals(self, x: FloatArray) -> FloatArray:
        """Return the residuals, tamed."""
        rest = self._residuals(x)
        return np.asarray(rest * np.sqrt(2.0 / (self.far(rest) + 1.0)), np.float64)

    def slopes_of_residuals(self, x: FloatArray) -> FloatArray:
        """Return the slopes of the tamed residuals ``[residual, parameter]``."""
        far = self.far(self._residuals(x))
        return np.asarray(self._slopes(x) * (np.sqrt((far + 1.0) / 2.0) / far)[:, None], np.float64)

    def _residuals(self, x: FloatArray) -> FloatArray:
        if self._latest is None or not np.array_equal(self._latest[0], x):
            self._latest = x.copy(), self._residual(x)
        return self._latest[1]
