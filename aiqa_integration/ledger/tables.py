"""The ledger's tables; migrations/ makes them. Times are UTC. No table names a patient."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from aiqa_integration.ledger.columns import CleanText, RowNumber, UtcDateTime, Word
from aiqa_integration.model.job import EffectState, JobEvent, JobState
from aiqa_integration.model.judgement import Verdict

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
        dict[str, str]: JSON(),
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
    """Append-only: what a reviewer said of one artifact in one screened series; the last answer counts."""

    __tablename__ = "artifact_answer"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, init=False)
    report_id: Mapped[str] = mapped_column(ForeignKey("screening.report_id"), index=True)
    artifact: Mapped[str]
    present: Mapped[bool]
    at: Mapped[datetime]
    who: Mapped[str]


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
    """The outbox: one row per delivery, found by what it is (``dedupe_key``)."""

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
