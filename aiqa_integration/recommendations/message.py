"""A recommendation as a message to the outside: what a webhook and a mail say, and which messages are one."""

from dataclasses import dataclass

from aiqa_integration.model.identity import Device, identity
from aiqa_integration.model.recommendation import Recommendation, RecommendationKind
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import PROPOSALS


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is said, without anything that could name a patient.

    ``key`` is equal for messages that are one: a study is told of once for each urgency, a scanner's fault once a day.
    """

    key: str
    headline: str
    scanner: str
    recommendation: Recommendation


def message_of(report: QaReport) -> Message | None:
    """Return the message of a report; None where nobody is to be told now or today."""
    recommendation = report.recommendation
    if recommendation is None or not recommendation.notifies:
        return None
    mark = "SIMULATED IMAGES: " if report.simulated else ""
    scanner = _scanner(report.device)
    return Message(
        key=_key(report, recommendation),
        headline=f"{mark}{PROPOSALS[recommendation.kind]}, {scanner}",
        scanner=scanner,
        recommendation=recommendation,
    )


def _key(report: QaReport, recommendation: Recommendation) -> str:
    if report.subject == "patient" and recommendation.kind is not RecommendationKind.SERVICE:
        return str(identity("message", report.ref.study_instance_uid, recommendation.urgency))
    device, day = report.device, report.provenance.created_at[:10]
    parts = (device.manufacturer, device.model, device.serial, device.station, report.analysis, recommendation.kind)
    return str(identity("message", *parts, *sorted(recommendation.artifacts), day))


def _scanner(device: Device) -> str:
    made = " ".join(part for part in (device.manufacturer, device.model) if part)
    place = device.station or device.serial
    return f"{place} ({made})" if place and made else place or made or "scanner not named"
