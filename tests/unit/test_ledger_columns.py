import enum
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.psycopg import dialect as postgres
from sqlalchemy.dialects.sqlite import dialect as sqlite

from aiqa_integration.ledger.columns import CleanText, UtcDateTime, Word, render_item

DIALECTS: list[Dialect] = [sqlite(), postgres()]


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_times_come_back_as_the_same_moment_in_utc(dialect):
    moment = datetime(2026, 3, 1, 12, 0, 0, 7, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    column = UtcDateTime()
    back = column.process_result_value(column.process_bind_param(moment, dialect), dialect)
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


@pytest.mark.parametrize("dialect", DIALECTS)
def test_naive_times_are_refused_and_none_is_none(dialect):
    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(datetime(2026, 3, 1), dialect)  # noqa: DTZ001
    assert UtcDateTime().process_bind_param(None, dialect) is None
    assert UtcDateTime().process_result_value(None, dialect) is None


@given(st.text(st.characters(codec=None)))
def test_any_text_becomes_storable(words):
    stored = CleanText().process_bind_param(words, DIALECTS[1])
    assert stored is not None
    stored.encode("utf-8")
    assert "\x00" not in stored
    assert CleanText().process_bind_param(stored, DIALECTS[1]) == stored


def test_a_word_off_the_list_is_refused():
    column = Word(Colour)
    assert column.process_bind_param(Colour.RED, DIALECTS[0]) == "red"
    assert column.process_result_value("red", DIALECTS[0]) is Colour.RED
    with pytest.raises(ValueError, match="blue"):
        column.process_result_value("blue", DIALECTS[0])


def test_migrations_name_no_type_of_ours():
    assert render_item("type", UtcDateTime(), None) == "sa.DateTime(timezone=True)"
    assert render_item("type", Word(Colour), None) == render_item("type", CleanText(), None) == "sa.Text()"
    assert render_item("column", CleanText(), None) is False
