"""One patient's series to be decided on, with everything that the decision hangs on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiqa_integration.model.notice import Flag
from aiqa_integration.model.report import QaReport
from aiqa_integration.recommendations.context import ScannerContext, StudyContext
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.recommendations.remedies import Remedy, remedy_of
from aiqa_integration.recommendations.wording import seen_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that a decision about one patient's series hangs on; ``flags`` has the leading finding first."""

    report: QaReport
    flags: tuple[Flag, ...]
    study: StudyContext
    scanner: ScannerContext
    now: datetime
    policy: Policy

    @property
    def remedy(self) -> Remedy:
        """What helps against the leading finding."""
        return remedy_of(self.flags[0].artifact)

    @property
    def chance(self) -> float:
        """The chance that the series cannot be read, by its leading finding."""
        return unreadable(self.flags[0], self.policy)

    @property
    def seen(self) -> str:
        """What was found, in words."""
        return seen_text(self.flags)

    @property
    def leaves_at(self) -> datetime:
        """Until when the patient is taken to be on the table."""
        latest = self.study.series.arrived_at
        for series in (self.study.series, *self.study.others):
            latest = max(latest, series.arrived_at, series.acquired_at or series.arrived_at)
        return min(latest, self.now) + self.policy.on_table


def unreadable(flag: Flag, policy: Policy) -> float:
    """Return the chance that a series with this finding cannot be read."""
    return flag.probability * policy.non_diagnostic.get(flag.severity, 0.0)


def worth_of(flags: Sequence[Flag], minutes: float | None, policy: Policy) -> float:
    """Return the worth of a notice about a series with these findings, by the leading one."""
    remedy = remedy_of(flags[0].artifact)
    fixable = policy.alternative_fixable if remedy.answer == "change-protocol" else policy.fixable_of(remedy)
    return policy.worth(chance=unreadable(flags[0], policy), fixable=fixable, minutes=minutes)


def flags_of(report: QaReport, policy: Policy) -> tuple[Flag, ...]:
    """Return the findings that alert; the one whose repeat is worth most first."""
    flags = [
        Flag(artifact=finding.artifact, severity=finding.severity, probability=finding.probability)
        for finding in report.findings
        if finding.alerts
    ]
    worth = {flag: unreadable(flag, policy) * policy.fixable_of(remedy_of(flag.artifact)) for flag in flags}
    return tuple(sorted(flags, key=lambda flag: (-worth[flag], flag.artifact)))
