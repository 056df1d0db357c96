"""Second step: what the images show, and where the phantom lies, by the bundle of the analysis."""

from collections.abc import Mapping

import numpy as np
import structlog
from numpy.typing import NDArray

from aiqa_integration.errors import PhantomNotFound
from aiqa_integration.model.phantom import LocatedPhantom, Phantom
from aiqa_integration.model.report import BundleVersion
from aiqa_integration.phantoms import phantoms_of
from aiqa_integration.pipeline.ports import Inferencer, LoadedSeries
from aiqa_integration.pipeline.recognise import recognise, surely_shows
from aiqa_integration.recognition import KINDS_BY_NAME

_log = structlog.get_logger(__name__)


def find_phantom(
    series: LoadedSeries, analysis: str, inferencer: Inferencer
) -> tuple[Phantom, LocatedPhantom, BundleVersion]:
    """Return the phantom of the analysis that the images show best, where it lies, and which bundle said so.

    What is surely something else is turned away first; where that is open, the bundle's own checks decide. Each bundle
    runs once, however many phantoms it knows. Raises PhantomNotFound with a sentence for a person, BundleError,
    OutOfMemory.
    """
    candidates = phantoms_of(analysis)
    if not candidates:
        raise PhantomNotFound(f"no phantom belongs to the analysis '{analysis}'")
    _turn_away_others(series, candidates, inferencer)
    outputs: dict[str, Mapping[str, NDArray[np.float32]]] = {}
    found: list[tuple[Phantom, LocatedPhantom]] = []
    refusals: dict[str, list[str]] = {}
    for phantom in candidates:
        if phantom.bundle not in outputs:
            outputs[phantom.bundle] = inferencer.run(phantom.bundle, phantom.prepare(series.stack))
        try:
            found.append((phantom, phantom.locate(series.stack, outputs[phantom.bundle])))
        except PhantomNotFound as error:
            refusals.setdefault(str(error), []).append(phantom.title)
    if not found:
        raise PhantomNotFound(_why_none(refusals))
    phantom, located = max(found, key=lambda pair: pair[1].confidence)
    _log.info("phantom.found", phantom=phantom.name, confidence=round(located.confidence, 3))
    return phantom, located, inferencer.version(phantom.bundle)


def _turn_away_others(series: LoadedSeries, candidates: tuple[Phantom, ...], inferencer: Inferencer) -> None:
    """Raise PhantomNotFound where the images are recognised as something that is none of the candidates.

    A candidate that is recognised leaves all of them to be tried: which of two sizes it is, its diameter tells better.
    So two images that surely show one are enough.
    """
    names = {phantom.name for phantom in candidates}
    if surely_shows(series, names, inferencer):
        return
    kind = recognise(series, inferencer).kind
    if kind is not None and kind not in names:
        raise PhantomNotFound(KINDS_BY_NAME[kind].sentence)


def _why_none(refusals: Mapping[str, list[str]]) -> str:
    """Return the reason that all phantoms share, or each with the phantoms that it speaks of."""
    if len(refusals) == 1:
        return next(iter(refusals))
    return "; ".join(f"{' and '.join(titles)}: {reason}" for reason, titles in refusals.items())
