"""What every transaction on the ledger needs: the database, the bytes, how long an announcement counts."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine
from sqlalchemy.orm import InstrumentedAttribute

from aiqa_integration.ledger import leases
from aiqa_integration.ledger.engine import make_engine, read, write
from aiqa_integration.pipeline.ports import Artifacts

ANNOUNCED_FOR = timedelta(seconds=30)
"""How long an announcement counts; after that the message is taken for lost."""


class Transactions:
    """A database and a store of bytes; each public method of a class of this kind is one transaction."""

    def __init__(self, engine: Engine | str, artifacts: Artifacts, *, announced_for: timedelta = ANNOUNCED_FOR) -> None:
        self.engine = make_engine(engine) if isinstance(engine, str) else engine
        self.artifacts = artifacts
        self.announced_for = announced_for

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def _due(
        self, key: InstrumentedAttribute[str], due: ColumnElement[bool], *, now: datetime, limit: int
    ) -> tuple[str, ...]:
        timeout = self.announced_for
        room = read(self.engine, lambda session: leases.room(session, key, due, now - timeout, limit))
        if room == 0:
            return ()
        return write(
            self.engine, lambda session: leases.announce(session, key, due, now=now, limit=room, timeout=timeout)
        )
