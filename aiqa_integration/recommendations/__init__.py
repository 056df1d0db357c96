"""What is proposed after an analysis, for every modality: a pure function of report, context, time and policy."""

from datetime import datetime

from aiqa_integration.model.report import QaReport
from aiqa_integration.recommendations.context import ScannerContext, StudyContext
from aiqa_integration.recommendations.decision import Decision
from aiqa_integration.recommendations.phantom_run import decide_phantom
from aiqa_integration.recommendations.policy import Policy
from aiqa_integration.recommendations.repeat_scan import decide_repeat

__all__ = ["decide"]


def decide(
    report: QaReport, study: StudyContext, scanner: ScannerContext, *, now: datetime, policy: Policy
) -> Decision:
    """Return what is proposed for a report and whom it is told to; nothing for a refused series."""
    if report.refused is not None:
        return Decision(recommendation=None)
    if report.subject == "phantom":
        return decide_phantom(report, study, scanner, now, policy)
    return decide_repeat(report, study, scanner, now, policy)
