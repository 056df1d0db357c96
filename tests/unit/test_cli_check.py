import json

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from aiqa_integration.bootstrap import open_ledger
from aiqa_integration.cli import aiqa
from aiqa_integration.ledger import schema
from aiqa_integration.settings import load_settings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIQA_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("AIQA_BUNDLES_FOLDER", str(tmp_path))
    monkeypatch.setenv("AIQA_ARCHIVE__FOLDER", str(tmp_path / "archive"))
    return load_settings()


def trials():
    lines = CliRunner().invoke(aiqa, ["check", "--json"]).output.splitlines()
    return {line["name"]: line for line in map(json.loads, lines)}


def test_an_audit_trail_that_was_tampered_with_is_told_with_the_row(settings):
    schema.upgrade(settings.database_url)
    with open_ledger(settings) as (ledger, clock):
        for subject in ("first", "second"):
            ledger.audit(who="ada", action="login", subject=subject, detail="", at=clock.now())
        assert trials()["audit trail"]["passed"]
        with ledger.engine.begin() as connection:
            for guard in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {guard}"))
            connection.execute(text("UPDATE audit SET who = 'eve' WHERE subject = 'second'"))
    trial = trials()["audit trail"]
    assert (trial["passed"], trial["detail"].startswith("row 2 does not fit")) == (False, True)
    assert trial["fix"]


def test_without_tables_nothing_is_said_of_the_audit_trail(settings):
    found = trials()
    assert not found["database"]["passed"]
    assert "audit trail" not in found
