"""Slice position error from the crossed wedges at twelve o'clock of slices 1 and 11.

Two wedges of 45° lie side by side under the top of the phantom and cross in the planes of slices 1 and 11. A slice
through the crossing shows two dark bars of one length; a slice that is displaced shows one longer than the other by
twice its displacement (ACR MRI Phantom Test Guidance, section 4, slice position accuracy). The error is the difference
of the lengths, positive where the bar on the right of the guideline's drawing is longer.

Both ends are read in one fit, each in its own half of the bars: the signal relative to the water beside the bars, so
that shading cancels, rises smoothly from the bars' level to the water's, with one width and one height for both. A
phantom that leans forwards or back shows a difference as well: that too is a slice in the wrong place.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from aiqa_integration.model.bounded_fit import Fit, fit_between
from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, Obstacle, Reason
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import MM, Quantity
from aiqa_integration.model.ranks import median, percentile
from aiqa_integration.model.sampling import (
    BoolArray,
    FloatArray,
    PhantomSlice,
    line_region,
    noise_and_band,
    part_of,
    pixel_places,
    raster,
    slice_of,
)


def _metric(number: int) -> MetricDef:
    return MetricDef(
        id=f"mr-slice-position-error-slice{number}",
        label=f"Slice position error, slice {number}",
        unit=MM,
        better="target",
        source="ACR MRI Phantom Test Guidance (10/2022), section 4, slice position accuracy",
        version="2",
        code=aiqa_code(f"AIQA-SPOS-S{number}", f"Slice position error, bar length difference, slice {number}"),
        decimals=1,
    )


POSITION_ERRORS = {1: _metric(1), 11: _metric(11)}
"""The metric of each slice that shows the wedges, by the guideline's number."""

METRICS = tuple(POSITION_ERRORS.values())

_ABOVE_MM, _BELOW_MM = 15.0, 13.0
"""What is read above and below the place where the bars end when they are of one length."""
_FURTHEST_END_MM = 11.0
_DARK_MM = 4.0
"""Height of the upper part of what is read, where both bars are dark whatever the slice's position."""
_SIDE_MM = 20.0
_BESIDE_MM = (8.5, 15.0)
"""Where the water beside the bars is read: distances from the bars' middle."""
_HALF_MM = (1.2, 4.8)
"""Which part of its half is read of each bar: away from the other bar and from the water."""
_WIDTH_MM = (8.0, 16.0)
_FURTHEST_MIDDLE_MM = 5.0
_MARGIN_MM = 2.5
"""Kept free to whatever dark lies below the bars (on slice 11 the ring of the low-contrast disks)."""
_LEAST_BELOW_MM = 1.0
_LOWEST_SNR = 5.0
_LEVEL_SD = 0.03
"""How much the water below the bars may differ from that beside them, as a part of it: a prior of the fit."""
_LARGEST_RESIDUAL = 0.12
_LARGEST_UNCERTAINTY_MM = 2.5
_TURN_SD_DEG = 0.25
"""Standard uncertainty of a pose's rotation."""
_BARS_APART_MM = 6.0
_SAMPLING_PIXELS = 0.015
"""Standard uncertainty of a difference from sampling, in pixels, besides the fit's; found on simulated phantoms."""
_SHARED_NOISE = 2.0
"""How much larger a fit's variance is than that of independent samples: they lie half a pixel apart; of an interpolated
image more, as its pixels share noise."""
_BILINEAR_REACH = 7 / 15
"""Bilinear samples reach beyond the strip they are taken in: by this the sum of its squared weights is less, pixels."""
_STEADY_PART = 0.6
"""How much of the bars' unlike ringing counts like noise; found on simulated phantoms."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Halves:
    """The signal of both bars along them, relative to the water: places in mm, ``[left and right, place]``.

    ``noise`` is the SD of one sample; ``shared`` tells how many of them along a bar act as one.
    """

    v_mm: FloatArray
    parts: FloatArray
    middle_mm: float
    noise: float
    shared: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ends:
    """Where the bars end, in mm along them, and the standard uncertainty of the difference."""

    left_mm: float
    right_mm: float
    difference_sd_mm: float


def measure_slice_position(images: PhantomImages, *, foot_mm: float) -> tuple[Measurement, ...]:
    """Return the bar length differences of slices 1 and 11, mm.

    ``foot_mm`` is the ``v`` at which both bars end when they are of one length.
    """
    measurements: list[Measurement] = []
    for number, metric in POSITION_ERRORS.items():
        sl = slice_of(images, number)
        if sl is None:
            missing = Obstacle(reason=Reason.SLICE_MISSING, detail=f"slice {number} is not in the series")
            measurements.append(missing.not_measured(metric))
            continue
        outcome = _measure(sl, metric, foot_mm)
        measurements.append(outcome.not_measured(metric, sl.index) if isinstance(outcome, Obstacle) else outcome)
    return tuple(measurements)


def _measure(sl: PhantomSlice, metric: MetricDef, foot_mm: float) -> Measured | Obstacle:
    halves = _read_halves(sl, foot_mm)
    if isinstance(halves, Obstacle):
        return halves
    ends = _fit_ends(halves, foot_mm)
    if isinstance(ends, Obstacle):
        return ends
    difference = ends.right_mm - ends.left_mm
    pixel = max(sl.pose.pixel_mm)
    others = (np.radians(_TURN_SD_DEG) * _BARS_APART_MM, _SAMPLING_PIXELS * pixel)
    uncertainty = 2.0 * float(np.linalg.norm([ends.difference_sd_mm, *others]))
    if uncertainty > _LARGEST_UNCERTAINTY_MM:
        detail = f"the bars' difference is uncertain by {uncertainty:.1f} mm"
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)
    top = foot_mm - _ABOVE_MM
    bars = (("Left bar", -1.0, ends.left_mm), ("Right bar", 1.0, ends.right_mm))
    places = [(label, halves.middle_mm + side * sum(_HALF_MM) / 2, end) for label, side, end in bars]
    return Measured(
        metric=metric,
        quantity=Quantity(difference, MM),
        uncertainty=uncertainty,
        slice_index=sl.index,
        regions=tuple(line_region(sl, (u, top), (u, end), label=label) for label, u, end in places),
        detail=f"{'right' if difference > 0 else 'left'} bar longer: the slice lies {abs(difference) / 2:.1f} mm off",
    )


def _read_halves(sl: PhantomSlice, foot_mm: float) -> _Halves | Obstacle:
    """Return both bars' signal along them, from where they are dark to where the water below them is."""
    step = min(max(min(sl.pose.pixel_mm) / 2, 0.2), 1.0)
    u = np.arange(-_SIDE_MM, _SIDE_MM + step / 2, step)
    v = np.arange(foot_mm - _ABOVE_MM, foot_mm + _BELOW_MM, step)
    values, inside = raster(sl.image, sl.pose, u, v)
    if not inside.all():
        return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail="the wedges leave the image")
    middle = _middle(values[v < v[0] + _DARK_MM].mean(axis=0), u)
    if isinstance(middle, Obstacle):
        return middle
    away = u - middle
    sides = [values[:, _between(side * away, _BESIDE_MM)].mean(axis=1) for side in (-1.0, 1.0)]
    water = _water(sides, v, foot_mm)
    if isinstance(water, Obstacle):
        return water
    levels, used = water
    # the water at a bar lies between that of both sides, nearer to its own
    near = 0.5 + sum(_HALF_MM) / sum(_BESIDE_MM) / 2
    at_bars = np.stack([near * levels[0] + (1 - near) * levels[1], near * levels[1] + (1 - near) * levels[0]])
    bars = np.stack([values[:, _between(side * away, _HALF_MM)].mean(axis=1) for side in (-1.0, 1.0)])
    around = part_of(sl, float(np.hypot(_SIDE_MM + abs(middle), _ABOVE_MM + _BELOW_MM)), (0.0, foot_mm))
    across, along = pixel_places(around)
    beside = _between(np.abs(across - middle), (_BESIDE_MM[0], _SIDE_MM)) & _between(along, (v[0], v[used][-1]))
    noise, band = noise_and_band(around.image, np.asarray(beside, np.bool_))
    noise /= float(at_bars.mean())
    if noise * _LOWEST_SNR > 1.0:
        return Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail=f"the water beside the bars has an SNR of {1 / noise:.1f}")
    columns = max((_HALF_MM[1] - _HALF_MM[0]) / max(sl.pose.pixel_mm) * band, 1.0)
    columns *= columns / (columns - _BILINEAR_REACH)
    parts = (bars / at_bars)[:, used]
    shared = _SHARED_NOISE / band
    return _Halves(v_mm=v[used], parts=parts, middle_mm=middle, noise=noise / float(np.sqrt(columns)), shared=shared)


def _between(values: FloatArray, limits: tuple[float, float]) -> BoolArray:
    return np.asarray((values >= limits[0]) & (values <= limits[1]), np.bool_)


def _middle(profile: FloatArray, u: FloatArray) -> float | Obstacle:
    """Return the middle of the dark bars across them, at half of the water on each side."""
    core = np.abs(u) <= _FURTHEST_MIDDLE_MM
    start = int(np.nonzero(core)[0][np.argmin(np.convolve(profile, np.ones(5) / 5, mode="same")[core])])
    edges = []
    for direction in (-1, 1):
        side = profile[start::direction]
        level = (percentile(side, 80.0) + float(profile[start])) / 2
        above = np.nonzero(side > level)[0]
        if above.size == 0 or above[0] == 0 or level <= 1.2 * abs(float(profile[start])):
            return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="no dark bars between water at twelve o'clock")
        rise = int(above[0])
        part = (level - side[rise - 1]) / (side[rise] - side[rise - 1])
        edges.append(float(u[start] + direction * (rise - 1 + part) * (u[1] - u[0])))
    width = edges[1] - edges[0]
    if not _WIDTH_MM[0] <= width <= _WIDTH_MM[1]:
        detail = f"what is dark at twelve o'clock is {width:.1f} mm wide, the bars are 12 mm"
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail=detail)
    return sum(edges) / 2


def _water(sides: list[FloatArray], v: FloatArray, foot_mm: float) -> tuple[FloatArray, BoolArray] | Obstacle:
    """Return the smooth water signal beside the bars ``[left and right, place]`` and the places of the fit.

    Places end where it gets dark below the bars on either side; a bubble above them does not count.
    """
    start = int(np.argmin(np.abs(v - foot_mm)))
    reach = int(2 * _MARGIN_MM / (v[1] - v[0]))
    typical = [median(side[max(start - reach, 0) : start + 1]) for side in sides]
    if min(typical) <= 0:
        return Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail="there is no signal beside the bars")
    dark = np.any([side < level / 2 for side, level in zip(sides, typical, strict=True)], axis=0)
    below = np.nonzero(dark[start:])[0]
    end = float(v[start + below[0]]) - _MARGIN_MM if below.size else float(v[-1])
    if end < foot_mm + _LEAST_BELOW_MM:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="there is no water below the bars")
    used = np.asarray(v <= end, np.bool_)
    seen = used & ~dark
    levels = np.stack([np.polyval(np.polyfit(v[seen], side[seen], 2), v) for side in sides])
    levels = np.clip(levels, 0.3 * np.array(typical)[:, None], 3.0 * np.array(typical)[:, None])
    return np.asarray(levels, np.float64), used


def _fit_ends(halves: _Halves, foot_mm: float) -> _Ends | Obstacle:
    """Return where both bars end: the middle of the rise from dark to water, one shape for both."""
    begun = [_crossing(part, halves.v_mm, foot_mm) for part in halves.parts]
    if begun[0] is None or begun[1] is None:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="the bars do not end near the wedges' crossing")
    scale = max(halves.noise, 0.01)

    def residual(x: FloatArray) -> FloatArray:
        shown = np.stack([_rise(halves.v_mm, end, x) for end in x[:2]])
        return np.append(((shown - halves.parts) / scale).ravel(), (x[4] - 1.0) / _LEVEL_SD)

    def slopes(x: FloatArray) -> FloatArray:
        left, right = (_rise_slopes(halves.v_mm, end, x) / scale for end in x[:2])
        still = np.zeros((halves.v_mm.size, 1))
        by_level = np.array([[0.0, 0.0, 0.0, 0.0, 1.0 / _LEVEL_SD]])
        return np.vstack([np.hstack([left[:, :1], still, left[:, 1:]]), np.hstack([still, right]), by_level])

    low, high = foot_mm - _FURTHEST_END_MM - 1.0, foot_mm + _FURTHEST_END_MM + 1.0
    fit = fit_between(
        residual,
        slopes,
        np.array([begun[0], begun[1], 2.5, 0.05, 1.0]),
        bounds=(np.array([low, low, 0.3, -0.2, 0.6]), np.array([high, high, 8.0, 0.5, 1.4])),
        x_scale=np.array([1.0, 1.0, 1.0, 0.1, 0.1]),
        soft_l1=3.0,
    )
    return _ends_of(fit, halves, foot_mm, scale)


def _rise(v: FloatArray, end: float, x: FloatArray) -> FloatArray:
    """Return the smooth step of width ``x[2]`` from ``x[3]`` to ``x[4]`` at an end."""
    return np.asarray(x[3] + (x[4] - x[3]) * 0.5 * (1.0 + erf((v - end) / x[2])), np.float64)


def _rise_slopes(v: FloatArray, end: float, x: FloatArray) -> FloatArray:
    """Return the slopes of the step by its end, width, lower and upper level, ``[v, 4]``."""
    away = (v - end) / x[2]
    by_end = -(x[4] - x[3]) / (x[2] * np.sqrt(np.pi)) * np.exp(-(away**2))
    part = 0.5 * (1.0 + erf(away))
    return np.stack([by_end, by_end * away, 1.0 - part, part], axis=1)


def _crossing(part: FloatArray, v: FloatArray, foot_mm: float) -> float | None:
    """Return where a bar's signal last rises through half of the water's; None where not near the foot."""
    smooth = np.convolve(np.pad(part, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    below = np.nonzero(smooth < 0.5)[0]
    if below.size == 0 or abs(float(v[below[-1]]) - foot_mm) > _FURTHEST_END_MM:
        return None
    return float(v[below[-1]])


def _ends_of(fit: Fit, halves: _Halves, foot_mm: float, scale: float) -> _Ends | Obstacle:
    left, right, _, dark, bright = (float(value) for value in fit.x)
    residuals = fit.fun[:-1] * scale
    rms = float(np.sqrt(np.mean(residuals**2)))
    if rms > max(_LARGEST_RESIDUAL, 2.0 * halves.noise) or bright - dark < 0.4:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="what ends at the wedges' crossing is not two bars")
    if max(abs(left - foot_mm), abs(right - foot_mm)) > _FURTHEST_END_MM or max(left, right) > halves.v_mm[-1]:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="a bar ends beyond the wedges")
    noise = max(_STEADY_PART * _unshared(residuals.reshape(2, -1), halves.v_mm, right - left), halves.noise)
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac) * halves.shared * (noise / scale) ** 2
    slopes = np.array([-1.0, 1.0, 0.0, 0.0, 0.0])
    sd = float(np.sqrt(max(float(slopes @ covariance @ slopes), 0.0)))
    return _Ends(left_mm=left, right_mm=right, difference_sd_mm=sd)


def _unshared(residuals: FloatArray, v: FloatArray, difference: float) -> float:
    """Return the SD of what one bar's residuals don't share with the other's at the same distance from the end.

    What they share is the wedges' true profile beside the fitted one; it moves both ends alike.
    """
    seen = (v + difference >= v[0]) & (v + difference <= v[-1])
    other = np.interp(v[seen] + difference, v, residuals[1])
    return float(np.std(other - residuals[0][seen])) / float(np.sqrt(2.0))
