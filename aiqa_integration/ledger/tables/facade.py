"""FHIR resources as the façade shows them, what they are found by, bulk exports, who may read."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from aiqa_integration.ledger.columns import RowNumber
from aiqa_integration.ledger.tables.base import Base


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
