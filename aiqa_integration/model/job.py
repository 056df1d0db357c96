"""States of jobs and effects, and the arrows between them; an arrow that is not listed does not exist."""

from enum import StrEnum


class JobState(StrEnum):
    """Where a series stands; only states that must survive a crash are stored."""

    DISCOVERED = "DISCOVERED"
    SETTLED = "SETTLED"
    MEASURED = "MEASURED"
    DELIVERED = "DELIVERED"
    IGNORED = "IGNORED"
    HELD = "HELD"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"


class JobEvent(StrEnum):
    """What can happen to a job."""

    COUNT_STABLE = "count-stable"
    MEASUREMENT_STORED = "measurement-stored"
    EFFECTS_SENT = "effects-sent"
    NO_RULE = "no-rule"
    EFFECT_REFUSED = "effect-refused"
    GAVE_UP = "gave-up"
    SERIES_GREW = "series-grew"
    REPLAYED = "replayed"
    SIGNED = "signed"


TRANSITIONS: dict[tuple[JobState, JobEvent], JobState] = {
    (JobState.DISCOVERED, JobEvent.COUNT_STABLE): JobState.SETTLED,
    (JobState.SETTLED, JobEvent.MEASUREMENT_STORED): JobState.MEASURED,
    (JobState.SETTLED, JobEvent.NO_RULE): JobState.IGNORED,
    (JobState.SETTLED, JobEvent.GAVE_UP): JobState.FAILED,
    (JobState.MEASURED, JobEvent.EFFECTS_SENT): JobState.DELIVERED,
    (JobState.MEASURED, JobEvent.EFFECT_REFUSED): JobState.HELD,
    (JobState.MEASURED, JobEvent.GAVE_UP): JobState.FAILED,
    (JobState.FAILED, JobEvent.REPLAYED): JobState.SETTLED,
    (JobState.HELD, JobEvent.REPLAYED): JobState.MEASURED,
    (JobState.IGNORED, JobEvent.REPLAYED): JobState.SETTLED,
    (JobState.MEASURED, JobEvent.SIGNED): JobState.MEASURED,
    (JobState.DELIVERED, JobEvent.SIGNED): JobState.MEASURED,
    **{
        (state, JobEvent.SERIES_GREW): JobState.SUPERSEDED
        for state in (
            JobState.SETTLED,
            JobState.MEASURED,
            JobState.DELIVERED,
            JobState.IGNORED,
            JobState.HELD,
            JobState.FAILED,
        )
    },
}
"""(state, event) -> state. A series that grew gets a new job (next revision); the old one is SUPERSEDED."""


class EffectState(StrEnum):
    """Where a delivery stands; WITHDRAWN: a later revision took its place before it was sent."""

    PLANNED = "PLANNED"
    SENT = "SENT"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
