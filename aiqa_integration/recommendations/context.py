"""What a decision hangs on beside the report: the study so far, the scanner lately, and how people took the notices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from aiqa_integration.model.finding import ALERTED_SEVERITY, Severity
from aiqa_integration.model.notice import Flag, NoticeState


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessedSeries:
    """A series of a patient's study, as far as the rule needs it.

    ``protocol`` is equal for a series and its repeat, ``likeness`` for series of the same plane and contrast.
    ``acquired_at`` is None where the images do not tell; ``arrived_at`` is when its last image was first seen.
    ``severities``: the worst severity of each artifact found, trusted or not; ``flags``: those that alert.
    """

    series_instance_uid: str
    protocol: str = ""
    likeness: str = ""
    contrast_given: bool = False
    acquired_at: datetime | None = None
    arrived_at: datetime
    minutes: float | None = None
    severities: Mapping[str, Severity] = field(default_factory=lambda: MappingProxyType({}))
    flags: tuple[Flag, ...] = ()

    @property
    def good(self) -> bool:
        """Whether readers would accept it: nothing found above minor."""
        return max(self.severities.values(), default=0) < ALERTED_SEVERITY


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyContext:
    """The study of the series at hand: its other assessed series, and the states of notices about it."""

    series: AssessedSeries
    others: tuple[AssessedSeries, ...] = ()
    notices: tuple[NoticeState, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An artifact that alerted in a study of a scanner."""

    artifact: str
    study_instance_uid: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A series that a notice on the table was worth, told or kept back by the budget: its findings and its minutes."""

    flags: tuple[Flag, ...]
    minutes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerContext:
    """What happened lately: ``faults`` of this scanner, the newest ends of the site's notices, their delays.

    ``failed_before`` are the metrics outside action limits in the previous run of the same test object on this
    scanner. ``followed`` says of each notice that ended, newest first, whether it was followed, since an administrator
    last let the rule run; ``delays_s`` are seconds from a series' last image to the decision, of all patients' series;
    ``offers`` are those of each of the site's newest patient studies, empty where there was none.
    """

    faults: tuple[Fault, ...] = ()
    failed_before: frozenset[str] = frozenset()
    followed: tuple[bool, ...] = ()
    delays_s: tuple[float, ...] = ()
    offers: tuple[tuple[Offer, ...], ...] = ()
