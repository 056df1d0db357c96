"""What a department does with a month of exams: nothing, look at everything, alert on everything found, or the rule."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.notice import NoticeKind, NoticeState
from aiqa_integration.model.report import Provenance, QaReport
from aiqa_integration.recommendations import decide
from aiqa_integration.recommendations.case import flags_of
from aiqa_integration.recommendations.context import AssessedSeries, Fault, Offer, ScannerContext, StudyContext
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.recommendations.repeat_scan import OVER_BUDGET
from benchmarks.department.detector import Detector
from benchmarks.department.exams import Exam, Shot

LOOK_MINUTES = 0.75
"""Scanner time that a person needs to look at a series with the patient waiting, or at the series of an alert."""

PERSON_FINDS = {2: 0.6, 3: 0.9}
PERSON_ERRS = 0.02
FOLLOWS_RIGHT, FOLLOWS_WRONG = 0.85, 0.25
ANSWER_MINUTES = 1.0

_PROVENANCE = Provenance(
    software_version="", rule_revision="", rule_name="", limit_set="", limit_set_revision="", instances_digest="",
    source_instance_uids=(), created_at="",
)  # fmt: skip


@dataclass(slots=True)
class Month:
    """What came of a month; ``minutes`` are of scanner time, without recalls."""

    exams: int = 0
    alerts: int = 0
    right: int = 0
    service: int = 0
    unreadable: int = 0
    mended_unreadable: int = 0
    repeats: int = 0
    mended: int = 0
    recalls: int = 0
    minutes: float = 0.0
    delays_s: list[float] = field(default_factory=list)


Look = Callable[[Exam, Month, np.random.Generator], None]


def never(exam: Exam, month: Month, rng: np.random.Generator) -> None:  # noqa: ARG001 - as every policy
    """Nobody looks before the patient has left."""
    _close(exam, set(), month)


def always_review(exam: Exam, month: Month, rng: np.random.Generator) -> None:
    """Have a person look at every series while the patient waits and repeat what looks bad, once an exam."""
    mended: set[str] = set()
    repeated = False
    for shot in exam.shots:
        month.minutes += LOOK_MINUTES
        if not repeated and rng.random() < PERSON_FINDS.get(shot.worst, PERSON_ERRS):
            repeated = True
            _repeat(shot, mended, month, rng)
    _close(exam, mended, month)


@dataclass(slots=True)
class AlertAll:
    """Every series in which the detector finds something is an alert."""

    detector: Detector

    def __call__(self, exam: Exam, month: Month, rng: np.random.Generator) -> None:
        """Meet one exam."""
        mended: set[str] = set()
        for shot in exam.shots:
            if self.detector.findings(shot.truth, rng):
                _alert([shot], mended, month, rng)
        _close(exam, mended, month)


@dataclass(slots=True)
class Rule:
    """AIQA's recommendation engine, with the memory that the ledger gives it; ``delay_s`` draws image to notice."""

    detector: Detector
    delay_s: Callable[[np.random.Generator], float]
    policy: Policy = field(default_factory=Policy)
    reasons: dict[str, int] = field(default_factory=dict)
    _faults: dict[str, list[Fault]] = field(default_factory=dict)
    _services: dict[str, datetime] = field(default_factory=dict)
    _followed: list[bool] = field(default_factory=list)
    _delays: list[float] = field(default_factory=list)
    _offers: list[list[Offer]] = field(default_factory=list)

    def __call__(self, exam: Exam, month: Month, rng: np.random.Generator) -> None:
        """Meet one exam: decide on each series as it comes; what is told before the answer is one notice."""
        seen: list[AssessedSeries] = []
        told: list[Shot] = []
        mended: set[str] = set()
        answers_at: datetime | None = None
        state: list[NoticeState] = []
        offers: list[Offer] = []
        self._offers.insert(0, offers)
        for shot in exam.shots:
            delay = self.delay_s(rng)
            now = shot.ends_at + timedelta(seconds=delay)
            if answers_at is not None and not state and now >= answers_at:
                state.append(self._answer(told, mended, month, rng))
            findings = self.detector.findings(shot.truth, rng)
            report = _report(exam, shot, findings)
            assessed = _assessed(shot, findings, report, self.policy)
            proposed = [NoticeState.PROPOSED] if told and not state else []
            study = StudyContext(series=assessed, others=tuple(seen), notices=(*state, *proposed))
            decision = decide(report, study, self._scanner(exam.scanner), now=now, policy=self.policy)
            seen.append(assessed)
            self._note(exam, shot, assessed, delay)
            if decision.recommendation:
                reason = decision.recommendation.reason
                self.reasons[reason] = self.reasons.get(reason, 0) + 1
                if decision.recommendation.urgency == "now" or reason == OVER_BUDGET:
                    offers.append(Offer(flags=assessed.flags, minutes=shot.minutes))
            for notice in decision.notices:
                if notice.scope == "study" and notice.kind in {NoticeKind.REPEAT_NOW, NoticeKind.CHANGE_PROTOCOL}:
                    if not told:
                        month.delays_s.append(delay)
                    told.append(shot)
                    answers_at = answers_at or now + timedelta(minutes=ANSWER_MINUTES)
                elif notice.scope == "scanner":
                    self._service(notice.subject, now, month)
        if told and not state:
            self._answer(told, mended, month, rng)
        _close(exam, mended, month)

    def _answer(self, told: list[Shot], mended: set[str], month: Month, rng: np.random.Generator) -> NoticeState:
        followed = _alert(told, mended, month, rng)
        self._followed.insert(0, followed)
        return NoticeState.ACCEPTED if followed else NoticeState.DECLINED

    def _scanner(self, scanner: str) -> ScannerContext:
        return ScannerContext(
            faults=tuple(self._faults.get(scanner, [])),
            followed=tuple(self._followed[:200]),
            delays_s=tuple(self._delays[-50:]),
            offers=tuple(tuple(one) for one in self._offers[:200]),
        )

    def _note(self, exam: Exam, shot: Shot, assessed: AssessedSeries, delay: float) -> None:
        self._delays.append(delay)
        self._faults.setdefault(exam.scanner, []).extend(
            Fault(artifact=flag.artifact, study_instance_uid=exam.uid, at=shot.ends_at) for flag in assessed.flags
        )

    def _service(self, subject: str, now: datetime, month: Month) -> None:
        last = self._services.get(subject)
        if last is None or now - last >= self.policy.service_within:
            self._services[subject] = now
            month.service += 1


def _alert(told: list[Shot], mended: set[str], month: Month, rng: np.random.Generator) -> bool:
    """Tell of series; return whether it was followed. A repeat is done once for each series told of."""
    right = any(shot.worst >= 2 for shot in told)
    month.alerts += 1
    month.right += right
    month.minutes += LOOK_MINUTES
    followed = bool(rng.random() < (FOLLOWS_RIGHT if right else FOLLOWS_WRONG))
    if followed:
        for shot in told:
            if right <= (shot.worst >= 2):
                _repeat(shot, mended, month, rng)
    return followed


def _repeat(shot: Shot, mended: set[str], month: Month, rng: np.random.Generator) -> None:
    month.repeats += 1
    month.minutes += shot.minutes
    if shot.worst < 2:
        return
    worst = max(shot.truth, key=lambda artifact: shot.truth[artifact])
    chance = 0.7 if worst is ArtifactId.SUSCEPTIBILITY else ARTIFACTS_BY_ID[worst].fixable
    if rng.random() < chance:
        month.mended += 1
        mended.add(shot.uid)


def _close(exam: Exam, mended: set[str], month: Month) -> None:
    """Read the exam: what cannot be read and has no good likeness in the study is a recall, one an exam."""
    month.exams += 1
    recall = False
    for shot in exam.shots:
        month.unreadable += shot.unreadable
        month.mended_unreadable += shot.unreadable and shot.uid in mended
        spare = any(other.worst < 2 and other.likeness == shot.likeness for other in exam.shots if other is not shot)
        recall |= shot.unreadable and shot.uid not in mended and not spare
    month.recalls += recall


def _report(exam: Exam, shot: Shot, findings: tuple[Finding, ...]) -> QaReport:
    """Return a report that holds nothing but what was found."""
    return QaReport(
        ref=SeriesRef(study_instance_uid=exam.uid, series_instance_uid=shot.uid),
        modality="MR",
        device=Device(station=exam.scanner),
        analysis="mri-artifact-detection",
        analysis_version="1",
        bundle=None,
        subject="patient",
        phantom=None,
        judgements=(),
        refused=None,
        provenance=_PROVENANCE,
        findings=findings,
    )


def _assessed(shot: Shot, findings: tuple[Finding, ...], report: QaReport, policy: Policy) -> AssessedSeries:
    return AssessedSeries(
        series_instance_uid=shot.uid,
        protocol=shot.protocol,
        likeness=shot.likeness,
        contrast_given=shot.after_contrast,
        acquired_at=shot.ends_at - timedelta(minutes=shot.minutes),
        arrived_at=shot.ends_at,
        minutes=shot.minutes,
        severities={finding.artifact: finding.severity for finding in findings},
        flags=flags_of(report, policy),
    )
