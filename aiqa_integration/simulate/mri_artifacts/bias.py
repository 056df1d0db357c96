"""Signal non-uniformity: the receive field of a coil."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step, error_energy
from aiqa_integration.simulate.mri_artifacts.fields import coil_field, polynomial_field
from aiqa_integration.simulate.mri_artifacts.scan import Acquisition, Anatomy, normalized


@dataclass(frozen=True, slots=True, kw_only=True)
class Bias(Disturbance):
    """A smooth field whose logarithm has the standard deviation ``target`` inside the object, its mean kept."""

    artifact: ClassVar[ArtifactId] = ArtifactId.BIAS
    stage: ClassVar[Stage] = Stage.OBJECT
    kind: Literal["smooth", "coil"]
    order: int
    seed: int

    def plan(self, acquisition: Acquisition) -> Acquisition:
        """Return the acquisition with an even coil."""
        return replace(acquisition, coil_log_sd=0.0)

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object as the field weights it."""
        rng, shape = np.random.default_rng(self.seed), anatomy.signal.shape
        field = coil_field(rng, shape) if self.kind == "coil" else polynomial_field(rng, shape, order=self.order)
        logarithm = self.target * normalized(field, anatomy.foreground)
        gain = np.exp(np.clip(logarithm, -4.0, 4.0))
        signal = anatomy.signal * gain
        signal *= np.float32(anatomy.reference / (replace(anatomy, signal=signal).reference))
        measure = float(logarithm[anatomy.foreground].std()) if anatomy.foreground.any() else 0.0
        error = error_energy(anatomy, anatomy.signal, signal)
        return Step(anatomy=replace(anatomy, signal=signal), measure=measure, error=error)
