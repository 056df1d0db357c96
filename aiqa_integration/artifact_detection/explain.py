"""From what was scored of a series to findings that explain themselves: numbers, marks, map, words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from aiqa_integration.artifact_detection.marks import Marked, marks_of, phase_direction
from aiqa_integration.artifact_detection.measured import Measured
from aiqa_integration.artifact_detection.pool import worst_places
from aiqa_integration.artifact_detection.supports import told_of
from aiqa_integration.artifact_detection.wording import FAMILY, explanation, places_text
from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId
from aiqa_integration.model.finding import Calibration, EnergyMap, Finding, Severity
from aiqa_integration.model.image import ImageStack, SeriesHeader

_ALMOST = 0.5  # of the worst slice's score: a slice below it is not among the worst
_FILL = 0.03  # of the image's side: how far signal is taken from to fill a deleted region


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """One artifact as it was scored in a series: for all of it, by slice, and where.

    ``slice_scores`` has a value for each slice, higher being worse. ``energy`` is None where there is no map, and
    ``measured`` where the artifact's own measure was not or could not be taken.
    """

    artifact: ArtifactId
    probability: float
    severity: Severity
    slice_scores: NDArray[np.floating]
    calibration: Calibration | None = None
    energy: EnergyMap | None = None
    measured: Measured | None = None


def explain(
    scored: Sequence[Scored],
    *,
    stack: ImageStack,
    header: SeriesHeader,
    metrics: Mapping[str, NDArray[np.floating]],
    usual: Mapping[str, float] | None = None,
) -> tuple[Finding, ...]:
    """Return a finding for each artifact of severity 1 or more, the most severe first.

    ``metrics`` holds image-quality values by metric id, one a slice or one for the series; ``usual`` the scanner's
    median of each for this protocol. Motion and ghosting are one finding, of the likelier of the two.
    """
    findings = [
        _finding(one, stack=stack, header=header, metrics=metrics, usual=usual or {})
        for one in _one_family(scored)
        if one.severity > 0
    ]
    return tuple(sorted(findings, key=lambda finding: (-finding.severity, -finding.probability)))


def worst_slices(scores: NDArray[np.floating]) -> tuple[int, ...]:
    """Return the slices whose scores are highest, the worst first: a fifth at most, none far below the worst."""
    if not scores.size or scores.max() <= 0:
        return ()
    return tuple(place for place in worst_places(scores) if scores[place] >= _ALMOST * scores.max())


def deletion(voxels: NDArray[np.float32], energy: EnergyMap, part: float = 0.1) -> NDArray[np.float32]:
    """Return the volume with the ``part`` of each mapped slice where the energy is highest filled from around it.

    What an explanation is tested by: what a map points at must matter to the score.
    """
    filled = voxels.copy()
    for layer, index in zip(energy.values, energy.slices, strict=True):
        image = voxels[index]
        shown = zoom(layer, [full / coarse for full, coarse in zip(image.shape, layer.shape, strict=True)], order=1)
        kept = (shown < np.quantile(shown, 1 - part)).astype(np.float32)
        reach = _FILL * min(image.shape)
        around = gaussian_filter(image * kept, reach) / np.maximum(gaussian_filter(kept, reach), 1e-3)
        filled[index] = np.where(kept > 0, image, around)
    return filled


def _one_family(scored: Sequence[Scored]) -> list[Scored]:
    """Return what was scored with one of motion and ghosting only, the likelier."""
    family = sorted(
        (one for one in scored if one.artifact in FAMILY and one.severity > 0), key=lambda one: one.probability
    )
    left_out = {one.artifact for one in family[:-1]}
    return [one for one in scored if one.artifact not in left_out]


def _finding(
    one: Scored,
    *,
    stack: ImageStack,
    header: SeriesHeader,
    metrics: Mapping[str, NDArray[np.floating]],
    usual: Mapping[str, float],
) -> Finding:
    worst = worst_slices(one.slice_scores)
    marked = marks_of(one.artifact, stack, header, worst)
    if one.artifact is ArtifactId.SLICE_DROPOUT:
        worst = tuple(dict.fromkeys(region.slice_index for region in marked.regions))
    told, measured = told_of(one.artifact, metrics, usual, worst), _worth_telling(one.measured, marked)
    text = explanation(
        one.artifact,
        one.severity,
        told=told,
        measured=measured,
        mark=marked.sentence,
        places=places_text(stack.slices, worst),
        direction=phase_direction(header, stack),
    )
    return Finding(
        artifact=one.artifact,
        probability=one.probability,
        severity=one.severity,
        explanation=text,
        slices=tuple(sorted(worst)),
        marks=marked.regions,
        evidence=(
            *((measured.evidence,) if measured else ()),
            *(number.evidence for number in told),
            *marked.evidence,
        ),
        calibration=one.calibration,
        energy=one.energy if ARTIFACTS_BY_ID[one.artifact].scope == "local" else None,
    )


def _worth_telling(measured: Measured | None, marked: Marked) -> Measured | None:
    """Return a measure that says something, and that no mark says already."""
    if measured is None or not measured.telling:
        return None
    marked_already = any(number.metric == measured.evidence.metric for number in marked.evidence)
    return measured if measured.denies or not marked_already else None
