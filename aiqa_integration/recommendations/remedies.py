"""What helps against each artifact, of every modality: whether a repeat does, what to change, whose fault it can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from aiqa_integration.model.artifact import ARTIFACTS, ArtifactId
from aiqa_integration.model.coding import Code, dcm_code

Answer = Literal["repeat", "change-protocol"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What to do about an artifact.

    ``answer`` is change-protocol where the same series again would look the same. ``scanner_fault``: the scanner or
    its room can cause it, so that finding it in several studies points at them; what patients cause (motion) or a
    protocol (wrap-around) does not. ``reasons`` are the codes of the artifact as a reason for repeating, PS3.16 CID
    10034 first where it has one.
    """

    artifact: str
    title: str
    fixable: float
    next_step: str
    answer: Answer = "repeat"
    scanner_fault: bool = False
    reasons: tuple[Code, ...] = ()


_NOT_BY_A_REPEAT = frozenset({ArtifactId.SUSCEPTIBILITY})
_SCANNER_FAULTS = frozenset(
    {
        ArtifactId.GHOST,
        ArtifactId.SPIKE,
        ArtifactId.ZIPPER,
        ArtifactId.BIAS,
        ArtifactId.LOW_SNR,
        ArtifactId.FAT_SAT_FAILURE,
        ArtifactId.SLICE_DROPOUT,
    }
)

_REPEAT_REASONS = {ArtifactId.MOTION: (dcm_code("128553", "Patient motion"),)}

REMEDIES: Mapping[str, Remedy] = MappingProxyType(
    {
        artifact.id.value: Remedy(
            artifact=artifact.id.value,
            title=artifact.title,
            fixable=artifact.fixable,
            next_step=artifact.next_step,
            answer="change-protocol" if artifact.id in _NOT_BY_A_REPEAT else "repeat",
            scanner_fault=artifact.id in _SCANNER_FAULTS,
            reasons=(*_REPEAT_REASONS.get(artifact.id, ()), artifact.code),
        )
        for artifact in ARTIFACTS
    }
)
"""By artifact id."""

SETUP_EXPLAINS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "setup-tilt": ("mr-slice-position", "mr-slice-thickness", "mr-length", "mr-low-contrast"),
        "setup-slice-position": ("mr-slice-position", "mr-slice-thickness", "mr-low-contrast", "mr-high-contrast"),
        "setup-off-centre": ("mr-length", "mr-rod-distance", "mr-percent-image-uniformity"),
        "setup-air-bubble": ("mr-percent-image-uniformity", "mr-length-vertical"),
        "setup-one-sided-signal": ("mr-percent-image-uniformity", "mr-snr"),
    }
)
"""Finding about how a test object lay -> beginnings of the ids of metrics that it can push outside their limits."""


def remedy_of(artifact: str) -> Remedy:
    """Return what helps against an artifact; of one that the table lacks nothing is known to help."""
    known = REMEDIES.get(artifact)
    if known is not None:
        return known
    title = artifact.replace("-", " ").capitalize()
    return Remedy(artifact=artifact, title=title, fixable=0.0, next_step="a person looks at the images")
