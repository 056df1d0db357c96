"""What console and command line see of the ledger: values without any patient's identity."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import ArtifactCalibration
from aiqa_integration.model.finding import Severity
from aiqa_integration.model.identity import Device, SeriesRef
from aiqa_integration.model.job import EffectState, JobEvent, JobState
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.notice import NoticeKind, NoticeState, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSummary:
    """What the ledger itself knows of a job's result, without opening the report."""

    verdict: Verdict
    analysis: str
    phantom: str | None
    refused_code: str | None
    refused_detail: str | None
    simulated: bool
    report_sha256: str
    preview_sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One series in the queue; ``result`` is None before it was measured and where no rule wanted it.

    ``last_error`` is what went wrong at the last attempt, ``next_at`` when the next one is due.
    """

    job_id: str
    archive: str
    ref: SeriesRef
    revision: int
    modality: str
    description: str
    instance_count: int | None
    device: Device
    state: JobState
    reason: str
    attempts: int
    last_error: str
    next_at: datetime | None
    created_at: datetime
    updated_at: datetime
    result: ResultSummary | None
    deliveries: Mapping[EffectState, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One effect on the outside world and what became of it; the bytes are found by ``payload_sha256``.

    ``outcome_sha256`` finds what the receiver said when it refused, where that was kept; it may name a patient.
    """

    effect_id: str = ""
    sink: str
    target: str
    kind: str
    dedupe_key: str = ""
    state: EffectState
    attempts: int
    remote_id: str
    receipt: str
    last_error: str
    next_at: datetime | None
    updated_at: datetime
    media_type: str = ""
    payload_sha256: str = ""
    outcome_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A delivery that waits for a person; ``job_id`` is None where no series waits for it.

    ``answered``: what the receiver said is kept; it may name a patient.
    """

    effect_id: str
    job_id: str | None
    description: str
    sink: str
    target: str
    kind: str
    reason: str
    since: datetime
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One change of a job's state: when, what, who, why."""

    at: datetime
    event: JobEvent | None
    to_state: JobState
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetail:
    """A job with its deliveries and its history, oldest first."""

    job: QueueRow
    rule_revision: str
    deliveries: tuple[Delivery, ...]
    history: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many living jobs are in each state, and how many results have each verdict.

    ``refused``: results that say why nothing could be measured; they are in the verdicts too, as NOT_MEASURED.
    """

    states: Mapping[JobState, int]
    verdicts: Mapping[Verdict, int]
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """A series that a notice speaks of; ``severity_after`` is that of the same artifact in the series' repeat."""

    job_id: str
    modality: str
    description: str
    kind: NoticeKind
    text: str
    change: str | None
    artifact: str | None
    severity: int
    acquired_at: datetime | None
    arrived_at: datetime
    repeated_at: datetime | None
    severity_after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a person is told, with its series; ``ended_by`` is who answered, as they said it."""

    notice_id: str
    scope: Scope
    kind: NoticeKind
    state: NoticeState
    device: Device
    simulated: bool
    created_at: datetime
    until: datetime | None
    ended_at: datetime | None
    ended_by: str
    lines: tuple[NoticeLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollStatus:
    """How the polling of an archive goes."""

    archive: str
    started_at: datetime | None
    ended_at: datetime | None
    next_at: datetime | None
    failures: int
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a calibration holds for."""

    device_key: str
    family: str
    artifact: ArtifactId


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCalibration:
    """A calibration with where it holds, the scanner's name, and the bundle that it is of."""

    place: Place
    scanner: str
    bundle: str
    calibration: ArtifactCalibration


WhyReview = Literal["flagged", "sample", "drift", "suspended"]
"""Why a series is to be looked at.

The network saw something; it belongs to the random sample; what its scanner sends has changed; what was seen is
suspended on its scanner.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToReview:
    """A screened series that waits for a reviewer: which artifacts to answer for, and why it was chosen."""

    job_id: str
    series_instance_uid: str
    report_id: str
    device_key: str
    scanner: str
    family: str
    description: str
    at: datetime
    raw: Mapping[ArtifactId, float]
    why: tuple[WhyReview, ...]
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """What a reviewer said of one artifact in one series; ``severity`` is None where it was not said."""

    artifact: ArtifactId
    present: bool
    severity: Severity | None
    comment: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCase:
    """A screened series with the calibrations that hold for it and what was answered, the newest answer first."""

    series: ToReview
    calibrations: Mapping[ArtifactId, ArtifactCalibration]
    answers: tuple[GivenAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedFamily:
    """Series of one scanner and protocol family that were looked at for artifacts: how many, and when the last was."""

    device_key: str
    scanner: str
    family: str
    series: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDrift:
    """A change that a person has not looked at yet."""

    drift_id: str
    device_key: str
    scanner: str
    family: str
    detail: str
    opened_at: datetime
