"""A patient's MR series for the demo and tests: a random head, clean or with one artifact of known severity."""

from dataclasses import dataclass, replace

import numpy as np

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import Severity
from aiqa_integration.model.image import ImageStack, SliceRef
from aiqa_integration.simulate.label_maps import draw_anatomy
from aiqa_integration.simulate.mri_artifacts.disturbance import corrupt
from aiqa_integration.simulate.mri_artifacts.draw import draw_artifact

MATRIX = 192
SLICES = 12
_FULL_SCALE = 1000.0
_SNR = 60.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedPatient:
    """A series and what is wrong with it; ``phase_axis`` is the array axis of phase encoding within a slice."""

    stack: ImageStack
    artifact: ArtifactId | None
    severity: Severity
    phase_axis: int


def simulate_patient(
    rng: np.random.Generator, artifact: ArtifactId | None = None, severity: Severity = 0
) -> SimulatedPatient:
    """Return a simulated axial head series of 12 slices, 192 x 192, with an artifact where one is named."""
    shape = (SLICES, MATRIX, MATRIX)
    drawn = draw_anatomy(rng, shape=shape, region="head", fat_suppressed=False)
    anatomy = replace(drawn, noise_sd=drawn.reference / _SNR)
    disturbances = [] if artifact is None else [draw_artifact(artifact, rng, severity, shape=shape)]
    voxels, _ = corrupt(anatomy, disturbances)
    scaled = np.asarray(voxels * np.float32(_FULL_SCALE / np.percentile(voxels, 99.5)), np.float32)
    pixel_mm, slice_mm = anatomy.pixel_mm, anatomy.slice_mm
    affine = np.diag([pixel_mm, pixel_mm, slice_mm, 1.0])
    affine[:2, 3] = -pixel_mm * (MATRIX - 1) / 2
    refs = tuple(
        SliceRef(
            sop_instance_uid=f"1.{z + 1}",
            sop_class_uid="1",
            frame_number=None,
            instance_number=z + 1,
            position_mm=slice_mm * z,
        )
        for z in range(SLICES)
    )
    stack = ImageStack(
        voxels=scaled,
        spacing_mm=(slice_mm, pixel_mm, pixel_mm),
        affine_mm=affine,
        value_unit="1",
        slices=refs,
    )
    return SimulatedPatient(stack=stack, artifact=artifact, severity=severity, phase_axis=anatomy.phase_axis - 1)
