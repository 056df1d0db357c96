"""Artifacts made by other hands than ours, for testing only: TorchIO, MONAI's transforms, and small operators.

TorchIO makes motion, ghosting, half of the spikes and the receive field; MONAI makes truncation, the other spikes and
noise (scripts/library_artifacts.py). What no library makes (wrap, zipper, susceptibility, fat, chemical shift, dropped
slices) is made in the image by other formulas than those of ``aiqa_integration.simulate``, which training uses
(scripts/formula_artifacts.py). Each operator draws its
parameters, applies them to a whole stack ``[z, y, x]`` and returns the measure that the catalogue judges severity by;
``made`` draws until the measure lies where the wanted severity has it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId
from scripts.disturbed import CannotBeMade, Disturbed, Operator
from scripts.formula_artifacts import (
    chemical_shift,
    fat_sat_failure,
    slice_dropout,
    susceptibility,
    wrap,
    zipper,
)
from scripts.library_artifacts import bias, ghost, gibbs, low_snr, motion, spike
from scripts.stack_measures import Volume

TRIES = 60
_WORST = {
    ArtifactId.MOTION: 0.6,
    ArtifactId.GHOST: 0.3,
    ArtifactId.WRAP: 0.25,
    ArtifactId.GIBBS: 0.16,
    ArtifactId.SPIKE: 0.4,
    ArtifactId.ZIPPER: 25.0,
    ArtifactId.BIAS: 0.8,
    ArtifactId.LOW_SNR: 3.0,
    ArtifactId.SUSCEPTIBILITY: 0.12,
    ArtifactId.FAT_SAT_FAILURE: 1.0,
    ArtifactId.CHEMICAL_SHIFT: 7.0,
    ArtifactId.SLICE_DROPOUT: 0.8,
}
"""The worst value of each measure that is made: beyond it an image is no longer like any that a reader is sent."""


def made(
    artifact: ArtifactId,
    voxels: Volume,
    spacing_mm: tuple[float, float, float],
    severity: int,
    seed: tuple[int, ...],
    operators: Mapping[ArtifactId, Operator] | None = None,
) -> Disturbed:
    """Return the stack with the artifact at a severity from 1 to 3; raises CannotBeMade.

    ``operators`` are other ones than this file's.
    """
    rng = np.random.default_rng(seed)
    bounds = (*ARTIFACTS_BY_ID[artifact].anchors, _WORST[artifact])
    low, high = sorted(bounds[severity - 1 : severity + 1])
    turned = bool(rng.random() < 0.5) and artifact is not ArtifactId.SLICE_DROPOUT
    given = np.ascontiguousarray(voxels.swapaxes(1, 2)) if turned else voxels
    spacing = (spacing_mm[0], spacing_mm[2], spacing_mm[1]) if turned else spacing_mm
    aim = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    wanted = aim
    for _ in range(TRIES):
        found = (operators or OPERATORS)[artifact](given, spacing, wanted, rng)
        if low <= found.measure < high:
            return _turned_back(found) if turned else found
        wanted = float(np.clip(wanted * (aim / max(found.measure, 1e-6)) ** 0.7, aim / 20, aim * 20))
    raise CannotBeMade(f"{artifact} of severity {severity}: {found.measure:.3g} after {TRIES} tries")


def _turned_back(found: Disturbed) -> Disturbed:
    return Disturbed(
        voxels=np.ascontiguousarray(found.voxels.swapaxes(1, 2)),
        measure=found.measure,
        change=np.ascontiguousarray(found.change.swapaxes(1, 2)),
    )


OPERATORS: dict[ArtifactId, Operator] = {
    ArtifactId.MOTION: motion,
    ArtifactId.GHOST: ghost,
    ArtifactId.WRAP: wrap,
    ArtifactId.GIBBS: gibbs,
    ArtifactId.SPIKE: spike,
    ArtifactId.ZIPPER: zipper,
    ArtifactId.BIAS: bias,
    ArtifactId.LOW_SNR: low_snr,
    ArtifactId.SUSCEPTIBILITY: susceptibility,
    ArtifactId.FAT_SAT_FAILURE: fat_sat_failure,
    ArtifactId.CHEMICAL_SHIFT: chemical_shift,
    ArtifactId.SLICE_DROPOUT: slice_dropout,
}
LIBRARY = {
    ArtifactId.MOTION: "TorchIO Motion",
    ArtifactId.GHOST: "TorchIO Ghosting",
    ArtifactId.GIBBS: "MONAI GibbsNoise",
    ArtifactId.SPIKE: "TorchIO Spike, MONAI KSpaceSpikeNoise",
    ArtifactId.BIAS: "TorchIO BiasField",
    ArtifactId.LOW_SNR: "MONAI RandRicianNoise",
}
"""Whose operator it is, where it is not the project's."""
