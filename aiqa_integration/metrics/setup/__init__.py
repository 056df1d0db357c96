"""How a round phantom lay, and what that says: tilt, roll, off centre, mirrored, slice position, bubble, coil.

Findings carry what was measured and what to do; they never change a verdict.
"""

from collections.abc import Sequence

from aiqa_integration.metrics.setup.bubble import bubble_finding
from aiqa_integration.metrics.setup.placing import placing_findings
from aiqa_integration.metrics.setup.signal import signal_finding
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.measurement import Measurement
from aiqa_integration.model.phantom import PhantomImages

__all__ = ["find_setup_faults"]


def find_setup_faults(
    images: PhantomImages, measurements: Sequence[Measurement], *, diameter_mm: float
) -> tuple[Finding, ...]:
    """Return what is remarkable about the set-up, in the order in which a person would mend it.

    Raises MeasurementError where the pixels are not all finite.
    """
    findings = list(placing_findings(images, measurements))
    if images.located.view == "axial":
        findings += [
            finding
            for finding in (
                bubble_finding(images, diameter_mm=diameter_mm),
                signal_finding(images, diameter_mm=diameter_mm),
            )
            if finding is not None
        ]
    return tuple(findings)
