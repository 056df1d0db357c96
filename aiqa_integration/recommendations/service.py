"""Notices about a scanner instead of a patient, and about the rule itself when people do not follow it."""

from collections.abc import Sequence
from datetime import datetime

from aiqa_integration.model.identity import Device, identity
from aiqa_integration.model.notice import Flag, NoticeKind, PlannedNotice
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind
from aiqa_integration.model.report import QaReport
from aiqa_integration.recommendations.context import ScannerContext
from aiqa_integration.recommendations.decision import Decision
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.recommendations.remedies import remedy_of
from aiqa_integration.recommendations.wording import percent

RULE_SUBJECT = "repeat-rule"
"""Subject of notices about the rule."""


def scanner_subject(device: Device, fault: str) -> str:
    """Return the subject of a notice about one fault of one scanner."""
    return str(identity("service", device.manufacturer, device.model, device.serial, device.station, fault))


def faults_again(
    report: QaReport,
    flags: Sequence[Flag],
    scanner: ScannerContext,
    *,
    acquired_at: datetime | None,
    now: datetime,
    policy: Policy,
) -> tuple[tuple[Flag, int], ...]:
    """Return the findings that a scanner can cause and that came in enough studies lately, with the studies' number.

    Images of unknown or older time point at nothing.
    """
    since = now - policy.service_within
    if acquired_at is None or not since < acquired_at <= now + policy.clock_ahead:
        return ()
    found = []
    for flag in flags:
        recent = (fault for fault in scanner.faults if fault.artifact == flag.artifact and since < fault.at <= now)
        count = len({report.ref.study_instance_uid, *(fault.study_instance_uid for fault in recent)})
        if remedy_of(flag.artifact).scanner_fault and count >= policy.service_after:
            found.append((flag, count))
    return tuple(found)


def service_decision(report: QaReport, again: Sequence[tuple[Flag, int]], policy: Policy) -> Decision:
    """Return the call for service that stands in for the notices about patients."""
    hours = policy.service_within.total_seconds() / 3600
    notices = tuple(
        PlannedNotice(
            scope="scanner",
            subject=scanner_subject(report.device, flag.artifact),
            kind=NoticeKind.SERVICE,
            text=f"{remedy_of(flag.artifact).title} in {count} studies of this scanner within {hours:g} hours: call "
            "service before more patients are scanned.",
            change=remedy_of(flag.artifact).next_step,
            flags=(flag,),
            again_after=policy.service_within,
        )
        for flag, count in again
    )
    recommendation = Recommendation(
        kind=RecommendationKind.SERVICE,
        reason="same-fault-again",
        text=" ".join(notice.text for notice in notices),
        urgency="today",
        change="; ".join(notice.change for notice in notices if notice.change),
        artifacts=tuple(flag.artifact for flag, _ in again),
    )
    return Decision(recommendation=recommendation, notices=notices)


def suspension(scanner: ScannerContext, policy: Policy) -> PlannedNotice | None:
    """Return the notice to the administrator where too few notices were followed: the rule is suspended then.

    Who accepts it lets the rule run again, and counting starts anew.
    """
    last = scanner.followed[: policy.acceptance_window]
    if len(last) < policy.acceptance_window or sum(last) / len(last) >= policy.acceptance_floor:
        return None
    return PlannedNotice(
        scope="site",
        subject=RULE_SUBJECT,
        kind=NoticeKind.ADMIN,
        text=f"Of the last {len(last)} notices {percent(sum(last) / len(last))} were followed, fewer than "
        f"{percent(policy.acceptance_floor)}: notices about patients are suspended.",
        change="look why they were not followed (docs/recommendations.md); accept this to let the rule run again",
    )
