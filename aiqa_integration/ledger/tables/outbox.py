"""Deliveries, which jobs wait for them, and the series that they make."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from aiqa_integration.ledger.tables.base import Base, Leased, partial_index
from aiqa_integration.model.job import EffectState


class EffectRow(Leased, Base, kw_only=True):
    """The outbox: one row per delivery, found by what it is (``dedupe_key``); ``job_id`` gave rise to it."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_outbox_subject_key", "subject_key"),
        partial_index("ix_outbox_wake_at", "wake_at", where="wake_at IS NOT NULL"),
        partial_index("ix_outbox_announced_at", "announced_at", where="announced_at IS NOT NULL"),
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
