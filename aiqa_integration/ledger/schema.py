"""The database's schema: brought up to date, or checked, by the packaged migrations."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError

from aiqa_integration.errors import TransientError
from aiqa_integration.ledger.engine import make_engine
from aiqa_integration.ledger.tables import Base

_UPGRADE_LOCK = 0x61697161
"""PostgreSQL's number of the lock by which processes that start together upgrade one after another."""


def upgrade(database: str | Engine, revision: str = "head") -> None:
    """Make or upgrade the tables; does nothing where they are up to date."""
    _run(database, lambda config: command.upgrade(config, revision))


def downgrade(database: str | Engine, revision: str) -> None:
    """Take the tables back to an earlier revision; ``base`` drops them all, with what they hold."""
    _run(database, lambda config: command.downgrade(config, revision))


def check(database: str | Engine) -> tuple[str, ...]:
    """Return what is wrong with the schema, one sentence each; empty if it is up to date."""
    found: list[str] = []

    def compare(config: Config) -> None:
        context = MigrationContext.configure(config.attributes["connection"], opts={"compare_type": True})
        current, newest = context.get_current_revision(), ScriptDirectory.from_config(config).get_current_head()
        if current != newest:
            found.append(f"the schema is at revision {current or 'none'}, not {newest}: run 'aiqa db upgrade'")
        else:
            found.extend(f"table differs: {difference}" for difference in compare_metadata(context, Base.metadata))

    _run(database, compare)
    return tuple(found)


def write_revision(database: str | Engine, message: str, revision_id: str) -> None:
    """Write a migration from what differs between the tables in code and a database that is at the head."""
    _run(database, lambda config: command.revision(config, message, autogenerate=True, rev_id=revision_id))


def _run(database: str | Engine, work: Callable[[Config], object]) -> None:
    """Work in one transaction; raises TransientError where the database cannot be used."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    engine = make_engine(database) if isinstance(database, str) else database
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            config.attributes["connection"] = connection
            work(config)
    except OperationalError as error:
        raise TransientError(f"the ledger's database cannot be used: {error.orig}") from error
    finally:
        if isinstance(database, str):
            engine.dispose()
