"""Spikes: single points of k-space that a discharge made bright; stripes across the whole image."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step, error_energy
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy

_FAINTEST_WEIGHT = 0.05  # of the window: a spike that the filter removes more than this is not seen


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikePoint:
    """A point of k-space: place over the sampled extent (-1 to 1, along rows' and columns' index), slice (0 to 1).

    ``size`` is its amplitude over the largest spike's.
    """

    row: float
    column: float
    slice_place: float
    size: float
    phase_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike(Disturbance):
    """Bright points of k-space; ``target`` is the amplitude of the largest one's stripes over the object's signal.

    Not over k-space's largest: that is the signal of all the image, and the same stripes would count less the more of
    the image the object fills.
    """

    artifact: ClassVar[ArtifactId] = ArtifactId.SPIKE
    stage: ClassVar[Stage] = Stage.INTERFERENCE
    points: tuple[SpikePoint, ...]

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object with the spikes' stripes."""
        signal = anatomy.signal.copy()
        rows, columns = signal.shape[1:]
        weights = anatomy.acquisition.weights(signal.shape, anatomy.phase_axis)
        for point in self.points:
            layer = slice_of(point, len(signal))
            place = frequency_of(point, anatomy)
            weight = float(weights[0][place[0]] * weights[1][place[1]])
            height = self.target * point.size * anatomy.reference / max(weight, _FAINTEST_WEIGHT)
            down = np.exp(2j * np.pi * place[0] * np.arange(rows) / rows)
            across = np.exp(2j * np.pi * place[1] * np.arange(columns) / columns)
            signal[layer] += (height * np.exp(1j * point.phase_rad) * np.outer(down, across)).astype(np.complex64)
        error = error_energy(anatomy, anatomy.signal, signal)
        return Step(anatomy=replace(anatomy, signal=signal), measure=self.target, error=error)


def slice_of(point: SpikePoint, slices: int) -> int:
    """Return the slice that a spike fell into."""
    return min(int(point.slice_place * slices), slices - 1)


def frequency_of(point: SpikePoint, anatomy: Anatomy) -> tuple[int, int]:
    """Return the whole periods that a spike's stripes make over the image, along rows' and columns' index."""
    kept, (rows, columns) = anatomy.acquisition.kept, anatomy.signal.shape[1:]
    return round(point.row * kept[0] * rows), round(point.column * kept[1] * columns)
