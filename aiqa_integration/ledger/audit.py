"""What persons did, in a chain of digests that shows whether a row was changed or taken out; and rules as they were."""

import hashlib
import json
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from aiqa_integration.ledger.tables import AuditRow, RuleRevision

_BEFORE_THE_FIRST = "0" * 64


def append(session: Session, *, at: datetime, who: str, action: str, subject: str, detail: str) -> None:
    """Add a row to the chain."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE audit IN EXCLUSIVE MODE"))
    last = session.scalars(select(AuditRow).order_by(AuditRow.number.desc()).limit(1)).one_or_none()
    row = AuditRow(
        number=last.number + 1 if last else 1,
        at=at,
        who=who,
        action=action,
        subject=subject,
        detail=detail,
        previous_sha256=last.sha256 if last else _BEFORE_THE_FIRST,
        sha256="",
    )
    row.sha256 = _digest(row)
    session.add(row)


def first_broken(session: Session) -> int | None:
    """Return the number of the first row that does not fit the chain, None if all do.

    Rows cut off at the end leave a whole chain: keep the last digest elsewhere to notice that.
    """
    previous, expected = _BEFORE_THE_FIRST, 1
    for row in session.scalars(select(AuditRow).order_by(AuditRow.number).execution_options(yield_per=1000)):
        if row.number != expected or row.previous_sha256 != previous or row.sha256 != _digest(row):
            return row.number
        previous, expected = row.sha256, expected + 1
    return None


def keep_rules(session: Session, *, revision: str, rules: str, at: datetime) -> None:
    """Keep a rule revision's text once."""
    if session.get(RuleRevision, revision) is None:
        session.add(RuleRevision(revision=revision, text=rules, created_at=at))


def _digest(row: AuditRow) -> str:
    at = row.at.isoformat(timespec="microseconds")
    parts = [row.previous_sha256, row.number, at, row.who, row.action, row.subject, row.detail]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
