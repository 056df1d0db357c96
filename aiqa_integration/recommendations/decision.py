"""What is proposed for a report, and whom it is told to."""

from dataclasses import dataclass

from aiqa_integration.model.notice import PlannedNotice
from aiqa_integration.model.recommendation import Recommendation


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A recommendation (None: nothing to say, the series was refused) with the notices that it needs now."""

    recommendation: Recommendation | None
    notices: tuple[PlannedNotice, ...] = ()
