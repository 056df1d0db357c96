"""Bulk exports that were asked for: one worker writes each, another takes it over when that one is gone."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from aiqa_integration.ledger.engine import read, write
from aiqa_integration.ledger.tables import FhirExportRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export; ``counts`` are the resources in its files, by type, once it is finished."""

    export_id: str
    request: str
    resource_types: tuple[str, ...]
    since: datetime | None
    asked_by: str
    transaction_at: datetime | None
    finished_at: datetime | None
    failed: str
    counts: dict[str, int]


class SqlExports:
    """Exports in the ledger; all methods raise TransientError where the database cannot be used now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ask(
        self,
        request: str,
        resource_types: tuple[str, ...],
        *,
        since: datetime | None,
        who: str,
        now: datetime,
        at_most: int,
    ) -> str | None:
        """Enter an export and return its id; None where ``at_most`` wait already."""
        export_id = str(uuid.uuid4())

        def enter(session: Session) -> str | None:
            waiting = select(func.count()).select_from(FhirExportRow).where(_OPEN)
            if (session.scalar(waiting) or 0) >= at_most:
                return None
            row = FhirExportRow(
                export_id=export_id,
                request=request,
                resource_types=" ".join(resource_types),
                since=since,
                asked_by=who,
                asked_at=now,
            )
            session.add(row)
            return export_id

        return write(self._engine, enter)

    def export(self, export_id: str) -> Export | None:
        """Return an export, None where there is none."""
        row = read(self._engine, lambda session: session.get(FhirExportRow, export_id))
        return _export(row) if row else None

    def next(self, *, now: datetime, lease: timedelta) -> Export | None:
        """Take the oldest export that nobody writes, None where there is none."""
        free = and_(_OPEN, or_(FhirExportRow.lease_until.is_(None), FhirExportRow.lease_until <= now))

        def take(session: Session) -> Export | None:
            oldest = select(FhirExportRow).where(free).order_by(FhirExportRow.asked_at).limit(1)
            row = session.scalars(oldest.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            row.lease_until = now + lease
            return _export(row)

        if read(self._engine, lambda session: session.scalar(select(FhirExportRow.export_id).where(free).limit(1))):
            return write(self._engine, take)
        return None

    def extend(self, export_id: str, until: datetime) -> bool:
        """Keep an export that is being written; False where it was given up meanwhile."""
        return self._set(export_id, lease_until=until)

    def finish(self, export_id: str, counts: dict[str, int], *, transaction_at: datetime, now: datetime) -> bool:
        """Record that the files are there; False where the export was given up meanwhile."""
        return self._set(export_id, counts=counts, transaction_at=transaction_at, finished_at=now, lease_until=None)

    def fail(self, export_id: str, reason: str, *, now: datetime) -> None:
        """Record that the export came to nothing."""
        self._set(export_id, failed=reason, finished_at=now, lease_until=None)

    def forget(self, export_id: str) -> None:
        """Take an export away; nothing happens where it is gone."""
        write(
            self._engine,
            lambda session: session.execute(delete(FhirExportRow).where(FhirExportRow.export_id == export_id)),
        )

    def older(self, than: datetime) -> tuple[str, ...]:
        """Return the exports that were asked for before a time."""
        wanted = select(FhirExportRow.export_id).where(FhirExportRow.asked_at < than)
        return tuple(read(self._engine, lambda session: session.scalars(wanted).all()))

    def _set(self, export_id: str, **values: object) -> bool:
        statement = update(FhirExportRow).where(FhirExportRow.export_id == export_id).values(**values)
        found = write(
            self._engine, lambda session: session.scalars(statement.returning(FhirExportRow.export_id)).one_or_none()
        )
        return found is not None


_OPEN = FhirExportRow.finished_at.is_(None)


def _export(row: FhirExportRow) -> Export:
    return Export(
        export_id=row.export_id,
        request=row.request,
        resource_types=tuple(row.resource_types.split()),
        since=row.since,
        asked_by=row.asked_by,
        transaction_at=row.transaction_at,
        finished_at=row.finished_at,
        failed=row.failed,
        counts=dict(row.counts),
    )
