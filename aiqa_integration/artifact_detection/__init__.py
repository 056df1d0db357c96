"""MRI artifacts: which series can be looked at, what the network is given, and what its answers mean.

The fusion of image and metrics is a layer of the bundle itself (monai_bundles/mri_artifact_detection).
"""

from aiqa_integration.artifact_detection.gate import ABSTAIN, BANDS, Band, Likeness, likeness
from aiqa_integration.artifact_detection.inputs import GRID, detection_inputs, slice_channels
from aiqa_integration.artifact_detection.pool import CLASSES, Assessment, energy_of, pool

__all__ = [
    "ABSTAIN",
    "BANDS",
    "CLASSES",
    "GRID",
    "Assessment",
    "Band",
    "Likeness",
    "detection_inputs",
    "energy_of",
    "likeness",
    "pool",
    "slice_channels",
]
