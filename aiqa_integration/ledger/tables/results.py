"""Reports with their values and findings, and the bytes that are kept."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from aiqa_integration.ledger.tables.base import Base
from aiqa_integration.model.judgement import Verdict


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
