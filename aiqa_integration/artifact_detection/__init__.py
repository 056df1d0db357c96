"""MRI artifacts: which series can be looked at, what the network is given, and what its answers mean."""

ARTIFACT_BUNDLE = "mri_artifact_detection"
ARTIFACT_ANALYSIS = "mri-artifact-detection"
