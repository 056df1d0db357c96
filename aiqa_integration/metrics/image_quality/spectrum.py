"""What k-space shows: spikes, cut-off edges, how fast it falls, lines that don't fit their neighbours.

P is the power of the image's Fourier transform, k the frequency in parts of the Nyquist frequency.

- ``spike-peak``: largest of ln P - mean of ln P in the 7 x 7 points around, beyond k = 0.06; noise alone gives about 3.
- ``spike-points``: points per thousand with more than 5.
- ``spike-energy``: log10 of (1e-8 + those points' share of the power beyond k = 0.06).
- ``spike-ring``: largest of ln P - mean of its ring, beyond k = 0.1.
- ``edge-step-phase``, ``-read``, ``-radial``: largest drop of ln P from three lines (rings) to the next three beyond
  k = 0.25, ln P being averaged along the other axis (around the ring): the cut of a truncated k-space that was filled
  with zeros.
- ``filled-phase``, ``-read``, ``-radial``: k of that drop where it is more than 1, else 1: how much of k-space was filled.
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
from scipy.fft import irfft, rfft
from scipy.ndimage import uniform_filter

from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.view import Floats, Mask, SliceView

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

_OUTLYING = 5.0
_STEP_WIDTH = 3
_STEP_FROM = 0.25
_CLEAR_STEP = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Where the points of k-space lie: ring of each, points a ring, k of each ring, where the regions used lie."""

    ring: Indices
    counts: Floats
    ring_k: Floats
    beyond_centre: Mask
    beyond_low: Indices
    bands: tuple[Indices, Indices]
    beside_axes: tuple[Indices, Indices]


@lru_cache(maxsize=32)
def _grid(shape: tuple[int, int]) -> _Grid:
    rows, columns = (np.abs(np.fft.fftfreq(side)) * 2 for side in shape)
    k = np.hypot(rows[:, None], columns[None, :])
    across = min(shape) // 2
    ring = np.minimum((k * across + 0.5).astype(np.intp), across)
    beside = [
        np.flatnonzero((one > 0.25) & (one < 0.5) & (other > 0.02) & (other < 0.12))
        for one, other in ((rows[:, None], columns[None, :]), (columns[None, :], rows[:, None]))
    ]
    return _Grid(
        ring=ring.ravel(),
        counts=np.bincount(ring.ravel()).astype(np.float64),
        ring_k=np.arange(across + 1) / across,
        beyond_centre=k > 0.06,
        beyond_low=np.flatnonzero(k > 0.1),
        bands=(np.flatnonzero((k > 0.6) & (k < 0.9)), np.flatnonzero((k > 0.1) & (k < 0.3))),
        beside_axes=(beside[0], beside[1]),
    )


def _values(view: SliceView) -> tuple[float, ...]:
    grid, log_power = _grid(view.shape), view.log_power
    lines = [_half(log_power.mean(axis=1 - axis).astype(np.float64)) for axis in (0, 1)]
    ring_mean = np.bincount(grid.ring, log_power.ravel()) / grid.counts
    steps = [_step(line) for line in lines]
    changes = [_line_changes(line, view.shape[1 - axis]) for axis, line in enumerate(lines)]
    radial_step, radial_filled = _step(ring_mean[1:-1])
    high, low = (float(view.power.ravel()[band].mean()) for band in grid.bands)
    aniso = [float(log_power.ravel()[part].mean()) for part in grid.beside_axes]
    along, across = view.phase_and_read(aniso[0], aniso[1])
    return (
        *_spikes(view, grid),
        _ring_peak(view, grid, ring_mean),
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


def _half(line: Floats) -> Floats:
    """Return frequencies 1 to Nyquist of a spectrum that is the same on both sides."""
    return line[1 : line.size // 2 + 1]


def _spikes(view: SliceView, grid: _Grid) -> tuple[float, float, float]:
    around = uniform_filter(view.log_power, 7, mode="wrap")
    above = np.where(grid.beyond_centre, (view.log_power - around) * np.float32(49 / 48), np.float32(0))
    outlying = above > _OUTLYING
    total = float(view.power[grid.beyond_centre].sum()) if outlying.any() else 1.0
    share = float(view.power[outlying].sum()) / max(total, 1e-30) if outlying.any() else 0.0
    return float(above.max()), 1000.0 * float(outlying.mean()), float(np.log10(1e-8 + share))


def _ring_peak(view: SliceView, grid: _Grid, ring_mean: Floats) -> float:
    above = view.log_power.ravel() - ring_mean.astype(np.float32)[grid.ring]
    return float(above[grid.beyond_low].max())


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
    correlation = irfft(np.abs(rfft(rest, 2 * rest.size)) ** 2, 2 * rest.size)[: rest.size // 2 + 1]
    return float(np.sqrt(energy / rest.size)) / expected, float(correlation[2:].max() / correlation[0])


SPECTRUM = Family(metrics=METRICS, values=_values)
