"""Who may read the façade: bearer tokens, of which only digests are kept."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import audit
from aiqa_integration.ledger.engine import read, write
from aiqa_integration.ledger.tables import ApiTokenRow

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RANDOM_BYTES = 32
PREFIX = "aiqa_"
"""Begins every token, so that one that lies about is recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A token by its name; the token itself is shown once, when it is made."""

    name: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None

    def state(self, now: datetime) -> Literal["valid", "expired", "revoked"]:
        """Return whether it opens anything at a time."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "valid"


class SqlTokens:
    """Tokens in the ledger; all methods raise TransientError where the database cannot be used now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str, *, who: str, now: datetime, expires_at: datetime | None = None) -> str:
        """Return a new token; raises LedgerError for a name that is taken or is none."""
        if not _NAME.fullmatch(name):
            raise LedgerError("a token's name has letters, digits, '.', '_' and '-', 64 at most")
        token = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        row = ApiTokenRow(
            name=name, sha256=_digest(token), created_at=now, created_by=who, expires_at=expires_at, revoked_at=None
        )

        def enter(session: Session) -> None:
            if session.get(ApiTokenRow, name) is not None:
                raise LedgerError(f"there is a token {name} already; a revoked one keeps its name")
            session.add(row)
            detail = f"until {expires_at.isoformat()}" if expires_at else "without an end"
            audit.append(session, at=now, who=who, action="token-add", subject=name, detail=detail)

        write(self._engine, enter)
        return token

    def revoke(self, name: str, *, who: str, now: datetime) -> None:
        """End a token now; raises LedgerError where there is none of that name that still holds."""

        def end(session: Session) -> None:
            row = session.get(ApiTokenRow, name, with_for_update=True)
            if row is None or row.revoked_at is not None:
                raise LedgerError(f"there is no token {name} that could be revoked")
            row.revoked_at = now
            audit.append(session, at=now, who=who, action="token-revoke", subject=name, detail="")

        write(self._engine, end)

    def all(self) -> tuple[ApiToken, ...]:
        """Return every token, revoked ones included, by name."""
        rows = read(self._engine, lambda session: session.scalars(select(ApiTokenRow).order_by(ApiTokenRow.name)).all())
        return tuple(_token(row) for row in rows)

    def holder(self, token: str, now: datetime) -> str | None:
        """Return the name of a token that holds now, None for any other."""
        wanted = select(ApiTokenRow).where(ApiTokenRow.sha256 == _digest(token))
        row = read(self._engine, lambda session: session.scalars(wanted).one_or_none())
        return row.name if row is not None and _token(row).state(now) == "valid" else None


def _token(row: ApiTokenRow) -> ApiToken:
    return ApiToken(
        name=row.name,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def _digest(token: str) -> str:
    """Return the SHA-256 of a token: it is random, so no salt and no slow digest add anything."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
