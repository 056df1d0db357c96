import io
import json
import stat
import tarfile

import pytest

from aiqa_integration.errors import ConfigurationError
from viewer_kit import ohif
from viewer_kit.site import viewer_app


@pytest.fixture
def pages(tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.html").write_text("the one page")
    (tmp_path / "pages" / "app.js").write_text("script")
    return tmp_path / "pages"


@pytest.fixture
def site(pages, httpserver):
    return viewer_app(pages, httpserver.url_for("/dicom-web")).test_client()


def test_places_inside_the_viewer_are_its_one_page(site):
    for place in ("/", "/viewer?StudyInstanceUIDs=1.2"):
        assert site.get(place, buffered=True).text == "the one page"
    assert site.get("/app.js", buffered=True).text == "script"
    assert site.get("/missing.js").status_code == 404


def test_the_archive_is_read_with_the_browsers_words(site, httpserver):
    httpserver.expect_oneshot_request(
        "/dicom-web/studies",
        method="GET",
        query_string="limit=2&includefield=00081030,00080060",
        headers={"Accept": "application/dicom+json", "Host": "viewer.test"},
    ).respond_with_data("[]", content_type="application/dicom+json")
    asked = "/dicom-web/studies?limit=2&includefield=00081030%2C00080060"
    answer = site.get(asked, headers={"Accept": "application/dicom+json", "Host": "viewer.test"})
    assert (answer.status_code, answer.text, answer.content_type) == (200, "[]", "application/dicom+json")


def test_refusals_of_the_archive_arrive(site, httpserver):
    httpserver.expect_oneshot_request("/dicom-web/studies/1").respond_with_data("no", status=404)
    assert site.get("/dicom-web/studies/1").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_can_be_written(site, method):
    assert getattr(site, method)("/dicom-web/studies").status_code == 405


def test_pages_may_share_memory_and_call_nobody_else(site):
    headers = site.get("/", buffered=True).headers
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "http" not in headers["Content-Security-Policy"]


def test_configuration_names_this_site_only(site):
    script = site.get("/app-config.js").text
    start, end = script.index("{"), script.index("};\n") + 1
    [source] = json.loads(script[start:end])["dataSources"]
    assert source["configuration"]["qidoRoot"] == source["configuration"]["wadoRoot"] == "/dicom-web"
    assert "://" not in script


def npm_that(folder, monkeypatch, script):
    """Put a program named npm before all others."""
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_package_that_is_another_is_not_unpacked(tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "other.tgz", "w:gz") as archive:
        entry = tarfile.TarInfo("package/dist/index.html")
        archive.addfile(entry, io.BytesIO())
    npm_that(tmp_path, monkeypatch, f'cp {tmp_path}/other.tgz "$4/ohif.tgz"')
    with pytest.raises(ConfigurationError, match="not the package it should be"):
        ohif.ohif_site(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_registry_that_does_not_answer_is_named(tmp_path, monkeypatch):
    npm_that(tmp_path, monkeypatch, "echo 'nobody there' >&2; exit 1")
    with pytest.raises(ConfigurationError, match=r"npm cannot fetch @ohif/app .*: nobody there"):
        ohif.ohif_site(tmp_path / "cache")


def test_the_package_is_fetched_once(tmp_path, monkeypatch):
    site = tmp_path / "cache" / ohif.VERSION / "package" / "dist"
    site.mkdir(parents=True)
    npm_that(tmp_path, monkeypatch, "exit 1")
    assert ohif.ohif_site(tmp_path / "cache") == site
