"""From an image in the archive to the technologist's answer and the repeat, in the embedded deployment."""

import importlib.util
import json
import re
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
import requests
from pytest_httpserver import HTTPServer

from aiqa_integration.model.notice import NoticeKind, NoticeState
from tests.notice_system import Ward, motion, ward

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("sekmet") is None, reason="sekmet-fhir is not installed (pip install '.[demo]')"
)
POLL_EVERY_S, QUIET_S = 2.0, 8.0
"""What docs/recommendations.md advises where notices are wanted."""


def found_in(description: str):
    return () if "clean" in description or "again" in description else (motion(),)


def answer(at: Ward, notice_id: str) -> int:
    """Answer as a browser does: load the page, send its form."""
    with requests.Session() as browser:
        page = browser.get(f"{at.console}notices/", timeout=10).text
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token is not None
        form = {"form_token": token[1], "who": "AB", "accepted": notice_id}
        return browser.post(f"{at.console}notices/answer", data=form, timeout=10).status_code


@pytest.mark.timeout(240)
def test_a_bad_series_is_told_within_the_budget_answered_and_repeated(tmp_path, httpserver: HTTPServer):
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status=204)
    webhook = {"webhook": {"url": httpserver.url_for("/hook"), "secret": "secret"}}
    with ward(tmp_path, found_in, poll_every_s=POLL_EVERY_S, quiet_s=QUIET_S, changes=webhook) as at:
        bad = at.send("study", 1, "AX FLAIR")
        stored_at = datetime.now(tz=UTC)
        at.send("other", 1, "AX FLAIR clean")
        at.wait_for(lambda: len(at.open_notices()) == 1)
        (notice,) = at.open_notices()
        assert notice.kind is NoticeKind.REPEAT_NOW
        assert notice.device.station == "MR2"
        assert (notice.created_at - stored_at).total_seconds() <= 30
        assert "SIMULATED AX FLAIR" in requests.get(f"{at.console}notices/", timeout=10).text
        at.wait_for(at.tools.ledger.idle)
        (task,) = at.fhir.search("Task", {})
        (proposal,) = at.fhir.search("ServiceRequest", {})
        assert (task["status"], task["intent"], proposal["intent"]) == ("requested", "proposal", "proposal")
        assert task["focus"]["reference"] == f"ServiceRequest/{proposal['id']}"
        assert task["input"][0]["valueString"] == bad.series_instance_uid
        assert answer(at, notice.notice_id) == HTTPStatus.OK
        assert at.open_notices() == ()
        at.wait_for(lambda: at.fhir.search("Task", {})[0]["status"] == "accepted")
        at.send("study", 2, "AX FLAIR", taken_s_ago=5)
        at.wait_for(lambda: at.ended_notices()[0].state is NoticeState.REPEATED)
        (ended,) = at.ended_notices()
        assert ended.ended_by == "AB"
        assert (ended.lines[0].severity, ended.lines[0].severity_after) == (3, 3)
        at.wait_for(at.tools.ledger.idle)
        at.wait_for(lambda: "completed" in {found["status"] for found in at.fhir.search("Task", {})})
        (done,) = [found for found in at.fhir.search("Task", {}) if found["status"] == "completed"]
        assert done["id"] == task["id"]
        assert done["note"][0]["authorString"] == "AB"
    (told,) = [json.loads(request.get_data()) for request, _ in httpserver.log]
    assert (told["kind"], told["study_instance_uid"]) == ("repeat-now", bad.study_instance_uid)
