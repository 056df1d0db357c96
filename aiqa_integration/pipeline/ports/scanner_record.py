"""What is known of a scanner from its earlier series."""

from collections.abc import Mapping
from typing import Protocol

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import ArtifactCalibration
from aiqa_integration.model.identity import Device
from aiqa_integration.model.report import BundleVersion


class ScannerRecord(Protocol):
    """What is known of a scanner from its earlier series of one protocol family (``families.Family``)."""

    def calibrations(
        self, device: Device, family: str, bundle: BundleVersion
    ) -> Mapping[ArtifactId, ArtifactCalibration]:
        """Return the calibration of each artifact that has one for this bundle; what is missing is uncalibrated."""

    def usual(self, device: Device, family: str) -> Mapping[str, float]:
        """Return the median of each image-quality metric, by id; empty where too few series are known."""


class NoScannerRecord:
    """Knows no scanner: nothing is calibrated, nothing is usual."""

    def calibrations(
        self, device: Device, family: str, bundle: BundleVersion
    ) -> Mapping[ArtifactId, ArtifactCalibration]:
        """Return nothing."""
        del device, family, bundle
        return {}

    def usual(self, device: Device, family: str) -> Mapping[str, float]:
        """Return nothing."""
        del device, family
        return {}
