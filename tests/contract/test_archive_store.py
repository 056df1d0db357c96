"""STOW against an archive that drops, stalls, half-stores, says nothing and lies: each object is accounted for."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from aiqa_integration.dicom.profiles import GENERIC
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable
from aiqa_integration.pipeline.ports import StoreOutcome
from tests.contract.test_archive_web_faults import RawServer
from tests.dicom_samples import sample, series_files
from tests.store_answers import store_json, store_xml

SAMPLE = sample("stow")
STUDY, SERIES = SAMPLE.ref.study_instance_uid, SAMPLE.ref.series_instance_uid
ONE, TWO, THREE = (SAMPLE.instance_uid(number) for number in (1, 2, 3))
STORE_PATH = f"/dicom-web/studies/{STUDY}"
LIST_PATH = f"{STORE_PATH}/series/{SERIES}/instances"
BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;">]><NativeDicomModel>&c;</NativeDicomModel>'

Handler = Callable[[Request], Response]


@pytest.fixture(autouse=True)
def no_waiting():
    with stamina.set_testing(testing=True, attempts=3):
        yield


@pytest.fixture
def archive(httpserver: HTTPServer) -> Iterator[DicomWebArchive]:
    web = DicomWebArchive(
        httpserver.url_for("/dicom-web"), profile=replace(GENERIC, look_before_storing=False), timeout_s=(1.0, 0.5)
    )
    yield web
    web.close()


@pytest.fixture
def files(tmp_path) -> list[bytes]:
    return [path.read_bytes() for path in series_files(tmp_path, "stow", slices=3)]


class Holder:
    """What the archive lists; ``posts`` are the bodies that were sent to it."""

    def __init__(self, httpserver: HTTPServer, answer: Handler) -> None:
        self.listed: set[str] = set()
        self.posts: list[bytes] = []
        self._answer = answer
        httpserver.expect_request(LIST_PATH).respond_with_handler(self._list)
        httpserver.expect_request(STORE_PATH, method="POST").respond_with_handler(self._post)

    def _list(self, request: Request) -> Response:
        rows = [{"00080018": {"vr": "UI", "Value": [uid]}} for uid in sorted(self.listed)]
        return Response(json.dumps(rows if request.args.get("offset", "0") == "0" else []), status=200)

    def _post(self, request: Request) -> Response:
        self.posts.append(request.get_data())
        return self._answer(request)


def answers(status: int, body: str = "", **headers: str) -> Handler:
    return lambda _: Response(body, status=status, headers=headers, content_type=headers.pop("Content-Type", ""))


def reasons(outcome: StoreOutcome) -> list[tuple[str, int | None]]:
    return [(refused.sop_instance_uid, refused.reason) for refused in outcome.refused]


@pytest.mark.parametrize(
    ("status", "body", "stored", "reason"),
    [
        (200, store_json(stored=[ONE]), True, None),
        (200, "[" + store_json(stored=[ONE]) + "]", True, None),
        (200, "\ufeff" + store_xml(stored=[ONE]), True, None),
        (200, store_xml(stored=[ONE], namespace="http://dicom.nema.org/PS3.19/models/NativeDICOM"), True, None),
        (200, f"<Results>{store_xml(stored=[ONE]).partition('?>')[2]}</Results>", True, None),
        (202, store_json(stored=[ONE]), True, None),
        (202, store_json(failed=[(ONE, 272)]), False, 272),
        (202, store_json(stored=[TWO], failed=[(ONE, 0x0122)]), False, 0x0122),
        (200, store_json(failed=[(ONE, 43264)]), False, 43264),
        (200, store_xml(failed=[(ONE, 43264)]), False, 43264),
        (409, store_json(failed=[(ONE, 272)]), False, 272),
        (409, store_json(failed=[(ONE, 43265)]), False, 43265),
        (409, store_json(failed=[(ONE, 45070)]), True, 45070),
        (409, store_xml(failed=[(ONE, 0x0111)]), True, 0x0111),
        (400, store_json(stored=[ONE]), True, None),
        (500, store_json(stored=[ONE]), True, None),
        (409, "", False, None),
        (409, store_json(failed=[(TWO, 272)]), False, None),
        (400, "bad request", False, None),
        (413, "", False, None),
        (422, "<html/>", False, None),
        (499, "", False, None),
    ],
)
@pytest.mark.parametrize("content_type", ["application/dicom+json", "application/dicom+json; charset=utf-8", ""])
def test_what_an_answer_says(archive, httpserver, files, status, body, stored, reason, content_type):
    holder = Holder(httpserver, lambda _: Response(body, status=status, content_type=content_type))
    outcome = archive.store(files[:1], STUDY)
    assert outcome.stored == ((ONE,) if stored else ())
    assert reasons(outcome) == ([] if stored else [(ONE, reason)])
    assert len(holder.posts) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
@pytest.mark.parametrize(
    "body",
    ["", "<html>thank you</html>", BOMB, "[]", "null", '{"00081199": 3}', store_json(), store_json(stored=[TWO])],
    ids=["nothing", "html", "bomb", "no data set", "null", "malformed", "empty sequences", "another UID"],
)
def test_a_success_that_names_nothing_is_settled_by_looking(archive, httpserver, files, status, body):
    holder = Holder(httpserver, answers(status, "" if status == 204 else body))
    with pytest.raises(ArchiveUnavailable, match=f"answers {status} but does not list"):
        archive.store(files[:1], STUDY)
    assert len(holder.posts) == 3
    holder.listed.add(ONE)
    assert archive.store(files[:1], STUDY).stored == (ONE,)


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 406, 415, 501])
def test_what_is_about_us_is_raised_at_once(archive, httpserver, files, status):
    holder = Holder(httpserver, answers(status))
    with pytest.raises(ArchiveRefused) as caught:
        archive.store(files, STUDY)
    assert caught.value.status == status
    assert len(holder.posts) == (2 if status == 406 else 1)


@pytest.mark.parametrize(
    ("status", "body"),
    [(status, "") for status in (408, 425, 429, 500, 502, 503, 504, 507)]
    + [(409, store_json(failed=[(ONE, 45071)])), (202, store_json(failed=[(ONE, 0xA702)]))],
)
def test_what_passes_is_tried_three_times_and_left_for_later(archive, httpserver, files, status, body):
    holder = Holder(httpserver, answers(status, body))
    with pytest.raises(ArchiveUnavailable):
        archive.store(files, STUDY)
    assert len(holder.posts) == 3


def test_retry_after_is_passed_on(archive, httpserver, files):
    holder = Holder(httpserver, answers(503, **{"Retry-After": "90"}))
    with pytest.raises(ArchiveUnavailable) as caught:
        archive.store(files[:1], STUDY)
    assert caught.value.retry_after_s == 90.0
    assert len(holder.posts) == 1


def test_a_retried_store_sends_the_whole_object_again(archive, httpserver, files):
    statuses = iter((503, 200))
    holder = Holder(httpserver, lambda _: Response(store_json(), status=next(statuses)))
    holder.listed.add(ONE)
    assert archive.store(files[:1], STUDY).stored == (ONE,)
    assert [files[0] in body for body in holder.posts] == [True, True]


@pytest.mark.parametrize(
    "told", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"], ids=["nothing", "half an answer"]
)
def test_a_connection_that_breaks_off_is_tried_three_times(files, told):
    with (
        RawServer(told) as server,
        contextlib.closing(DicomWebArchive(server.url, profile=replace(GENERIC, look_before_storing=False))) as web,
        pytest.raises(ArchiveUnavailable),
    ):
        web.store(files[:1], STUDY)
    assert server.connections == 3


def test_an_object_that_was_stored_while_the_answer_got_lost_is_not_sent_again(httpserver, files):
    holder = Holder(httpserver, answers(200))

    def store_and_stall(_: Request) -> Response:
        holder.listed.add(ONE)
        time.sleep(0.5)
        return Response("", status=200)

    holder._answer = store_and_stall
    with contextlib.closing(DicomWebArchive(httpserver.url_for("/dicom-web"), timeout_s=(1.0, 0.2))) as web:
        assert web.store(files[:1], STUDY).stored == (ONE,)
    assert len(holder.posts) == 1


def test_half_a_delivery_is_told_apart(archive, httpserver, files):
    def stores_the_odd_ones(request: Request) -> Response:
        for uid in (ONE, THREE):
            if uid.encode() in request.get_data():
                return Response(store_json(stored=[uid]), status=200)
        return Response(store_json(failed=[(TWO, 272)]), status=409)

    Holder(httpserver, stores_the_odd_ones)
    outcome = archive.store(files, STUDY)
    assert outcome.stored == (ONE, THREE)
    assert reasons(outcome) == [(TWO, 272)]


def test_warnings_are_kept(archive, httpserver, files):
    Holder(httpserver, answers(202, store_json(warned=[(ONE, 0xB000)])))
    outcome = archive.store(files[:1], STUDY)
    assert (outcome.stored, outcome.warned) == ((ONE,), {ONE: 0xB000})


def test_an_archive_that_answers_in_xml_only_is_asked_for_it(archive, httpserver, files):
    def picky(request: Request) -> Response:
        if request.headers["Accept"] != "application/dicom+xml":
            return Response("", status=406)
        return Response(store_xml(stored=[ONE]), status=200, content_type="application/dicom+xml")

    holder = Holder(httpserver, picky)
    assert archive.store(files[:1], STUDY).stored == (ONE,)
    assert [files[0] in body for body in holder.posts] == [True, True]


def test_bytes_that_are_no_instance_are_refused_without_asking(archive, httpserver, files):
    holder = Holder(httpserver, answers(200))
    outcome = archive.store([b"", files[0][:300]], STUDY)
    assert reasons(outcome) == [("", 0xC000), ("", 0xC000)]
    assert holder.posts == []
