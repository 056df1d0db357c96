"""Edges: how sharp, how many, which way, and whether they come again.

R1 and R2 are the autocorrelations of the first and second difference along an axis, over all lines, each divided by its
value at no shift; the Fourier transform gives them at once.

- ``gradient-entropy``: entropy of the gradient's magnitude, -sum(p · ln p) / ln(n), p its share of the sum; motion and
  noise raise it (McGee, J Magn Reson Imaging 2000;11:174).
- ``gradient-anisotropy``: ln(sum of squares of the difference along phase encoding / along read-out), from 2 x 2
  pixels, as the gradient.
- ``gradient-mean``: mean magnitude of the gradient in the object, in S per pixel.
- ``sharpness``: 99th percentile of the gradient's magnitude in the object, in S per pixel (Tenenbaum's criterion).
- ``fineness-phase``, ``-read``: sum of squares of the second difference / of the first; high where detail is sharp or
  noise is white, low where it is blurred.
- ``ringing-phase``, ``-read``: largest R2 from shift 2 to 8: lobes of truncation (Wood, Magn Reson Med 1985;2:517).
- ``edge-repeat-phase``, ``-read``: largest R1 from an eighth of the field of view on: edges that come again, as ghosts.
- ``edge-half-phase``, ``-read``: R1 at half the field of view: edges of a Nyquist ghost (Wood, Med Phys 1985;12:143).
"""

import numpy as np
from scipy.fft import irfft

from aiqa_integration.metrics.image_quality.blocks import Pixels
from aiqa_integration.metrics.image_quality.definition import Family, quality_metric
from aiqa_integration.metrics.image_quality.statistics import Floats, mean_of, quantile
from aiqa_integration.metrics.image_quality.view import SliceView, line_means

_MCGEE = "McGee et al., J Magn Reson Imaging 2000;11:174, gradient entropy"
_TENENBAUM = "Krotkov, Int J Comput Vis 1988;1:223, Tenenbaum's gradient criterion"
_TRUNCATION = "Wood and Henkelman, Magn Reson Med 1985;2:517, truncation of k-space"
_GHOSTS = "Wood and Henkelman, Med Phys 1985;12:143, ghosts along phase encoding"

METRICS = (
    quality_metric("gradient-entropy", "GRADENT", "Entropy of gradients", source=_MCGEE),
    quality_metric("gradient-anisotropy", "GRADANI", "Gradients, phase over read-out", source=_MCGEE, better="target"),
    quality_metric("gradient-mean", "GRADMEAN", "Mean gradient", source=_TENENBAUM, better="target"),
    quality_metric("sharpness", "SHARP", "Sharpness of edges", source=_TENENBAUM, better="target"),
    quality_metric("fineness-phase", "FINEPHA", "Fineness along phase", source=_TENENBAUM, better="target"),
    quality_metric("fineness-read", "FINEREAD", "Fineness along read-out", source=_TENENBAUM, better="target"),
    quality_metric("ringing-phase", "RINGPHA", "Ringing along phase encoding", source=_TRUNCATION),
    quality_metric("ringing-read", "RINGREAD", "Ringing along read-out", source=_TRUNCATION),
    quality_metric("edge-repeat-phase", "REPPHA", "Repeated edges along phase encoding", source=_GHOSTS),
    quality_metric("edge-repeat-read", "REPREAD", "Repeated edges along read-out", source=_GHOSTS),
    quality_metric("edge-half-phase", "HALFPHA", "Edges half a field of view apart, phase", source=_GHOSTS),
    quality_metric("edge-half-read", "HALFREAD", "Edges half a field of view apart, read-out", source=_GHOSTS),
)


def _values(view: SliceView) -> tuple[float, ...]:
    rows, columns = _differences(*view.steps)
    down, right = rows * rows, columns * columns
    along, across = view.phase_and_read(mean_of(down), mean_of(right))
    magnitude = np.sqrt(down + right)
    inside = magnitude[view.core_squares(1)]
    repeats = [
        _repeats(power, count) for power, count in zip(line_means(view.power, view.shape), view.shape, strict=True)
    ]
    return (
        _entropy(magnitude),
        float(np.log(max(along, 1e-12) / max(across, 1e-12))),
        mean_of(inside) if inside.size else 0.0,
        quantile(inside, 0.99) if inside.size else 0.0,
        *(value for pair in zip(*repeats, strict=True) for value in view.phase_and_read(*pair)),
    )


def _differences(down: Pixels, right: Pixels) -> tuple[Pixels, Pixels]:
    """Return the differences along rows' and columns' direction between the halves of every 2 x 2 pixels."""
    half = np.float32(0.5)
    return (down[:, 1:] + down[:, :-1]) * half, (right[1:] + right[:-1]) * half


def _entropy(magnitude: Pixels) -> float:
    """Return the entropy of the magnitudes' shares: ln(total) - sum(m · ln m) / total, over ln(n)."""
    total = float(magnitude.sum())
    if total < 1e-9 * magnitude.size:
        return 0.0
    mixed = float(np.vdot(magnitude, np.log(magnitude + np.float32(1e-20))))
    return float((np.log(total) - mixed / total) / np.log(magnitude.size))


def _repeats(power: Floats, count: int) -> tuple[float, float, float, float]:
    """Return fineness, ringing, repeated edges and edges half a field of view apart along one axis.

    ``power``, from zero frequency to Nyquist, is the mean over ``count`` lines' transforms: its own transform is the
    mean of the lines' autocorrelations.
    """
    step = 2.0 - 2.0 * np.cos(2.0 * np.pi * np.fft.rfftfreq(count))
    first = irfft(power * step, count)[: count // 2 + 1]
    second = irfft(power * step**2, count)[: count // 2 + 1]
    if first[0] <= 1e-12 * float(power.sum()) / count or second[0] <= 0.0:
        return 0.0, 0.0, 0.0, 0.0
    return (
        float(second[0] / first[0]),
        float(second[2:9].max() / second[0]),
        float(first[count // 8 :].max() / first[0]),
        float(first[-1] / first[0]),
    )


EDGES = Family(metrics=METRICS, values=_values)
