"""Which image-quality metric speaks for which artifact, how a person reads it, and the limit where physics gives one.

A limit is the anchor of severity 2 of the artifact's own measure, where the metric is that measure; other metrics have
none and are told beside what is usual on the scanner. The measures of ``measured.py`` are told beside these. Metrics
are known here by their ids only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.artifact_detection.figures import evidence
from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId
from aiqa_integration.model.finding import Evidence
from aiqa_integration.model.quantity import ONE, PERCENT, Unit

MOST_SHOWN = 2
"""Metrics that are told of a finding at most: a person reads a sentence, not a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """A metric as it is told: ``{phrase} {value} {after}``, in percent where ``unit`` says so.

    ``limit`` is in the metric's own unit; ``worse`` the direction in which it breaks it.
    """

    metric: str
    phrase: str
    after: str = ""
    unit: Unit = ONE
    decimals: int = 2
    limit: float | None = None
    worse: Literal["high", "low"] = "high"

    @property
    def factor(self) -> float:
        """What the metric's own value is multiplied by to be shown."""
        return 100.0 if self.unit == PERCENT else 1.0


def _moderate(artifact: ArtifactId) -> float:
    return ARTIFACTS_BY_ID[artifact].anchors[1]


_GHOST_LEVEL = Support(
    metric="mr-iqm-ghost-level-phase",
    phrase="background ghost",
    after=" of signal",
    unit=PERCENT,
    decimals=1,
    limit=_moderate(ArtifactId.GHOST),
)

SUPPORTS: Mapping[ArtifactId, tuple[Support, ...]] = {
    ArtifactId.MOTION: (
        _GHOST_LEVEL,
        Support(metric="mr-iqm-line-modulation-phase", phrase="modulation of k-space lines"),
        Support(metric="mr-iqm-gradient-entropy", phrase="entropy of gradients", decimals=3),
        Support(metric="mr-iqm-background-structure", phrase="structure of the air"),
    ),
    ArtifactId.GHOST: (
        _GHOST_LEVEL,
        Support(
            metric="mr-iqm-nyquist-ghost-phase",
            phrase="half-field ghost",
            after=" of signal",
            unit=PERCENT,
            decimals=1,
            limit=_moderate(ArtifactId.GHOST),
        ),
        Support(metric="mr-iqm-ghost-correlation-phase", phrase="likeness of the air to the object"),
    ),
    ArtifactId.WRAP: (
        Support(metric="mr-iqm-border-continuity-phase", phrase="continuity over the borders"),
        Support(metric="mr-iqm-border-object-phase", phrase="object at the borders", unit=PERCENT, decimals=0),
    ),
    ArtifactId.GIBBS: (
        Support(metric="mr-iqm-ringing-phase", phrase="ringing along phase encoding"),
        Support(metric="mr-iqm-ringing-read", phrase="ringing along read-out"),
    ),
    ArtifactId.SPIKE: (
        Support(metric="mr-iqm-spike-peak", phrase="logarithm of k-space's highest point over its surroundings"),
        Support(metric="mr-iqm-spike-points", phrase="outlying points of k-space, per thousand,"),
    ),
    ArtifactId.ZIPPER: (
        Support(metric="mr-iqm-air-line-read", phrase="line in the air, in robust deviations,", decimals=1),
        Support(metric="mr-iqm-image-line-read", phrase="line over the image, in robust deviations,", decimals=1),
    ),
    ArtifactId.BIAS: (
        Support(
            metric="mr-iqm-field-deviation",
            phrase="spread of the logarithm of the receive field",
            limit=_moderate(ArtifactId.BIAS),
        ),
        Support(metric="mr-iqm-shading", phrase="shading of the object", unit=PERCENT, decimals=0),
    ),
    ArtifactId.LOW_SNR: (
        Support(metric="mr-iqm-snr-haar", phrase="signal-to-noise ratio by pixel noise", decimals=1, worse="low"),
    ),
    ArtifactId.SUSCEPTIBILITY: (
        Support(metric="mr-iqm-void-largest", phrase="largest void", after=" of the object", unit=PERCENT, decimals=1),
        Support(metric="mr-iqm-pile-up", phrase="piled-up signal", after=" times the object's"),
    ),
    ArtifactId.FAT_SAT_FAILURE: (
        Support(metric="mr-iqm-rim-brightness", phrase="rim", after=" times as bright as the object"),
        Support(metric="mr-iqm-rim-asymmetry-phase", phrase="sides of the rim apart by", unit=PERCENT, decimals=0),
    ),
    ArtifactId.CHEMICAL_SHIFT: (
        Support(metric="mr-iqm-edge-skewness-read", phrase="dark against bright edges along read-out"),
    ),
    ArtifactId.SLICE_DROPOUT: (
        Support(metric="mr-iqm-odd-even", phrase="odd against even slices", unit=PERCENT, decimals=1),
    ),
}
"""By artifact, the most telling metric first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A number and how it is told."""

    support: Support
    evidence: Evidence

    @property
    def broken(self) -> bool:
        """Whether the value is on the wrong side of its limit."""
        limit, value = self.evidence.limit, self.evidence.quantity.value
        if limit is None:
            return False
        return value > limit if self.support.worse == "high" else value < limit


def told_of(
    artifact: ArtifactId,
    metrics: Mapping[str, NDArray[np.floating]],
    usual: Mapping[str, float],
    slices: tuple[int, ...],
) -> tuple[Told, ...]:
    """Return the metrics that are told of an artifact, those beyond their limits first.

    ``metrics`` holds values by id, one a slice or one for the series; the worst of the worst slices is taken.
    """
    told = [
        Told(support=support, evidence=_evidence(support, metrics[support.metric], usual, slices))
        for support in SUPPORTS[artifact]
        if support.metric in metrics and np.isfinite(metrics[support.metric]).all() and metrics[support.metric].size
    ]
    return tuple(sorted(told, key=lambda one: not one.broken)[:MOST_SHOWN])


def _evidence(
    support: Support, values: NDArray[np.floating], usual: Mapping[str, float], slices: tuple[int, ...]
) -> Evidence:
    index = None
    if values.size > 1 and slices:
        pick = np.argmax if support.worse == "high" else np.argmin
        index = slices[int(pick(values[list(slices)]))]
    value, median = float(values[index or 0]), usual.get(support.metric)
    return evidence(
        support.metric,
        support.phrase,
        value * support.factor,
        support.unit,
        decimals=support.decimals,
        limit=None if support.limit is None else support.limit * support.factor,
        usual=None if median is None else median * support.factor,
        slice_index=index,
    )
