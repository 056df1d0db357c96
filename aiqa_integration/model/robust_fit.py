"""Least squares of few parameters, blind to a few far points (soft L1), between bounds that hardly ever matter."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares, leastsq

from aiqa_integration.model.sampling import FloatArray

_FOUND = frozenset({1, 2, 3, 4})
"""MINPACK's answers that say that a fit arrived."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RobustFit:
    """Parameters, residuals there ``[residual]``, and slopes of these, weighted as the fit does ``[residual, parameter]``.

    The inverse of the slopes' products with each other, times the variance of a residual, is the covariance.
    """

    x: FloatArray
    fun: FloatArray
    jac: FloatArray


def robust_fit(
    residual: Callable[[FloatArray], FloatArray],
    slopes: Callable[[FloatArray], FloatArray],
    start: FloatArray,
    *,
    bounds: tuple[FloatArray, FloatArray],
    x_scale: FloatArray,
    f_scale: float = 1.0,
    tolerance: float = 1e-8,
) -> RobustFit:
    """Return the fit with the least sum of 2 f² (√(1 + (r / f)²) - 1) over residuals r, f being ``f_scale``.

    It is begun without bounds: MINPACK needs a third of the time, and where what it finds lies between them it is what
    is looked for. Where it doesn't, the slower search keeps to the bounds. ``x_scale`` are typical parameters.
    """
    free = _without_bounds(residual, slopes, start, x_scale=x_scale, f_scale=f_scale, tolerance=tolerance)
    if free is None or not ((free > bounds[0]) & (free < bounds[1])).all():
        free = least_squares(
            residual,
            start,
            jac=slopes,
            bounds=bounds,
            x_scale=x_scale,
            loss="soft_l1",
            f_scale=f_scale,
            ftol=tolerance,
            xtol=tolerance,
            max_nfev=100,
        ).x
    found, part = residual(free), slopes(free)
    weight = (1.0 + (found / f_scale) ** 2) ** -0.75
    return RobustFit(x=free, fun=found, jac=part * weight[:, None])


def _without_bounds(
    residual: Callable[[FloatArray], FloatArray],
    slopes: Callable[[FloatArray], FloatArray],
    start: FloatArray,
    *,
    x_scale: FloatArray,
    f_scale: float,
    tolerance: float,
) -> FloatArray | None:
    """Return the parameters of the fit, or None where none is found.

    Residuals are replaced by those whose squares are the terms of the sum.
    """

    def root(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        found = residual(x)
        return found, np.sqrt(1.0 + (found / f_scale) ** 2)

    def tamed(x: FloatArray) -> FloatArray:
        found, far = root(x)
        return np.asarray(found * np.sqrt(2.0 / (far + 1.0)), np.float64)

    def tamed_slopes(x: FloatArray) -> FloatArray:
        _, far = root(x)
        return np.asarray(slopes(x) * (np.sqrt((far + 1.0) / 2.0) / far)[:, None], np.float64)

    with np.errstate(all="ignore"):
        found, _, _, _, answer = leastsq(
            tamed,
            start,
            Dfun=tamed_slopes,
            full_output=True,
            ftol=tolerance,
            xtol=tolerance,
            gtol=0.0,
            maxfev=100,
            diag=1.0 / x_scale,
        )
    return np.asarray(found, np.float64) if answer in _FOUND and np.isfinite(found).all() else None
