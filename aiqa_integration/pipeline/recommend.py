"""Propose what to do about a report: gather what the decision hangs on, then let the rules decide."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

from aiqa_integration.model.finding import Severity
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.image import SeriesHeader
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.notice import PlannedNotice
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import History, StudyHistory
from aiqa_integration.recommendations import decide
from aiqa_integration.recommendations.case import flags_of
from aiqa_integration.recommendations.context import AssessedSeries, Fault, ScannerContext, StudyContext
from aiqa_integration.recommendations.phantom_run import failed_metrics
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.recommendations.protocols import (
    acquisition_minutes,
    contrast_given,
    likeness_key,
    protocol_key,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adviser:
    """The site's policy, and the zone of the times in its images (None: the zone of this machine)."""

    policy: Policy = field(default_factory=Policy)
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """A report with its recommendation, the series as later decisions need it, and whom to tell now."""

    report: QaReport
    assessed: AssessedSeries | None
    notices: tuple[PlannedNotice, ...]


def recommend(
    report: QaReport, header: SeriesHeader, adviser: Adviser, *, history: History, arrived_at: datetime, now: datetime
) -> Advised:
    """Return the report with what is proposed; a refused one as it is."""
    if report.refused is not None:
        return Advised(report=report, assessed=None, notices=())
    policy = adviser.policy
    assessed = assess(report, header, adviser, arrived_at=arrived_at)
    past = history.study_history(report.ref, now=now)
    decision = decide(
        report,
        StudyContext(series=assessed, others=past.series, notices=past.notices),
        history.scanner_history(report.device, report.analysis, since=now - policy.service_within, now=now),
        now=now,
        policy=policy,
    )
    return Advised(
        report=replace(report, recommendation=decision.recommendation),
        assessed=assessed,
        notices=decision.notices,
    )


def assess(report: QaReport, header: SeriesHeader, adviser: Adviser, *, arrived_at: datetime) -> AssessedSeries:
    """Return what later decisions need of a series."""
    severities: dict[str, Severity] = {}
    for finding in report.findings:
        severities[finding.artifact] = max(finding.severity, severities.get(finding.artifact, finding.severity))
    return AssessedSeries(
        series_instance_uid=report.ref.series_instance_uid,
        protocol=protocol_key(header),
        likeness=likeness_key(header),
        contrast_given=contrast_given(header),
        acquired_at=_moment(header.acquired_at, adviser.zone),
        arrived_at=arrived_at,
        minutes=acquisition_minutes(header),
        severities=severities,
        flags=flags_of(report, adviser.policy) if report.subject == "patient" else (),
    )


class CallHistory:
    """What the series of one call tell of each other, where no ledger remembers; fulfils ``ports.History``."""

    def __init__(self) -> None:
        self._seen: list[tuple[QaReport, AssessedSeries]] = []

    def advise(self, report: QaReport, header: SeriesHeader, adviser: Adviser, *, now: datetime) -> QaReport:
        """Return the report with what is proposed, and remember the series for those that follow."""
        advised = recommend(report, header, adviser, history=self, arrived_at=now, now=now)
        if advised.assessed is not None:
            self._seen.append((report, advised.assessed))
        return advised.report

    def study_history(self, ref: SeriesRef, *, now: datetime) -> StudyHistory:  # noqa: ARG002 - the protocol's
        """Return the series of the study that came before in this call."""
        return StudyHistory(
            series=tuple(
                assessed
                for report, assessed in self._seen
                if report.subject == "patient"
                and report.ref.study_instance_uid == ref.study_instance_uid
                and report.ref != ref
            )
        )

    def scanner_history(self, device: Device, analysis: str, *, since: datetime, now: datetime) -> ScannerContext:
        """Return the faults of the scanner in this call, and what its last run in this call failed."""
        same = [(report, assessed) for report, assessed in self._seen if report.device == device]
        runs = [report for report, _ in same if report.analysis == analysis and report.subject == "phantom"]
        return ScannerContext(
            faults=_faults(same, since, now),
            failed_before=failed_metrics(runs[-1]) if runs and runs[-1].verdict is Verdict.ACTION else frozenset(),
        )


def _faults(seen: Sequence[tuple[QaReport, AssessedSeries]], since: datetime, now: datetime) -> tuple[Fault, ...]:
    return tuple(
        Fault(artifact=flag.artifact, study_instance_uid=report.ref.study_instance_uid, at=assessed.acquired_at)
        for report, assessed in seen
        for flag in assessed.flags
        if assessed.acquired_at is not None and since < assessed.acquired_at <= now
    )


def _moment(stamp: str | None, zone: tzinfo | None) -> datetime | None:
    """Return a DICOM time, which carries no zone, in the zone of the site; None where it is no time."""
    try:
        moment = datetime.fromisoformat(stamp or "")
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return (moment.astimezone() if zone is None else moment.replace(tzinfo=zone)).astimezone(UTC)
