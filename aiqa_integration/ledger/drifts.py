"""Changes of what a scanner sends or of what is found in it, open until a person has looked."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import audit, scanners
from aiqa_integration.ledger.tables import DriftRow
from aiqa_integration.ledger.views import OpenDrift


def open_drifts(session: Session) -> list[OpenDrift]:
    """Return the changes that nobody has looked at yet, oldest first."""
    rows = session.scalars(select(DriftRow).where(DriftRow.closed_at.is_(None)).order_by(DriftRow.opened_at)).all()
    names = scanners.names(session, {row.device_key for row in rows})
    return [
        OpenDrift(
            drift_id=row.drift_id,
            device_key=row.device_key,
            scanner=names[row.device_key],
            family=row.family,
            detail=row.detail,
            opened_at=row.opened_at,
        )
        for row in rows
    ]


def close(session: Session, drift_id: str, *, who: str, why: str, at: datetime) -> None:
    """Record that a person looked at a change, in the audit too; raises LedgerError where it is not open."""
    row = session.get(DriftRow, drift_id)
    if row is None or row.closed_at is not None:
        raise LedgerError(f"there is no open drift {drift_id}")
    row.closed_at, row.closed_by = at, who
    audit.append(session, at=at, who=who, action="close-drift", subject=drift_id, detail=why)
