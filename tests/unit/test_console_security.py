import re
import subprocess
import sys
from pathlib import Path

import pytest

from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.console.security import HEADERS
from tests.console_samples import NOW, sample_books

CONSOLE = Path(__file__).parents[2] / "aiqa_integration/console"
PAGES = {
    "/": "queue.show",
    "/calibrations/": "calibrations.show",
    "/calibrations/change": "calibrations.change",
    "/calibrations/close-drift": "calibrations.close_drift",
    "/ehr-hook": "hook.told",
    "/healthz": "health.healthz",
    "/notices/": "notices.show",
    "/notices/answer": "notices.answer",
    "/parked/": "parked.show",
    "/parked/replay": "parked.replay",
    "/review/": "review.show",
    "/review/<uuid:job_id>/": "review.case",
    "/review/<uuid:job_id>/answer": "review.answer",
    "/series/<uuid:job_id>/": "series.show",
    "/series/<uuid:job_id>/preview.png": "series.preview",
    "/series/<uuid:job_id>/report.json": "series.report_json",
    "/static/<path:filename>": "static",
    "/.well-known/jwks.json": "keys.jwks",
    "/fhir/metadata": "facade.metadata",
    "/fhir/<resource_type>": "facade.search",
    "/fhir/<resource_type>/<resource_id>": "facade.read",
    "/fhir/$export": "facade.kick_off",
    "/fhir/$export-status/<uuid:export_id>": "facade.status",
    "/fhir/$export-file/<uuid:export_id>/<resource_type>.ndjson": "facade.export_file",
}
"""All that the console answers: a new page has to be entered here, with who may see it in mind."""

WRITES = {
    "/calibrations/change",
    "/calibrations/close-drift",
    "/ehr-hook",
    "/notices/answer",
    "/parked/replay",
    "/review/<uuid:job_id>/answer",
}
"""What takes a form, or a hint of the EHR; everything else is only read."""

TAKEN_AWAY = "/fhir/$export-status/<uuid:export_id>"
"""What can be deleted: an export, by who asked for it."""


@pytest.fixture(scope="module")
def app_and_id():
    books, ids = sample_books()
    return create_app(ConsoleContext(books=books, artifacts=books.artifacts, now=lambda: NOW)), ids["action"]


def addresses(job_id):
    known = {"<uuid:job_id>": job_id, "<uuid:export_id>": job_id, "<path:filename>": "console.css"}
    return [re.sub(r"<[^>]+>", lambda part: known.get(part[0], "Device"), rule) for rule in PAGES]


def test_every_route_is_known_and_only_reads(app_and_id):
    app, _ = app_and_id
    rules = [rule for rule in app.url_map.iter_rules() if rule.methods != {"DELETE"}]
    assert {rule.rule: rule.endpoint for rule in rules} == PAGES
    methods = {rule.rule: frozenset(rule.methods) for rule in rules}
    assert methods == {page: frozenset({"POST"} if page in WRITES else {"GET", "HEAD"}) for page in PAGES}
    assert [rule.rule for rule in app.url_map.iter_rules() if rule.methods == {"DELETE"}] == [TAKEN_AWAY]


def test_every_route_answers_with_the_headers(app_and_id):
    app, job_id = app_and_id
    for address in [*addresses(job_id), "/nothing", "/?state=x", "/static/../app.py"]:
        with app.test_client().get(address) as answer:
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, address
            assert answer.headers["Cache-Control"], address


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_written(app_and_id, method):
    app, job_id = app_and_id
    writes = {address.replace("<uuid:job_id>", job_id) for address in WRITES}
    for address in addresses(job_id):
        answer = app.test_client().open(address, method=method)
        # Without a FHIR API nothing is under its addresses, what could be taken away included.
        taken_away = method == "DELETE" and "$export-status" in address
        expected = 403 if method == "POST" and address in writes else 404 if taken_away else 405
        assert answer.status_code == expected, address


def test_headers_forbid_what_pages_do_not_need():
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["X-Frame-Options"] == "DENY"
    assert HEADERS["Referrer-Policy"] == "no-referrer"


def test_policy_allows_nothing_inline_nothing_foreign_and_no_frame():
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize(
    "wrong", ["1", "..%2f..%2fetc", "00000000-0000-5000-8000-00000000000g", "'%20or%201=1", "a" * 5000]
)
def test_what_is_no_job_id_reaches_no_book(wrong):
    app = create_app(ConsoleContext(books=object(), artifacts=object(), now=lambda: NOW))  # type: ignore[arg-type]
    for page in ("", "preview.png", "report.json"):
        assert app.test_client().get(f"/series/{wrong}/{page}").status_code == 404


def test_templates_trust_no_text():
    pages = [path for path in (CONSOLE / "templates").iterdir() if path.name != "printed.html"]
    sources = "".join(path.read_text() for path in pages)
    assert not re.search(
        r"\|\s*safe|autoescape|<style|<script(?! src=)|\sstyle=|\son\w+=|javascript:|https?://", sources
    )


def test_the_printed_page_has_its_own_style_and_trusts_no_text_either():
    source = (CONSOLE / "templates" / "printed.html").read_text()
    assert source.count("<style") == 1
    assert not re.search(r"\|\s*safe|autoescape|<script|\son\w+=|javascript:|https?://", source)


def test_style_and_script_load_nothing_foreign():
    for path in (CONSOLE / "static").iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import|url\(|eval\(|innerHTML\s*=", text), path.name


def test_console_starts_without_the_heavy_libraries():
    code = (
        "import sys; from aiqa_integration.console.app import create_app;"
        "from aiqa_integration.console.context import ConsoleContext;"
        "create_app(ConsoleContext(books=object(), artifacts=object()));"
        "print([name for name in ('torch', 'monai', 'highdicom', 'pydicom', 'celery', 'fhir') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
