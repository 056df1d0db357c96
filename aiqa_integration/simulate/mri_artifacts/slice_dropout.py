"""Slices that lost signal: every other one by cross-talk, single ones by a moment of motion."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step, error_energy
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy

MIN_SLICES = 3
"""A slice without neighbours on both sides can't be said to have lost signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceDropout(Disturbance):
    """Slices with less signal: all of one parity (``places`` empty), or those at ``places`` (0 to 1) of the stack.

    ``target`` is the loss of the worst; ``shares`` are the others' losses over it.
    """

    artifact: ClassVar[ArtifactId] = ArtifactId.SLICE_DROPOUT
    stage: ClassVar[Stage] = Stage.OBJECT
    places: tuple[float, ...] = ()
    shares: tuple[float, ...] = (1.0,)
    parity: int = 0

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the stack with the loss; ValueError where it has fewer than three slices."""
        gains = self.gains(len(anatomy.signal))
        signal = anatomy.signal * gains[:, None, None].astype(np.float32)
        near = np.concatenate([gains[1:2], (gains[:-2] + gains[2:]) / 2, gains[-2:-1]])
        error = error_energy(anatomy, anatomy.signal, signal)
        return Step(anatomy=replace(anatomy, signal=signal), measure=float((1 - gains / near).max()), error=error)

    def gains(self, slices: int) -> NDArray[np.float64]:
        """Return what is left of each slice's signal; ValueError for fewer than three slices."""
        if slices < MIN_SLICES:
            raise ValueError(f"{slices} slices have no neighbours to be compared with")
        gains = np.ones(slices)
        if not self.places:
            gains[self.parity :: 2] = 1 - self.target * np.resize(self.shares, gains[self.parity :: 2].size)
            return gains
        for place, share in zip(self.places, self.shares, strict=True):
            at = min(int(place * slices), slices - 1)
            if gains[max(at - 1, 0) : at + 2].min() == 1.0:
                gains[at] = 1 - self.target * share
        return gains
