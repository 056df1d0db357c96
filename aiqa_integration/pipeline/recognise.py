"""What a series shows, whatever its analysis: header first, then pixels."""

import structlog

from aiqa_integration.pipeline.ports import Inferencer, LoadedSeries
from aiqa_integration.recognition import Recognition, modality_group, pool, recognition_inputs

BUNDLE = "phantom_recognition"

_log = structlog.get_logger(__name__)


def recognise(series: LoadedSeries, inferencer: Inferencer) -> Recognition:
    """Return what the images of a series show together; raises BundleError, OutOfMemory."""
    modality = modality_group(series.header.modality)
    found = pool(inferencer.run(BUNDLE, recognition_inputs(series.stack, modality)), modality)
    _log.info(
        "series.recognised",
        kind=found.kind,
        likeliest=found.likeliest,
        probability=round(found.probability, 3),
        bundle_version=inferencer.version(BUNDLE).version,
    )
    return found
