"""The outside world as the pipeline sees it: protocols that adapters fulfil, and the values that cross them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.errors import AiqaError, TransientError, Unforeseen
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.calibration import ArtifactCalibration
from aiqa_integration.model.identity import Device, Person, SeriesRef
from aiqa_integration.model.image import ImageStack, LeftOut, SeriesHeader
from aiqa_integration.model.job import JobState
from aiqa_integration.model.month import CalendarMonth, ScannerMonth
from aiqa_integration.model.notice import NoticeState, PlannedNotice
from aiqa_integration.model.report import BundleVersion, QaReport, Version
from aiqa_integration.recommendations.context import AssessedSeries, ScannerContext


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyListing:
    """A row of a study-level QIDO answer."""

    study_instance_uid: str
    instance_count: int | None
    modalities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesListing:
    """A row of a series-level QIDO answer; ``instance_count`` is None where the server does not tell."""

    ref: SeriesRef
    modality: str
    instance_count: int | None
    manufacturer: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedInstance:
    """An object that the archive did not take, with the failure reason (0008,1197) or None."""

    sop_instance_uid: str
    reason: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOutcome:
    """What a STOW really did: every instance is in exactly one of ``stored`` and ``refused``.

    ``warned`` has the warning reason (0008,1196) of stored instances that the archive had something to say about.
    """

    stored: tuple[str, ...]
    refused: tuple[RefusedInstance, ...]
    warned: Mapping[str, int] = field(default_factory=dict)


class Archive(Protocol):
    """A PACS over DICOMweb, or a directory that stands in for one.

    All methods raise ArchiveUnavailable (try later) or ArchiveRefused (never as is).
    """

    name: str

    def find_studies(self, since: date | None, until: date | None) -> Iterator[StudyListing]:
        """Yield every study with a StudyDate in the window (both ends included, None = open), without repeats."""

    def find_series(self, study_instance_uid: str) -> Iterator[SeriesListing]:
        """Yield every series of a study."""

    def find_instances(self, ref: SeriesRef) -> tuple[str, ...]:
        """Return the SOP Instance UIDs that the archive lists for a series; empty where it has none."""

    def retrieve(self, ref: SeriesRef, into: Path) -> tuple[Path, ...]:
        """Stream a series' instances into the folder ``into``, one file each, and return the files."""

    def store(self, objects: Sequence[bytes], study_instance_uid: str) -> StoreOutcome:
        """Store DICOM files; account for each."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedSeries:
    """A series' images as read from files; ``files`` are those files, in the order of the stack's slices' instances.

    ``left_out`` are images of the series that the stack does without.
    """

    header: SeriesHeader
    stack: ImageStack
    files: tuple[Path, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGroup:
    """Files of one series, or of none: ``error`` says why a group cannot be a series."""

    ref: SeriesRef | None
    files: tuple[Path, ...]
    error: AiqaError | None = None

    def usable_files(self) -> tuple[Path, ...]:
        """Return the files; raises the group's error where it cannot be a series."""
        if self.error is not None:
            raise self.error
        return self.files

    def blank_header(self) -> SeriesHeader:
        """Return what is known of the series before a file is read."""
        ref = self.ref or SeriesRef(study_instance_uid="", series_instance_uid="")
        return SeriesHeader(ref=ref, modality="", device=Device(), instance_count=len(self.files))


class SeriesReader(Protocol):
    """Files to images."""

    def header(self, files: Sequence[Path]) -> SeriesHeader:
        """Return the header of the files of one series without decoding pixels; raises InputError."""

    def load(self, files: Sequence[Path]) -> LoadedSeries:
        """Return the images of one series, sorted by geometry; raises InputError."""


class Inferencer(Protocol):
    """Runs MONAI bundles."""

    def version(self, bundle: str) -> BundleVersion:
        """Return which bundle this is; raises BundleError."""

    def run(self, bundle: str, inputs: Mapping[str, NDArray[np.float32]]) -> Mapping[str, NDArray[np.float32]]:
        """Return the outputs of a bundle for arrays by name; raises BundleError or OutOfMemory."""


class ScannerRecord(Protocol):
    """What is known of a scanner from its earlier series of one protocol family (``families.Family``)."""

    def calibrations(
        self, device: Device, family: str, bundle: BundleVersion
    ) -> Mapping[ArtifactId, ArtifactCalibration]:
        """Return the calibration of each artifact that has one for this bundle; what is missing is uncalibrated."""

    def usual(self, device: Device, family: str) -> Mapping[str, float]:
        """Return the median of each image-quality metric, by id; empty where too few series are known."""


class NoScannerRecord:
    """Knows no scanner: nothing is calibrated, nothing is usual."""

    def calibrations(
        self, device: Device, family: str, bundle: BundleVersion
    ) -> Mapping[ArtifactId, ArtifactCalibration]:
        """Return nothing."""
        del device, family, bundle
        return {}

    def usual(self, device: Device, family: str) -> Mapping[str, float]:
        """Return nothing."""
        del device, family
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEffect:
    """Something that the outside world is to be told, bytes included (encode once, send the same bytes every time).

    ``dedupe_key`` is the identity of what is sent: equal keys mean the same delivery. ``subject_key`` names the thing
    that a later revision would replace, for one target: effects with equal subject keys are never in
    flight together. An effect that makes series in an archive names them in
    ``attributes["made_series_instance_uids"]``, separated by spaces, so that the poller knows its own. What ``holds``
    is sent only when the series has been quiet for long enough that it will hardly grow any more.
    """

    sink: str
    target: str
    kind: str
    dedupe_key: str
    subject_key: str
    media_type: str
    payload: bytes
    attributes: Mapping[str, str] = field(default_factory=dict)
    holds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """An outbox row, as claimed for delivery; ``payload_sha256`` finds the bytes in Artifacts."""

    effect_id: str
    job_id: str
    sink: str
    target: str
    kind: str
    dedupe_key: str
    media_type: str
    payload_sha256: str
    attributes: Mapping[str, str]
    attempts: int
    lease_owner: str
    subject_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the receiver said: its id for the thing, and how that was verified."""

    remote_id: str
    detail: str


class Sink(Protocol):
    """One effect on the outside world."""

    name: str

    def plan(self, report: QaReport, series: LoadedSeries | None) -> tuple[PlannedEffect, ...]:
        """Return what this sink would send for a report, encoded.

        ``series`` is None where the series could not be read (a refused report). Raises EncodingError.
        """

    def deliver(self, effect: Effect, payload: bytes) -> Receipt:
        """Send and verify; sending again changes nothing. Raises TransientError or Refused."""


@runtime_checkable
class SummarySink(Sink, Protocol):
    """A sink that takes what a scanner came to in a month."""

    def month_subject(self, summary: ScannerMonth, month: CalendarMonth) -> str:
        """Return the ``subject_key`` of every effect about that scanner's month."""

    def plan_month(
        self, summary: ScannerMonth, month: CalendarMonth, last: bytes | None, *, turn: int, at: datetime
    ) -> PlannedEffect | None:
        """Return what this sink would send, None where there is nothing to count.

        ``last`` is what the last of ``turn`` earlier effects said; the same counts give that effect's dedupe key again.
        """


@runtime_checkable
class SignedSink(Sink, Protocol):
    """A sink that can say what a person says to a result.

    Effects about documents name the result in ``attributes["report_uid"]`` and the document in
    ``attributes["document"]``.
    """

    def plan_confirmed(self, effect: Effect, payload: bytes, person: Person, at: datetime) -> PlannedEffect | None:
        """Return the confirmed version of what an effect sent; None where there is nothing to say."""

    def plan_rejected(self, effect: Effect, payload: bytes, person: Person, at: datetime) -> PlannedEffect | None:
        """Return a person's rejection of the images that an effect is about; None where another one says it."""


@runtime_checkable
class RetractingSink(Sink, Protocol):
    """A sink that can take back what it told of a series."""

    def plan_withdrawn(
        self, earlier: Sequence[tuple[Effect, bytes]], planned: Sequence[PlannedEffect], at: datetime
    ) -> tuple[PlannedEffect, ...]:
        """Return how what earlier effects of a series wrote, and the planned ones do not, is taken back."""


Draw = Callable[[QaReport, LoadedSeries | None], bytes]
"""Returns a PNG of the measured slices with regions, values and verdicts; raises EncodingError."""


class Artifacts(Protocol):
    """Bytes by their SHA-256."""

    def put(self, content: bytes) -> str:
        """Keep the bytes (durably, before returning) and return their SHA-256 in hexadecimal."""

    def get(self, sha256: str) -> bytes:
        """Return the bytes; raises LedgerError where they are gone or differ from their digest."""


class Clock(Protocol):
    """The time, in UTC."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job row, as claimed for work; ``predecessor`` is the result of the latest earlier revision that had one.

    ``arrived_at`` is when the last image of the series was first seen in the archive.
    """

    job_id: str
    archive: str
    ref: SeriesRef
    revision: int
    modality: str
    instance_count: int | None
    state: JobState
    attempts: int
    lease_owner: str
    arrived_at: datetime | None = None
    predecessor: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What a job ends with: the report and its effects, or the reason why no rule wanted the series.

    ``assessed`` is the series as the repeat rule needs it when later ones of the study come; ``notices`` are what
    persons are told now.
    """

    state: Literal[JobState.MEASURED, JobState.IGNORED]
    reason: str
    rule_revision: str
    report: QaReport | None = None
    report_json: bytes = b""
    preview_png: bytes = b""
    effects: tuple[PlannedEffect, ...] = ()
    assessed: AssessedSeries | None = None
    notices: tuple[PlannedNotice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyHistory:
    """The other assessed series of a study, and where the notices about the study stand."""

    series: tuple[AssessedSeries, ...] = ()
    notices: tuple[NoticeState, ...] = ()


class History(Protocol):
    """What happened before, as the recommendations need it."""

    def study_history(self, ref: SeriesRef, *, now: datetime) -> StudyHistory:
        """Return the living assessed series of a study but the one at hand, and the study's notices."""

    def scanner_history(self, device: Device, analysis: str, *, since: datetime, now: datetime) -> ScannerContext:
        """Return the alerting faults of a scanner since then, what its last run failed, and how notices fared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a person said to a result: ``action`` is a word for the audit trail, ``subject`` the UID of the result."""

    person: Person
    action: Literal["verify", "reject"]
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What became of a series that a poll saw."""

    job_id: str
    state: JobState
    revision: int


class Ledger(History, Protocol):
    """The truth about jobs and effects. Every method is one transaction."""

    def observe(
        self, archive: str, listing: SeriesListing, *, at: datetime, quiet: timedelta, look: timedelta | None = None
    ) -> Sighting:
        """Record that a poll saw a series.

        New: a DISCOVERED job. Unchanged count for ``look`` and at two polls or more: SETTLED, due at once; effects that
        hold are sent only after ``quiet``. The look, too, waits for ``quiet`` where there is no ``look`` or it is
        longer, where the series grew after it had settled, and where the archive tells no count. A count that grew
        after SETTLED: a new revision is DISCOVERED and the old job is SUPERSEDED (its PLANNED effects WITHDRAWN).
        """

    def is_own_series(self, series_instance_uid: str) -> bool:
        """Return whether AIQA itself made this series (it is in the outbox)."""

    def unchanged_studies(self, archive: str, counts: Mapping[str, int]) -> frozenset[str]:
        """Return those studies of ``counts`` (Study Instance UID -> instances listed now) that need no closer look.

        A study needs none if the last ``study_seen`` of this archive recorded exactly this count and no job of the
        study in this archive is DISCOVERED. ``counts`` holds up to some hundred studies: one query, not one a study.
        """

    def study_seen(self, archive: str, study_instance_uid: str, instance_count: int) -> None:
        """Record that every series of a study was observed while the archive listed ``instance_count`` instances.

        Replaces what was recorded before for the same archive and study.
        """

    def due_polls(self, archives: Sequence[str], now: datetime) -> tuple[str, ...]:
        """Return those archives that are to be polled now and were not announced; mark them announced."""

    def due_jobs(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return SETTLED jobs to work on (``next_at`` passed, no live lease, not announced); mark them announced.

        At most ``limit`` are announced at a time: those announced before and not yet claimed count.
        """

    def due_effects(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return PLANNED effects to be sent now, likewise."""

    def forget_announcements(self) -> None:
        """Make due again what was announced and not yet taken, for a broker that lost its messages."""

    def claim_job(self, job_id: str, *, owner: str, now: datetime, lease: timedelta) -> Job | None:
        """Take a due job for ``lease``; None if another has it, or it is not due."""

    def extend_job(self, job: Job, *, now: datetime, lease: timedelta) -> None:
        """Keep a claimed job; raises LeaseLost."""

    def finish_job(self, job: Job, result: JobResult, *, now: datetime) -> None:
        """Write report, effects, notices, state and event in one transaction guarded by the lease; raises LeaseLost."""

    def postpone_job(self, job: Job, error: Exception, *, now: datetime, until: datetime | None) -> None:
        """Give a job back to be tried again at ``until``; None = gave up: FAILED with the reason."""

    def claim_effect(self, effect_id: str, *, owner: str, now: datetime, lease: timedelta) -> Effect | None:
        """Take a due effect; None if another has it, it is not due, or its subject is in flight."""

    def extend_effect(self, effect: Effect, *, now: datetime, lease: timedelta) -> None:
        """Keep a claimed effect; raises LeaseLost."""

    def effect_sent(self, effect: Effect, receipt: Receipt, *, now: datetime) -> None:
        """Record a delivery; the last one makes the job DELIVERED. Raises LeaseLost."""

    def effect_refused(self, effect: Effect, error: Exception, *, now: datetime) -> None:
        """Record a refusal; the job is HELD with the reason. Raises LeaseLost."""

    def postpone_effect(self, effect: Effect, error: Exception, *, now: datetime, until: datetime | None) -> None:
        """Give an effect back to be tried again at ``until``; None = gave up: REFUSED, job FAILED."""

    def told_before(self, ref: SeriesRef, sink: str) -> tuple[Effect, ...]:
        """Return every effect that results of a series have planned at a sink, in the order of their planning.

        The withdrawn ones too: their worker could not be called back.
        """

    def documents_of(self, report_uid: str) -> tuple[Effect, ...]:
        """Return the effects of a result that sent or will send documents, in the order in which they were planned.

        Raises LedgerError where no living job has such a result.
        """

    def add_effects(self, job_id: str, effects: Sequence[PlannedEffect], signature: Signature) -> None:
        """Plan what a person wants to be sent beside a job's result; in the audit trail.

        Raises LedgerError where the job's state does not allow it.
        """

    def next_poll(self, archive: str, now: datetime, lease: timedelta) -> bool:
        """Return whether this caller is to poll the archive now (its ``next_at`` passed and nobody else polls)."""

    def extend_poll(self, archive: str, *, now: datetime, lease: timedelta) -> None:
        """Keep polling an archive; does nothing where the poll has ended."""

    def poll_done(self, archive: str, *, now: datetime, next_at: datetime, error: Exception | None) -> None:
        """Record the end of a poll."""

    def reconcile_due(self, archive: str, now: datetime, every: timedelta) -> bool:
        """Return whether the wide daily poll is due for the archive, and note that it runs now."""

    def idle(self) -> bool:
        """Return whether no job or effect waits or is in work (every job at an end state)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSchedule:
    """How an archive is polled; ``lease`` is how long after a poller's death nobody else polls.

    ``look`` is after how long without a new image a series is analysed, ``quiet`` after how long it counts as complete;
    None = the same.
    """

    archive: Archive
    every: timedelta
    quiet: timedelta
    window_days: int | None
    look: timedelta | None = None
    reconcile_window_days: int | None = 7
    lease: timedelta = timedelta(minutes=1)

    @property
    def while_arriving(self) -> timedelta:
        """How often it is polled while series arrive: twice in the time after which they are looked at."""
        return min(self.every, (self.quiet if self.look is None else min(self.look, self.quiet)) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Slow retries across calls: first delay, doubled each time up to ``longest``, for ``give_up_after`` attempts."""

    first: timedelta = timedelta(seconds=15)
    longest: timedelta = timedelta(minutes=30)
    give_up_after: int = 60
    give_up_unforeseen_after: int = 5

    def next_at(self, attempts: int, now: datetime, error: AiqaError) -> datetime | None:
        """Return when to try again after ``attempts`` tries that ended with ``error``; None = give up."""
        limit = self.give_up_unforeseen_after if isinstance(error, Unforeseen) else self.give_up_after
        if attempts >= limit or not isinstance(error, TransientError):
            return None
        delay = min(self.first * float(2 ** min(attempts, 20)), self.longest)
        wished = timedelta(seconds=error.retry_after_s or 0.0)
        return now + max(delay, min(wished, timedelta(days=1)))
