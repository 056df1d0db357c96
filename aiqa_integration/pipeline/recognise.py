"""What a series shows, whatever its analysis: header first, then pixels."""

from dataclasses import replace

import numpy as np
import structlog
from numpy.typing import NDArray

from aiqa_integration.pipeline.ports import Inferencer, LoadedSeries
from aiqa_integration.recognition import Modality, Recognition, modality_group, pool, recognition_inputs, turned_copies

BUNDLE = "phantom_recognition"

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
