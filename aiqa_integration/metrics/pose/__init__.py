"""From a network's output to where an ACR MRI phantom lies: landmarks, slice numbers, rigid pose."""

from aiqa_integration.metrics.pose.acr_mri import locate_acr_mri
from aiqa_integration.metrics.pose.grid import (
    GRID,
    GRID_MM,
    grid_centre,
    resample,
    signal_middle,
    smoothed,
    to_grid,
)
from aiqa_integration.metrics.pose.inputs import prepare_inputs

__all__ = [
    "GRID",
    "GRID_MM",
    "grid_centre",
    "locate_acr_mri",
    "prepare_inputs",
    "resample",
    "signal_middle",
    "smoothed",
    "to_grid",
]
