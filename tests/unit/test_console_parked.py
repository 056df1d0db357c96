"""What is held: why, what mends it, and that one click sends it again."""

import re
from datetime import timedelta

import pytest

from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.console.parked import SHOWN
from aiqa_integration.ledger.views import Parked, PollStatus
from aiqa_integration.model.identity import identity
from aiqa_integration.pipeline import chore
from tests.console_samples import NOW, SCRIPT, MemoryBooks, sample_books
from tests.unit.test_console_pages import parsed

UNMATCHED = "ehr-unmatched: ehr.patient_system is not set: how the EHR calls the issuer of the Patient ID is not known"


def parked(name, reason=UNMATCHED, *, alone=False, sink="ehr"):
    return Parked(
        effect_id=str(identity("e", name)), job_id=None if alone else str(identity("j", name)), description=name,
        sink=sink, target="https://ehr.invalid/fhir", kind="fhir-transaction", reason=reason,
        since=NOW - timedelta(hours=1), answered=True,
    )  # fmt: skip


@pytest.fixture
def books():
    made, _ = sample_books()
    made.waiting = [
        parked("AX T1"), parked("AX T2"), parked("month", "ehr-refused: no place", alone=True),
        parked(SCRIPT, "archive-refused: full", sink="pacs"),
    ]  # fmt: skip
    return made


def client_of(books, *, answers=True):
    return create_app(
        ConsoleContext(books=books, artifacts=books.artifacts, answers=books if answers else None, now=lambda: NOW)
    ).test_client()


def token_of(client):
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/parked/").text)
    assert found is not None
    return found[1]


def test_it_says_why_and_what_to_do_by_receiver_and_reason(books):
    page = client_of(books).get("/parked/").text
    assert page.count("<section>") == 3
    assert "To ehr: 2 held" in page
    assert "ehr.patient_system is not set" in page
    assert "set ehr.patient_system or ehr.systems" in page
    assert "of no series" in page
    assert f"aiqa report {books.waiting[0].job_id} --out FOLDER" in page
    assert "Mend what the archive refused" in page
    assert SCRIPT not in page


def test_nothing_held_is_said_too():
    page = client_of(MemoryBooks()).get("/parked/").text
    assert "Nothing is held" in page
    assert "<button" not in page


def test_the_page_is_well_formed_and_labelled(books):
    tidy = parsed(client_of(books).get("/parked/"))
    assert [tag for tag, _ in tidy.tags].count("h1") == 1
    assert all("scope" in attrs for tag, attrs in tidy.tags if tag == "th")
    labelled = {attrs["for"] for tag, attrs in tidy.tags if tag == "label"}
    asked = [attrs for tag, attrs in tidy.tags if tag == "input" and attrs.get("type") != "hidden"]
    assert [attrs["id"] in labelled for attrs in asked] == [True]


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_all_of_a_reason_are_sent_again_by_whom(books, count):
    client = client_of(books)
    wanted = books.waiting[:count]
    form = {"form_token": token_of(client), "who": " A  B ", "effects": " ".join(one.effect_id for one in wanted)}
    answer = client.post("/parked/replay", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/parked/")
    assert books.replayed == [(one.job_id, "A B") for one in wanted]


def test_what_no_series_waits_for_is_sent_again_by_itself(books):
    client = client_of(books)
    client.post(
        "/parked/replay", data={"form_token": token_of(client), "who": "AB", "effects": books.waiting[2].effect_id}
    )
    assert books.replayed == [(books.waiting[2].effect_id, "AB")]


def test_as_many_as_are_shown_go_in_one_form(books):
    books.waiting = [parked(f"series {number}") for number in range(SHOWN)]
    client = client_of(books)
    every = " ".join(one.effect_id for one in books.waiting)
    assert (
        client.post("/parked/replay", data={"form_token": token_of(client), "who": "AB", "effects": every}).status_code
        == 303
    )
    assert len(books.replayed) == SHOWN


@pytest.mark.parametrize("change", [{"who": ""}, {"effects": ""}, {"effects": "x"}])
def test_what_is_incomplete_is_not_understood(books, change):
    client = client_of(books)
    form = {"form_token": token_of(client), "who": "AB", "effects": books.waiting[0].effect_id, **change}
    assert client.post("/parked/replay", data=form).status_code == 400
    assert books.replayed == []


def test_a_form_from_elsewhere_and_one_on_a_wall_is_not_taken(books):
    form = {"who": "AB", "effects": books.waiting[0].effect_id}
    assert client_of(books).post("/parked/replay", data=form).status_code == 403
    assert client_of(books, answers=False).post("/parked/replay", data=form).status_code == 403
    assert "<button" not in client_of(books, answers=False).get("/parked/").text
    assert books.replayed == []


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (chore.EHR_PATIENTS, "Results about patients cannot be matched"),
        (chore.EHR_SUBSCRIPTION, "looked at all the same"),
        (chore.EHR_TASKS, "The Tasks in the EHR cannot be followed"),
        (chore.FACADE_TASKS, "The Tasks of the FHIR API are not up to date"),
        (chore.MONTHS, "The summaries of the last month were not made"),
    ],
)
def test_the_queue_says_what_periodic_work_that_fails_means(work, words):
    books = MemoryBooks()
    books.poll_statuses = (
        PollStatus(archive=work, started_at=NOW, ended_at=NOW, next_at=NOW, failures=1, last_error=UNMATCHED),
    )
    page = client_of(books).get("/").text
    assert words in page
    assert "1 attempt failed" in page
    assert "ehr.patient_system is not set" in page
