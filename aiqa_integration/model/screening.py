"""What the artifact bundle saw in a series, before any calibration by the scanner's reviewers."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiqa_integration.model.artifact import ArtifactId


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """A series as the bundle saw it.

    ``family`` is the protocol family; ``raw`` holds the bundle's own probability of each artifact that applies (0 to 1,
    at least moderate), ``metrics`` the series' image-quality metrics by id; ``distance`` is the Mahalanobis distance
    from the training set over its limit (1: at the limit); ``audit`` is set where the series belongs to the random
    sample that a person is to look at whatever was found.
    """

    family: str
    raw: Mapping[ArtifactId, float]
    metrics: Mapping[str, float]
    distance: float
    audit: bool
