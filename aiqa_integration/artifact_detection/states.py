"""The states of a calibration (scanner x protocol family x artifact) and what moves them.

``uncalibrated``: shadow mode, results are kept and nobody is told. ``active``: alerts. ``suspended``: kept, not told,
until a person or new answers set it going again. Every change of state or threshold is written to the audit.
"""

from enum import StrEnum

from aiqa_integration.model.finding import Calibration


class CalibrationEvent(StrEnum):
    """What happens to a calibration."""

    PROVED = "proved"
    FAILED = "failed"
    SUSPENDED_BY_PERSON = "suspended-by-person"
    RESUMED_BY_PERSON = "resumed-by-person"
    BUNDLE_CHANGED = "bundle-changed"


TRANSITIONS: dict[tuple[Calibration, CalibrationEvent], Calibration] = {
    ("uncalibrated", CalibrationEvent.PROVED): "active",
    ("uncalibrated", CalibrationEvent.FAILED): "uncalibrated",
    ("uncalibrated", CalibrationEvent.SUSPENDED_BY_PERSON): "suspended",
    ("uncalibrated", CalibrationEvent.BUNDLE_CHANGED): "uncalibrated",
    ("active", CalibrationEvent.PROVED): "active",
    ("active", CalibrationEvent.FAILED): "suspended",
    ("active", CalibrationEvent.SUSPENDED_BY_PERSON): "suspended",
    ("active", CalibrationEvent.BUNDLE_CHANGED): "uncalibrated",
    ("suspended", CalibrationEvent.PROVED): "suspended",
    ("suspended", CalibrationEvent.FAILED): "suspended",
    ("suspended", CalibrationEvent.RESUMED_BY_PERSON): "uncalibrated",
    ("suspended", CalibrationEvent.BUNDLE_CHANGED): "uncalibrated",
}
"""State and event -> state; what was suspended never resumes by itself."""


def next_state(state: Calibration, event: CalibrationEvent) -> Calibration:
    """Return the state after an event; raises ValueError for an event that the state does not know."""
    following = TRANSITIONS.get((state, event))
    if following is None:
        raise ValueError(f"a calibration that is {state} does not know the event {event}")
    return following
