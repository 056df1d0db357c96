"""One signal ramp: its profile along the slab and its length at half of its plateau."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import erf, i0e, i1e

from aiqa_integration.metrics.slice_thickness.slab import STEP_MM, Slab
from aiqa_integration.model.bounded_fit import Fit, fit_between
from aiqa_integration.model.measurement import Obstacle, Reason
from aiqa_integration.model.ranks import median, percentile
from aiqa_integration.model.sampling import FloatArray, PhantomSlice, sample, to_pixels

_LOWEST_SIGNAL = 4.0
"""Plateau over the profile's residual noise that a fit can be trusted with."""
_LARGEST_UNCERTAINTY = 0.25
"""Expanded uncertainty of a ramp's length, as a part of it, beyond which it is a guess."""
_BAND_MM = 2.5
_BEGUN_MM = np.arange(15.0, 130.0, 10.0)
"""Lengths of which the one that shows a ramp best is where its fit begins."""
_ENOUGH = 1e-6
"""Relative change of cost and parameters at which the fit has arrived: a thousandth of a length's uncertainty."""
_RAYLEIGH_MEAN = float(np.sqrt(np.pi / 2))
"""Mean of pure noise in a magnitude image, over the SD of one channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """One ramp: length and its standard uncertainty, centre, place of its line off the slab's centre, all mm."""

    length_mm: float
    length_sd_mm: float
    middle_mm: float
    offset_mm: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Profile:
    """A ramp's mean profile along the slab and the water's relative signal there."""

    u_mm: FloatArray
    values: FloatArray
    water: FloatArray

    def shown(self, signal: FloatArray, floor: float) -> FloatArray:
        """Return the mean profile that a signal shows in a magnitude image."""
        return self.shown_and_slopes(signal, floor)[0]

    def shown_and_slopes(self, signal: FloatArray, floor: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the signal shaded, over a rectified floor (Rice mean), and its slopes by signal and by floor.

        Noise and the ringing of the slab's edges change sign from point to point; the magnitude turns them into a floor
        where there is no signal, and they cancel where there is. With h = (signal / SD)² / 4 the mean is the floor
        times (1 + 2h) I0(h) + 2h I1(h), both scaled by exp(-h); its slope by h is I0(h) + I1(h).
        Source: Gudbjartsson and Patz, Magn Reson Med 34 (1995) 910, the mean of their equation 1.
        """
        shaded = signal * self.water
        if floor <= 0.0:
            return shaded, self.water, np.zeros(shaded.shape)
        over_sd = np.minimum(shaded * _RAYLEIGH_MEAN / floor, 1e6)
        half = over_sd**2 / 4
        zeroth, first = i0e(half), i1e(half)
        mean, by_half = (1 + 2 * half) * zeroth + 2 * half * first, zeroth + first
        by_signal = by_half * over_sd / 2 * _RAYLEIGH_MEAN * self.water
        return floor * mean, by_signal, mean - 2 * half * by_half


def read_ramp(sl: PhantomSlice, slab: Slab, offset_mm: float) -> Ramp | Obstacle:
    """Return a ramp that lies ``offset_mm`` off the slab's centre line."""
    band = np.arange(-_BAND_MM / 2, _BAND_MM / 2 + 0.01, STEP_MM / 2)[:, None] + offset_mm + slab.centre_mm[None, :]
    values, _ = sample(sl.image, *to_pixels(sl.pose, np.broadcast_to(slab.u_mm, band.shape), band))
    return _fit_ramp(_Profile(u_mm=slab.u_mm, values=values.mean(axis=0), water=slab.water), offset_mm)


def _smooth(values: FloatArray) -> FloatArray:
    """Return the 5 mm running mean."""
    return np.convolve(np.pad(values, 5, mode="edge"), np.ones(11) / 11, mode="valid")


def _fit_ramp(profile: _Profile, offset_mm: float) -> Ramp | Obstacle:
    """Return the box with smooth edges over a floor that shows a ramp's profile best (robust least squares)."""
    u = profile.u_mm
    best = _best_fit(profile)
    box = _box(u, best.x)
    floor, slope = float(best.x[4]), best.x[5] * u
    noise = 1.4826 * median(np.abs(profile.values - profile.shown(box, floor) - slope))
    peak = float(box.max())
    if peak < _LOWEST_SIGNAL * noise:
        detail = f"the ramp's signal is {peak / noise:.1f} times its noise, at least {_LOWEST_SIGNAL:g} is needed"
        return Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail=detail)
    middle, length_sd = float(best.x[0]), _length_sd(best, noise)
    length = _full_width(float(best.x[1]), float(best.x[3]))
    read = _read_width(u, profile.values - slope - profile.shown(np.full(u.shape, peak / 2), floor), middle=middle)
    if max(abs(middle - length / 2), abs(middle + length / 2)) > u[-1] or read is None:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="an end of a ramp lies beyond the slab")
    sd = float(np.hypot(length_sd, (read - length) / 2))
    if 2 * sd > _LARGEST_UNCERTAINTY * length:
        detail = f"a ramp of {length:.0f} mm is uncertain by {2 * sd:.0f} mm"
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)
    return Ramp(length_mm=length, length_sd_mm=sd, middle_mm=middle, offset_mm=offset_mm)


def _full_width(length: float, edge: float) -> float:
    """Return the full width at half of its peak of a box of that length with edges of that width."""
    low, high = 0.0, length / 2 + 3 * edge
    half = math.erf(length / 2 / edge)
    for _ in range(60):
        at = (low + high) / 2
        value = math.erf((at + length / 2) / edge) - math.erf((at - length / 2) / edge)
        low, high = (at, high) if value > half else (low, at)
    return low + high


def _length_sd(fit: Fit, noise: float) -> float:
    """Return the standard uncertainty of the full width: the fit's covariance of length and edge width, propagated.

    Samples half a pixel apart share noise: the variance counts twice.
    """
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac) * 2.0 * noise**2
    length, edge = float(fit.x[1]), float(fit.x[3])
    step = 1e-3
    slopes = np.zeros(fit.x.size)
    slopes[1] = (_full_width(length + step, edge) - _full_width(length - step, edge)) / (2 * step)
    slopes[3] = (_full_width(length, edge + step) - _full_width(length, edge - step)) / (2 * step)
    return float(np.sqrt(max(float(slopes @ covariance @ slopes), 0.0)))


def _read_width(u: FloatArray, above: FloatArray, *, middle: float) -> float | None:
    """Return how far a profile above a level reaches both ways from the middle (5 mm mean); None if open."""
    smooth = _smooth(above)
    start = int(np.argmin(np.abs(u - middle)))
    right, left = np.nonzero(smooth[start:] < 0)[0], np.nonzero(smooth[start::-1] < 0)[0]
    if right.size == 0 or left.size == 0:
        return None
    return float((right[0] + left[0] - 1) * STEP_MM)


def _best_fit(profile: _Profile) -> Fit:
    """Return the fit begun at the length around the profile's highest part that shows the profile best."""
    u, even = profile.u_mm, profile.values / profile.water
    smooth = np.convolve(np.pad(even, 10, mode="edge"), np.ones(21) / 21, mode="valid")
    floor, reach = percentile(smooth, 15.0), float(u[-1])
    middle_half = np.abs(u) < 0.8 * reach
    height = max(percentile(smooth[middle_half], 90.0) - floor, 1e-9)
    weight = np.clip(smooth - floor - height / 2, 0, None) * middle_half
    middle = float(np.sum(u * weight) / max(float(np.sum(weight)), 1e-12))
    spread = 1.4826 * median(np.abs(np.diff(even))) + 0.01 * height

    def residual(x: FloatArray) -> FloatArray:
        return np.asarray(profile.shown(_box(u, x), float(x[4])) + x[5] * u - profile.values, np.float64)

    def slopes(x: FloatArray) -> FloatArray:
        _, by_signal, by_floor = profile.shown_and_slopes(_box(u, x), float(x[4]))
        return np.column_stack([by_signal[:, None] * _box_slopes(u, x), by_floor, u])

    scale, floor = max(spread, 0.03 * height), max(floor, 0.01 * height)
    begun = profile.shown(_box(u, (middle, _BEGUN_MM[:, None], height, 6.0)), floor) - profile.values
    length = float(_BEGUN_MM[np.sqrt(1 + (begun / scale) ** 2).sum(axis=1).argmin()])
    return fit_between(
        residual,
        slopes,
        np.array([middle, length, height, 6.0, floor, 0.0]),
        bounds=(
            np.array([-reach, 4.0, 0.0, 0.8, 0.0, -height / reach]),
            np.array([reach, 2 * reach, 4 * height, 40.0, np.inf, height / reach]),
        ),
        x_scale=np.array([5.0, 10.0, height, 3.0, height, height / reach]),
        soft_l1=scale,
        tolerance=_ENOUGH,
    )


def _box(u: FloatArray, x: FloatArray | tuple[float | FloatArray, ...]) -> FloatArray:
    """Return a box (middle, length, height, edge width) with edges blurred by a normal distribution."""
    middle, length, height, edge = x[:4]
    rise, fall = erf((u - middle + length / 2) / edge), erf((u - middle - length / 2) / edge)
    return np.asarray(height / 2 * (rise - fall), np.float64)


def _box_slopes(u: FloatArray, x: FloatArray) -> FloatArray:
    """Return the slopes of the box by its middle, length, height and edge width, ``[u, 4]``."""
    middle, length, height, edge = x[:4]
    rise, fall = (u - middle + length / 2) / edge, (u - middle - length / 2) / edge
    at_rise, at_fall = (height / edge / np.sqrt(np.pi) * np.exp(-(end**2)) for end in (rise, fall))
    return np.stack(
        [at_fall - at_rise, (at_rise + at_fall) / 2, (erf(rise) - erf(fall)) / 2, fall * at_fall - rise * at_rise],
        axis=1,
    )
