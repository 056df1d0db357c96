import re
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from aiqa_integration.bootstrap import key_folder, open_ledger, open_tokens
from aiqa_integration.cli import aiqa
from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger import schema
from aiqa_integration.settings import load_settings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIQA_DATA_FOLDER", str(tmp_path))
    loaded = load_settings()
    schema.upgrade(loaded.database_url)
    return loaded


def run(*words):
    done = CliRunner().invoke(aiqa, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_first_key_signs_at_once_the_second_after_a_day(settings):
    first = run("keys", "rotate").split()[0]
    second = run("keys", "rotate", "--algorithm", "RS384").split()[0]
    now = datetime.now(tz=UTC)
    assert [(entry.kid, entry.algorithm, entry.state(now)) for entry in key_folder(settings).entries()] == [
        (first, "ES384", "in use"),
        (second, "RS384", "next"),
    ]
    assert re.search(rf"{first} +ES384 .* in use", run("keys", "list"))
    assert "PRIVATE" not in run("keys", "list")


def test_a_token_is_shown_once_opens_and_is_revoked_with_a_line_in_the_audit_trail(settings):
    token = run("token", "add", "grafana", "--days", "30", "--by", "me").strip()
    with open_tokens(settings) as (tokens, clock):
        assert tokens.holder(token, clock.now()) == "grafana"
    listed = run("token", "list")
    assert re.search(r"grafana +me .* valid", listed)
    assert token not in listed
    run("token", "revoke", "grafana", "--by", "me")
    assert "revoked" in run("token", "list")
    with open_ledger(settings) as (ledger, _):
        assert ledger.audit_broken_at() is None
    with pytest.raises(LedgerError, match="no token grafana"):
        run("token", "revoke", "grafana")
