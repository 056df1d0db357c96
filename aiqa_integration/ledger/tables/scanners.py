"""What is known of scanners: screened series, reviewers' answers, calibrations, drift."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from aiqa_integration.ledger.columns import RowNumber
from aiqa_integration.ledger.tables.base import Base, partial_index


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
    __table_args__ = (partial_index("uq_drift_open", "device_key", "family", where="closed_at IS NULL", unique=True),)

    drift_id: Mapped[str] = mapped_column(primary_key=True)
    device_key: Mapped[str]
    family: Mapped[str]
    detail: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_by: Mapped[str] = mapped_column(default="")
