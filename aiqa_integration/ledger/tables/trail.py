"""What persons did, and by which rules."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from aiqa_integration.ledger.columns import RowNumber
from aiqa_integration.ledger.tables.base import Base


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
