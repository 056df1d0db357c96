"""Searches of the façade as SQL: values are looked up first, so that the database knows how common each one is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, UnaryExpression, and_, false, func, not_, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from aiqa_integration.ledger.facade_values import Moments, Place, ResourceQuery, StoredResource, TokenPattern
from aiqa_integration.ledger.tables import FhirPostingRow, FhirResourceRow, FhirTokenRow

FEW_TOKENS = 100
"""More values than these that one pattern stands for are left to the database to join."""

ROWS_AT_A_TIME = 200
"""Rows that a long reading holds in memory."""

_Row = TypeVar("_Row")
_R = FhirResourceRow


def stored(row: FhirResourceRow) -> StoredResource:
    """Return a row as a value."""
    return StoredResource(
        number=row.number,
        resource_type=row.resource_type,
        resource_id=row.resource_id,
        version_id=row.version_id,
        last_updated=row.last_updated,
        from_at=row.from_at,
        body=row.body,
    )


def page(session: Session, query: ResourceQuery) -> tuple[StoredResource, ...]:
    """Return the first resources that a search finds after its place."""
    found = _narrowed(session, select(FhirResourceRow), query)
    if found is None:
        return ()
    if query.after is not None:
        found = found.where(_beyond(query, query.after))
    rows = session.scalars(found.order_by(*_sorted_by(query)).limit(query.limit))
    return tuple(stored(row) for row in rows)


def count(session: Session, query: ResourceQuery) -> int:
    """Return how many resources a search finds."""
    found = _narrowed(session, select(func.count()).select_from(FhirResourceRow), query)
    return 0 if found is None else session.scalar(found) or 0


def referred(
    session: Session, numbers: Sequence[int], parameter: str, resource_type: str
) -> tuple[StoredResource, ...]:
    """Return what resources refer to by a reference parameter."""
    reached = (
        select(FhirTokenRow.system, FhirTokenRow.code)
        .join(FhirPostingRow, FhirPostingRow.token_id == FhirTokenRow.token_id)
        .where(FhirPostingRow.number.in_(numbers), FhirTokenRow.parameter == parameter)
        .distinct()
        .subquery()
    )
    named = and_(_R.resource_type == reached.c.system, _R.resource_id == reached.c.code)
    statement = select(FhirResourceRow).join(reached, named).order_by(_R.number)
    if resource_type:
        statement = statement.where(_R.resource_type == resource_type)
    return tuple(stored(row) for row in session.scalars(statement))


def changed(resource_type: str, since: datetime | None, until: datetime) -> Select[str]:
    """Return the statement of the JSON of a type's resources that changed in a time."""
    statement = select(_R.body).where(_R.resource_type == resource_type, _R.last_updated <= until)
    rows = statement.where(_R.last_updated > since) if since else statement
    return rows.execution_options(yield_per=ROWS_AT_A_TIME)


def _narrowed(session: Session, statement: Select[_Row], query: ResourceQuery) -> Select[_Row] | None:
    """Return a statement with the conditions of a search; None where a value is looked for that nothing carries."""
    statement = statement.where(_R.resource_type == query.resource_type)
    for patterns in query.tokens:
        ids = _ids(session, patterns)
        if ids == []:
            return None
        if isinstance(ids, list) and len(ids) == 1:
            posting = aliased(FhirPostingRow)
            statement = statement.join(posting, and_(posting.number == _R.number, posting.token_id == ids[0]))
        else:
            carries = FhirPostingRow.token_id.in_(ids)
            statement = statement.where(select(1).where(FhirPostingRow.number == _R.number, carries).exists())
    for moments in query.moments:
        statement = statement.where(or_(*(_within(moment) for moment in moments)))
    for names in query.names:
        statement = statement.where(or_(*(_R.name.startswith(name.casefold(), autoescape=True) for name in names)))
    for ids_wanted in query.ids:
        statement = statement.where(_R.resource_id.in_(ids_wanted))
    return statement


def _ids(session: Session, patterns: Sequence[TokenPattern]) -> list[int] | Select[int]:
    conditions = [
        and_(
            FhirTokenRow.parameter.in_(pattern.parameters),
            *([FhirTokenRow.code == pattern.code] if pattern.code is not None else []),
            *([FhirTokenRow.system == pattern.system] if pattern.system is not None else []),
        )
        for pattern in patterns
    ]
    wanted = select(FhirTokenRow.token_id).where(or_(false(), *conditions))
    few = list(session.scalars(wanted.limit(FEW_TOKENS + 1)))
    return few if len(few) <= FEW_TOKENS else wanted


def _within(moments: Moments) -> ColumnElement[bool]:
    start, end = moments.start, moments.end
    if moments.of == "last-updated":
        # An instant: what it is about has no extent.
        at = _R.last_updated
        return {
            "eq": and_(at >= start, at < end),
            "ne": or_(at < start, at >= end),
            "gt": at >= end,
            "sa": at >= end,
            "ge": at >= start,
            "lt": at < start,
            "eb": at < start,
            "le": at < end,
        }[moments.prefix]
    second = moments.of == "second-date"
    begins, ends = (_R.second_from_at, _R.second_until_at) if second else (_R.from_at, _R.until_at)
    inside = and_(begins >= start, ends <= end)
    after, before = ends > end, begins < start
    compared = {
        "eq": and_(inside, begins < end),
        "ne": not_(inside),
        "gt": after,
        "lt": before,
        "sa": begins >= end,
        "eb": ends <= start,
        # Here and above the second condition follows from the first; the index understands only it.
        "ge": and_(or_(after, inside), ends > start),
        "le": and_(or_(before, inside), begins < end),
    }
    return and_(ends.is_not(None), compared[moments.prefix])


def _sorted_by(query: ResourceQuery) -> tuple[UnaryExpression[Any], ...]:
    falling = query.order in {"newest", "latest-date"}
    return tuple(column.desc() if falling else column.asc() for column in _columns(query))


def _beyond(query: ResourceQuery, place: Place) -> ColumnElement[bool]:
    columns = _columns(query)
    here, there = tuple_(*columns), tuple_(*([place.at] if len(columns) > 1 else []), place.number)
    return here < there if query.order in {"newest", "latest-date"} else here > there


def _columns(query: ResourceQuery) -> tuple[InstrumentedAttribute[Any], ...]:
    match query.sorted_by:
        case "number":
            return (_R.number,)
        case "last-updated":
            return (_R.last_updated, _R.number)
        case "date":
            return (_R.from_at, _R.number)
