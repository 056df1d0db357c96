"""What is said of one artifact: the network's assessment, the scanner's calibration and the image's own measure.

The one place where the three meet: the analysis and the bundle's evaluation both say what this module says.
"""

from dataclasses import dataclass

from aiqa_integration.artifact_detection.gate import Answer, Band, band_of
from aiqa_integration.artifact_detection.measured import Measured
from aiqa_integration.artifact_detection.pool import Assessment
from aiqa_integration.model.calibration import UNCALIBRATED, ArtifactCalibration
from aiqa_integration.model.finding import ALERTED_SEVERITY, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of one artifact in a series on a scanner; ``measured`` is None where it cannot be measured."""

    assessment: Assessment
    calibration: ArtifactCalibration = UNCALIBRATED
    measured: Measured | None = None

    @property
    def probability(self) -> float:
        """The probability that it limits reading, as calibrated here."""
        return self.calibration.probability(self.assessment.probability)

    @property
    def band(self) -> Band:
        """The probabilities between which nothing is said here."""
        return band_of(self.assessment.artifact, self.calibration)

    @property
    def denied(self) -> Measured | None:
        """The measure that speaks against what the network says: it is present, but does not limit by its measure.

        Calibrated scanners are no exception: what reviewers' answers move is what a probability stands for there, not
        what an image shows.
        """
        found = self.measured
        present = self.band.answer(self.probability) == "present"
        return found if present and found is not None and found.denies else None

    @property
    def answer(self) -> Answer:
        """What is said: left open also where network and measure disagree."""
        return "left open" if self.denied else self.band.answer(self.probability)

    @property
    def severity(self) -> Severity:
        """The severity, held below that of an alert where the artifact isn't said to be present.

        Absent is what would limit reading: a minor artifact is still reported, unless the network, whose word the
        scanner's calibration overrules, says more than that.
        """
        found = self.assessment.severity
        if self.answer == "present":
            return max(ALERTED_SEVERITY, found)
        if self.denied:
            return 1
        return 1 if found == 1 or (found and self.answer == "left open") else 0

    @property
    def why_open(self) -> str:
        """Why it is left open, in words."""
        low, high = self.band.low, self.band.high
        if self.denied:
            return (
                f"left open: the network says {self.probability:.3g}, present from {high:.3g}; {self.denied.sentence}"
            )
        return f"left open: absent below {low:.3g}, present from {high:.3g}"
