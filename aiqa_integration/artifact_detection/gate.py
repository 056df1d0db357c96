"""Whether a series may be scored at all, and when the scores leave open what they say.

A network answers whatever it is shown. Two guards stand before its answer: a likeness that it was trained to tell (an
MR scan of a patient, or a phantom, CT, X-ray, pattern), and the Mahalanobis distance of its inner features from those
of its training, which needs no example of what is strange. Behind it stands a band of probability in which nothing is
said.
Source: Lee et al., NeurIPS 2018 (distance of features); Chow, IEEE Trans Inf Theory 1970;16:41 (rejection).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import ArtifactCalibration

Array = NDArray[np.float32]
Answer = Literal["present", "absent", "left open"]

MOST_UNLIKE = 1.02
"""Median over the slices of the norm of the network's "unlike" output, above which a series is not scored: one
simulated series in a hundred lies beyond. A single slice has a norm of 1 where one in a hundred is more unlike."""
LEAST_ASSESSABLE = 0.97
"""Mean probability over the slices of being an MR scan of a patient, below which a series is not scored. By both limits
four of 300 simulated series are not, and two of 146 simulated phantoms, CT, X-rays and patterns are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Probabilities between which nothing is said."""

    low: float
    high: float

    def answer(self, probability: float) -> Answer:
        """Return what a probability stands for."""
        if probability >= self.high:
            return "present"
        return "absent" if probability < self.low else "left open"


ABSTAIN = Band(low=0.3, high=0.7)
"""The band of a class that has none of its own."""
BANDS: Mapping[ArtifactId, Band] = {
    ArtifactId.MOTION: Band(low=0.052, high=0.62),
    ArtifactId.GHOST: Band(low=0.021, high=0.942),
    ArtifactId.WRAP: Band(low=0.028, high=0.835),
    ArtifactId.GIBBS: Band(low=0.293, high=0.677),
    ArtifactId.SPIKE: Band(low=0.034, high=0.328),
    ArtifactId.ZIPPER: Band(low=0.008, high=0.289),
    ArtifactId.BIAS: Band(low=0.041, high=0.826),
    ArtifactId.LOW_SNR: Band(low=0.575, high=0.914),
    ArtifactId.SUSCEPTIBILITY: Band(low=0.194, high=0.59),
    ArtifactId.FAT_SAT_FAILURE: Band(low=0.209, high=0.92),
    ArtifactId.CHEMICAL_SHIFT: Band(low=0.038, high=0.484),
    ArtifactId.SLICE_DROPOUT: ABSTAIN,
}
"""Of the probability that a series is limited, until a scanner and protocol has bands of its own. As the bundle's
scripts/finish.py found on stacks of drawn anatomies and of five real heads, the strictest of them: at most 0.5 % of the
clean ones, 4 % of those with a minor artifact and 5 % of those with others would reach ``high``, were it not raised by
a margin of the class's own, found by leaving heads out; 5 % of those with a limiting one stay below ``low``. Some lie
below one half: these probabilities rank, they are not calibrated. That of failed fat suppression is found in the same
way on suppressed scans alone, of drawn anatomies and of the three heads whose fat shines."""

LIKELY = 0.5
_NEVER_SURER = 1e-6
"""Probabilities are held this far from 0 and 1 before their logit is taken."""


def worth_a_look(raw: Mapping[ArtifactId, float]) -> frozenset[ArtifactId]:
    """Return the artifacts for which a person should look at a series, by the bundle's probabilities.

    Those more likely than not, and those that are said to be present, which of some classes is said below one half.
    """
    return frozenset(artifact for artifact, said in raw.items() if said >= min(LIKELY, BANDS[artifact].high))


def band_of(artifact: ArtifactId, calibration: ArtifactCalibration) -> Band:
    """Return the calibrated probabilities between which nothing is said of an artifact.

    A calibration that rests on no answers leaves the bundle's probability as it is, so the class's own band holds. One
    that was fitted has a threshold of its own, and the class's band hangs below it, as wide as before on the axis of
    logits but for the slope: the width tells how far scores with and without the artifact overlap, which is what the
    slope stretches; the offset, which is the scanner's (its share of the artifact, its look), has no part in it.
    """
    own = BANDS[artifact]
    if not calibration.fitted:
        return own
    ends = np.clip([own.low, own.high], _NEVER_SURER, 1.0 - _NEVER_SURER)
    width = max(calibration.slope, 0.0) * float(np.diff(logit(ends))[0])
    return Band(low=float(expit(logit(calibration.threshold) - width)), high=calibration.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How much a series is like the training: ``unlike`` a distance, ``assessable`` a probability."""

    unlike: float
    assessable: float

    @property
    def distance(self) -> float:
        """The distance over its limit: from above 1 a series is not scored."""
        return self.unlike / MOST_UNLIKE

    @property
    def scored(self) -> bool:
        """Whether the series may be scored."""
        return self.distance <= 1.0 and self.assessable >= LEAST_ASSESSABLE

    @property
    def reason(self) -> str:
        """Why the series is not scored, empty where it is."""
        if self.assessable < LEAST_ASSESSABLE:
            return f"looks like no MR images of a patient (probability {self.assessable:.2f})"
        if self.distance > 1.0:
            return f"unlike the images the network knows ({self.distance:.1f} times the limit)"
        return ""


def likeness(outputs: Mapping[str, Array]) -> Likeness:
    """Return the likeness of a series by the network's outputs on its slices: the median slice's distance."""
    distance = np.linalg.norm(outputs["unlike"].astype(np.float64), axis=1)
    return Likeness(unlike=float(np.median(distance)), assessable=float(outputs["assessable"].mean()))
