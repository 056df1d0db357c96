"""The notice board: what it shows, and which answers it takes."""

import re
from datetime import timedelta

import pytest

from aiqa_integration.console import csrf
from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.errors import TransientError
from aiqa_integration.model.notice import NoticeState
from tests.console_samples import NOW, SCRIPT, sample_board, sample_books


@pytest.fixture
def board():
    return sample_board()


@pytest.fixture
def client(board):
    books, _ = board
    return create_app(
        ConsoleContext(
            books=books, artifacts=books.artifacts, site_name="General Hospital", answers=books, now=lambda: NOW
        )
    ).test_client()


def token_of(client):
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/notices/").text)
    assert found is not None
    return found[1]


def test_a_notice_says_where_what_and_until_when(client):
    page = client.get("/notices/").text
    for text in ("REPEAT NOW", "MR2", "AX T2 FLAIR", "Motion, severe", "coach or immobilise", "8 min left"):
        assert text in page
    assert page.index("REPEAT NOW") < page.index("CALL SERVICE")
    assert "<title>(4) Notices" in page
    assert SCRIPT not in page


def test_the_board_shows_ends_and_what_repeats_taught(client):
    page = client.get("/notices/").text
    assert "repeated by AB" in page
    assert "severity 3 before, 1 after the repeat" in page
    assert "nobody answered in time" in page
    assert "73 ± 13 %" in page


def test_every_page_says_how_many_notices_wait(client):
    assert '<b class="waiting-count">4</b>' in client.get("/").text


def test_nothing_waits_is_said_too():
    books, _ = sample_books()
    client = create_app(
        ConsoleContext(books=books, artifacts=books.artifacts, answers=books, now=lambda: NOW)
    ).test_client()
    assert "Nothing to repeat" in client.get("/notices/").text
    assert "waiting-count" not in client.get("/").text


@pytest.mark.parametrize(("button", "state"), [("accepted", NoticeState.ACCEPTED), ("declined", NoticeState.DECLINED)])
def test_an_answer_is_recorded_with_who_gave_it(client, board, button, state):
    books, ids = board
    answer = client.post(
        "/notices/answer", data={"form_token": token_of(client), "who": " A  B ", button: ids["repeat"]}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/notices/")
    given = next(notice for notice in books.notices if notice.notice_id == ids["repeat"])
    assert (given.state, given.ended_by, given.ended_at) == (state, "A B", NOW)
    assert 'value="A B"' in client.get("/notices/").text


def test_a_form_from_elsewhere_is_not_taken(client, board):
    books, ids = board
    good = token_of(client)
    form = {"who": "AB", "accepted": ids["repeat"]}
    assert client.post("/notices/answer", data=form).status_code == 403
    assert client.post("/notices/answer", data={**form, "form_token": good[:-1] + "x"}).status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/notices/answer", data={**form, "form_token": good}, headers=foreign).status_code == 403
    client.delete_cookie(csrf.COOKIE)
    assert client.post("/notices/answer", data={**form, "form_token": good}).status_code == 403
    assert books.notices[0].state is NoticeState.PROPOSED


def test_the_cookie_is_for_this_site_and_no_script(client):
    cookie = client.get("/notices/").headers["Set-Cookie"]
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie


@pytest.mark.parametrize("form", [{"who": "", "accepted": "ID"}, {"who": "AB"}, {"who": "AB", "accepted": "1; DROP"},
                                  {"who": "AB", "accepted": "{" + "0" * 36 + "}"}])  # fmt: skip
def test_half_an_answer_is_none(client, board, form):
    _, ids = board
    filled = {key: ids["repeat"] if value == "ID" else value for key, value in form.items()}
    answer = client.post("/notices/answer", data={"form_token": token_of(client), **filled})
    assert answer.status_code == 400


def test_a_huge_form_is_not_read(client, board):
    answer = client.post(
        "/notices/answer", data={"form_token": token_of(client), "who": "x" * 100_000, "accepted": board[1]["repeat"]}
    )
    assert answer.status_code == 413


def test_a_board_on_the_wall_has_no_buttons(board):
    books, ids = board
    client = create_app(ConsoleContext(books=books, artifacts=books.artifacts, now=lambda: NOW)).test_client()
    page = client.get("/notices/").text
    assert "<button" not in page
    assert client.post("/notices/answer", data={"who": "AB", "accepted": ids["repeat"]}).status_code == 403


def test_a_notice_about_the_rule_cannot_be_declined(client, board):
    page = client.get("/notices/").text
    assert f'name="declined" value="{board[1]["admin"]}"' not in page
    assert f'name="accepted" value="{board[1]["admin"]}"' in page


def test_a_ledger_that_is_away_gives_the_page_that_says_so(board):
    books, _ = board

    def away(*_):
        raise TransientError("down")

    books.open_notices = books.open_notice_count = away
    client = create_app(
        ConsoleContext(books=books, artifacts=books.artifacts, now=lambda: NOW + timedelta(1))
    ).test_client()
    assert client.get("/notices/").status_code == 503
