"""Probability of each MRI artifact in a series, as a metric that limits can judge.

A value is the calibrated probability that the artifact is at least moderate (it limits reading). Lower is better. It
comes from the bundle ``mri_artifact_detection``; the limit is the threshold of the scanner's own calibration, and
without one the value isn't judged.
"""

from aiqa_integration.model.artifact import ARTIFACTS, ArtifactId
from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import MetricDef
from aiqa_integration.model.quantity import ONE

_CODES = {
    ArtifactId.MOTION: "AIQA-P-MOTION",
    ArtifactId.GHOST: "AIQA-P-GHOST",
    ArtifactId.WRAP: "AIQA-P-WRAP",
    ArtifactId.GIBBS: "AIQA-P-GIBBS",
    ArtifactId.SPIKE: "AIQA-P-SPIKE",
    ArtifactId.ZIPPER: "AIQA-P-ZIPPER",
    ArtifactId.BIAS: "AIQA-P-BIAS",
    ArtifactId.LOW_SNR: "AIQA-P-LOWSNR",
    ArtifactId.SUSCEPTIBILITY: "AIQA-P-SUSC",
    ArtifactId.FAT_SAT_FAILURE: "AIQA-P-FATSAT",
    ArtifactId.CHEMICAL_SHIFT: "AIQA-P-CHEM",
    ArtifactId.SLICE_DROPOUT: "AIQA-P-DROPOUT",
}

ARTIFACT_PROBABILITIES = {
    artifact.id: MetricDef(
        id=f"mr-artifact-{artifact.id}",
        label=f"{artifact.title}, probability",
        unit=ONE,
        better="lower",
        source="bundle mri_artifact_detection, calibrated on the scanner's reviewed series",
        version="1",
        code=aiqa_code(_CODES[artifact.id], f"{artifact.title}, probability"),
    )
    for artifact in ARTIFACTS
}
METRICS = tuple(ARTIFACT_PROBABILITIES.values())
