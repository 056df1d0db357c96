"""From the network's answers on slices to one for the series, by artifact."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.artifact_detection.gate import BANDS, LIKELY, Band
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import EnergyMap, Severity

Array = NDArray[np.float32]

CLASSES = tuple(ArtifactId)
LEVELS = 3
WORST_PART = 0.2
"""Part of the slices, the worst ones, whose mean stands for the series: an artifact need not be in all."""
SINGLE_PART = 0.02
"""The same for artifacts that may hit a single slice."""
_SINGLE = frozenset({ArtifactId.SPIKE, ArtifactId.ZIPPER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What the network says of one artifact in a series.

    By the network alone: ``said.py`` holds it against the scanner's calibration and the image's own measure.
    ``reached`` are the probabilities that the severity is at least 1, 2, 3; ``severity`` is above 1 only where the
    probability of limiting reading is above the class's band, so that what is doubtful or minor alerts nobody;
    ``slices`` the worst slices, the worst first (none for dropped slices, which only the whole series shows).
    """

    artifact: ArtifactId
    reached: tuple[float, float, float]
    severity: Severity
    slices: tuple[int, ...]

    @property
    def probability(self) -> float:
        """The probability that it limits reading: severity 2 or more."""
        return self.reached[1]


def pool(outputs: Mapping[str, Array]) -> tuple[Assessment, ...]:
    """Return the assessment of each artifact, in the order of ArtifactId."""
    levels = slice_levels(outputs["severity"])
    return tuple(_assessed(artifact, levels[:, place], outputs) for place, artifact in enumerate(CLASSES))


def slice_levels(severity: Array) -> NDArray[np.float64]:
    """Return the probability of reaching each severity ``[slice, artifact, 3]``; a worse one is never likelier."""
    levels = severity.astype(np.float64).reshape(len(severity), len(CLASSES), LEVELS)
    return np.asarray(np.minimum.accumulate(levels, axis=2), np.float64)


def worst_places(scores: NDArray[np.floating], artifact: ArtifactId | None = None) -> tuple[int, ...]:
    """Return the places of the slices that stand for the series, the worst first: a fifth, of some artifacts fewer."""
    part = SINGLE_PART if artifact in _SINGLE else WORST_PART
    ranked = np.argsort(-scores, kind="stable")[: ceil(part * scores.size)]
    return tuple(int(place) for place in ranked)


def energy_of(outputs: Mapping[str, Array], assessment: Assessment) -> EnergyMap:
    """Return where the artifact is strong in its worst slices."""
    layers = outputs["energy"][list(assessment.slices), CLASSES.index(assessment.artifact)]
    return EnergyMap(slices=assessment.slices, values=np.asarray(layers, np.float32))


def _assessed(artifact: ArtifactId, levels: NDArray[np.float64], outputs: Mapping[str, Array]) -> Assessment:
    if artifact is ArtifactId.SLICE_DROPOUT:
        reached = np.minimum.accumulate(outputs["dropped"][0].astype(np.float64))
        worst: tuple[int, ...] = ()
    else:
        worst = worst_places(levels[:, 1], artifact)
        reached = levels[list(worst)].mean(axis=0)
    return Assessment(
        artifact=artifact,
        reached=(float(reached[0]), float(reached[1]), float(reached[2])),
        severity=_severity(reached, BANDS[artifact]),
        slices=worst,
    )


def _severity(reached: NDArray[np.float64], band: Band) -> Severity:
    if band.answer(float(reached[1])) != "present":
        return 1 if reached[0] >= LIKELY else 0
    return 3 if reached[2] >= LIKELY else 2
