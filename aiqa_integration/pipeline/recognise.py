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
    chosen_places,
    doubtful_rods,
    image_channels,
    kind_probabilities,
    modality_group,
    pool,
    turned_copies,
    weighed,
)

BUNDLE = "phantom_recognition"
SURE = 0.95
"""Two of five images that show a kind with more than 0.63 leave no other kind the 0.75 of all five that it needs."""

_log = structlog.get_logger(__name__)


def recognise(series: LoadedSeries, inferencer: Inferencer) -> Recognition:
    """Return what the images of a series show together; raises BundleError, OutOfMemory."""
    modality = modality_group(series.header.modality)
    images = series.stack.voxels[list(chosen_places(len(series.stack.voxels)))]
    found = look(images, series.stack.spacing_mm[1:], modality, inferencer)
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
    quartiles = chosen_places(len(series.stack.slices))[1::2]
    channels = image_channels(series.stack.voxels[list(quartiles)], series.stack.spacing_mm[1:], modality)
    outputs = inferencer.run(BUNDLE, {"image": channels})
    probability = kind_probabilities(outputs["class"], outputs["logit"], modality)
    least = float(probability[:, [kind.name in kinds for kind in KINDS]].sum(axis=1).min())
    _log.info("series.looked_at", images=len(probability), least_probability=round(least, 3))
    return least >= SURE


def look(
    images: NDArray[np.float32], pixel_mm: tuple[float, float], modality: Modality, inferencer: Inferencer
) -> Recognition:
    """Return what images ``[n, row, column]`` of one series show; raises BundleError, OutOfMemory.

    Where the network doubts the faint rods of the ACR 464, a matched filter adds its evidence. What would be left open
    is looked at again, mirrored and turned: all copies are pooled as images of one series, so that a copy in which
    structure surely shows outweighs those in which nothing is seen. ``pixel_mm`` is (row, column) distance.
    """
    channels = image_channels(images, pixel_mm, modality)
    outputs = inferencer.run(BUNDLE, {"image": channels})
    evidence = doubtful_rods(images, pixel_mm, outputs["class"]) if modality == "CT" else np.zeros(len(images))
    looks = [weighed(outputs, evidence)]
    found = pool(looks[0], modality)
    if found.kind is not None:
        return found
    looks += [weighed(inferencer.run(BUNDLE, {"image": copy}), evidence) for copy in turned_copies(channels)]
    again = pool({name: np.concatenate([seen[name] for seen in looks]) for name in outputs}, modality)
    return replace(again, views=again.views[: len(images)])
