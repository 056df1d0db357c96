import pytest

from aiqa_integration.errors import ConfigurationError
from aiqa_integration.settings import describe, load_settings, unknown_variables


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AIQA_SETTINGS", raising=False)
    return tmp_path


def test_environment_beats_secrets_beat_toml(own_folder, monkeypatch):
    (own_folder / "aiqa.toml").write_text('site_name = "toml"\n[archive]\nurl = "http://toml"\nquiet_s = 7\n')
    secrets = own_folder / "secrets"
    secrets.mkdir()
    (secrets / "archive__url").write_text("http://secret")
    (secrets / "ehr__auth__bearer_token").write_text("token")
    monkeypatch.setenv("AIQA_ARCHIVE__URL", "http://environment")
    settings = load_settings(secrets_folder=secrets)
    assert settings.archive.url == "http://environment"
    assert settings.archive.quiet_s == 7
    assert settings.site_name == "toml"
    assert settings.ehr.auth.bearer_token is not None
    assert settings.ehr.auth.bearer_token.get_secret_value() == "token"
    monkeypatch.delenv("AIQA_ARCHIVE__URL")
    assert load_settings(secrets_folder=secrets).archive.url == "http://secret"


def test_arguments_beat_all(monkeypatch):
    monkeypatch.setenv("AIQA_SITE_NAME", "environment")
    assert load_settings(site_name="argument").site_name == "argument"


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ('dta_folder = "x"', "dta_folder"),
        ("[archive]\nquiet = 3", "archive.quiet"),
        ("[archive]\npage_size = 1000", "archive.page_size"),
        ('[ehr.auth]\nuser = "me"', "user and password go together"),
        ('[recommendations]\ntime_zone = "Europe/Atlantis"', "no such time zone"),
        ("[recommendations.fixable]\nmotion = 1.5", "fixable.motion"),
        ('[mail]\nhost = "mail.example"', "a sender and recipients"),
        ("[archive", "settings"),
    ],
)
def test_mistakes_are_refused_by_name(own_folder, toml, named):
    (own_folder / "aiqa.toml").write_text(toml)
    with pytest.raises(ConfigurationError, match=named):
        load_settings()


def test_a_window_is_days_or_all(own_folder):
    (own_folder / "aiqa.toml").write_text('[archive]\nfolder = "a"\nwindow_days = "all"\nreconcile_window_days = 30\n')
    settings = load_settings()
    assert (settings.archive.window_days, settings.archive.reconcile_window_days) == ("all", 30)


def test_a_refused_secret_is_not_in_the_message(own_folder):
    (own_folder / "aiqa.toml").write_text('[ehr.auth]\nuser = "me"\nbearer_token = "hush"\n')
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert "hush" not in str(caught.value)


def test_a_named_file_must_exist(own_folder, monkeypatch):
    monkeypatch.setenv("AIQA_SETTINGS", str(own_folder / "none.toml"))
    with pytest.raises(ConfigurationError, match="not found"):
        load_settings()


def test_misspelt_variables_are_listed(monkeypatch):
    monkeypatch.setenv("AIQA_ARHCIVE__URL", "x")
    monkeypatch.setenv("AIQA_ARCHIVE__ULR", "x")
    monkeypatch.setenv("AIQA_ARCHIVE__URL", "x")
    monkeypatch.setenv("AIQA_RECOMMENDATIONS__FIXABLE__MOTION", "0.5")
    assert unknown_variables() == ("AIQA_ARCHIVE__ULR", "AIQA_ARHCIVE__URL")


def test_default_database_lies_in_the_data_folder(own_folder):
    settings = load_settings(data_folder=own_folder / "d")
    assert settings.database_url == f"sqlite:///{own_folder / 'd' / 'ledger.sqlite'}"


def test_every_setting_is_described():
    rows = describe()
    assert {name for name, _, _ in rows} >= {"archive.url", "ehr.auth.bearer_token", "worker.lease_s"}
    assert all(description.endswith(".") for _, _, description in rows)
