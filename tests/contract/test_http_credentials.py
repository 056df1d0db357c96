"""Credentials against a local identity provider, for both adapters."""

import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from aiqa_integration.bootstrap import fhir_client, make_archive
from aiqa_integration.dicom.web import ARCHIVE, DicomWebArchive
from aiqa_integration.errors import AiqaError, ArchiveRefused, ArchiveUnavailable, ConfigurationError, EhrRefused
from aiqa_integration.http.oidc import Client, ClientCredentials
from aiqa_integration.settings import load_settings
from tests.asking import ask_archive, check

SECRET = "s3cr3t/+ä"
FHIR_JSON = "application/fhir+json"


@pytest.fixture(autouse=True)
def no_waiting(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with stamina.set_testing(testing=True, attempts=3):
        yield


class Provider:
    """An identity provider and, at the same address, an archive and an EHR that believe it."""

    def __init__(self, server: HTTPServer, *, expires_in: float | None = 3600) -> None:
        self.url = server.url_for("")
        self.expires_in = expires_in
        self.grants: list[dict[str, list[str]]] = []
        self.valid: set[str] = set()
        self.answer: Response | None = None
        self.forbids = False
        server.expect_request("/token", method="POST").respond_with_handler(self._token)
        server.expect_request("/dicom-web/studies").respond_with_handler(self._archive)
        server.expect_request("/fhir/metadata").respond_with_handler(self._ehr)

    def _token(self, request: Request) -> Response:
        if self.answer is not None:
            return self.answer
        expected = base64.b64encode(b"aiqa:s3cr3t%2F%2B%C3%A4").decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return answer({"error": "invalid_client", "error_description": "no such client: Doe^Jane"}, 401)
        self.grants.append(parse_qs(request.get_data(as_text=True)))
        token = f"token-{len(self.grants)}"
        self.valid.add(token)
        life = {} if self.expires_in is None else {"expires_in": self.expires_in}
        return answer({"access_token": token, "token_type": "Bearer", **life})

    def _admits(self, request: Request) -> Response | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.valid:
            return Response("", status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if self.forbids:
            return Response("", status=403, headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'})
        return None

    def _archive(self, request: Request) -> Response:
        return self._admits(request) or answer([])

    def _ehr(self, request: Request) -> Response:
        refusal = self._admits(request)
        return refusal or answer(
            {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}, content_type=FHIR_JSON
        )


def answer(content: object, status: int = 200, content_type: str = "application/json") -> Response:
    return Response(json.dumps(content), status=status, content_type=content_type)


def oidc(url: str, **changes: str) -> dict[str, object]:
    return {"token_url": f"{url}token", "client_id": "aiqa", "client_secret": SECRET, **changes}


@pytest.fixture
def provider(httpserver) -> Provider:
    return Provider(httpserver)


def test_a_token_is_fetched_once_and_kept(provider):
    settings = load_settings(archive={"url": f"{provider.url}dicom-web", "auth": oidc(provider.url, scope="a b")})
    archive = make_archive(settings)
    for _ in range(3):
        list(archive.find_studies(None, None))
    assert provider.grants == [{"grant_type": ["client_credentials"], "scope": ["a b"]}]


def test_both_adapters_take_the_same_credentials(provider):
    auth = oidc(provider.url, audience="https://ehr")
    client = fhir_client(load_settings(ehr={"url": f"{provider.url}fhir", "auth": auth}))
    assert client.capability()["fhirVersion"] == "4.0.1"
    assert provider.grants == [{"grant_type": ["client_credentials"], "audience": ["https://ehr"]}]
    provider.valid.clear()
    provider.expires_in = None
    assert client.capability()["fhirVersion"] == "4.0.1"
    provider.forbids = True
    with pytest.raises(EhrRefused, match="403: our token lacks a scope") as caught:
        client.capability()
    assert caught.value.fix == "ehr.auth.scope, or the rights of the client"
    client.close()


def test_a_token_is_renewed_before_it_expires(provider):
    now = [1000.0]
    client = Client(token_url=f"{provider.url}token", client_id="aiqa", client_secret=SECRET)
    credentials = ClientCredentials(client, ARCHIVE, now=lambda: now[0])
    archive = DicomWebArchive(f"{provider.url}dicom-web", credentials=credentials)
    for moment, grants in ((1000.0, 1), (1000.0 + 0.79 * 3600, 1), (1000.0 + 0.81 * 3600, 2), (9000.0, 3)):
        now[0] = moment
        list(archive.find_studies(None, None))
        assert len(provider.grants) == grants
    archive.close()
    assert SECRET not in repr(client)


def test_a_refused_token_is_renewed_once(provider):
    archive = make_archive(load_settings(archive={"url": f"{provider.url}dicom-web", "auth": oidc(provider.url)}))
    list(archive.find_studies(None, None))
    provider.valid.clear()
    list(archive.find_studies(None, None))
    assert len(provider.grants) == 2
    provider.valid.clear()
    provider.answer = answer({"access_token": "new", "token_type": "bearer"})
    with pytest.raises(ArchiveRefused, match="401: it does not accept the identity provider's token") as caught:
        list(archive.find_studies(None, None))
    assert caught.value.fix == "archive.auth.token_url, scope and audience"


@pytest.mark.parametrize(
    ("response", "error", "said", "fix"),
    [
        (answer({"error": "invalid_client"}, 401), ArchiveRefused, "401: invalid_client", "auth.client_id"),
        (answer({"error": "invalid_scope"}, 400), ArchiveRefused, "400: invalid_scope", "archive.auth.scope"),
        (answer({"error": "Doe^Jane"}, 400), ArchiveRefused, "400: no reason given", "archive.auth.token_url"),
        (answer({}, 404), ArchiveRefused, "404: no reason given", "archive.auth.token_url"),
        (Response("<html>log in</html>"), ArchiveRefused, "without a bearer token", "archive.auth.token_url"),
        (answer({"access_token": "t", "token_type": "mac"}), ArchiveRefused, "without a bearer token", "token_url"),
        (answer({"access_token": "", "token_type": "Bearer"}), ArchiveRefused, "without a bearer token", "token_url"),
        (answer(["t"]), ArchiveRefused, "without a bearer token", "token_url"),
        (
            answer({"access_token": "t", "token_type": "Bearer", "scope": "read"}),
            ArchiveRefused,
            "does not grant the scope write",
            "archive.auth.scope",
        ),
        (Response("", status=503), ArchiveUnavailable, "identity provider of the archive answers 503", ""),
        (Response("", status=307, headers={"Location": "http://elsewhere/"}), ArchiveRefused, "moved", "token_url"),
    ],
)  # fmt: skip
def test_what_an_identity_provider_refuses(provider, response, error, said, fix):
    provider.answer = response
    with pytest.raises(error, match=said) as caught:
        ask_archive(provider.url, oidc(provider.url, scope="read write"))
    assert fix in caught.value.fix
    assert "Jane" not in str(caught.value)


def test_an_identity_provider_that_is_not_there_is_tried_again_later(provider):
    with pytest.raises(ArchiveUnavailable, match="identity provider of the archive is not there") as caught:
        ask_archive(provider.url, oidc("http://127.0.0.1:9/"))
    assert caught.value.fix == "archive.auth.token_url; does the server run?"


@pytest.mark.parametrize("url", ["login/", "https://me:s3cr3t@login/"])
def test_an_address_of_a_provider_that_is_none(provider, url):
    with pytest.raises(ConfigurationError, match=r"archive\.auth\.token_url") as caught:
        ask_archive(provider.url, oidc(url))
    assert "s3cr3t" not in str(caught.value)


def test_a_token_file_is_read_anew(provider, tmp_path):
    file = tmp_path / "token"
    file.write_text("first\n")
    provider.valid = {"first"}
    archive = make_archive(
        load_settings(archive={"url": f"{provider.url}dicom-web", "auth": {"bearer_token_file": str(file)}})
    )
    list(archive.find_studies(None, None))
    file.write_text("second\n")
    provider.valid = {"second"}
    list(archive.find_studies(None, None))
    file.unlink()
    with pytest.raises(ArchiveUnavailable, match="cannot be read") as caught:
        list(archive.find_studies(None, None))
    assert caught.value.fix == "archive.auth.bearer_token_file"


def jwt(expires: datetime) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": expires.timestamp()}).encode()).decode().rstrip("=")
    return f"e30.{claims}.c2ln"


@pytest.mark.parametrize(
    ("auth", "said", "fix"),
    [
        ({}, "401: it asks who we are, and no credentials are set", "archive.auth"),
        ({"user": "aiqa", "password": SECRET}, "401: user or password is wrong", "archive.auth.user and password"),
        ({"bearer_token": jwt(datetime(2026, 1, 2, 3, 4, tzinfo=UTC))}, "expired at 2026-01-02 03:04 UTC", "a new"),
        ({"bearer_token": jwt(datetime.now(tz=UTC) + timedelta(days=1))}, "expired or not valid there", "a new"),
        ({"bearer_token": SECRET.encode("ascii", "ignore").decode()}, "expired or not valid there", "a new"),
    ],
)
def test_the_check_says_what_is_wrong_and_the_fix(provider, auth, said, fix, tmp_path):
    lines = check(tmp_path, {"url": f"{provider.url}dicom-web", "auth": auth})
    assert said in lines[0]
    assert lines[1].startswith(f"     fix: {fix}")
    assert "s3cr3t" not in "".join(lines)


@pytest.mark.parametrize(
    ("url", "said", "fix"),
    [
        ("http://nowhere.invalid/dicom-web", "host name that is not known", "archive.url, DNS"),
        ("http://127.0.0.1:9/dicom-web", "nobody listens", "archive.url; does the server run?"),
    ],
)
def test_the_check_says_what_is_wrong_with_an_address(url, said, fix, tmp_path, monkeypatch):
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    lines = check(tmp_path, {"url": url})
    assert said in lines[0]
    assert lines[1].startswith(f"     fix: {fix}")


def test_tls_at_a_port_without_it(httpserver, tmp_path):
    lines = check(tmp_path, {"url": httpserver.url_for("/dicom-web").replace("http:", "https:")})
    assert "does not speak TLS at this port" in lines[0]


def test_the_check_says_when_we_may_not(httpserver, tmp_path):
    httpserver.expect_request("/dicom-web/studies").respond_with_data("Doe^Jane may not", status=403)
    lines = check(tmp_path, {"url": httpserver.url_for("/dicom-web")})
    assert "403: it knows us but forbids this" in lines[0]
    assert lines[1] == "     fix: rights of AIQA's account: search, retrieve, store"


@pytest.mark.parametrize(
    ("auth", "named"),
    [
        ({"user": "a", "password": "b", "token_url": "http://idp"}, "give one of"),
        ({"token_url": "http://idp", "client_id": "a"}, "go together"),
        ({"scope": "a"}, "go with token_url"),
        ({"bearer_token": "a", "bearer_token_file": "b"}, "give one of"),
    ],
)
def test_settings_that_contradict_themselves(auth, named):
    with pytest.raises(ConfigurationError, match=named):
        load_settings(archive={"url": "http://pacs", "auth": auth})


def test_a_key_needs_its_certificate():
    with pytest.raises(ConfigurationError, match="key_file goes with certificate_file"):
        load_settings(ehr={"tls": {"key_file": "key"}})


def test_secrets_are_in_no_log_and_no_message(provider, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    told = []
    for auth in (
        {"user": "aiqa", "password": SECRET},
        {"bearer_token": "s3cr3t"},
        oidc(provider.url),
        oidc(provider.url, client_id="other"),
    ):
        provider.forbids = True
        with pytest.raises(AiqaError) as caught:
            ask_archive(provider.url, auth)
        told += [repr(caught.value), repr(caught.value.__cause__), caught.value.fix]
    everything = " ".join([*told, caplog.text, *capfd.readouterr()])
    for secret in ("s3cr3t", base64.b64encode(SECRET.encode()).decode(), "token-1", "czNjcjN0"):
        assert secret not in everything
