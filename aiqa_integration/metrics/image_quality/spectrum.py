"""What k-space shows: spikes, cut-off edges, how fast it falls, lines that don't fit their neighbours.

P is the power of the image's Fourier transform, k the frequency in parts of the Nyquist frequency.

- ``spike-peak``: largest of ln P - mean of ln P of the other points of the 7 x 7 around, beyond k = 0.06; noise gives
  about 3.
- ``spike-points``: points per thousand with more than 5.
- ``spike-energy``: log10 of (1e-8 + those points' share of the power beyond k = 0.06).
- ``spike-ring``: largest of ln P - mean of its ring, beyond k = 0.1.
- ``edge-step-phase``, ``-read``, ``-radial``: largest drop of ln P from three lines (rings) to the next three beyond
  k = 0.25, ln P being averaged along the other axis (around the ring): the cut of a truncated k-space that was filled
  with zeros.
- ``filled-phase``, ``-read``, ``-radial``: k of that drop where it is more than 1, else 1: the part filled.
- ``high-frequency-share``: log10 of mean P in 0.6 < k < 0.9 over 0.1 < k < 0.3; blur lowers it, noise raises it.
- ``spectral-slope``: slope of the rings' mean of ln P against ln k for 0.08 < k < 0.4; about -2 to -3 for anatomy.
- ``spectral-anisotropy``: ln P along phase encoding minus along read-out, for 0.25 < k < 0.5 beside the axes.
- ``line-modulation-phase``, ``-read``: how much the lines' mean of ln P departs from the running mean of five lines,
  in what independent points would give; 1 where neighbouring lines fit, more with motion or ghosts.
- ``line-period-phase``, ``-read``: largest autocorrelation of those departures from the second line on; periodic
  modulation makes ghosts.

Source of spikes: Heiland, Clin Neuroradiol 2008;18:25; of truncation: Wood, Magn Reson Med 1985;2:517; of
lines: Wood, Med Phys 1985;12:143 (motion and ghosts as modulation along phase encoding); of the slope: Field, J Opt Soc
Am A 1987;4:2379.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.metrics.image_quality.blocks import Pixels
from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.statistics import Floats
from aiqa_integration.metrics.image_quality.view import SliceView, half_weights, line_means

_SPIKES = "Heiland, Clin Neuroradiol 2008;18:25, spikes: isolated points of k-space"
_TRUNCATION = "Wood and Henkelman, Magn Reson Med 1985;2:517, truncation of k-space"
_LINES = "Wood and Henkelman, Med Phys 1985;12:143, modulation of k-space lines"
_SLOPE = "Field, J Opt Soc Am A 1987;4:2379, power spectra of natural images"

METRICS = (
    quality_metric("spike-peak", "SPKPEAK", "k-space, highest point", source=_SPIKES),
    quality_metric("spike-points", "SPKCOUNT", "k-space, outlying points", source=_SPIKES),
    quality_metric("spike-energy", "SPKPOWER", "k-space, power of outlying points", source=_SPIKES),
    quality_metric("spike-ring", "SPKRING", "k-space, highest point of its ring", source=_SPIKES),
    quality_metric("edge-step-phase", "STEPPHA", "k-space, step along phase encoding", source=_TRUNCATION),
    quality_metric("edge-step-read", "STEPREAD", "k-space, step along read-out", source=_TRUNCATION),
    quality_metric("edge-step-radial", "STEPRAD", "k-space, step along the radius", source=_TRUNCATION),
    quality_metric("filled-phase", "FILLPHA", "k-space, filled along phase", source=_TRUNCATION, better="higher"),
    quality_metric("filled-read", "FILLREAD", "k-space, filled along read-out", source=_TRUNCATION, better="higher"),
    quality_metric("filled-radial", "FILLRAD", "k-space, filled radius", source=_TRUNCATION, better="higher"),
    quality_metric("high-frequency-share", "HIGHFREQ", "High-frequency share", source=_SLOPE, better="target"),
    quality_metric("spectral-slope", "SLOPE", "Slope of the power spectrum", source=_SLOPE, better="target"),
    quality_metric("spectral-anisotropy", "ANISO", "Power, phase over read-out", source=_LINES, better="target"),
    quality_metric("line-modulation-phase", "MODPHA", "k-space lines, modulation along phase", source=_LINES),
    quality_metric("line-modulation-read", "MODREAD", "k-space lines, modulation along read-out", source=_LINES),
    quality_metric("line-period-phase", "PERPHA", "k-space lines, periodicity along phase", source=_LINES),
    quality_metric("line-period-read", "PERREAD", "k-space lines, periodicity along read-out", source=_LINES),
)

Indices = NDArray[np.intp]

_NEIGHBOURS = 7
_OUTLYING = 5.0
_STEP_WIDTH = 3
_STEP_FROM = 0.25
_CLEAR_STEP = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Where the points of half a k-space lie, and how often each counts in the whole one, over two.

    ``ring`` is the ring of each point, ``counts`` the points of each ring, ``ring_k`` its k, ``first_ring`` the first
    one that is looked at for spikes; ``opposite`` is the row of the opposite row frequency. The others are flat places.
    """

    weights: Pixels
    ring: Indices
    counts: Floats
    ring_k: Floats
    centre: Indices
    beyond_centre: Indices
    first_ring: int
    bands: tuple[Indices, Indices]
    beside_axes: tuple[Indices, Indices]
    opposite: Indices


@lru_cache(maxsize=32)
def _grid(shape: tuple[int, int]) -> _Grid:
    rows, columns = np.abs(np.fft.fftfreq(shape[0]))[:, None] * 2, np.fft.rfftfreq(shape[1])[None, :] * 2
    k = np.hypot(rows, columns)
    across = min(shape) // 2
    ring = np.minimum((k * across + 0.5).astype(np.intp), across).ravel()
    weights = np.broadcast_to(half_weights(shape[1]), k.shape).ravel()
    beside = [
        np.flatnonzero((one > 0.25) & (one < 0.5) & (other > 0.02) & (other < 0.12))
        for one, other in ((rows, columns), (columns, rows))
    ]
    return _Grid(
        weights=weights,
        ring=ring,
        counts=np.bincount(ring, weights).astype(np.float64),
        ring_k=np.arange(across + 1) / across,
        centre=np.flatnonzero(k <= 0.06),
        beyond_centre=np.flatnonzero(k > 0.06),
        first_ring=int(0.1 * across) + 1,
        bands=(np.flatnonzero((k > 0.6) & (k < 0.9)), np.flatnonzero((k > 0.1) & (k < 0.3))),
        beside_axes=(beside[0], beside[1]),
        opposite=-np.arange(shape[0]) % shape[0],
    )


def _values(view: SliceView) -> tuple[float, ...]:
    grid, log_power = _grid(view.shape), view.log_power.ravel()
    lines = [line[1:] for line in line_means(view.log_power, view.shape)]
    ring_mean = np.bincount(grid.ring, log_power * grid.weights) / grid.counts
    steps = [_step(line) for line in lines]
    changes = [_line_changes(line, view.shape[1 - axis]) for axis, line in enumerate(lines)]
    radial_step, radial_filled = _step(ring_mean[1:-1])
    high, low = (_mean(view.power.ravel(), grid, band) for band in grid.bands)
    beside = [_mean(log_power, grid, part) for part in grid.beside_axes]
    along, across = view.phase_and_read(beside[0], beside[1])
    return (
        *_spikes(view, grid),
        _ring_peak(log_power, grid, ring_mean),
        *view.phase_and_read(steps[0][0], steps[1][0]),
        radial_step,
        *view.phase_and_read(steps[0][1], steps[1][1], worst="low"),
        radial_filled,
        float(np.log10(max(high, 1e-12) / max(low, 1e-12))),
        _slope(grid.ring_k, ring_mean),
        along - across,
        *view.phase_and_read(changes[0][0], changes[1][0]),
        *view.phase_and_read(changes[0][1], changes[1][1]),
    )


def _mean(values: Pixels, grid: _Grid, places: Indices) -> float:
    """Return the mean over some places of the whole k-space."""
    weights = grid.weights[places]
    return float(np.vdot(values[places], weights) / weights.sum())


def _ring_peak(log_power: Pixels, grid: _Grid, ring_mean: Floats) -> float:
    """Return how far a point stands above its ring's mean, the innermost rings left out."""
    level = ring_mean.astype(np.float32)
    level[: grid.first_ring] = np.inf
    return float((log_power - level[grid.ring]).max())


def _spikes(view: SliceView, grid: _Grid) -> tuple[float, float, float]:
    above = _above_neighbours(view, grid).ravel()
    above[grid.centre] = 0.0
    peak = float(above.max())
    if peak <= _OUTLYING:
        return peak, 0.0, -8.0
    outlying, power = np.flatnonzero(above > _OUTLYING), view.power.ravel()
    of_spikes = float(np.vdot(power[outlying], grid.weights[outlying]))
    total = float(np.vdot(power[grid.beyond_centre], grid.weights[grid.beyond_centre]))
    count = float(grid.weights[outlying].sum()) / float(grid.weights.sum())
    return peak, 1000.0 * count, float(np.log10(1e-8 + of_spikes / max(total, 1e-30)))


def _above_neighbours(view: SliceView, grid: _Grid) -> Pixels:
    """Return ln P less its mean over the other points of the 7 x 7 around, k-space going on at its ends."""
    half, reach = view.log_power, _NEIGHBOURS // 2
    turned, last = half[grid.opposite], half.shape[1] - 1 - (view.shape[1] + 1) % 2
    wide = np.concatenate([turned[:, reach:0:-1], half, turned[:, last : last - reach : -1]], axis=1)
    across = _sum_of_neighbours(wide, 1)
    tall = np.concatenate([across[-reach:], across, across[:reach]], axis=0)
    count = np.float32(_NEIGHBOURS**2)
    return np.asarray((half * count - _sum_of_neighbours(tall, 0)) / (count - 1), np.float32)


def _sum_of_neighbours(values: Pixels, axis: int) -> Pixels:
    """Return the sums of so many values in turn along an axis, where all are given."""
    count = values.shape[axis] - _NEIGHBOURS + 1
    parts = [
        values[start : start + count] if axis == 0 else values[:, start : start + count] for start in range(_NEIGHBOURS)
    ]
    total = parts[0] + parts[1]
    for part in parts[2:]:
        total += part
    return total


def _step(line: Floats) -> tuple[float, float]:
    """Return the largest drop of a profile of ln P from 1 to Nyquist, and k of it where it is clear, else 1."""
    means = np.convolve(line, np.full(_STEP_WIDTH, 1 / _STEP_WIDTH), mode="valid")
    drops = means[:-_STEP_WIDTH] - means[_STEP_WIDTH:]
    first = int(_STEP_FROM * line.size)
    best = first + int(np.argmax(drops[first:]))
    drop = float(drops[best])
    return max(drop, 0.0), (best + _STEP_WIDTH + 0.5) / line.size if drop > _CLEAR_STEP else 1.0


def _slope(ring_k: Floats, ring_mean: Floats) -> float:
    used = (ring_k > 0.08) & (ring_k < 0.4)
    log_k = np.log(ring_k[used])
    log_k -= log_k.mean()
    return float(log_k @ ring_mean[used] / max(float(log_k @ log_k), 1e-12))


def _line_changes(line: Floats, across: int) -> tuple[float, float]:
    """Return how strong and how periodic a line profile departs from its running mean, below k = 0.8."""
    smooth = np.convolve(line, np.full(5, 0.2), mode="valid")
    rest = (line[2:-2] - smooth)[max(int(0.05 * line.size) - 2, 0) : int(0.8 * line.size)]
    rest -= rest.mean()
    expected = np.pi / np.sqrt(6.0) * np.sqrt(0.8) / np.sqrt(across / 2)
    energy = float(rest @ rest)
    if energy < 1e-12:
        return 0.0, 0.0
    correlation = np.correlate(rest, rest, "full")[rest.size - 1 : rest.size + rest.size // 2]
    return float(np.sqrt(energy / rest.size)) / expected, float(correlation[2:].max() / correlation[0])


SPECTRUM = Family(metrics=METRICS, values=_values)
