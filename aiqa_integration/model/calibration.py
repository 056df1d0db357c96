"""How far a network's probability of an artifact is to be believed on one scanner and protocol family."""

from dataclasses import dataclass
from math import exp, log

from aiqa_integration.model.finding import Calibration

_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactCalibration:
    """The calibration of one artifact: its state, how the network's logit becomes a probability, and the limit.

    ``slope`` and ``intercept`` act on the logit (Platt); from ``threshold`` on the artifact counts as found, once they
    were fitted (before that the band of the artifact's class says so: ``artifact_detection.gate.band_of``).
    ``reviewed`` and ``positives`` count the reviewed cases behind it, ``ppv_low`` is the lower bound of the share of
    right alerts that they show; ``revision`` changes with every change.
    """

    state: Calibration = "uncalibrated"
    slope: float = 1.0
    intercept: float = 0.0
    threshold: float = 0.5
    reviewed: int = 0
    positives: int = 0
    ppv_low: float | None = None
    revision: int = 0

    @property
    def fitted(self) -> bool:
        """Whether reviewers' answers have fitted it; else it leaves the network's probability as it is."""
        return self.ppv_low is not None

    def probability(self, raw: float) -> float:
        """Return the calibrated probability for the network's own."""
        bounded = min(max(raw, _LEAST_PROBABILITY), 1.0 - _LEAST_PROBABILITY)
        return 1.0 / (1.0 + exp(-(self.slope * log(bounded / (1.0 - bounded)) + self.intercept)))


UNCALIBRATED = ArtifactCalibration()
"""What holds until a site's reviewers have answered: probabilities as the bundle gives them, no alert."""
