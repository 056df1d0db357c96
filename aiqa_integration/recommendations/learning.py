"""What repeats taught about their chance: a beta distribution, updated by each repeat that was seen. Only shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.recommendations.remedies import remedy_of

PRIOR_STRENGTH = 10.0
"""How many repeats the catalogue's chance is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A flagged series and what became of its artifact in the series that repeated it."""

    artifact: str
    severity_before: int
    severity_after: int

    @property
    def better(self) -> bool:
        """Whether the repeat was worth it."""
        return self.severity_after < self.severity_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """The chance that a repeat is better: as the rule has it, and as it would be with what was seen."""

    artifact: str
    title: str
    assumed: float
    repeats: int
    better: int
    chance: float
    standard_deviation: float


def learnt(repeats: Iterable[Repeat], policy: Policy) -> tuple[Learnt, ...]:
    """Return the beta-binomial update of each artifact that was repeated; the rule itself is not changed.

    Posterior Beta(s·p + b, s·(1 − p) + n − b) for b better of n, prior chance p and strength s.
    """
    seen: dict[str, list[Repeat]] = {}
    for repeat in repeats:
        seen.setdefault(repeat.artifact, []).append(repeat)
    return tuple(_update(artifact, found, policy) for artifact, found in sorted(seen.items()))


def _update(artifact: str, repeats: list[Repeat], policy: Policy) -> Learnt:
    remedy = remedy_of(artifact)
    assumed, better = policy.fixable_of(remedy), sum(repeat.better for repeat in repeats)
    alpha = PRIOR_STRENGTH * assumed + better
    beta = PRIOR_STRENGTH * (1.0 - assumed) + len(repeats) - better
    total = alpha + beta
    return Learnt(
        artifact=artifact,
        title=remedy.title,
        assumed=assumed,
        repeats=len(repeats),
        better=better,
        chance=alpha / total,
        standard_deviation=(alpha * beta / (total**2 * (total + 1.0))) ** 0.5,
    )
