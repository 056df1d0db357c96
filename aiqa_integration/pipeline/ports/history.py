"""What happened before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.notice import NoticeState
from aiqa_integration.recommendations.context import AssessedSeries, ScannerContext


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyHistory:
    """The other assessed series of a study, and where the notices about the study stand."""

    series: tuple[AssessedSeries, ...] = ()
    notices: tuple[NoticeState, ...] = ()


class History(Protocol):
    """What happened before, as the recommendations need it."""

    def study_history(self, ref: SeriesRef, *, now: datetime) -> StudyHistory:
        """Return the living assessed series of a study but the one at hand, and the study's notices."""

    def scanner_history(self, device: Device, analysis: str, *, since: datetime, now: datetime) -> ScannerContext:
        """Return the alerting faults of a scanner since then, what its last run failed, and how notices fared."""
