"""Fat at another frequency: shifted along the read direction, or not suppressed where the field is off."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.special import expit

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step, error_energy
from aiqa_integration.simulate.mri_artifacts.fields import polynomial_field
from aiqa_integration.simulate.mri_artifacts.scan import (
    Acquisition,
    Anatomy,
    Volume,
    normalized,
    phase_of,
    shift_fat,
)

_STEPS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ChemicalShift(Disturbance):
    """Fat moved ``target`` pixels along the read direction, towards higher indices where ``sign`` is 1, lower at -1."""

    artifact: ClassVar[ArtifactId] = ArtifactId.CHEMICAL_SHIFT
    stage: ClassVar[Stage] = Stage.FAT
    sign: int

    def plan(self, acquisition: Acquisition) -> Acquisition:
        """Return the acquisition without a fat shift of its own."""
        return replace(acquisition, fat_shift_px=0.0)

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object with its fat moved; ValueError where no fat shows."""
        moved = shift_fat(anatomy, self.sign * self.target)
        error = error_energy(anatomy, shift_fat(anatomy, 0.0).signal, moved.signal)
        return Step(anatomy=moved, measure=self.target, error=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class FatSatFailure(Disturbance):
    """Fat left unsuppressed, ``target`` of all its signal, on one side of a smooth off-resonance field.

    ``softness`` is how gradual the border is, in standard deviations of the field, ``order`` the field's degree in the
    plane: fat comes back on one side, or in more places the higher it is.
    """

    artifact: ClassVar[ArtifactId] = ArtifactId.FAT_SAT_FAILURE
    stage: ClassVar[Stage] = Stage.FAT
    softness: float
    seed: int
    order: int = 3

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object with that fat; ValueError where there is none or none is suppressed."""
        if anatomy.fat is None or not anatomy.fat_suppressed or not anatomy.fat.any():
            raise ValueError("no suppressed fat that could reappear")
        fat = anatomy.fat
        field = polynomial_field(np.random.default_rng(self.seed), fat.shape, order=self.order)
        left = self._left(normalized(field, fat > 0.1 * fat.max()), fat)
        signal = anatomy.signal + phase_of(anatomy.signal) * (fat * left)
        error = error_energy(anatomy, anatomy.signal, signal)
        measure = float((fat * left).sum() / fat.sum())
        return Step(anatomy=replace(anatomy, signal=signal), measure=measure, error=error)

    def _left(self, field: Volume, fat: Volume) -> Volume:
        """Return the part of fat left at each pixel, so that ``target`` of all is."""
        some = fat > 0.02 * fat.max()
        values, weight = field[some], fat[some]
        bottom, top = -8.0, 8.0
        for _ in range(_STEPS):
            middle = (bottom + top) / 2
            reached = float((weight * expit((values - middle) / self.softness)).sum() / weight.sum())
            bottom, top = (middle, top) if reached > self.target else (bottom, middle)
        return np.asarray(expit((field - np.float32(bottom)) / np.float32(self.softness)), np.float32)
