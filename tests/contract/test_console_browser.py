"""The pages in a real browser: they draw, keep to their own policy, fit the screen, and renew themselves."""

import io

import numpy as np
import pytest
from flask import Flask
from PIL import Image

from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.console.security import secure
from aiqa_integration.console.server import serving
from aiqa_integration.model.job import JobState
from tests.browser import Browser, missing_chromium
from tests.console_samples import NOW, SCRIPT, line, notice, sample_board, sample_books
from tests.review_samples import filled, ward

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(missing_chromium() is not None, reason=str(missing_chromium())),
]

PAGES = ["", "notices/", "series/{action}/", "series/{refused}/", "series/{ignored}/", "series/{hostile}/"]


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(tab):
    tab.open("about:blank")
    tab.complaints.clear()
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    tab.call("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": "light"}])
    return tab


@pytest.fixture(scope="module")
def samples():
    return sample_books()


@pytest.fixture(scope="module")
def address(samples):
    books, _ = samples
    with serving(
        create_app(
            ConsoleContext(books=books, artifacts=books.artifacts, site_name="General Hospital", now=lambda: NOW)
        ),
        "127.0.0.1",
        0,
    ) as at:
        yield at


def pixels_of(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


@pytest.mark.parametrize("page", PAGES)
def test_pages_draw_without_complaint(browser, address, samples, page):
    browser.open(address + page.format(**samples[1]))
    pixels = pixels_of(browser.screenshot())
    assert pixels.shape == (900, 1280, 3)
    assert len(np.unique(pixels @ [65536, 256, 1])) > 50
    assert pixels[:, 0].mean() > 230  # the ground is light, so the style sheet was taken
    assert browser.complaints == []


def test_a_page_that_breaks_the_policy_would_be_noticed(browser):
    app = Flask("broken")
    secure(app)
    app.add_url_rule("/", view_func=lambda: "<!doctype html><title>x</title><p style='color:red'>x<script>1</script>")
    with serving(app, "127.0.0.1", 0) as at:
        browser.open(at)
        browser.evaluate("1")
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)


@pytest.mark.parametrize("width", [390, 768, 1024, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_pages_fit_the_screen(browser, address, samples, page, width):
    browser.open(address + page.format(**samples[1]), width=width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate("document.querySelector('h1').getBoundingClientRect().width") > 50


@pytest.mark.parametrize("width", [800, 1024, 1280])
def test_tables_need_no_scrolling(browser, address, samples, width):
    for page in PAGES:
        browser.open(address + page.format(**samples[1]), width=width)
        frames = "[...document.querySelectorAll('.table-frame')].every(f => f.scrollWidth <= f.clientWidth)"
        assert browser.evaluate(frames), page


def test_picture_is_drawn_in_full(browser, address, samples):
    browser.open(f"{address}series/{samples[1]['action']}/")
    assert browser.evaluate("document.querySelector('img.preview').naturalWidth") == 900
    assert browser.evaluate("document.querySelector('img.preview').clientWidth") >= 900


def test_dark_scheme_is_dark(browser, address, samples):
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    browser.open(f"{address}series/{samples[1]['pass']}/")
    assert pixels_of(browser.screenshot())[:, 0].mean() < 40


def test_hostile_text_runs_nothing(browser, address, samples):
    browser.open(f"{address}series/{samples[1]['hostile']}/")
    assert browser.evaluate("document.querySelector('h1 .description').textContent") == SCRIPT
    assert browser.evaluate("document.querySelectorAll('script, img[src=x], main b.bold').length") == 0


def test_report_prints(browser, address, samples):
    browser.call("Emulation.setEmulatedMedia", media="print")
    browser.open(f"{address}series/{samples[1]['held']}/", width=720)  # A4 less its margins, at 96 pixels an inch
    assert browser.evaluate("document.documentElement.scrollWidth") <= 720
    assert browser.evaluate("getComputedStyle(document.querySelector('.values tr')).display") == "table-row"
    document = browser.pdf()
    assert document.startswith(b"%PDF")
    assert 1 <= document.count(b"/Type /Page\n") <= 4


def test_queue_renews_itself_and_says_when_it_cannot(browser):
    books, _ = sample_books()
    app = create_app(ConsoleContext(books=books, artifacts=books.artifacts, now=lambda: NOW))
    with serving(app, "127.0.0.1", 0) as at:
        browser.open(at)
        browser.evaluate("document.getElementById('text').focus()")
        books.add("late", JobState.DISCOVERED, description="came later")
        browser.evaluate("refresh()")
        assert browser.evaluate("document.querySelector('table').textContent.includes('came later')")
        assert browser.evaluate("document.activeElement.id") == "text"
        assert browser.complaints == []
    browser.evaluate("refresh()")
    assert "out of date" in browser.evaluate("document.getElementById('live-note').textContent")


def test_nothing_is_taken_from_a_reader(browser):
    books, _ = sample_books()
    with serving(
        create_app(ConsoleContext(books=books, artifacts=books.artifacts, now=lambda: NOW)), "127.0.0.1", 0
    ) as at:
        browser.open(at)
        browser.evaluate("document.querySelector('details').open = true")
        books.add("late", JobState.DISCOVERED, description="came later")
        browser.evaluate("refresh()")
        assert not browser.evaluate("document.querySelector('table').textContent.includes('came later')")
        assert browser.evaluate("document.querySelector('details').open")


def test_filter_works_without_script(browser, address):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(address)
    browser.call("Runtime.evaluate", expression="document.getElementById('text').focus()")
    browser.call("Input.insertText", text="flair")
    browser.call(
        "Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
    )
    browser.wait_until("location.search.includes('text=flair')")
    browser.wait_until("document.querySelectorAll('tbody tr').length === 1")


def test_first_tab_stop_skips_to_the_content(browser, address):
    browser.open(address)
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert browser.evaluate("document.activeElement.className") == "skip"
    assert browser.evaluate("document.activeElement.getBoundingClientRect().left") >= 0


def test_a_notice_appears_by_itself_and_is_answered_by_one_click(browser):
    books, _ = sample_board()
    (job_id,) = {one.job_id for one in books.notices[0].lines}
    books.notices = []
    app = create_app(ConsoleContext(books=books, artifacts=books.artifacts, answers=books, now=lambda: NOW))
    with serving(app, "127.0.0.1", 0) as at:
        browser.open(at + "notices/")
        browser.evaluate("document.getElementById('who').value = 'AB'; document.getElementById('who').focus()")
        assert browser.evaluate("document.querySelectorAll('.notice').length") == 0
        books.notices.append(notice("late", line(job_id)))
        browser.wait_until("document.querySelectorAll('.notice').length === 1", within_s=10)
        assert browser.evaluate("document.title").startswith("(1)")
        assert browser.evaluate("document.getElementById('who').value") == "AB"
        browser.evaluate("document.querySelector('.answers .yes').focus()")
        books.notices.append(notice("later", line(job_id)))
        browser.wait_until("document.querySelectorAll('.notice').length === 2", within_s=10)
        assert browser.evaluate("document.activeElement.value") == books.notices[0].notice_id
        browser.evaluate("document.querySelector('.answers .yes').click()")
        browser.wait_until("document.querySelectorAll('.notice').length === 1", within_s=10)
    assert (books.notices[0].state.value, books.notices[0].ended_by) == ("ACCEPTED", "AB")
    assert browser.complaints == []


@pytest.fixture(scope="module")
def reviewing(tmp_path_factory):
    at = ward(tmp_path_factory.mktemp("ward"))
    jobs = filled(at)
    with serving(at.app, "127.0.0.1", 0) as address:
        yield address, jobs, at.record
    at.ledger.close()


REVIEW_PAGES = ["review/", "review/{flagged}/", "review/{sampled}/", "calibrations/"]


@pytest.mark.parametrize("width", [390, 800, 1024, 1280])
def test_pages_of_reviews_fit_the_screen_without_complaint(browser, reviewing, width):
    address, jobs, _ = reviewing
    for page in REVIEW_PAGES:
        browser.open(address + page.format(**jobs), width=width)
        browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert browser.evaluate("document.documentElement.scrollWidth") <= width, page
        frames = "[...document.querySelectorAll('.table-frame')].every(f => f.scrollWidth <= f.clientWidth)"
        assert browser.evaluate(frames), page
    assert browser.complaints == []


def press(browser, key, code, text=""):
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            code=key,
            windowsVirtualKeyCode=code,
            **({"text": text} if text and kind == "keyDown" else {}),
        )


def test_a_series_is_answered_by_the_keyboard_alone(browser, reviewing):
    address, jobs, record = reviewing
    browser.open(address + f"review/{jobs['flagged']}/")
    browser.evaluate("document.querySelector('.skip').focus()")
    for _ in range(40):
        press(browser, "Tab", 9)
        if browser.evaluate("document.activeElement.name") == "severity-ghost":
            break
    for _ in range(3):
        press(browser, "ArrowRight", 39)
    assert browser.evaluate("document.activeElement.value") == "2"
    press(browser, "Tab", 9)
    assert browser.evaluate("document.activeElement.name") == "others"
    press(browser, " ", 32, " ")
    for _ in range(3):
        press(browser, "Tab", 9)
    assert browser.evaluate("document.activeElement.name") == "who"
    browser.call("Input.insertText", text="AB")
    press(browser, "Enter", 13, "\r")
    browser.wait_until(f"location.pathname === '/review/{jobs['sampled']}/'")
    assert "Recorded" in browser.evaluate("document.querySelector('[role=status]').textContent")
    answers = record.review_case(jobs["flagged"]).answers
    assert [given.artifact.value for given in answers if given.present] == ["ghost"]
    assert len(answers) == 11
    assert browser.evaluate("document.getElementById('who').value") == "AB"
    assert browser.complaints == []
