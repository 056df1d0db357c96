"""The ledger's tables; migrations/ makes them. Times are UTC. No table names a patient."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from aiqa_integration.ledger.columns import CleanText, RowNumber, UtcDateTime, Word
from aiqa_integration.model.job import EffectState, JobEvent, JobState
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.notice import NoticeKind, NoticeState

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Base of all rows."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012 — read by SQLAlchemy, which types it so
        datetime: UtcDateTime(),
        str: CleanText(),
        JobState: Word(JobState),
        JobEvent: Word(JobEvent),
        EffectState: Word(EffectState),
        Verdict: Word(Verdict),
        NoticeKind: Word(NoticeKind),
        NoticeState: Word(NoticeState),
        dict[str, str]: JSON(),
        dict[str, int]: JSON(),
        dict[str, float]: JSON(),
    }


class Leased(MappedAsDataclass, kw_only=True):
    """What a row needs to be worked on by one worker at a time.

    ``wake_at`` is the earliest moment at which the dispatcher has to look at the row: the latest of ``next_at``,
    the end of the lease, and the end of an announcement. It is null where there is nothing to do, so that its index
    holds only what waits: SETTLED jobs and PLANNED effects have one, others have none.
    """

    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    wake_at: Mapped[datetime | None] = mapped_column(default=None)
    announced_at: Mapped[datetime | None] = mapped_column(default=None)
    lease_owner: Mapped[str | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)


def _partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class PollCursor(Base):
    """How far the polling of an archive is."""

    __tablename__ = "poll_cursor"

    archive: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    announced_at: Mapped[datetime | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    reconciled_at: Mapped[datetime | None] = mapped_column(default=None)
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")


class StudySeen(Base):
    """At which instance count every series of a study was last observed."""

    __tablename__ = "study_seen"

    archive: Mapped[str] = mapped_column(primary_key=True)
    study_instance_uid: Mapped[str] = mapped_column(primary_key=True)
    instance_count: Mapped[int]


class JobRow(Leased, Base, kw_only=True):
    """One revision of one series; ``stable_since`` is the poll that first saw the present count.

    ``verdict`` and ``refused`` repeat what the report says, so that a million jobs are counted from one index.
    """

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("archive", "study_instance_uid", "series_instance_uid", "revision"),
        _partial_index(
            "uq_job_living_series",
            "archive",
            "study_instance_uid",
            "series_instance_uid",
            where="state <> 'SUPERSEDED'",
            unique=True,
        ),
        _partial_index("ix_job_wake_at", "wake_at", where="wake_at IS NOT NULL"),
        _partial_index("ix_job_announced_at", "announced_at", where="announced_at IS NOT NULL"),
        Index("ix_job_state_updated_at", "state", "updated_at"),
        Index("ix_job_study_instance_uid", "study_instance_uid"),
        Index("ix_job_updated_at", "updated_at"),
        Index("ix_job_state_verdict", "state", "verdict", "refused"),
    )

    job_id: Mapped[str] = mapped_column(primary_key=True)
    archive: Mapped[str]
    study_instance_uid: Mapped[str]
    series_instance_uid: Mapped[str]
    revision: Mapped[int]
    modality: Mapped[str] = mapped_column(default="")
    manufacturer: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    instance_count: Mapped[int | None] = mapped_column(default=None)
    state: Mapped[JobState]
    reason: Mapped[str] = mapped_column(default="")
    rule_revision: Mapped[str] = mapped_column(default="")
    report_id: Mapped[str | None] = mapped_column(default=None)
    verdict: Mapped[Verdict | None] = mapped_column(default=None)
    refused: Mapped[bool] = mapped_column(default=False)
    stable_since: Mapped[datetime]
    complete_at: Mapped[datetime | None] = mapped_column(default=None)
    """From when on a SETTLED series counts as complete; NULL where it is."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class JobEventRow(Base):
    """Append-only: one row per change of a job's state, with who and why."""

    __tablename__ = "job_event"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, init=False)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.job_id"), index=True)
    at: Mapped[datetime]
    event: Mapped[JobEvent | None]
    from_state: Mapped[JobState | None]
    to_state: Mapped[JobState]
    revision: Mapped[int]
    who: Mapped[str]
    why: Mapped[str]


class ArtifactRow(Base):
    """Bytes that the artifact store keeps."""

    __tablename__ = "artifact"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class ReportRow(Base):
    """One result of one job; a job that was replayed under other rules has several, ``job.report_id`` is the last."""

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_device_key_created_at", "device_key", "created_at"),)

    report_id: Mapped[str] = mapped_column(primary_key=True)
    report_uid: Mapped[str] = mapped_column(index=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.job_id"), index=True)
    created_at: Mapped[datetime]
    report_json_sha256: Mapped[str] = mapped_column(ForeignKey("artifact.sha256"))
    preview_png_sha256: Mapped[str | None] = mapped_column(ForeignKey("artifact.sha256"))
    verdict: Mapped[Verdict]
    analysis: Mapped[str]
    analysis_version: Mapped[str]
    bundle: Mapped[str]
    subject: Mapped[str]
    phantom: Mapped[str | None]
    device_key: Mapped[str]
    manufacturer: Mapped[str]
    model: Mapped[str]
    serial: Mapped[str]
    station: Mapped[str]
    refused_code: Mapped[str | None]
    refused_detail: Mapped[str | None]
    simulated: Mapped[bool]
    revision: Mapped[int]
    instances_digest: Mapped[str]
    rule_revision: Mapped[str]
    limit_set: Mapped[str]
    limit_set_revision: Mapped[str]


class MeasurementRow(Base):
    """A metric's value, or the reason why there is none, with the limits that it was judged by (copied in)."""

    __tablename__ = "measurement"

    report_id: Mapped[str] = mapped_column(ForeignKey("report.report_id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    metric: Mapped[str] = mapped_column(index=True)
    metric_version: Mapped[str]
    unit: Mapped[str]
    value: Mapped[float | None]
    uncertainty: Mapped[float | None]
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    slice_index: Mapped[int | None]
    tolerance_low: Mapped[float | None]
    tolerance_high: Mapped[float | None]
    action_low: Mapped[float | None]
    action_high: Mapped[float | None]
    limit_source: Mapped[str | None]
    limit_revision: Mapped[str | None]
    verdict: Mapped[Verdict]
    margin: Mapped[float | None]
    required: Mapped[bool]


class FindingRow(Base):
    """What was found besides the values, as the report says it; ``alerts``: a person may be told at once."""

    __tablename__ = "finding"

    report_id: Mapped[str] = mapped_column(ForeignKey("report.report_id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    artifact: Mapped[str]
    probability: Mapped[float]
    severity: Mapped[int]
    calibration: Mapped[str | None]
    alerts: Mapped[bool]


class RecommendationRow(Base):
    """What was proposed for a report, and what later decisions about its study need of the series.

    ``protocol`` and ``likeness`` are digests; ``severities`` the worst severity of each artifact.
    """

    __tablename__ = "recommendation"
    __table_args__ = (Index("ix_recommendation_decided_at", "decided_at"),)

    report_id: Mapped[str] = mapped_column(ForeignKey("report.report_id"), primary_key=True)
    kind: Mapped[str]
    reason: Mapped[str]
    urgency: Mapped[str]
    protocol: Mapped[str]
    likeness: Mapped[str]
    contrast_given: Mapped[bool]
    minutes: Mapped[float | None]
    severities: Mapped[dict[str, int]]
    acquired_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime]
    decided_at: Mapped[datetime]


class NoticeRow(Base):
    """What a person is told: one open notice for each subject (a study, a fault of a scanner, the rule itself).

    ``until`` null: until somebody answers. ``ended_by`` is who answered, as they said it.
    """

    __tablename__ = "notice"
    __table_args__ = (
        _partial_index("uq_notice_open_subject", "subject", where="state = 'PROPOSED'", unique=True),
        Index("ix_notice_subject", "subject"),
        Index("ix_notice_scope_ended_at", "scope", "ended_at"),
    )

    notice_id: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str]
    subject: Mapped[str]
    kind: Mapped[NoticeKind]
    state: Mapped[NoticeState]
    manufacturer: Mapped[str]
    model: Mapped[str]
    serial: Mapped[str]
    station: Mapped[str]
    simulated: Mapped[bool]
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_by: Mapped[str] = mapped_column(default="")


class NoticeSeriesRow(Base):
    """A series that a notice speaks of, and which series repeated it with what result for the leading artifact."""

    __tablename__ = "notice_series"

    notice_id: Mapped[str] = mapped_column(ForeignKey("notice.notice_id"), primary_key=True)
    series_instance_uid: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.job_id"), index=True)
    kind: Mapped[NoticeKind]
    text: Mapped[str]
    change: Mapped[str | None]
    artifact: Mapped[str | None]
    severity: Mapped[int]
    protocol: Mapped[str]
    acquired_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime]
    repeated_by: Mapped[str | None] = mapped_column(default=None)
    repeated_at: Mapped[datetime | None] = mapped_column(default=None)
    severity_after: Mapped[int | None] = mapped_column(default=None)


class ScreeningRow(Base):
    """A series as the artifact bundle saw it: what calibrations, usual values and drift are made of."""

    __tablename__ = "screening"
    __table_args__ = (Index("ix_screening_device_key_family_at", "device_key", "family", "at"),)

    report_id: Mapped[str] = mapped_column(ForeignKey("report.report_id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    device_key: Mapped[str]
    family: Mapped[str]
    bundle: Mapped[str]
    series_instance_uid: Mapped[str] = mapped_column(index=True)
    raw: Mapped[dict[str, float]]
    metrics: Mapped[dict[str, float]]
    distance: Mapped[float]
    flagged: Mapped[bool]
    audit: Mapped[bool]
    simulated: Mapped[bool]


class ArtifactAnswerRow(Base):
    """Append-only: what a reviewer said of one artifact in one screened series; the last answer counts.

    ``present``: it limits reading. ``severity`` is NULL where it was not said.
    """

    __tablename__ = "artifact_answer"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, init=False)
    report_id: Mapped[str] = mapped_column(ForeignKey("screening.report_id"), index=True)
    artifact: Mapped[str]
    present: Mapped[bool]
    at: Mapped[datetime]
    who: Mapped[str]
    severity: Mapped[int | None] = mapped_column(default=None)
    comment: Mapped[str] = mapped_column(default="", server_default="")


class CalibrationRow(Base):
    """The calibration of one artifact on one scanner and protocol family, for one bundle."""

    __tablename__ = "calibration"

    device_key: Mapped[str] = mapped_column(primary_key=True)
    family: Mapped[str] = mapped_column(primary_key=True)
    artifact: Mapped[str] = mapped_column(primary_key=True)
    bundle: Mapped[str]
    state: Mapped[str]
    slope: Mapped[float]
    intercept: Mapped[float]
    threshold: Mapped[float]
    reviewed: Mapped[int]
    positives: Mapped[int]
    ppv_low: Mapped[float | None]
    revision: Mapped[int]
    updated_at: Mapped[datetime]


class DriftRow(Base):
    """A change of what a scanner sends or of what is found in it, open until a person has looked."""

    __tablename__ = "drift"
    __table_args__ = (_partial_index("uq_drift_open", "device_key", "family", where="closed_at IS NULL", unique=True),)

    drift_id: Mapped[str] = mapped_column(primary_key=True)
    device_key: Mapped[str]
    family: Mapped[str]
    detail: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_by: Mapped[str] = mapped_column(default="")


class EffectRow(Leased, Base, kw_only=True):
    """The outbox: one row per delivery, found by what it is (``dedupe_key``); ``job_id`` gave rise to it."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_outbox_subject_key", "subject_key"),
        _partial_index("ix_outbox_wake_at", "wake_at", where="wake_at IS NOT NULL"),
        _partial_index("ix_outbox_announced_at", "announced_at", where="announced_at IS NOT NULL"),
    )

    effect_id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.job_id"), index=True)
    revision: Mapped[int]
    sink: Mapped[str]
    target: Mapped[str]
    kind: Mapped[str]
    dedupe_key: Mapped[str]
    subject_key: Mapped[str]
    media_type: Mapped[str]
    payload_sha256: Mapped[str] = mapped_column(ForeignKey("artifact.sha256"))
    attributes: Mapped[dict[str, str]]
    state: Mapped[EffectState] = mapped_column(default=EffectState.PLANNED)
    remote_id: Mapped[str] = mapped_column(default="")
    receipt_detail: Mapped[str] = mapped_column(default="")
    planned_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    sent_at: Mapped[datetime | None] = mapped_column(default=None)


class JobEffect(Base):
    """Which jobs wait for which effect: the same series in two archives asks for the same delivery once."""

    __tablename__ = "job_effect"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.job_id"), primary_key=True)
    effect_id: Mapped[str] = mapped_column(ForeignKey("outbox.effect_id"), primary_key=True, index=True)


class OwnSeries(Base):
    """Series that AIQA itself writes to archives: never to be analysed."""

    __tablename__ = "own_series"

    series_instance_uid: Mapped[str] = mapped_column(primary_key=True)


class RuleRevision(Base):
    """Rules as they were, by the digest of their text."""

    __tablename__ = "rule_revision"

    revision: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    created_at: Mapped[datetime]


class AuditRow(Base):
    """Append-only: what a person did; each row's digest covers the row and the digest before it."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    who: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]
    previous_sha256: Mapped[str]
    sha256: Mapped[str]


class FhirResourceRow(Base):
    """A FHIR resource as the façade shows it: its present version; ``number`` grows with every change.

    ``from_at`` and ``until_at`` are the ends of the time that its date parameter is about, ``until_at`` is None where
    it has none; the second pair is of a second date parameter, which few types have. ``body`` is the resource as it is
    sent, version and time included.
    """

    __tablename__ = "fhir_resource"
    __table_args__ = (
        UniqueConstraint("resource_type", "resource_id"),
        Index("ix_fhir_resource_type_number", "resource_type", "number"),
        Index("ix_fhir_resource_type_from_at", "resource_type", "from_at", "number", "until_at"),
        Index("ix_fhir_resource_type_last_updated", "resource_type", "last_updated", "number"),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, init=False)
    resource_type: Mapped[str]
    resource_id: Mapped[str]
    version_id: Mapped[int]
    last_updated: Mapped[datetime]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    name: Mapped[str]
    content_sha256: Mapped[str]
    body: Mapped[str]
    second_from_at: Mapped[datetime | None] = mapped_column(default=None)
    second_until_at: Mapped[datetime | None] = mapped_column(default=None)


class FhirTokenRow(Base):
    """A value that resources are searched by, once: parameter, system (of a reference: its type), code (its id)."""

    __tablename__ = "fhir_token"
    __table_args__ = (UniqueConstraint("parameter", "code", "system"),)

    token_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, init=False)
    parameter: Mapped[str]
    system: Mapped[str]
    code: Mapped[str]


class FhirPostingRow(Base):
    """Which resource carries which value; in the order of ``number``, so that the newest are found first."""

    __tablename__ = "fhir_posting"

    token_id: Mapped[int] = mapped_column(RowNumber, ForeignKey("fhir_token.token_id"), primary_key=True)
    number: Mapped[int] = mapped_column(RowNumber, ForeignKey("fhir_resource.number"), primary_key=True, index=True)


class FhirExportRow(Base):
    """A bulk export that was asked for; ``counts`` maps resource types to how many of them its files hold."""

    __tablename__ = "fhir_export"

    export_id: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[str]
    resource_types: Mapped[str]
    since: Mapped[datetime | None]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    transaction_at: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    failed: Mapped[str] = mapped_column(default="")
    counts: Mapped[dict[str, int]] = mapped_column(default_factory=dict)


class ApiTokenRow(Base):
    """Who may read the façade: the SHA-256 of a bearer token, never the token."""

    __tablename__ = "api_token"

    name: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
