import html
import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.console.queue import ROWS_PER_PAGE
from aiqa_integration.errors import TransientError
from aiqa_integration.ledger.views import PollStatus
from aiqa_integration.model.job import EffectState, JobState
from tests.console_samples import (
    ARCHIVE_SAYS,
    GUIDANCE,
    NO_RULE,
    NOW,
    REFUSAL,
    SCRIPT,
    MemoryBooks,
    delivery,
    picture,
    report,
    sample_books,
)

VOID = {"meta", "link", "input", "img", "br", "hr"}


class Tidy(HTMLParser):
    """Fails on what a browser would have to mend, and gathers texts, ids and links."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.texts, self.tags = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        assert not any(name == "style" or name.startswith("on") for name in names), (tag, names)
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def parsed(response):
    tidy = Tidy()
    tidy.feed(response.text)
    tidy.close()
    assert tidy.open == []
    assert len(tidy.ids) == len(set(tidy.ids))
    return tidy


@pytest.fixture(scope="module")
def samples():
    return sample_books()


@pytest.fixture(scope="module")
def client(samples):
    books, _ = samples
    return create_app(
        ConsoleContext(books=books, artifacts=books.artifacts, site_name="General Hospital", now=lambda: NOW)
    ).test_client()


def client_of(books):
    return create_app(ConsoleContext(books=books, artifacts=books.artifacts, now=lambda: NOW)).test_client()


def series(client, samples, kind):
    return parsed(client.get(f"/series/{samples[1][kind]}/"))


@pytest.mark.parametrize("kind", ["", *sample_books()[1]])
def test_pages_are_well_formed_titled_and_labelled(client, samples, kind):
    page = client.get(f"/series/{samples[1][kind]}/" if kind else "/")
    tidy = parsed(page)
    assert page.status_code == 200
    assert dict(tidy.tags)["html"] == {"lang": "en"}
    assert re.search(r"<title>[^<]+ · AIQA · General Hospital</title>", page.text)
    assert all("scope" in attrs for tag, attrs in tidy.tags if tag == "th")
    assert all(attrs.get("alt") for tag, attrs in tidy.tags if tag == "img")
    assert [tag for tag, _ in tidy.tags].count("h1") == 1
    assert "under human oversight; no diagnostic use" in tidy.text
    labelled = {attrs["for"] for tag, attrs in tidy.tags if tag == "label"}
    assert all(attrs["id"] in labelled for tag, attrs in tidy.tags if tag in {"input", "select"})


@pytest.mark.parametrize("kind", ["", "action", "refused"])
def test_every_link_of_a_page_leads_somewhere(client, samples, kind):
    page = parsed(client.get(f"/series/{samples[1][kind]}/" if kind else "/"))
    away = [link for link in page.links if not link.startswith("#")]
    assert len(away) > 4
    for link in away:
        with client.get(link) as answer:
            assert answer.status_code == 200, link
    assert [link[1:] for link in page.links if link.startswith("#") and link[1:] not in page.ids] == []


def test_queue_shows_each_series_with_word_and_shape(client, samples):
    page = client.get("/")
    for word in ("ACTION", "TOLERANCE", "PASS", "NOT MEASURED", "NOT ASSESSED", "REFUSED", "IGNORED", "FAILED"):
        assert re.search(rf'<span class="mark [^"]+">\s*<svg .*?</svg>\s*<span>{word}</span>', page.text, re.DOTALL)
    assert [f"/series/{job_id}/" for job_id in samples[1].values()] == [
        link for link in parsed(page).links if link.startswith("/series/")
    ]


def test_queue_says_scanner_state_deliveries_and_age(client):
    text = parsed(client.get("/")).text
    for words in (
        "TESTCO Quiet 3",
        "station MR2, serial 77-A",
        "acr-mri-large",
        "waiting for the series to be complete",
        "measured, results are being delivered",
        "1 sent, 1 planned",
        "1 sent, 1 refused",
        "7 min ago",
        "SIMULATED DATA",
    ):
        assert words in text


@pytest.mark.parametrize(
    "reason",
    [REFUSAL.detail, NO_RULE, ARCHIVE_SAYS, "hash-mismatch: models/model.pt", "archive-unavailable: no answer in 15 s"],
)
def test_queue_says_every_reason_in_full(client, reason):
    assert reason in parsed(client.get("/")).text


def test_queue_counts_refused_results_apart_from_those_not_measured(client):
    text = parsed(client.get("/")).text
    assert "ACTION 2 TOLERANCE 1 NOT MEASURED 1 REFUSED 1 NOT ASSESSED 1 PASS 2" in text


def test_queue_filters_by_state_and_text(client, samples):
    ids = samples[1]
    failed = client.get("/?state=FAILED").text
    assert ids["failed"] in failed
    assert ids["pass"] not in failed
    flair = client.get("/?text=flair").text
    assert ids["ignored"] in flair
    assert ids["failed"] not in flair
    assert "No series fits this search" in client.get("/?text=nothing+like+it").text


@pytest.mark.parametrize("query", ["state=NONSENSE", "page=0", "page=-1", "page=x", "page=99999999999999999999"])
def test_queue_refuses_what_it_does_not_understand(client, query):
    assert client.get(f"/?{query}").status_code == 400


def test_queue_keeps_the_choice_while_paging():
    books = MemoryBooks()
    for number in range(ROWS_PER_PAGE + 1):
        books.add(f"series {number}", JobState.DISCOVERED, description=f"A&B {number:03}")
    client = client_of(books)
    first = parsed(client.get("/?state=DISCOVERED&text=A%26B"))
    onward = next(link for link in first.links if "page=2" in link)
    second = client.get(onward)
    assert "A&B 049" in first.text
    assert "A&B 050" not in first.text
    assert "A&amp;B 050" in second.text
    assert not any("page=3" in link for link in parsed(second).links)


def test_empty_queue_says_what_to_check():
    text = parsed(client_of(MemoryBooks()).get("/")).text
    assert "No series yet" in text
    assert "aiqa check" in text


def test_queue_says_when_an_archive_does_not_answer():
    books = MemoryBooks()
    at = NOW - timedelta(minutes=3)
    books.poll_statuses = (
        PollStatus(archive="pacs", started_at=at, ended_at=at, next_at=NOW, failures=4, last_error="refused: <down>"),
        PollStatus(archive="good", started_at=at, ended_at=at, next_at=NOW, failures=0, last_error=""),
    )
    text = parsed(client_of(books).get("/")).text
    assert "Archive pacs does not answer (4 polls failed, the last one 3 min ago): refused: <down>" in text
    assert "good" not in text


def test_report_shows_every_value_beside_its_limit_and_source(client, samples):
    page = client.get(f"/series/{samples[1]['action']}/").text
    rows = re.findall(r"<tr class=\"\w+-row\">.*?</tr>", page, re.DOTALL)
    texts = [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]
    expected = [
        ("Horizontal length, slice 5", "189.4 ± 0.4 mm", "limit 187–193 mm", GUIDANCE, "PASS", "5"),
        (
            "Percent image uniformity",
            "86.1 ± 0.5 %",
            "tolerance ≥ 87.5 %",
            "action ≥ 85 %",
            GUIDANCE,
            "TOLERANCE within its",
        ),
        ("Slice thickness", "5.83 ± 0.11 mm", "limit 4.3–5.7 mm", GUIDANCE, "ACTION"),
        ("Signal-to-noise ratio", "212.6", "none the guidance has no limit for it", "NOT ASSESSED"),
        (
            "Percent signal ghosting",
            "not measured: the scanner set the background to zero",
            "412 of 412 background pixels are 0",
            "limit ≤ 3 %",
            "NOT MEASURED",
            "7",
        ),
    ]
    assert len(texts) == len(expected)
    for text, words in zip(texts, expected, strict=True):
        assert [word for word in words if word not in text] == []


def test_report_leads_with_what_decides_the_verdict(client, samples):
    text = series(client, samples, "action").text
    start = text[: text.index("Values and limits")]
    assert start.index("Slice thickness : 5.83") < start.index("Percent image uniformity : 86.1")
    assert "Horizontal length" not in start
    assert "call the medical physicist" in start


def test_report_shows_remarks_apart_from_the_verdict(client, samples):
    text = series(client, samples, "action").text
    remarks = text[text.index("Remarks on set-up and images") :]
    assert "Setup air bubble (possible, 90 %): An air bubble 2.4 mm deep lies at 12 o'clock in the image." in remarks
    assert "Slices in stack: 1, 2." in remarks
    assert "Remarks" not in series(client, samples, "pass").text


def test_report_names_provenance_deliveries_and_history(client, samples):
    text = series(client, samples, "held").text
    for words in (
        "acr-mri-phantom, version 1.0.0; AIQA 0.1.0",
        "weights SHA-256 " + "ab" * 32,
        "rules revision 5d41402abc4b",
        "acr-large-3t revision acr-2022-1",
        "11 instances digest SHA-256",
        "found again by QIDO",
        ARCHIVE_SAYS,
        "11 instances, unchanged for 90 s",
        "aiqa replay",
    ):
        assert words in text


def test_refused_series_says_why_and_what_to_do(client, samples):
    text = series(client, samples, "refused").text
    assert "REFUSED" in text
    assert REFUSAL.detail in text.replace("No known", "no known")
    assert "Is this the right test object" in text
    assert "phantom-not-found" in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("ignored", NO_RULE),
        ("failed", "hash-mismatch: models/model.pt differs from its manifest"),
        ("arriving", "Waiting for the series to be complete"),
        ("retrying", "Attempt 3 failed, will be tried again: archive-unavailable: no answer in 15 s"),
        ("replaced", "Look at the newer revision"),
    ],
)
def test_series_without_a_result_says_where_it_stands(client, samples, kind, words):
    assert words in series(client, samples, kind).text


def test_simulated_data_is_labelled_and_other_data_is_not(client, samples):
    assert "SIMULATED DATA: these images were made by a simulator" in series(client, samples, "hostile").text
    assert "SIMULATED" not in series(client, samples, "pass").text


def test_hostile_text_stays_text(client, samples):
    for address in ("/", f"/series/{samples[1]['hostile']}/"):
        page = parsed(client.get(address))
        assert " ".join(SCRIPT.split()) in page.text
        assert "<b>Bold</b>" in page.text
        assert [attrs for tag, attrs in page.tags if tag == "script" and not attrs["src"].startswith("/static/")] == []
        assert [attrs for tag, attrs in page.tags if tag == "img" and attrs["src"] == "x"] == []
    searched = client.get("/", query_string={"text": '"><script>x</script>'})
    assert "<script>x" not in searched.text


def test_picture_and_document_are_the_stored_bytes(client, samples):
    books, ids = samples
    detail = books.job_detail(ids["action"])
    png = client.get(f"/series/{ids['action']}/preview.png")
    document = client.get(f"/series/{ids['action']}/report.json")
    assert (png.mimetype, png.data) == ("image/png", picture())
    assert document.mimetype == "application/json"
    assert document.data == books.artifacts.get(detail.job.result.report_sha256)
    assert json.loads(document.data)["schema"] == "aiqa-report/1"
    again = client.get(f"/series/{ids['action']}/preview.png", headers={"If-None-Match": png.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_series_without_picture_has_none(client, samples):
    ids = samples[1]
    assert not any("preview.png" in link for link in series(client, samples, "open").links)
    assert client.get(f"/series/{ids['open']}/preview.png").status_code == 404
    assert client.get(f"/series/{ids['ignored']}/report.json").status_code == 404


def test_unfinished_pages_renew_themselves_also_without_script(client, samples):
    assert '<noscript><meta http-equiv="refresh"' in client.get("/").text
    assert "http-equiv" in client.get(f"/series/{samples[1]['action']}/").text
    assert "http-equiv" not in client.get(f"/series/{samples[1]['pass']}/").text


def test_unknown_series_is_not_found(client):
    page = client.get("/series/00000000-0000-5000-8000-000000000000/")
    assert page.status_code == 404
    assert "There is nothing here" in parsed(page).text


@pytest.mark.parametrize("damage", [lambda kept: kept.clear(), lambda kept: kept.update(dict.fromkeys(kept, b"{}"))])
def test_damaged_report_is_an_error_page_not_a_guess(damage):
    books, ids = sample_books()
    damage(books.artifacts.kept)
    page = client_of(books).get(f"/series/{ids['pass']}/")
    assert page.status_code == 500
    assert "What was stored cannot be read" in parsed(page).text


class AwayBooks(MemoryBooks):
    def queue(self, limit, offset, *, state=None, text=""):
        raise TransientError("the ledger's database cannot be used: secret detail")


class FaultyBooks(MemoryBooks):
    def counts(self):
        raise ZeroDivisionError("secret detail")


def test_database_that_is_away_is_said_and_tried_again():
    client = client_of(AwayBooks())
    page = client.get("/")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "15")
    assert "The ledger cannot be reached" in parsed(page).text
    assert "secret" not in page.text
    assert client.get("/healthz").status_code == 503


def test_fault_of_ours_is_a_page_without_its_detail():
    page = client_of(FaultyBooks()).get("/")
    assert page.status_code == 500
    assert "The console made a mistake" in parsed(page).text
    assert "secret" not in page.text


def test_health_answers_while_the_database_does(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_delivery_that_waits_says_when_it_is_tried_again():
    books = MemoryBooks()
    waiting = delivery("pacs", "seg", EffectState.PLANNED, attempts=4, last_error="archive-unavailable: no answer")
    job_id = books.add("waiting", JobState.MEASURED, report("waiting"), deliveries=(waiting,))
    text = parsed(client_of(books).get(f"/series/{job_id}/")).text
    assert "4 attempts" in text
    assert "archive-unavailable: no answer" in text
    assert "next attempt 2026-03-04" in text
