"""What a finding says: what is seen, how bad, why, in which slices, along what direction, and what to do next.

Deterministic sentences. Each number in them is one of the finding's evidence, its severity (1 to 3) or a place in its
slices, as a viewer numbers them.
"""

from collections.abc import Sequence
from itertools import pairwise

from aiqa_integration.artifact_detection.figures import beside, capital, value_text
from aiqa_integration.artifact_detection.measured import Measured
from aiqa_integration.artifact_detection.supports import Told
from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId
from aiqa_integration.model.finding import ALERTED_SEVERITY, Severity
from aiqa_integration.model.image import SliceRef

FAMILY = frozenset({ArtifactId.MOTION, ArtifactId.GHOST})
"""Artifacts that are one to a person: which of the two it is can rarely be told, and matters little for what to do."""

_GRADES = {0: "none", 1: "minor", 2: "moderate", 3: "severe"}
_DENIED = "Left open: by its look the network says that it limits reading, by its own measure it does not"
_TO_READ = "A reader is to say which is right"
_ALONG_PHASE = FAMILY | {ArtifactId.WRAP}


def explanation(
    artifact: ArtifactId,
    severity: Severity,
    *,
    told: Sequence[Told],
    measured: Measured | None = None,
    mark: str,
    places: str,
    direction: str | None,
) -> str:
    """Return the sentences of a finding.

    ``measured`` is the artifact's own measure, told first: it speaks for the severity, or against the network.
    ``mark`` is the sentence of what was found in the pixels, ``places`` the worst slices as a person finds them,
    ``direction`` that of phase encoding; each may be empty.
    """
    sentences = [f"{title(artifact)}, severity {severity} of 3 ({_GRADES[severity]})"]
    denied = measured is not None and measured.denies
    if measured is not None:
        sentences.append(f"{_DENIED}: {measured.sentence}" if denied else capital(measured.sentence))
    if told:
        sentences.append(capital("; ".join(_metric_text(one) for one in told)))
    if mark:
        sentences.append(mark)
    if severity >= ALERTED_SEVERITY and not mark and measured is None and not any(one.broken for one in told):
        sentences.append("No number is beyond a limit: only the network's look at the images speaks for it")
    where = [f"worst {places}"] if places else []
    if direction and artifact in _ALONG_PHASE:
        where.append(f"phase encoding {direction}")
    if where:
        sentences.append(capital(", ".join(where)))
    sentences.append(_TO_READ if denied else _advice(artifact, severity))
    return ". ".join(sentences) + "."


def title(artifact: ArtifactId) -> str:
    """Return an artifact's name for people, motion and ghosting as one with the likelier of the two."""
    if artifact in FAMILY:
        return f"Motion/ghosting (rather {'motion' if artifact is ArtifactId.MOTION else 'ghosting'})"
    return ARTIFACTS_BY_ID[artifact].title


def places_text(slices: Sequence[SliceRef], indices: Sequence[int]) -> str:
    """Return slices as a viewer numbers them, runs joined: ``images 11–14, 17``; empty for none."""
    refs = [slices[index] for index in sorted(indices)]
    if not refs:
        return ""
    frames = [ref.frame_number for ref in refs]
    images = [ref.instance_number for ref in refs]
    numbers, name = [index + 1 for index in sorted(indices)], "slice"
    if all(frame is not None for frame in frames):
        numbers, name = [frame for frame in frames if frame is not None], "frame"
    elif all(image is not None for image in images):
        numbers, name = [image for image in images if image is not None], "image"
    return f"{name}{'s' if len(numbers) > 1 else ''} {_runs(sorted(numbers))}"


def _runs(numbers: Sequence[int]) -> str:
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after > before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after > before + 1), numbers[-1]]
    return ", ".join(f"{start}" if start == end else f"{start}–{end}" for start, end in zip(starts, ends, strict=True))


def _metric_text(one: Told) -> str:
    compared = beside(one.evidence)
    value = f"{one.support.phrase} {value_text(one.evidence)}{one.support.after}"
    return f"{value} ({compared})" if compared else value


def _advice(artifact: ArtifactId, severity: Severity) -> str:
    if severity < ALERTED_SEVERITY:
        return "Readers usually accept this: nothing to do for it alone"
    return f"Suggest: {ARTIFACTS_BY_ID[artifact].next_step}"
