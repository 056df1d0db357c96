"""Truncation: k-space ends early and is not rounded off."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step
from aiqa_integration.simulate.mri_artifacts.scan import Acquisition, Anatomy, Volume, finish


@dataclass(frozen=True, slots=True, kw_only=True)
class Gibbs(Disturbance):
    """K-space kept up to ``target`` cycles per pixel without a filter, in both directions or along phase only."""

    artifact: ClassVar[ArtifactId] = ArtifactId.GIBBS
    stage: ClassVar[Stage] = Stage.SAMPLING
    both: bool

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object as sampled; the error is that against the same extent rounded off."""
        kept = self.kept(anatomy)
        how = replace(anatomy.acquisition, kept=kept, sharpen=0.0)
        ringing = replace(how, window="none")
        error = (_image(anatomy, ringing) - _image(anatomy, replace(how, window="hann", strength=1.0))) ** 2
        error = np.asarray(error / np.float32(anatomy.reference) ** 2, np.float32)
        return Step(anatomy=replace(anatomy, acquisition=ringing), measure=min(kept), error=error)

    def kept(self, anatomy: Anatomy) -> tuple[float, float]:
        """Return how far k-space is kept along rows' and columns' index; all of it where it doesn't ring."""
        rows, columns = (self.target if self.both or axis == anatomy.phase_axis else 0.5 for axis in (1, 2))
        return rows, columns


def _image(anatomy: Anatomy, how: Acquisition) -> Volume:
    quiet = replace(how, air_masked=False)
    return finish(replace(anatomy, acquisition=quiet, noise_sd=0.0))
