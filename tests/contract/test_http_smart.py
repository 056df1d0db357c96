"""SMART Backend Services against a strict local token server, and against sekmet-fhir with SMART on."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import requests
import stamina
from werkzeug import Response

from aiqa_integration.bootstrap import fhir_client, key_folder, probe_ehr, signing_keys
from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.errors import ConfigurationError, EhrRefused, EhrUnavailable
from aiqa_integration.fhir.client import EHR, FhirClient
from aiqa_integration.http.scopes import missing_scopes
from aiqa_integration.http.signing_keys import AHEAD, KEPT, KeyFolder, OneKey, make_key
from aiqa_integration.http.smart import SmartClient, SmartCredentials
from aiqa_integration.settings import load_settings
from tests.servers import free_port
from tests.token_server import CLIENT_ID, SCOPE, TokenServer

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_waiting(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with stamina.set_testing(testing=True, attempts=3):
        yield


@pytest.fixture(scope="module")
def pems():
    return {algorithm: make_key(algorithm) for algorithm in ("RS384", "ES384")}


@pytest.fixture(params=["ES384", "RS384"])
def key(request, pems):
    return pems[request.param]


@pytest.fixture
def server(httpserver, pems):
    made = TokenServer(httpserver)
    made.jwks = [public for _, public in pems.values()]
    return made


def client(server, pem, **changes):
    named = {"server_url": f"{server.url}/fhir", "client_id": CLIENT_ID, "scope": SCOPE} | changes.pop("named", {})
    return FhirClient(
        f"{server.url}/fhir", credentials=SmartCredentials(SmartClient(**named), EHR, OneKey(pem), **changes)
    )


def test_a_token_is_got_by_an_assertion_that_a_strict_server_accepts_and_kept(server, key):
    asked = client(server, key[0])
    for _ in range(3):
        assert asked.capability()["fhirVersion"] == "4.0.1"
    assert len(server.assertions) == 1
    header = jwt.get_unverified_header(server.assertions[0])
    assert (header["alg"], header["kid"], header["typ"]) == (key[1]["alg"], key[1]["kid"], "JWT")


def test_it_is_renewed_in_time_and_once_when_refused_each_with_another_assertion(server, pems):
    moment = [0.0]
    asked = client(server, pems["ES384"][0], now=lambda: moment[0])
    asked.capability()
    moment[0] = 3600 * 0.8
    asked.capability()
    server.valid.clear()
    asked.capability()
    assert len(server.assertions) == len(set(server.assertions)) == 3
    assert server.refusals == []


def test_the_server_of_these_tests_sees_an_assertion_again_and_others_forged(server, pems):
    pem, public = pems["ES384"]
    client(server, pem).capability()
    assert server.refusal(server.assertions[0]) == "jti again"
    claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": server.configuration["token_endpoint"], "jti": "x"}
    now = int(time.time())

    def refusal(kid=public["kid"], key=pem, algorithm="ES384", **changes):
        return server.refusal(jwt.encode({**claims, "exp": now + 60, **changes}, key, algorithm, headers={"kid": kid}))

    other = make_key("ES384")[0]
    assert refusal(key=other) == "InvalidSignatureError"
    assert refusal(aud="http://elsewhere") == "InvalidAudienceError"
    assert refusal(exp=now - 1) == "ExpiredSignatureError"
    assert refusal(exp=now + 900) == "exp too far"
    assert refusal(sub="other") == "wrong client"
    assert refusal(kid="nothing") == "unknown kid"
    assert refusal() == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"clock": lambda: time.time() - 900}, "invalid_client"),
        ({"clock": lambda: time.time() + 900}, "invalid_client"),
        ({"named": {"client_id": "other"}}, "invalid_client"),
    ],
    ids=["our clock is late", "our clock is early", "not registered"],
)
def test_a_refused_assertion_says_where_to_look(server, pems, changes, told):
    with pytest.raises(EhrRefused, match=told) as caught:
        client(server, pems["ES384"][0], **changes).capability()
    assert "ehr.auth.client_id" in caught.value.fix
    assert "clocks" in caught.value.fix


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ("system/Observation.cruds", "system/Device.cruds"),
        ("system/Observation.rs system/Device.cruds", "system/Observation.cruds"),
        ("", SCOPE),
        (None, SCOPE),
    ],
)
def test_a_token_without_a_scope_that_was_asked_for_is_not_used(server, pems, granted, missing):
    server.grants = lambda scope: granted
    with pytest.raises(EhrRefused, match="does not grant the scope") as caught:
        client(server, pems["ES384"][0]).capability()
    assert all(scope in str(caught.value) for scope in missing.split())
    assert "ehr.auth.scope" in caught.value.fix


@pytest.mark.parametrize(
    ("asked", "granted", "missing"),
    [
        ("system/Observation.cruds", "system/*.cruds", ""),
        ("system/Observation.cruds", "system/Observation.cud system/Observation.rs", ""),
        ("system/Observation.write", "system/Observation.cruds", ""),
        ("system/Observation.read", "system/Observation.write", "system/Observation.read"),
        ("system/Observation.rs", "system/Observation.rs?category=imaging", "system/Observation.rs"),
        ("system/Observation.rs?a=b", "system/Observation.rs", ""),
        ("system/Observation.rs", "user/Observation.rs patient/*.rs", "system/Observation.rs"),
        ("system/*.rs", "system/Observation.rs", "system/*.rs"),
        ("system/*.*", "system/*.read system/*.write", ""),
        ("openid", "system/*.cruds", "openid"),
        ("openid", "openid", ""),
    ],
)
def test_scopes_are_compared_by_what_they_mean(asked, granted, missing):
    assert " ".join(missing_scopes(asked.split(), granted.split())) == missing


@pytest.mark.parametrize(
    ("configuration", "error", "told"),
    [
        (Response("", status=404), EhrRefused, "names no token endpoint"),
        ({}, EhrRefused, "names no token endpoint"),
        (
            {"token_endpoint": "x", "token_endpoint_auth_methods_supported": ["client_secret_basic"]},
            EhrRefused,
            "not offer",
        ),
        ({"token_endpoint": "file:///etc/passwd"}, ConfigurationError, "token_url"),
        (Response("", status=503), EhrUnavailable, "503"),
    ],
)
def test_a_server_that_names_no_token_endpoint_is_told_of(server, pems, configuration, error, told):
    server.configuration = configuration
    with pytest.raises(error, match=told):
        client(server, pems["ES384"][0]).capability()


def test_a_token_server_that_is_away_is_tried_again_later(server, pems):
    server.answer = Response("", status=503)
    asked = client(server, pems["ES384"][0])
    with pytest.raises(EhrUnavailable):
        asked.capability()
    server.answer = None
    assert asked.capability()


def test_settings_lead_to_a_token_with_the_keys_of_aiqa_keys_or_with_a_secret(server, pems, tmp_path):
    auth = {"smart": True, "client_id": CLIENT_ID, "scope": SCOPE}
    own = load_settings(data_folder=tmp_path, ehr={"url": f"{server.url}/fhir", "auth": auth})
    with pytest.raises(ConfigurationError, match="aiqa keys rotate"):
        fhir_client(own).capability()
    server.jwks = [key_folder(own).rotate("ES384", datetime.now(tz=UTC)).public]
    assert probe_ehr(own)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "ehr__auth__private_key").write_bytes(pems["RS384"][0])
    kept = load_settings(data_folder=tmp_path, ehr={"url": f"{server.url}/fhir", "auth": auth}, secrets_folder=secrets)
    server.jwks.append(pems["RS384"][1])
    assert probe_ehr(kept)
    assert [jwt.get_unverified_header(sent)["alg"] for sent in server.assertions] == ["ES384", "RS384"]
    app = create_app(ConsoleContext(books=object(), artifacts=object(), keys=signing_keys(kept)))  # type: ignore[arg-type]
    answer = app.test_client().get("/.well-known/jwks.json")
    assert answer.json == {"keys": server.jwks}
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert "PRIVATE" not in repr(kept) + repr(signing_keys(kept))


@pytest.mark.parametrize(
    "auth",
    [
        {"smart": True},
        {"smart": True, "client_id": "a"},
        {"smart": True, "client_id": "a", "scope": "s", "client_secret": "x"},
        {"smart": True, "client_id": "a", "scope": "s", "user": "u", "password": "p"},
        {"private_key": "x"},
    ],
)
def test_settings_that_contradict_themselves_are_refused(auth):
    with pytest.raises(ConfigurationError, match="smart"):
        load_settings(ehr={"url": "http://x", "auth": auth})


class TestKeys:
    def test_a_new_key_is_published_before_it_signs_and_the_old_one_after(self, tmp_path):
        keys = KeyFolder(tmp_path / "keys")
        first = keys.rotate("ES384", NOW)
        assert keys.signing(NOW).kid == first.kid
        second = keys.rotate("RS384", NOW + timedelta(days=30))
        turn = NOW + timedelta(days=30) + AHEAD
        for at, signs, published in (
            (NOW + timedelta(days=30), first, [first, second]),
            (turn - timedelta(seconds=1), first, [first, second]),
            (turn, second, [first, second]),
            (turn + KEPT - timedelta(seconds=1), second, [first, second]),
            (turn + KEPT, second, [second]),
        ):
            assert keys.signing(at).kid == signs.kid, at
            assert {key["kid"] for key in keys.published(at)} == {key.kid for key in published}, at
        assert [entry.state(turn) for entry in keys.entries()] == ["former", "in use"]
        third = keys.rotate("ES384", turn + KEPT)
        assert {path.stem for path in (tmp_path / "keys").glob("*.pem")} == {second.kid, third.kid}

    def test_nobody_else_may_read_a_private_key(self, tmp_path):
        keys = KeyFolder(tmp_path / "keys")
        kid = keys.rotate("ES384", NOW).kid
        pem = tmp_path / "keys" / f"{kid}.pem"
        assert pem.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "keys").stat().st_mode & 0o077 == 0
        pem.chmod(0o640)
        with pytest.raises(ConfigurationError, match="chmod 600"):
            keys.signing(NOW)
        pem.unlink()
        with pytest.raises(ConfigurationError, match="cannot be read"):
            keys.signing(NOW)

    def test_the_public_part_has_nothing_private(self, tmp_path):
        (key,) = KeyFolder(tmp_path).published(NOW) or (KeyFolder(tmp_path).rotate("RS384", NOW).public,)
        assert key.keys() == {"kty", "n", "e", "kid", "use", "alg"}

    @pytest.mark.parametrize("pem", [b"", b"not a key"])
    def test_what_is_no_key_is_refused(self, pem):
        with pytest.raises(ConfigurationError):
            OneKey(pem).signing(NOW)


@pytest.fixture(scope="module")
def sekmet(tmp_path_factory, pems):
    if importlib.util.find_spec("sekmet") is None:
        pytest.skip("sekmet-fhir is not installed (pip install '.[demo]')")
    folder, port = tmp_path_factory.mktemp("sekmet"), free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    registered = {"client_id": CLIENT_ID, "jwks": {"keys": [pems["RS384"][1]]}, "scopes": SCOPE}
    settings = {
        "base_url": base,
        "host": "127.0.0.1",
        "port": port,
        "data_dir": str(folder),
        "own_private_key_path": str(folder / "own.pem"),
        "simulator": {"enabled": False},
        "log_inbound": False,
        "server_auth": {"types": ["smart"], "token_lifetime": 60, "smart_clients": [registered]},
    }
    (folder / "settings.yaml").write_text(json.dumps(settings))
    environment = {**os.environ, "SEKMET_CONFIG": str(folder / "settings.yaml")}
    code = "import sys; from sekmet.cli import app; sys.argv = ['sekmet', 'serve']; app()"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                if requests.get(f"{base}/.well-known/smart-configuration", timeout=5).ok:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield base
    finally:
        process.terminate()
        process.wait(20)


def test_sekmet_with_smart_on_lets_us_in_by_our_key_only(sekmet, pems):
    def asked(pem, scope=SCOPE):
        named = SmartClient(server_url=sekmet, client_id=CLIENT_ID, scope=scope)
        return FhirClient(sekmet, credentials=SmartCredentials(named, EHR, OneKey(pem)))

    assert asked(pems["RS384"][0]).search("Observation", {}) == []
    with pytest.raises(EhrRefused, match="401"):
        FhirClient(sekmet).search("Observation", {})
    with pytest.raises(EhrRefused, match="invalid_client"):
        asked(make_key("RS384")[0]).search("Observation", {})
    with pytest.raises(EhrRefused, match=r"does not grant the scope system/Patient\.rs"):
        asked(pems["RS384"][0], f"{SCOPE} system/Patient.rs").search("Observation", {})
