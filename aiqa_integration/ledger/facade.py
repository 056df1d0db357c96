"""The façade's store: present versions of FHIR resources, and the lists by which they are found."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from aiqa_integration.ledger import facade_search
from aiqa_integration.ledger.engine import read, reading, write
from aiqa_integration.ledger.facade_values import UNDATED, Arrival, ResourceQuery, StoredResource, Token
from aiqa_integration.ledger.tables import FhirPostingRow, FhirResourceRow, FhirTokenRow


class SqlFacade:
    """FHIR resources for reading; all methods raise TransientError where the database cannot be used now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, arrivals: Sequence[Arrival], *, now: datetime) -> int:
        """Write resources in one transaction and return how many changed; what is stored as it is stays so."""
        return write(self._engine, lambda session: sum(_keep(session, arrival, now) for arrival in arrivals))

    def resource(self, resource_type: str, resource_id: str) -> StoredResource | None:
        """Return one resource, None where there is none."""
        found = read(self._engine, lambda session: _row(session, resource_type, resource_id))
        return facade_search.stored(found) if found else None

    def search(self, query: ResourceQuery) -> tuple[StoredResource, ...]:
        """Return the first ``limit`` resources that a search finds after its place."""
        return read(self._engine, lambda session: facade_search.page(session, query))

    def count(self, query: ResourceQuery) -> int:
        """Return how many resources a search finds in all."""
        return read(self._engine, lambda session: facade_search.count(session, query))

    def referred(self, numbers: Sequence[int], parameter: str, resource_type: str = "") -> tuple[StoredResource, ...]:
        """Return what these resources refer to by a reference parameter, of one type where it is named."""
        return read(self._engine, lambda session: facade_search.referred(session, numbers, parameter, resource_type))

    def bodies(
        self, resource_types: Sequence[str], *, since: datetime | None, until: datetime
    ) -> Iterator[tuple[str, str]]:
        """Yield (type, JSON) of all resources changed after ``since`` and until ``until``, all as of one moment.

        The database is read row by row: memory does not grow with their number.
        """
        with reading(self._engine) as session:
            for resource_type in resource_types:
                for body in session.scalars(facade_search.changed(resource_type, since, until)):
                    yield resource_type, body


def _row(session: Session, resource_type: str, resource_id: str, *, lock: bool = False) -> FhirResourceRow | None:
    statement = select(FhirResourceRow).where(
        FhirResourceRow.resource_type == resource_type, FhirResourceRow.resource_id == resource_id
    )
    return session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def _keep(session: Session, arrival: Arrival, now: datetime) -> bool:
    row, version = _row(session, arrival.resource_type, arrival.resource_id, lock=True), 1
    wanted: Arrival | None = arrival
    if row is not None:
        wanted, version = arrival.meet(row.body), row.version_id + 1
        if wanted is None or wanted.content_sha256 == row.content_sha256:
            return False
        session.execute(delete(FhirPostingRow).where(FhirPostingRow.number == row.number))
        session.delete(row)
        session.flush()
    assert wanted is not None  # noqa: S101 - told to mypy: it was None only beside a row
    _insert(session, wanted, version, now)
    return True


def _insert(session: Session, arrival: Arrival, version: int, now: datetime) -> None:
    row = FhirResourceRow(
        resource_type=arrival.resource_type,
        resource_id=arrival.resource_id,
        version_id=version,
        last_updated=now,
        from_at=arrival.from_at or UNDATED,
        until_at=arrival.until_at,
        second_from_at=arrival.second_from_at,
        second_until_at=arrival.second_until_at,
        name=arrival.name.casefold(),
        content_sha256=arrival.content_sha256,
        body=arrival.write(version, now),
    )
    session.add(row)
    session.flush()
    ids = _token_ids(session, arrival.tokens)
    session.add_all(FhirPostingRow(token_id=token_id, number=row.number) for token_id in ids)
    session.flush()


def _token_ids(session: Session, tokens: Iterable[Token]) -> list[int]:
    """Return the ids of tokens, in the order of the tokens so that writers never wait for each other in a circle."""
    ids = []
    for token in sorted(tokens, key=lambda token: (token.parameter, token.code, token.system)):
        statement = select(FhirTokenRow.token_id).where(
            FhirTokenRow.parameter == token.parameter,
            FhirTokenRow.code == token.code,
            FhirTokenRow.system == token.system,
        )
        token_id = session.scalar(statement)
        if token_id is None:
            row = FhirTokenRow(parameter=token.parameter, system=token.system, code=token.code)
            session.add(row)
            session.flush()
            token_id = row.token_id
        ids.append(token_id)
    return ids
