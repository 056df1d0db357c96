"""TLS against a local authority: whom we trust, which certificate we show, and what is said where it does not fit."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stamina
import trustme
from pytest_httpserver import HTTPServer

from tests.asking import ask_archive, check


@pytest.fixture(autouse=True)
def no_waiting(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with stamina.set_testing(testing=True, attempts=3):
        yield


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory) -> dict[str, Path]:
    """The authority's certificate, a client certificate of it with key, and one of a stranger's."""
    folder = tmp_path_factory.mktemp("certificates")
    stranger = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca")
    stranger.cert_pem.write_to_path(folder / "other_ca")
    past = datetime.now(tz=UTC) - timedelta(days=1)
    for name, issued in {
        "client": authority.issue_cert("aiqa@hospital.example"),
        "stranger": stranger.issue_cert("mallory@example.org"),
        "expired": authority.issue_cert("old@hospital.example", not_after=past),
    }.items():
        issued.private_key_and_cert_chain_pem.write_to_path(folder / name)
        issued.private_key_pem.write_to_path(folder / f"{name}_key")
        issued.cert_chain_pems[0].write_to_path(folder / f"{name}_certificate")
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def serving(authority) -> Iterator[dict[str, str]]:
    """Archives over TLS by kind: one that anybody may ask, one for clients of the authority, and broken ones."""
    past = datetime.now(tz=UTC) - timedelta(days=1)
    hosts = {
        "public": authority.issue_cert("localhost"),
        "mutual": authority.issue_cert("localhost"),
        "expired": authority.issue_cert("localhost", not_after=past),
        "misnamed": authority.issue_cert("pacs.example.org"),
    }
    servers = {}
    for kind, certificate in hosts.items():
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(context)
        if kind == "mutual":
            context.verify_mode = ssl.CERT_REQUIRED
            context.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 the refusal comes after the handshake
            authority.configure_trust(context)
        servers[kind] = HTTPServer(ssl_context=context)
        servers[kind].expect_request("/dicom-web/studies").respond_with_json([])
        servers[kind].start()
    yield {kind: server.url_for("/") for kind, server in servers.items()}
    for server in servers.values():
        server.clear()
        server.stop()


@pytest.mark.parametrize(
    ("kind", "tls"),
    [
        ("public", {"ca_file": "ca"}),
        ("mutual", {"ca_file": "ca", "certificate_file": "client"}),
        ("mutual", {"ca_file": "ca", "certificate_file": "client_certificate", "key_file": "client_key"}),
    ],
)
def test_certificates_that_fit(serving, files, kind, tls, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files["other_ca"]))
    ask_archive(serving[kind], tls={name: str(files[file]) for name, file in tls.items()})


@pytest.mark.parametrize(
    ("kind", "tls", "said", "fix"),
    [
        ("public", {}, "certificate of an unknown authority", "archive.tls.ca_file"),
        ("public", {"ca_file": "other_ca"}, "certificate of an unknown authority", "archive.tls.ca_file"),
        ("expired", {"ca_file": "ca"}, "has expired", "renew the certificate of the server"),
        ("misnamed", {"ca_file": "ca"}, "another", "archive.url: the name that the certificate has"),
        ("mutual", {"ca_file": "ca"}, "asks for a client certificate", "archive.tls.certificate_file and key_file"),
        (
            "mutual",
            {"ca_file": "ca", "certificate_file": "stranger"},
            "does not accept our client certificate",
            "archive.tls.certificate_file: one that its authority signed",
        ),
        ("mutual", {"ca_file": "ca", "certificate_file": "expired"}, "client certificate has expired", "renew it"),
        ("public", {"ca_file": "client_key"}, "archive.tls.ca_file: not usable PEM", "that setting"),
        ("public", {"ca_file": "missing"}, "archive.tls.ca_file: no such file", "that setting"),
        (
            "public",
            {"certificate_file": "client_certificate", "key_file": "stranger_key"},
            "they do not belong together",
            "that setting",
        ),
    ],
)
def test_the_check_says_what_is_wrong_with_certificates(serving, files, kind, tls, said, fix, tmp_path):
    named = {name: files.get(file, tmp_path / "missing") for name, file in tls.items()}
    lines = check(tmp_path, {"url": f"{serving[kind]}dicom-web", "tls": named})
    assert said in lines[0]
    assert lines[1].startswith(f"     fix: {fix}")


def test_tls_1_3_refuses_a_client_after_the_handshake(authority, files, tmp_path):
    """Whether the reason or the end of the connection arrives first is chance: either names the setting."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version, context.verify_mode = ssl.TLSVersion.TLSv1_3, ssl.CERT_REQUIRED
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    with HTTPServer(ssl_context=context) as server:
        server.expect_request("/dicom-web/studies").respond_with_json([])
        lines = check(tmp_path, {"url": server.url_for("/dicom-web"), "tls": {"ca_file": files["ca"]}})
        client = {"ca_file": str(files["ca"]), "certificate_file": str(files["client"])}
        ask_archive(server.url_for("/"), tls=client)
    assert "archive.tls.certificate_file" in lines[1]
