"""Ghosts: a modulation of k-space along the phase direction, of all the object or of a pulsating part of it."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step, error_energy
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy, Volume

_LARGEST = 0.95  # of the modulation: a deeper one than the signal itself isn't a modulation


@dataclass(frozen=True, slots=True, kw_only=True)
class Ghost(Disturbance):
    """A modulation of ``period`` lines: its ghosts lie the field of view over the period away.

    ``kind``: the lines' amplitude, their phase, or (``odd-even``, period 2) opposite phases of alternate lines as in
    echo-planar imaging. ``wander_rad`` is the irregularity of the modulation from line to line. ``part`` is the place
    (0 to 1, along rows' and columns' index) and radius (of the field of view) of what pulsates; None is everything.
    """

    artifact: ClassVar[ArtifactId] = ArtifactId.GHOST
    stage: ClassVar[Stage] = Stage.ENCODING
    kind: Literal["amplitude", "phase", "odd-even"]
    period: float
    start_rad: float = 0.0
    wander_rad: float = 0.0
    part: tuple[float, float, float] | None = None
    seed: int = 0

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object with its ghosts; the measure is that of the modulation made."""
        shape, axis = anatomy.signal.shape, anatomy.phase_axis
        weight = self._weight(anatomy)
        share = 1.0
        source = anatomy.signal
        if weight is not None:
            source = anatomy.signal * weight
            share = float(np.abs(source[anatomy.foreground]).sum()) / (
                float(weight[anatomy.foreground].sum()) * anatomy.reference
            )
        modulation = self._modulation(shape[axis], min(self.target / share, _LARGEST))
        change = np.asarray(modulation - 1, np.complex64)
        spectrum = fft.fft(source, axis=axis) * (change[:, None] if axis == 1 else change)
        signal = anatomy.signal + fft.ifft(spectrum, axis=axis, overwrite_x=True)
        measure = share * self._strength(modulation)
        error = error_energy(anatomy, anatomy.signal, signal)
        return Step(anatomy=replace(anatomy, signal=signal), measure=measure, error=error)

    def _weight(self, anatomy: Anatomy) -> Volume | None:
        """Return how much each pixel pulsates; None for all alike, as where the part has no signal."""
        if self.part is None:
            return None
        rows, columns = anatomy.signal.shape[1:]
        y = (np.arange(rows) / rows - self.part[0])[:, None]
        x = np.arange(columns) / columns - self.part[1]
        near = np.exp(-(y * y + x * x) / (2 * self.part[2] ** 2))[None].astype(np.float32)
        weight = np.broadcast_to(near, anatomy.signal.shape) * anatomy.foreground
        own = float(np.abs(anatomy.signal * weight).sum()) / (float(weight.sum()) + 1e-9)
        return weight if own > 0.3 * anatomy.reference else None

    def _modulation(self, lines: int, depth: float) -> NDArray[np.complex128]:
        """Return the factor of each line in the order of the FFT, its mean 1, its ghosts ``depth`` of the object."""
        index = np.arange(lines) - lines // 2
        if self.kind == "odd-even":
            wave = np.where(index % 2 == 0, 1.0, -1.0)
            factor = np.exp(1j * np.arctan(depth) * wave)
        else:
            wander = np.cumsum(np.random.default_rng(self.seed).normal(0, self.wander_rad, lines))
            wave = np.sqrt(2.0) * _unit(np.cos(2 * np.pi * index / self.period + self.start_rad + wander))
            swing = depth * (1.0 if self.period == 2.0 else np.sqrt(2.0)) / np.sqrt(2.0) * wave
            factor = 1 + swing if self.kind == "amplitude" else np.exp(1j * swing)
        return np.asarray(np.fft.ifftshift(factor / factor.mean()))

    def _strength(self, modulation: NDArray[np.complex128]) -> float:
        """Return the signal of one ghost over the object's: a period of two lines makes one ghost, others two."""
        spread = float(np.sqrt(np.mean(np.abs(modulation - 1) ** 2)))
        return spread / (1.0 if self.period == 2.0 else float(np.sqrt(2.0)))


def _unit(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = wave - wave.mean()
    return np.asarray(centred / (centred.std() + 1e-12))
