"""Column types that behave the same in SQLite and PostgreSQL."""

import enum
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator

RowNumber = BigInteger().with_variant(Integer(), "sqlite")
"""A running number; SQLite counts only in a column that is called INTEGER."""


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time; rejects naive values on the way in, gives UTC on the way out (SQLite itself forgets zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the value in UTC; raises ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the ledger takes no naive time")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the value in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text of any length; what PostgreSQL cannot hold (NUL, lone surrogates) is replaced by U+FFFD or ``?``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the text in storable form."""
        return None if value is None else value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class Word(TypeDecorator[enum.StrEnum]):
    """A word of a closed list, stored as it reads.

    No database enumeration and no CHECK: a migration would not notice a new word, and the database would refuse it.
    """

    impl = Text
    cache_ok = True

    def __init__(self, words: type[enum.StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: enum.StrEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the word as text; raises ValueError for one that is not of the list."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> enum.StrEnum | None:  # noqa: ARG002
        """Return the word."""
        return None if value is None else self.words(value)


def render_item(kind: str, item: object, _autogen_context: object) -> str | Literal[False]:
    """Write our types into migrations as the plain types that they decorate, so that they import nothing of ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, CleanText | Word):
        return "sa.Text()"
    return False
