"""How the console says things: states, verdicts and reasons in plain words, and what to do about each."""

from dataclasses import dataclass

from aiqa_integration.ledger.views import Counts, QueueRow, WhyReview
from aiqa_integration.model.advice import VERDICT_MEANINGS, Meaning, refusal_meaning
from aiqa_integration.model.finding import Calibration, Severity
from aiqa_integration.model.job import EffectState, JobEvent, JobState
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import Reason
from aiqa_integration.model.notice import NoticeKind, NoticeState
from aiqa_integration.model.wording import WORDS
from aiqa_integration.pipeline import chore


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A mark that is told apart by word, shape and colour; ``look`` names shape and colour."""

    look: str
    word: str


VERDICT_BADGES: dict[Verdict, Badge] = {
    Verdict.PASS: Badge(look="pass", word=WORDS[Verdict.PASS]),
    Verdict.TOLERANCE: Badge(look="tolerance", word=WORDS[Verdict.TOLERANCE]),
    Verdict.ACTION: Badge(look="action", word=WORDS[Verdict.ACTION]),
    Verdict.NOT_ASSESSED: Badge(look="open", word=WORDS[Verdict.NOT_ASSESSED]),
    Verdict.NOT_MEASURED: Badge(look="unknown", word=WORDS[Verdict.NOT_MEASURED]),
}
REFUSED_BADGE = Badge(look="refused", word="REFUSED")

STATE_BADGES: dict[JobState, Badge] = {
    JobState.DISCOVERED: Badge(look="waiting", word="ARRIVING"),
    JobState.SETTLED: Badge(look="waiting", word="IN WORK"),
    JobState.MEASURED: Badge(look="waiting", word="MEASURED"),
    JobState.DELIVERED: Badge(look="open", word="DELIVERED"),
    JobState.IGNORED: Badge(look="ignored", word="IGNORED"),
    JobState.HELD: Badge(look="failed", word="HELD"),
    JobState.FAILED: Badge(look="failed", word="FAILED"),
    JobState.SUPERSEDED: Badge(look="ignored", word="REPLACED"),
}
"""Of jobs without a result."""

STATE_WORDS: dict[JobState, str] = {
    JobState.DISCOVERED: "waiting for the series to be complete",
    JobState.SETTLED: "complete, waiting to be measured",
    JobState.MEASURED: "measured, results are being delivered",
    JobState.DELIVERED: "delivered",
    JobState.IGNORED: "ignored",
    JobState.HELD: "held, a person has to look: a receiver refused results",
    JobState.FAILED: "failed",
    JobState.SUPERSEDED: "replaced: more images came, a newer revision takes its place",
}
"""What a person reads for each state."""

STUCK = frozenset({JobState.HELD, JobState.FAILED})
"""States that a person has to end."""

SHORT_STATE_WORDS: dict[JobState, str] = {
    JobState.DISCOVERED: "arriving",
    JobState.SETTLED: "in work",
    JobState.MEASURED: "being delivered",
    JobState.DELIVERED: "delivered",
    JobState.IGNORED: "ignored",
    JobState.HELD: "held",
    JobState.FAILED: "failed",
    JobState.SUPERSEDED: "replaced",
}
"""For counts and filters."""

STATE_ADVICE: dict[JobState, str] = {
    JobState.DISCOVERED: "Nothing to do. Measuring starts when no new image has come for some seconds.",
    JobState.SETTLED: "Nothing to do. If it stays like this: is a worker running? 'aiqa check' tries all connections.",
    JobState.MEASURED: "Nothing to do. Deliveries are repeated until the receiver has them.",
    JobState.DELIVERED: "Nothing to do.",
    JobState.IGNORED: "Nothing to do if no analysis was expected. If one was: the rules decide which series get one.",
    JobState.HELD: "Look at the refused delivery below. When its cause is mended: 'Held', or 'aiqa replay'.",
    JobState.FAILED: "Look at the reason. When its cause is mended: 'aiqa replay'.",
    JobState.SUPERSEDED: "Look at the newer revision of this series in the queue.",
}

REASON_WORDS: dict[Reason, str] = {
    Reason.SLICE_MISSING: "the slice that this test needs is not in the series",
    Reason.FEATURE_NOT_FOUND: "what this test measures was not found in the slice",
    Reason.ROI_OUTSIDE_IMAGE: "the region to measure leaves the image",
    Reason.BACKGROUND_ZEROED: "the scanner set the background to zero",
    Reason.BACKGROUND_TOO_SMALL: "there is too little background around the test object",
    Reason.SIGNAL_TOO_LOW: "there is too little signal",
    Reason.IMPLAUSIBLE: "the value found cannot be right",
    Reason.POSE_UNCERTAIN: "where the test object lies is not certain enough",
    Reason.WRONG_ORIENTATION: "the slices are not in the plane that this test needs",
    Reason.ATTRIBUTE_MISSING: "the images lack a DICOM attribute that this test needs",
    Reason.ANALYSIS_FAILED: "the analysis of this test failed",
}

EVENT_WORDS: dict[JobEvent | None, str] = {
    None: "seen in the archive",
    JobEvent.COUNT_STABLE: "complete",
    JobEvent.MEASUREMENT_STORED: "result stored",
    JobEvent.EFFECTS_SENT: "delivered",
    JobEvent.NO_RULE: "ignored",
    JobEvent.EFFECT_REFUSED: "delivery refused",
    JobEvent.GAVE_UP: "gave up",
    JobEvent.SERIES_GREW: "replaced: more images came",
    JobEvent.REPLAYED: "started again",
    JobEvent.SIGNED: "signed by a person",
}

EFFECT_BADGES: dict[EffectState, Badge] = {
    EffectState.SENT: Badge(look="pass", word="sent"),
    EffectState.PLANNED: Badge(look="waiting", word="planned"),
    EffectState.REFUSED: Badge(look="refused", word="refused"),
    EffectState.WITHDRAWN: Badge(look="ignored", word="withdrawn"),
}

NOTICE_BADGES: dict[NoticeKind, Badge] = {
    NoticeKind.REPEAT_NOW: Badge(look="action", word="REPEAT NOW"),
    NoticeKind.CHANGE_PROTOCOL: Badge(look="tolerance", word="CHANGE PROTOCOL"),
    NoticeKind.SERVICE: Badge(look="failed", word="CALL SERVICE"),
    NoticeKind.REVIEW: Badge(look="unknown", word="REVIEW"),
    NoticeKind.ADMIN: Badge(look="waiting", word="RULE SUSPENDED"),
}

ANSWER_WORDS: dict[NoticeKind, tuple[str, str]] = {
    NoticeKind.REPEAT_NOW: ("We repeat", "Not needed"),
    NoticeKind.CHANGE_PROTOCOL: ("We do that", "Not needed"),
    NoticeKind.SERVICE: ("Service is called", "Not needed"),
    NoticeKind.REVIEW: ("Looked at", "Not needed"),
    NoticeKind.ADMIN: ("Let the rule run again", ""),
}
"""What the buttons of a notice say: accept, decline (none: cannot be declined)."""

END_WORDS: dict[NoticeState, str] = {
    NoticeState.PROPOSED: "waits for an answer",
    NoticeState.ACCEPTED: "accepted",
    NoticeState.DECLINED: "declined",
    NoticeState.EXPIRED: "nobody answered in time",
    NoticeState.REPEATED: "repeated",
    NoticeState.WITHDRAWN: "withdrawn: its series was replaced",
}

REVIEW_WORDS: dict[WhyReview, str] = {
    "flagged": "something was seen",
    "suspended": "what was seen is suspended here",
    "drift": "the scanner has changed",
    "sample": "random sample",
}
"""Why a series is to be reviewed."""

CALIBRATION_BADGES: dict[Calibration, Badge] = {
    "active": Badge(look="pass", word="ACTIVE"),
    "suspended": Badge(look="failed", word="SUSPENDED"),
    "uncalibrated": Badge(look="open", word="IN SHADOW"),
}

SEVERITY_GRADES: dict[Severity, str] = {0: "not there", 1: "minor", 2: "moderate", 3: "severe"}
"""What a reviewer says of an artifact."""

SEVERITY_WORDS: tuple[tuple[str, str], ...] = (
    ("", "not judged"),
    *((str(severity), word) for severity, word in SEVERITY_GRADES.items()),
)
"""The choices of a form: what it sends, and its word."""

ACTION_WORDS: dict[str, str] = {"adopt": "Adopt", "suspend": "Suspend", "resume": "Let it prove itself anew"}

ACTION_MEANINGS: dict[str, str] = {
    "adopt": "Adopt: it alerts from now on, by the bundle's own figures, say because a twin of this scanner proved it.",
    "suspend": "Suspend: it is kept and nobody is told, until a person lets it go on.",
    "resume": "It goes back into shadow, and answers can make it active again.",
}


def family_words(family: str) -> str:
    """Return a protocol family as a person writes it."""
    words = _FAMILIES.get(family)
    return words or family.replace("-", " ")


_FAMILIES = {
    "t1-spin-echo": "T1 spin echo",
    "t2-spin-echo": "T2 spin echo",
    "pd-spin-echo": "PD spin echo",
    "flair": "FLAIR",
    "stir": "STIR",
    "t1-gradient-echo": "T1 gradient echo",
    "t2star-gradient-echo": "T2* gradient echo",
    "balanced-ssfp": "balanced SSFP",
    "epi": "EPI",
    "unknown": "unknown protocol family",
}


WORK_WORDS: dict[str, tuple[str, str]] = {
    chore.EHR_TASKS: (
        "The Tasks in the EHR cannot be followed",
        "It is tried again; notices can be answered here as ever.",
    ),
    chore.EHR_SUBSCRIPTION: (
        "The EHR does not tell of changed Tasks at once",
        "They are looked at all the same, every ehr.follow_every_s seconds.",
    ),
    chore.EHR_PATIENTS: (
        "Results about patients cannot be matched with the EHR's Patients",
        "Set ehr.patient_system or ehr.systems and start AIQA anew; then send again what is held. Try: 'aiqa check'.",
    ),
    chore.FACADE_TASKS: ("The Tasks of the FHIR API are not up to date", "It is tried again."),
    chore.MONTHS: ("The summaries of the last month were not made", "It is tried again."),
}
"""Of periodic work that fails: what that means, and what happens or is to be done."""


_PARKED_ADVICE = {
    "ehr-unmatched": "Put the patient, study or order right in the EHR, or set ehr.patient_system or ehr.systems (then "
    "start AIQA anew); then send again.",
    "ehr-refused": "Mend what the EHR refused (rights, profiles, the resource that is named), then send again.",
    "archive-refused": "Mend what the archive refused (rights, space, SOP classes), then send again.",
    "receiver-refused": "Mend the address or the rights at the receiver, then send again.",
}
_PARKED_OTHERWISE = "Mend the cause, then send again."


def parked_advice(reason: str) -> str:
    """Return what to do about a parked delivery, by the code that its reason begins with."""
    return _PARKED_ADVICE.get(reason.partition(":")[0], _PARKED_OTHERWISE)


def badge(row: QueueRow) -> Badge:
    """Return the mark of a series: its verdict where it has one, else where it stands."""
    result = row.result
    if result is None:
        return STATE_BADGES[row.state]
    return REFUSED_BADGE if result.refused_code else VERDICT_BADGES[result.verdict]


def tally(counts: Counts) -> tuple[tuple[Badge, int], ...]:
    """Return how many series have each mark of a result, worst first; refused ones are not counted as not measured."""
    not_measured = counts.verdicts.get(Verdict.NOT_MEASURED, 0) - counts.refused
    return (
        (VERDICT_BADGES[Verdict.ACTION], counts.verdicts.get(Verdict.ACTION, 0)),
        (VERDICT_BADGES[Verdict.TOLERANCE], counts.verdicts.get(Verdict.TOLERANCE, 0)),
        (VERDICT_BADGES[Verdict.NOT_MEASURED], not_measured),
        (REFUSED_BADGE, counts.refused),
        (VERDICT_BADGES[Verdict.NOT_ASSESSED], counts.verdicts.get(Verdict.NOT_ASSESSED, 0)),
        (VERDICT_BADGES[Verdict.PASS], counts.verdicts.get(Verdict.PASS, 0)),
    )


def progress(row: QueueRow) -> str:
    """Return where a series stands and, where something keeps it from its end, why."""
    words = STATE_WORDS[row.state]
    if row.state in {JobState.IGNORED, *STUCK} and row.reason:
        return f"{words}: {row.reason}"
    if row.state is JobState.SETTLED and row.last_error:
        return f"attempt {row.attempts} failed, will be tried again: {row.last_error}"
    return words


def state_sentence(row: QueueRow) -> str:
    """Return the reason of a refusal, and where a series stands."""
    if row.result is not None and row.result.refused_code:
        return f"refused: {row.result.refused_detail} ({progress(row)})"
    return progress(row)


def meaning(row: QueueRow) -> Meaning:
    """Return what a series' result means and what to do, or where it stands and what to do."""
    result = row.result
    if result is None:
        return Meaning(means=_sentence(progress(row)), advice=STATE_ADVICE[row.state])
    if result.refused_code:
        return refusal_meaning(result.refused_code, result.refused_detail or "")
    return VERDICT_MEANINGS[result.verdict]


def capitalized(words: str) -> str:
    """Return the words with a capital first letter and the rest as it is."""
    return words[:1].upper() + words[1:]


def _sentence(words: str) -> str:
    return capitalized(words) if words.endswith((".", "!", "?")) else f"{capitalized(words)}."
