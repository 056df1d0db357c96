"""Reviews and calibrations in the console: what waits, what is shown, and that answers go where the CLI's go."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from aiqa_integration.artifact_detection.states import CalibrationEvent
from aiqa_integration.console.app import create_app
from aiqa_integration.console.context import ConsoleContext
from aiqa_integration.errors import LedgerError
from aiqa_integration.ledger.tables import AuditRow, DriftRow
from aiqa_integration.ledger.views import Place
from aiqa_integration.model.artifact import ArtifactId
from tests.console_samples import NOW, sample_books
from tests.review_samples import BUNDLE, FAMILY, KEY, filled, ward
from tests.unit.test_console_pages import parsed

GHOST = Place(device_key=KEY, family=FAMILY, artifact=ArtifactId.GHOST)


@pytest.fixture
def at(tmp_path):
    made = ward(tmp_path)
    yield made
    made.ledger.close()


@pytest.fixture
def jobs(at):
    return filled(at)


@pytest.fixture
def client(at):
    return at.app.test_client()


def token_of(client, page):
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(page).text)
    assert found is not None
    return found[1]


def audited(at):
    with Session(at.ledger.engine) as session:
        return [
            (row.action, row.who, row.detail) for row in session.scalars(select(AuditRow).order_by(AuditRow.number))
        ]


def drift(at):
    with Session(at.ledger.engine) as session, session.begin():
        session.add(DriftRow(drift_id="d-1", device_key=KEY, family=FAMILY, detail="ghost went up", opened_at=NOW))


def test_what_waits_is_listed_with_the_reason(client, jobs):
    page = client.get("/review/")
    tidy = parsed(page)
    places = [page.text.find(f"/review/{jobs[kind]}/") for kind in ("flagged", "sampled", "elsewhere")]
    assert places == sorted(places)
    assert places[0] > 0
    assert jobs["unremarkable"] not in page.text
    assert "something was seen" in tidy.text
    assert "random sample" in tidy.text
    assert "3 wait" in tidy.text
    assert "<b>FLAIR" not in page.text


def test_the_newest_series_of_a_drift_wait_too(client, at, jobs):
    drift(at)
    page = client.get("/review/").text
    assert f"/review/{jobs['unremarkable']}/" in page
    assert "ghost went up" in page
    assert [row.why for row in at.record.to_review(9)][2] == ("drift",)


def test_a_suspended_artifact_says_so(client, at, jobs):
    at.record.answer(series_of(at, jobs["sampled"]), {ArtifactId.GHOST: False}, who="r", at=NOW)
    at.record.change(GHOST, CalibrationEvent.SUSPENDED_BY_PERSON, who="p", why="coil", at=NOW)
    assert at.record.to_review(9)[0].why == ("flagged", "suspended")
    assert "what was seen is suspended here" in client.get("/review/").text


def series_of(at, job_id):
    case = at.record.review_case(job_id)
    assert case is not None
    return case.series.series_instance_uid


def test_a_series_shows_probability_limit_median_slices_and_picture(client, jobs):
    page = client.get(f"/review/{jobs['flagged']}/")
    tidy = parsed(page)
    for words in ("93 %, would alert from", "Background ghost 9.4 %", "1.2", "11, 12, 13, 14", "Zipper"):
        assert words in tidy.text
    assert f"/series/{jobs['flagged']}/preview.png" in page.text
    labelled = {attrs["for"] for tag, attrs in tidy.tags if tag == "label" and "for" in attrs}
    assert all(attrs["id"] in labelled for tag, attrs in tidy.tags if tag == "input" and "id" in attrs)


def test_an_answer_goes_where_the_clis_goes_and_the_next_series_comes(client, at, jobs):
    page = f"/review/{jobs['flagged']}/"
    form = {"form_token": token_of(client, page), "who": " A  B ", "severity-ghost": "3", "severity-wrap": "1"}
    answer = client.post(f"{page}answer", data={**form, "comment": "two heads"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/review/{jobs['sampled']}/?recorded")
    case = at.record.review_case(jobs["flagged"])
    assert {(a.artifact, a.present, a.severity, a.comment, a.who) for a in case.answers} == {
        (ArtifactId.GHOST, True, 3, "two heads", "A B"),
        (ArtifactId.WRAP, False, 1, "two heads", "A B"),
    }
    assert case.calibrations[ArtifactId.GHOST].positives == 1
    assert ("review", "A B", "ghost present, severity 3; wrap absent, severity 1") in audited(at)
    assert jobs["flagged"] not in client.get("/review/").text
    shown = parsed(client.get(page)).text
    assert "Ghosting: present , severe" in shown
    assert "two heads" in shown
    assert at.ledger.audit_broken_at() is None


def test_the_others_are_absent_with_one_tick(client, at, jobs):
    page = f"/review/{jobs['flagged']}/"
    client.post(
        f"{page}answer",
        data={"form_token": token_of(client, page), "who": "AB", "severity-ghost": "2", "others": "0"},
    )
    case = at.record.review_case(jobs["flagged"])
    assert len(case.answers) == len(case.series.raw)
    assert [a.artifact for a in case.answers if a.present] == [ArtifactId.GHOST]


@pytest.mark.parametrize("form", [{}, {"who": "AB"}, {"severity-ghost": "2"}, {"who": "AB", "severity-ghost": "7"}])
def test_a_form_that_says_nothing_is_refused(client, at, jobs, form):
    page = f"/review/{jobs['flagged']}/"
    assert client.post(f"{page}answer", data={"form_token": token_of(client, page), **form}).status_code == 400
    assert at.record.review_case(jobs["flagged"]).answers == ()


def test_forms_from_elsewhere_are_not_taken(client, at, jobs):
    good = token_of(client, f"/review/{jobs['flagged']}/")
    forms = {
        f"/review/{jobs['flagged']}/answer": {"who": "AB", "severity-ghost": "2"},
        "/calibrations/change": {"who": "AB", "why": "x", "adopt": "1", "artifact": "ghost", "family": FAMILY},
        "/calibrations/close-drift": {"who": "AB", "why": "x", "drift_id": "d-1"},
    }
    for address, form in forms.items():
        assert client.post(address, data=form).status_code == 403
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert client.post(address, data={**form, "form_token": good}, headers=foreign).status_code == 403
    assert audited(at) == []


def test_without_a_record_of_scanners_there_are_no_such_pages():
    books, ids = sample_books()
    client = create_app(ConsoleContext(books=books, artifacts=books.artifacts, now=lambda: NOW)).test_client()
    for page in ("/review/", f"/review/{ids['action']}/", "/calibrations/"):
        assert client.get(page).status_code == 404
    assert "/review/" not in client.get("/").text


def test_a_phantoms_series_has_nothing_to_review(client):
    assert client.get("/review/00000000-0000-5000-8000-000000000000/").status_code == 404


def test_calibrations_are_shown_by_scanner_and_family_and_changed(client, at, jobs):
    token = token_of(client, "/calibrations/")
    place = {"device_key": KEY, "family": FAMILY, "artifact": "ghost"}
    form = {"form_token": token, "who": "AB", "why": "twin of MR1", **place}
    assert "IN SHADOW" in client.get("/calibrations/").text
    assert client.post("/calibrations/change", data={**form, "adopt": "1"}).status_code == 303
    (known,) = at.record.all_calibrations()
    assert (known.place, known.calibration.state, known.bundle) == (GHOST, "active", BUNDLE.key)
    tidy = parsed(client.get("/calibrations/"))
    assert "1 active, 0 suspended" in tidy.text
    again = client.post("/calibrations/change", data={**form, "adopt": "1"})
    assert again.status_code == 409
    assert "does not know" in again.text
    assert client.post("/calibrations/change", data={**form, "suspend": "1"}).status_code == 303
    assert client.post("/calibrations/change", data={**form, "resume": "1"}).status_code == 303
    assert [row[2] for row in audited(at)] == [
        "uncalibrated -> active: twin of MR1",
        "active -> suspended: twin of MR1",
        "suspended -> uncalibrated: twin of MR1",
    ]


@pytest.mark.parametrize(
    "wrong", [{"artifact": "rust"}, {"family": "x"}, {"why": " "}, {"who": ""}, {"adopt": None}], ids=str
)
def test_a_change_without_sense_is_refused(client, jobs, wrong):
    form = {"device_key": KEY, "family": FAMILY, "artifact": "ghost", "who": "AB", "why": "x", "adopt": "1", **wrong}
    form = {name: value for name, value in form.items() if value is not None}
    answer = client.post("/calibrations/change", data={"form_token": token_of(client, "/calibrations/"), **form})
    assert answer.status_code == 400


def test_what_held_for_an_earlier_bundle_is_in_shadow(tmp_path):
    old = ward(tmp_path)
    filled(old)
    old.record.adopt(GHOST, BUNDLE, who="p", why="twin", at=NOW)
    newer = ward(tmp_path, lambda: replace(BUNDLE, version="0.4.0"))
    page = parsed(newer.app.test_client().get("/calibrations/")).text
    assert "0 active" in page
    assert "earlier bundle" in page


def test_a_drift_is_closed_with_a_reason(client, at, jobs):
    drift(at)
    page = client.get("/calibrations/").text
    assert "ghost went up" in page
    form = {"form_token": token_of(client, "/calibrations/"), "who": "AB", "why": "new coil", "drift_id": "d-1"}
    assert client.post("/calibrations/close-drift", data=form).status_code == 303
    assert at.record.open_drifts() == []
    assert ("close-drift", "AB", "new coil") in audited(at)
    assert client.post("/calibrations/close-drift", data=form).status_code == 409


def test_a_severity_that_contradicts_the_answer_is_refused(at, jobs):
    uid = series_of(at, jobs["flagged"])
    with pytest.raises(LedgerError, match="severity 2 or more"):
        at.record.answer(uid, {ArtifactId.GHOST: True}, severities={ArtifactId.GHOST: 1}, who="r", at=NOW)
    assert at.record.review_case(jobs["flagged"]).answers == ()
