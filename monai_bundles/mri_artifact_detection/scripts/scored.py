"""What the bundle says of the test's cases, and with what is measured in them, as the analysis says it of a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.artifact_detection.gate import likeness
from aiqa_integration.artifact_detection.inputs import metrics_by_id
from aiqa_integration.artifact_detection.measured import MOST_READ, readings, worst_of
from aiqa_integration.artifact_detection.pool import CLASSES, Assessment, pool, slice_levels
from aiqa_integration.artifact_detection.said import Said
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import ALERTED_SEVERITY
from scripts.cases import Case

PARTS = ("severity", "picture", "quality")
_DROPOUT = ArtifactId.SLICE_DROPOUT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """A case and what the bundle says: probability of severity 2 or more by part, per slice and per stack.

    ``severity`` is what is said of each class, ``alone`` what would be without measuring it in the image.
    """

    case: Case
    slices: dict[str, NDArray[np.float64]]
    stack: dict[str, NDArray[np.float64]]
    severity: NDArray[np.int_]
    alone: NDArray[np.int_]
    turned_away: bool
    maps: NDArray[np.float32]


def scored(runner: BundleRunner, name: str, case: Case) -> Scored:
    """Return what the bundle says of a case."""
    outputs = runner.run(
        name,
        {
            "image": case.image.astype(np.float32),
            "metrics": case.metrics,
            "series": np.repeat(case.stack[None], len(case.image), axis=0),
        },
    )
    slices, stack = {}, {}
    for part in PARTS:
        found = pool(outputs | {"severity": outputs[part]})
        slices[part] = slice_levels(outputs[part])[:, :, 1].copy()
        slices[part][:, CLASSES.index(_DROPOUT)] = outputs["dropped"][0, 1]
        stack[part] = np.array([one.probability for one in found])
    return Scored(
        case=case,
        slices=slices,
        stack=stack,
        severity=np.array([said_of(one, case).severity for one in pool(outputs)]),
        alone=np.array([Said(assessment=one).severity for one in pool(outputs)]),
        turned_away=not likeness(outputs).scored,
        maps=outputs["energy"],
    )


def said_of(assessment: Assessment, case: Case) -> Said:
    """Return what is said of one artifact of a case, as the analysis says it where no answers have calibrated it."""
    slices, place = assessment.slices[:MOST_READ], CLASSES.index(assessment.artifact)
    read = case.read[list(slices) or [0], place]
    return Said(assessment=assessment, measured=worst_of(assessment.artifact, read, slices))


def said_of_image(
    assessment: Assessment, image: NDArray[np.float32], inputs: Mapping[str, NDArray[np.float32]]
) -> Said:
    """Return what is said of one artifact of a single image."""
    metrics = metrics_by_id(inputs["metrics"], inputs["series"])
    read = readings(assessment.artifact, image[None], metrics, None, (0,))
    return Said(assessment=assessment, measured=worst_of(assessment.artifact, read, (0,)))


def alerts(one: Scored, place: int, *, alone: bool = False) -> bool:
    """Return whether a person would be told, on a scanner where the class is active; or by the network alone."""
    return not one.turned_away and (one.alone if alone else one.severity)[place] >= ALERTED_SEVERITY
