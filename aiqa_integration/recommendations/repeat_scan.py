"""Whether to repeat a patient's series while the patient is there: what a recall would cost against what a repeat does.

p* = cost(repeat) / (cost(recall) · P(fixable)): from this chance that the series cannot be read a repeat pays. Before
it come the reasons to keep silent, in the order of ``_HINDRANCES``; behind it the site's alert budget, which goes to
the series of the highest worth. Only findings that alert (``Finding.alerts``) can make a notice; others are passed to a
reviewer without one.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from aiqa_integration.model.finding import ALERTED_SEVERITY, Finding
from aiqa_integration.model.notice import Flag, NoticeKind, NoticeState, PlannedNotice
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind, Urgency
from aiqa_integration.model.report import QaReport
from aiqa_integration.recommendations import service
from aiqa_integration.recommendations.case import Case, flags_of, worth_of
from aiqa_integration.recommendations.context import ScannerContext, StudyContext
from aiqa_integration.recommendations.decision import Decision
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.recommendations.remedies import remedy_of
from aiqa_integration.recommendations.wording import percent, seen_text

NOTICE_KINDS: dict[RecommendationKind, NoticeKind] = {
    RecommendationKind.REPEAT_NOW: NoticeKind.REPEAT_NOW,
    RecommendationKind.CHANGE_PROTOCOL: NoticeKind.CHANGE_PROTOCOL,
    RecommendationKind.REVIEW: NoticeKind.REVIEW,
}


OVER_BUDGET = "over-budget"
"""The reason of a series that a notice was worth, but others more."""


def decide_repeat(
    report: QaReport, study: StudyContext, scanner: ScannerContext, now: datetime, policy: Policy
) -> Decision:
    """Return what to do about a patient's series, and whom to tell."""
    clear = [finding for finding in report.findings if finding.severity >= ALERTED_SEVERITY]
    if not clear:
        return Decision(recommendation=_accepted())
    flags = flags_of(report, policy)
    if not flags:
        return Decision(recommendation=_shadow(clear))
    case = Case(report=report, flags=flags, study=study, scanner=scanner, now=now, policy=policy)
    acquired = study.series.acquired_at
    again = service.faults_again(report, flags, scanner, acquired_at=acquired, now=now, policy=policy)
    if again:
        return service.service_decision(report, again, policy)
    admin = service.suspension(scanner, policy)
    recommendation = _proposal(case)
    if recommendation.urgency == "now" and _over_budget(case):
        recommendation = _silent("The alert budget is spent on series for which a notice is worth more.")(
            case, OVER_BUDGET
        )
    notices = (admin,) if admin and recommendation.reason == "suspended" else ()
    return Decision(recommendation=recommendation, notices=notices + _told(case, recommendation))


def _proposal(case: Case) -> Recommendation:
    for reason, holds, proposal in _HINDRANCES:
        if holds(case):
            return proposal(case, reason)
    return _repeat(case)


def _late(case: Case) -> bool:
    acquired = case.study.series.acquired_at
    return acquired is not None and case.study.series.arrived_at - acquired > case.policy.late_after


def _clock_unknown(case: Case) -> bool:
    acquired = case.study.series.acquired_at
    return acquired is None or acquired - case.now > case.policy.clock_ahead


def _off_table(case: Case) -> bool:
    return case.now >= case.leaves_at


def _too_slow(case: Case) -> bool:
    # What took longer than a patient stays (a replay, a backlog) could be no notice, so it tells nothing of them.
    delays = sorted(delay for delay in case.scanner.delays_s if delay < case.policy.on_table.total_seconds())
    if len(delays) < case.policy.fewest_delays:
        return False
    slowest = delays[min(int(case.policy.slowest_share * len(delays)), len(delays) - 1)]
    return slowest > case.policy.notice_budget.total_seconds()


def _suspended(case: Case) -> bool:
    return service.suspension(case.scanner, case.policy) is not None


def _redundant(case: Case) -> bool:
    series = case.study.series
    return any(other.good and other.likeness == series.likeness for other in case.study.others)


def _repeated_once(case: Case) -> bool:
    """Whether a notice of the study has ended, or the same protocol was flagged before: this series is the repeat."""
    over = {NoticeState.ACCEPTED, NoticeState.DECLINED, NoticeState.EXPIRED, NoticeState.REPEATED}
    series = case.study.series
    again = any(other.flags and other.protocol == series.protocol for other in case.study.others)
    return again or bool(over & set(case.study.notices))


def _contrast_given(case: Case) -> bool:
    return any(series.contrast_given for series in (case.study.series, *case.study.others))


def _no_repeat_helps(case: Case) -> bool:
    return any(remedy_of(flag.artifact).answer == "change-protocol" for flag in case.flags)


def _not_worth(case: Case) -> bool:
    fixable = case.policy.fixable_of(case.remedy)
    return case.chance < case.policy.threshold(fixable=fixable, minutes=case.study.series.minutes)


def _over_budget(case: Case) -> bool:
    """Whether the budget is spent: as many of the last studies as it allows had a series that was worth as much.

    A study that has a notice already costs nothing more: the series joins it. Of a window that isn't full yet as many
    are allowed as of a full one.
    """
    policy, window = case.policy, case.scanner.offers[: case.policy.budget_window]
    if NoticeState.PROPOSED in case.study.notices:
        return False
    own = worth_of(case.flags, case.study.series.minutes, policy)
    best = (max((worth_of(one.flags, one.minutes, policy) for one in offers), default=None) for offers in window)
    as_good = sum(worth is not None and worth >= own for worth in best)
    return as_good >= policy.alert_budget * policy.budget_window


def _accepted() -> Recommendation:
    return Recommendation(
        kind=RecommendationKind.ACCEPT,
        reason="nothing-clear",
        text="Accept the series: no artifact that would limit reading was found.",
        urgency="none",
    )


def _shadow(findings: list[Finding]) -> Recommendation:
    """Return what is said of findings that nobody may be alerted for: a reviewer's answer is what they need."""
    flags = tuple(Flag(artifact=f.artifact, severity=f.severity, probability=f.probability) for f in findings)
    suspended = any(finding.calibration == "suspended" for finding in findings)
    why = "is suspended" if suspended else "has not been confirmed by reviewers"
    return Recommendation(
        kind=RecommendationKind.REVIEW,
        reason="not-calibrated",
        text=f"Seen without alert: {seen_text(flags)}. The detector {why} on this scanner and protocol; a reviewer's "
        "answer calibrates it.",
        urgency="none",
        artifacts=tuple(flag.artifact for flag in flags),
    )


def _silent(words: str) -> Callable[[Case, str], Recommendation]:
    def proposal(case: Case, reason: str) -> Recommendation:
        return _said(case, RecommendationKind.REVIEW, reason, f"{case.seen}. {words}")

    return proposal


def _left(case: Case, reason: str) -> Recommendation:
    """Return what is said when the patient has left: a radiologist decides about a recall, if it may be worth one."""
    worth = case.chance >= case.policy.review_from
    words = (
        f"The chance that the series cannot be read is {percent(case.chance)}: a radiologist decides about a recall."
        if worth
        else "The patient has left the table; no recall is proposed."
    )
    return _said(case, RecommendationKind.REVIEW, reason, f"{case.seen}. {words}", urgency="today" if worth else "none")


def _good_one_there(case: Case, reason: str) -> Recommendation:
    words = "A good series of the same plane and contrast is in the study: no repeat is needed."
    return _said(case, RecommendationKind.ACCEPT, reason, f"{case.seen}. {words}")


def _changed(words: str, change: str | None = None) -> Callable[[Case, str], Recommendation]:
    """Return the proposal of another sequence, where that pays; else of a look at the images."""

    def proposal(case: Case, reason: str) -> Recommendation:
        policy = case.policy
        needed = policy.threshold(fixable=policy.alternative_fixable, minutes=case.study.series.minutes)
        if case.chance < needed:
            return _said(case, RecommendationKind.REVIEW, reason, f"{case.seen}. {words}")
        led = next((f for f in case.flags if remedy_of(f.artifact).answer == "change-protocol"), case.flags[0])
        step = change or remedy_of(led.artifact).next_step
        return _said(
            case, RecommendationKind.CHANGE_PROTOCOL, reason, f"{case.seen}. {words}", urgency="now", change=step
        )

    return proposal


def _cheap_recall(case: Case, reason: str) -> Recommendation:
    fixable = case.policy.fixable_of(case.remedy)
    needed = case.policy.threshold(fixable=fixable, minutes=case.study.series.minutes)
    pays = f"would pay from {percent(needed)}" if needed <= 1.0 else "would never pay"
    words = f"The chance that the series cannot be read is {percent(case.chance)}; a repeat {pays}."
    return _said(case, RecommendationKind.REVIEW, reason, f"{case.seen}. {words}")


def _repeat(case: Case) -> Recommendation:
    fixable = case.policy.fixable_of(case.remedy)
    needed = case.policy.threshold(fixable=fixable, minutes=case.study.series.minutes)
    words = (
        f"{case.seen}: repeat the series while the patient is on the table. The chance that it cannot be read is "
        f"{percent(case.chance)}; a repeat pays from {percent(needed)}."
    )
    change = "; ".join(dict.fromkeys(remedy_of(flag.artifact).next_step for flag in case.flags))
    return _said(case, RecommendationKind.REPEAT_NOW, "worth-a-repeat", words, urgency="now", change=change)


def _said(
    case: Case,
    kind: RecommendationKind,
    reason: str,
    text: str,
    *,
    urgency: Urgency = "none",
    change: str | None = None,
) -> Recommendation:
    until = case.leaves_at.isoformat(timespec="seconds") if urgency == "now" else None
    artifacts = tuple(flag.artifact for flag in case.flags)
    return Recommendation(
        kind=kind, reason=reason, text=text, urgency=urgency, change=change, artifacts=artifacts, until=until
    )


def _told(case: Case, recommendation: Recommendation) -> tuple[PlannedNotice, ...]:
    if not recommendation.notifies:
        return ()
    stays: timedelta = case.policy.review_for
    notice = PlannedNotice(
        scope="study",
        subject=case.report.ref.study_instance_uid,
        kind=NOTICE_KINDS[recommendation.kind],
        text=recommendation.text,
        change=recommendation.change,
        flags=case.flags,
        until=case.leaves_at if recommendation.urgency == "now" else case.now + stays,
        again_after=timedelta.max,
    )
    return (notice,)


_Hindrance = tuple[str, Callable[[Case], bool], Callable[[Case, str], Recommendation]]

_HINDRANCES: tuple[_Hindrance, ...] = (
    ("late", _late, _silent("The images came too long after they were taken for a notice.")),
    ("clock-unknown", _clock_unknown, _silent("The images do not tell rightly when they were taken: no notice.")),
    ("off-table", _off_table, _left),
    ("redundant", _redundant, _good_one_there),
    ("suspended", _suspended, _silent("Notices are suspended: too few of the last ones were followed.")),
    ("too-slow", _too_slow, _silent("Results come too slowly for notices on the table; a reviewer looks.")),
    ("repeated-once", _repeated_once, _silent("AIQA has proposed one repeat in this study and proposes no second.")),
    (
        "contrast-given",
        _contrast_given,
        _changed(
            "Contrast has been given: do not repeat this series as it was.",
            "take another sequence that shows the same after contrast, or ask the radiologist",
        ),
    ),
    ("metal", _no_repeat_helps, _changed("The same series again would look the same.")),
    ("not-worth-a-repeat", _not_worth, _cheap_recall),
)
"""Reasons against a repeat, the first that holds counts: its name, when it holds, what is proposed instead."""
