"""The outline of a round vessel from the places where rays from its axis leave the water, one a ray, all around."""

from functools import lru_cache

import numpy as np

from aiqa_integration.model.sampling import BoolArray, FloatArray

HOUSING_DEG = 8.0
"""Half of the arc at twelve o'clock of the drawing that the housing of an ACR phantom's wedges (12 mm) may hide."""


def ellipse_through(edges_mm: FloatArray, keep: BoolArray) -> FloatArray:
    """Return the radius per ray of the outline (offset and ellipse, least squares) through the edges that are kept.

    Rays are evenly spaced all around, the first at 0°. At least five of them are needed.
    """
    basis = _waves(len(edges_mm))
    kept = basis[:, keep]
    factors = np.linalg.solve(kept @ kept.T, kept @ edges_mm[keep])
    return np.asarray(factors @ basis, np.float64)


@lru_cache(maxsize=4)
def _waves(rays: int) -> FloatArray:
    """Return what an offset and an ellipse change around a circle, ``[change, ray]``."""
    turn = np.arange(rays) * (2 * np.pi / rays)
    return np.stack([np.ones_like(turn), np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)])


def median_around(values: FloatArray, *, half_width: int) -> FloatArray:
    """Return the running median over a circle, NaN ignored; 0 where all are NaN."""
    known = np.isfinite(values)
    ends = np.arange(-half_width, values.size + half_width) % values.size
    windows = np.lib.stride_tricks.sliding_window_view(np.where(known, values, np.inf)[ends], 2 * half_width + 1)
    counts = np.lib.stride_tricks.sliding_window_view(known[ends], 2 * half_width + 1).sum(axis=1)
    middle = np.sort(windows, axis=1)[np.arange(values.size), np.clip((counts - 1) // 2, 0, None)]
    return np.where(counts > 0, middle, 0.0)
