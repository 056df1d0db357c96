"""What becomes of an image after its scan and before anybody sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import rotate, zoom

from aiqa_integration.simulate.canvas import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What scanners and archives do to a finished image: turned, resampled, padded, cut off above, quantised."""

    scale: float
    pad: tuple[tuple[int, int], tuple[int, int]]
    levels: int
    turn_deg: float
    cut: float

    @classmethod
    def none(cls) -> Finish:
        """Return the finish that leaves an image as it is."""
        return cls(scale=1.0, pad=((0, 0), (0, 0)), levels=0, turn_deg=0.0, cut=100.0)

    @classmethod
    def drawn(cls, rng: np.random.Generator, shape: tuple[int, ...]) -> Finish:
        """Draw a finish for images of a shape [row, column]."""
        scale = float(rng.uniform(0.85, 1.4)) if rng.random() < 0.12 else 1.0
        pad = int(rng.uniform(0.05, 0.25) * shape[0]) if rng.random() < 0.08 else 0
        around = ((0, 0), (pad, pad)) if rng.random() < 0.5 else ((pad, pad), (0, 0))
        return cls(
            scale=scale,
            pad=around,
            levels=int(rng.choice([0, 200, 500, 1500, 4000])),
            turn_deg=float(rng.normal(0, 4)) if rng.random() < 0.1 else 0.0,
            cut=float(rng.uniform(97, 99.9)) if rng.random() < 0.12 else 100.0,
        )

    def geometry(self, image: Field) -> Field:
        """Return an image, or a map of it, turned, resampled and padded."""
        if self.turn_deg:
            image = np.maximum(rotate(image, self.turn_deg, reshape=False, order=1), 0)
        scaled = image if self.scale == 1.0 else np.maximum(zoom(image, self.scale, order=1), 0)
        return np.asarray(np.pad(scaled, self.pad), np.float32)

    def applied(self, image: Field) -> Field:
        """Return an image as it is kept."""
        shown = self.geometry(image)
        if self.cut < 100.0:
            shown = np.minimum(shown, np.percentile(shown, self.cut))
        if not self.levels:
            return shown
        top = float(np.percentile(shown, 99.9)) or 1.0
        return np.asarray(np.rint(shown * self.levels / top), np.float32)
