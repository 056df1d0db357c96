"""Scanners by name, and in which of them artifacts were looked for."""

from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aiqa_integration.ledger.tables import ReportRow, ScreeningRow
from aiqa_integration.ledger.views import ScreenedFamily


def names(session: Session, keys: Collection[str]) -> Mapping[str, str]:
    """Return scanners' names as their last reports have them, by key; the key itself where there is none."""
    newest = (
        select(ReportRow.device_key, func.max(ReportRow.created_at).label("at"))
        .where(ReportRow.device_key.in_(keys))
        .group_by(ReportRow.device_key)
        .subquery()
    )
    rows = session.scalars(
        select(ReportRow).join(
            newest, (ReportRow.device_key == newest.c.device_key) & (ReportRow.created_at == newest.c.at)
        )
    )
    named = {row.device_key: " ".join(filter(None, (row.manufacturer, row.model, row.station))) for row in rows}
    return {key: named.get(key) or key for key in keys}


def screened(session: Session) -> list[ScreenedFamily]:
    """Return for which scanners and protocol families artifacts were looked for, the scanners by name."""
    statement = select(ScreeningRow.device_key, ScreeningRow.family, func.count(), func.max(ScreeningRow.at)).group_by(
        ScreeningRow.device_key, ScreeningRow.family
    )
    rows = session.execute(statement).all()
    named = names(session, {key for key, *_ in rows})
    found = [
        ScreenedFamily(device_key=key, scanner=named[key], family=family, series=count, last_at=last)
        for key, family, count, last in rows
    ]
    return sorted(found, key=lambda one: (one.scanner, one.device_key, one.family))
