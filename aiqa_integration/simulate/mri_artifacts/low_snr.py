"""Thermal noise: complex and white in k-space, Rician in the magnitude."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy


@dataclass(frozen=True, slots=True, kw_only=True)
class LowSnr(Disturbance):
    """Noise that makes ``target`` the mean signal of the object over the noise's standard deviation per channel."""

    artifact: ClassVar[ArtifactId] = ArtifactId.LOW_SNR
    stage: ClassVar[Stage] = Stage.NOISE

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object in that noise, or in its own where that is more; the error is the energy added."""
        noise_sd = max(anatomy.reference / self.target, anatomy.noise_sd)
        added = 2 * (noise_sd**2 - anatomy.noise_sd**2) / anatomy.reference**2
        error = np.full(anatomy.signal.shape, added, np.float32)
        return Step(anatomy=replace(anatomy, noise_sd=noise_sd), measure=anatomy.reference / noise_sd, error=error)
