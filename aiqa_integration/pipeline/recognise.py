"""What a series shows, whatever its analysis: header first, then pixels."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import structlog
from numpy.typing import NDArray

from aiqa_integration.pipeline.ports import Inferencer, LoadedSeries
from aiqa_integration.recognition import (
    KINDS,
    MOST_IMAGES,
    Modality,
    Recognition,
    kind_probabilities,
    modality_group,
    pool,
    recognition_inputs,
    turned_copies,
)

BUNDLE = "phantom_recognition"
SURE = 0.95
"""Two of five images that show a kind with more than 0.63 leave no other kind the 0.75 of all five that it needs."""

_log = structlog.get_logger(__name__)


def recognise(series: LoadedSeries, inferencer: Inferencer) -> Recognition:
    """Return what the images of a series show together; raises BundleError, OutOfMemory."""
    modality = modality_group(series.header.modality)
    found = look(recognition_inputs(series.stack, modality)["image"], modality, inferencer)
    _log.info(
        "series.recognised",
        kind=found.kind,
        likeliest=found.likeliest,
        probability=round(found.probability, 3),
        bundle_version=inferencer.version(BUNDLE).version,
    )
    return found


def surely_shows(series: LoadedSeries, kinds: Collection[str], inferencer: Inferencer) -> bool:
    """Return whether two images of a series, those at its quartiles, each surely show one of these kinds.

    Then all five would be recognised as one of them or left open, never as something else. Of fewer images nothing is
    said. Raises BundleError, OutOfMemory.
    """
    if len(series.stack.slices) < MOST_IMAGES:
        return False
    modality = modality_group(series.header.modality)
    outputs = inferencer.run(BUNDLE, recognition_inputs(series.stack, modality, quartiles=True))
    probability = kind_probabilities(outputs["class"], outputs["logit"], modality)
    least = float(probability[:, [kind.name in kinds for kind in KINDS]].sum(axis=1).min())
    _log.info("series.looked_at", images=len(probability), least_probability=round(least, 3))
    return least >= SURE


def look(image: NDArray[np.float32], modality: Modality, inferencer: Inferencer) -> Recognition:
    """Return what prepared images of one series show; raises BundleError, OutOfMemory.

    What would be left open is looked at again, mirrored and turned: all copies are pooled as images of one series, so
    that a copy in which structure surely shows outweighs those in which nothing is seen.
    """
    outputs = inferencer.run(BUNDLE, {"image": image})
    found = pool(outputs, modality)
    if found.kind is not None:
        return found
    looks = [outputs, *(inferencer.run(BUNDLE, {"image": copy}) for copy in turned_copies(image))]
    again = pool({name: np.concatenate([seen[name] for seen in looks]) for name in outputs}, modality)
    return replace(again, views=again.views[: len(image)])
