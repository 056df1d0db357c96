"""A PACS that drops, stalls, half-stores, lies and repeats itself: nothing hangs, nothing is lost."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest
import stamina
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from aiqa_integration.dicom import wado
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable, ConfigurationError
from aiqa_integration.http import session
from aiqa_integration.http.credentials import BasicCredentials, BearerToken
from aiqa_integration.model.identity import SeriesRef
from tests.dicom_samples import sample, series_files

REF = SeriesRef(study_instance_uid="1.2.3", series_instance_uid="1.2.3.4")
STUDY_PATH = "/dicom-web/studies"


@pytest.fixture(autouse=True)
def no_waiting():
    with stamina.set_testing(testing=True, attempts=3):
        yield


@pytest.fixture
def archive(httpserver: HTTPServer) -> Iterator[DicomWebArchive]:
    web = DicomWebArchive(httpserver.url_for("/dicom-web"), page_size=10)
    yield web
    web.close()


def study_row(number: int, date="20240115") -> dict[str, object]:
    return {
        "0020000D": {"vr": "UI", "Value": [f"1.2.{number}"]},
        "00080020": {"vr": "DA", "Value": [date]},
        "00201208": {"vr": "IS", "Value": [str(number)]},
    }


def paged(total: int, *, ignore: tuple[str, ...] = (), cap: int = 1000) -> Callable[[Request], Response]:
    """A QIDO handler over ``total`` studies that ignores some parameters and never sends more than ``cap`` rows."""

    def handler(request: Request) -> Response:
        limit = total if "limit" in ignore else int(request.args["limit"])
        offset = 0 if "offset" in ignore else int(request.args.get("offset", 0))
        rows = [study_row(number) for number in range(1, total + 1)][offset : offset + min(limit, cap)]
        return Response(json.dumps(rows), status=200 if rows else 204, content_type="application/dicom+json")

    return handler


class RawServer:
    """Answers each connection with the given bytes, then closes it or keeps silent."""

    def __init__(self, answer: bytes, *, then: str = "close") -> None:
        self._answer, self._then = answer, then
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.connections = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/dicom-web"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()
        self._thread.join(5)

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                self.connections += 1
                connection.recv(65536)
                connection.sendall(self._answer)
                if self._then == "close":
                    connection.close()


def web(url: str, **arguments) -> contextlib.closing[DicomWebArchive]:
    return contextlib.closing(DicomWebArchive(url, **arguments))


@pytest.mark.parametrize(
    ("total", "habits"),
    [
        pytest.param(35, {}, id="honest"),
        pytest.param(30, {}, id="full-last-page"),
        pytest.param(0, {}, id="empty"),
        pytest.param(35, {"ignore": ("limit",)}, id="ignores-limit"),
        pytest.param(9, {"ignore": ("offset",)}, id="ignores-offset"),
        pytest.param(35, {"cap": 4}, id="own-smaller-limit"),
        pytest.param(35, {"ignore": ("limit", "offset")}, id="ignores-both"),
    ],
)
def test_every_study_is_listed_once(archive, httpserver, total, habits):
    httpserver.expect_request(STUDY_PATH).respond_with_handler(paged(total, **habits))
    listed = [study.study_instance_uid for study in archive.find_studies(None, None)]
    assert listed == [f"1.2.{number}" for number in range(1, total + 1)]


def test_a_server_that_ignores_offset_is_left_after_one_repeat(archive, httpserver):
    httpserver.expect_request(STUDY_PATH).respond_with_handler(paged(10, ignore=("offset",)))
    assert len(list(archive.find_studies(None, None))) == 10
    assert len(httpserver.log) == 2


def test_a_server_that_never_stops_is_stopped(archive, httpserver, monkeypatch):
    monkeypatch.setattr("aiqa_integration.dicom.qido.MAX_PAGES", 5)
    numbers = count(1)
    httpserver.expect_request(STUDY_PATH).respond_with_handler(
        lambda _: Response(json.dumps([study_row(next(numbers)) for _ in range(10)]))
    )
    assert len(list(archive.find_studies(None, None))) == 50


def test_rows_outside_the_window_are_dropped_here(archive, httpserver):
    rows = [study_row(1, "20240101"), study_row(2, "20240115"), study_row(3, "20240131"), study_row(4, "")]
    httpserver.expect_request(STUDY_PATH).respond_with_json(rows)
    day = sample("x").acquired_at.date()
    assert [study.study_instance_uid for study in archive.find_studies(day, day)] == ["1.2.2", "1.2.4"]
    assert httpserver.log[0][0].args["StudyDate"] == "20240115-20240115"


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"0020000D": {"vr": "UI"}},
        {"0020000D": {"vr": "UI", "Value": [None]}},
        {"0020000D": {"vr": "UI", "Value": ["../../admin"]}},
        {"0020000D": "1.2.3"},
        "1.2.3",
        None,
    ],
)
def test_malformed_rows_are_left_out(archive, httpserver, row):
    httpserver.expect_request(STUDY_PATH).respond_with_json([row, study_row(7)])
    assert [study.study_instance_uid for study in archive.find_studies(None, None)] == ["1.2.7"]


@pytest.mark.parametrize("told", [None, "many", -1, "", 1e30])
def test_a_count_that_is_none_is_none(archive, httpserver, told):
    row = study_row(1) | {"00201208": {"vr": "IS", "Value": [told]}}
    httpserver.expect_request(STUDY_PATH).respond_with_json([row])
    assert [study.instance_count for study in archive.find_studies(None, None)] == [None]


@pytest.mark.parametrize("content_type", ["application/dicom+json; charset=utf-8", "text/html", ""])
def test_content_types_do_not_matter(archive, httpserver, content_type):
    httpserver.expect_request(STUDY_PATH).respond_with_data(json.dumps([study_row(1)]), content_type=content_type)
    assert len(list(archive.find_studies(None, None))) == 1


def test_an_answer_that_is_not_json_is_tried_again_later(archive, httpserver):
    httpserver.expect_request(STUDY_PATH).respond_with_data("<html>maintenance</html>")
    with pytest.raises(ArchiveUnavailable):
        list(archive.find_studies(None, None))


def test_extra_fields_that_a_server_rejects_are_given_up(archive, httpserver):
    def picky(request: Request) -> Response:
        status = 400 if "includefield" in request.args else 200
        return Response(json.dumps([study_row(1)]), status=status)

    httpserver.expect_request(STUDY_PATH).respond_with_handler(picky)
    assert len(list(archive.find_studies(None, None))) == 1


def test_series_rows_of_other_studies_are_dropped(archive, httpserver):
    rows = [
        {"0020000D": {"Value": [study]}, "0020000E": {"Value": [f"{study}.9"]}, "00080060": {"Value": ["MR"]}}
        for study in ("1.2.3", "1.2.4")
    ]
    httpserver.expect_request("/dicom-web/studies/1.2.3/series").respond_with_json(rows)
    assert [listing.ref.series_instance_uid for listing in archive.find_series("1.2.3")] == ["1.2.3.9"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_transient_statuses_are_tried_three_times(archive, httpserver, status):
    httpserver.expect_request(STUDY_PATH).respond_with_data("", status=status)
    with pytest.raises(ArchiveUnavailable):
        list(archive.find_studies(None, None))
    assert len(httpserver.log) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 409, 410, 501])
def test_other_statuses_are_refusals_at_once(archive, httpserver, status):
    httpserver.expect_request(STUDY_PATH).respond_with_data("", status=status)
    with pytest.raises(ArchiveRefused) as caught:
        list(archive.find_studies(None, None))
    assert caught.value.status == status
    assert len(httpserver.log) == 1


def test_retry_after_is_passed_on_and_obeyed(archive, httpserver):
    httpserver.expect_request(STUDY_PATH).respond_with_data("", status=503, headers={"Retry-After": "120"})
    with pytest.raises(ArchiveUnavailable) as caught:
        list(archive.find_studies(None, None))
    assert caught.value.retry_after_s == 120.0
    assert len(httpserver.log) == 1


def test_a_passing_fault_is_not_noticed(archive, httpserver):
    httpserver.expect_ordered_request(STUDY_PATH).respond_with_data("", status=503)
    httpserver.expect_ordered_request(STUDY_PATH).respond_with_json([study_row(1)])
    httpserver.expect_ordered_request(STUDY_PATH).respond_with_data("", status=204)
    assert len(list(archive.find_studies(None, None))) == 1


def test_redirects_to_another_server_are_refused(archive, httpserver):
    httpserver.expect_request(STUDY_PATH).respond_with_data(
        "", status=307, headers={"Location": "http://127.0.0.2:1/studies"}
    )
    with pytest.raises(ArchiveRefused):
        list(archive.find_studies(None, None))


def test_redirects_on_the_same_server_are_followed(archive, httpserver):
    httpserver.expect_request(STUDY_PATH).respond_with_data("", status=307, headers={"Location": "/moved"})
    httpserver.expect_request("/moved").respond_with_json([study_row(1)])
    assert len(list(archive.find_studies(None, None))) == 1


def test_credentials_and_headers_are_sent(httpserver):
    httpserver.expect_request(STUDY_PATH).respond_with_json([])
    url = httpserver.url_for("/dicom-web")
    for arguments in (
        {"credentials": BasicCredentials("u", "p")},
        {"credentials": BearerToken.fixed("t")},
        {"headers": {"X-Api-Key": "k"}},
    ):
        with web(url, **arguments) as archive:
            list(archive.find_studies(None, None))
    sent = [request.headers for request, _ in httpserver.log]
    assert [headers.get("Authorization") for headers in sent] == ["Basic dTpw", "Bearer t", None]
    assert sent[2]["X-Api-Key"] == "k"
    assert {headers["Accept-Encoding"] for headers in sent} == {"identity"}
    assert {headers["Host"] for headers in sent} == {f"{httpserver.host}:{httpserver.port}"}


@pytest.mark.parametrize(
    "url", ["ftp://pacs", "pacs/dicom-web", "", "http://", "http://[", "https://me:secret@pacs/dicom-web"]
)
def test_an_address_that_is_none_is_a_configuration_error(url):
    with pytest.raises(ConfigurationError) as caught:
        DicomWebArchive(url)
    assert "secret" not in str(caught.value)


def test_nobody_there(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with web(f"http://127.0.0.1:{port}") as archive, pytest.raises(ArchiveUnavailable):
        list(archive.find_studies(None, None))


def test_a_server_that_drops_connections(tmp_path):
    with RawServer(b"") as server, web(server.url) as archive, pytest.raises(ArchiveUnavailable):
        list(archive.find_studies(None, None))
    assert server.connections == 3


def test_a_server_that_stalls():
    began = time.monotonic()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n["
    with (
        RawServer(answer, then="silence") as server,
        web(server.url, timeout_s=(1.0, 0.2)) as archive,
        pytest.raises(ArchiveUnavailable),
    ):
        list(archive.find_studies(None, None))
    assert time.monotonic() - began < 5


def test_an_endless_answer_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "MAX_ANSWER_BYTES", 1000)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[" + b" " * 99_999
    with RawServer(answer) as server, web(server.url) as archive, pytest.raises(ArchiveRefused):
        list(archive.find_studies(None, None))


def multipart(parts: list[bytes], *, close: bool = True) -> bytes:
    body = b"".join(b"--B\r\nContent-Type: application/dicom\r\n\r\n" + part + b"\r\n" for part in parts)
    return body + (b"--B--\r\n" if close else b"")


def respond_with_series(
    httpserver, body: bytes, content_type='multipart/related; type="application/dicom"; boundary=B'
):
    ref = sample("wado").ref
    path = f"{STUDY_PATH}/{ref.study_instance_uid}/series/{ref.series_instance_uid}"
    httpserver.expect_request(path).respond_with_data(body, content_type=content_type)
    return ref


@pytest.fixture
def into(tmp_path):
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("piece", [5, 64, 1 << 18])
def test_parts_arrive_byte_for_byte_however_they_are_cut(archive, httpserver, tmp_path, into, monkeypatch, piece):
    monkeypatch.setattr(wado, "PIECE_BYTES", piece)
    sent = [path.read_bytes() for path in series_files(tmp_path, "wado", slices=2)]
    files = archive.retrieve(respond_with_series(httpserver, multipart(sent)), into)
    assert [path.read_bytes() for path in files] == sent


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/related; boundary="B"; type="application/dicom"',
        "Multipart/Related;type=application/dicom;boundary=B;start=x",
    ],
)
def test_content_type_spellings(archive, httpserver, tmp_path, into, content_type):
    sent = [path.read_bytes() for path in series_files(tmp_path, "wado", slices=2)]
    ref = respond_with_series(httpserver, b"preamble\r\n" + multipart(sent) + b"epilogue", content_type)
    assert len(archive.retrieve(ref, into)) == 2


def test_a_bare_instance_is_taken(archive, httpserver, tmp_path, into):
    [path] = series_files(tmp_path, "wado", slices=1)
    ref = respond_with_series(httpserver, path.read_bytes(), "application/dicom")
    assert [file.read_bytes() for file in archive.retrieve(ref, into)] == [path.read_bytes()]


def test_repeats_and_strays_are_left_out(archive, httpserver, tmp_path, into):
    first, second = (path.read_bytes() for path in series_files(tmp_path, "wado", slices=2))
    [stray] = series_files(tmp_path, "stray", slices=1)
    ref = respond_with_series(httpserver, multipart([first, stray.read_bytes(), first, second]))
    assert [path.read_bytes() for path in archive.retrieve(ref, into)] == [first, second]
    assert len(list(into.iterdir())) == 2


def test_an_unreadable_part_is_kept_for_the_reader_to_refuse(archive, httpserver, tmp_path, into):
    [path] = series_files(tmp_path, "wado", slices=1)
    ref = respond_with_series(httpserver, multipart([path.read_bytes(), b"<html>error</html>"]))
    assert len(archive.retrieve(ref, into)) == 2


@pytest.mark.parametrize("cut", [0, 3, 40, 400, -10])
def test_an_answer_that_breaks_off_is_tried_again(archive, httpserver, tmp_path, into, cut):
    sent = [path.read_bytes() for path in series_files(tmp_path, "wado", slices=2)]
    whole = multipart(sent)
    ref = respond_with_series(httpserver, whole[: len(whole) + cut - 5 if cut <= 0 else cut])
    with pytest.raises(ArchiveUnavailable):
        archive.retrieve(ref, into)
    assert len(httpserver.log) == 3


def test_an_empty_answer_is_no_instance(archive, httpserver, into):
    ref = respond_with_series(httpserver, b"", "application/dicom")
    assert archive.retrieve(ref, into) == ()
    assert list(into.iterdir()) == []


def test_a_server_without_any_transfer_syntax_is_asked_for_uncompressed(archive, httpserver, tmp_path, into):
    [path] = series_files(tmp_path, "wado", slices=1)
    ref = sample("wado").ref

    def picky(request: Request) -> Response:
        if "transfer-syntax=*" in request.headers["Accept"]:
            return Response("", status=406)
        return Response(multipart([path.read_bytes()]), content_type="multipart/related; boundary=B")

    httpserver.expect_request(
        f"{STUDY_PATH}/{ref.study_instance_uid}/series/{ref.series_instance_uid}"
    ).respond_with_handler(picky)
    assert len(archive.retrieve(ref, into)) == 1


def test_a_dripping_server_is_left(archive, httpserver, tmp_path, into, monkeypatch):
    monkeypatch.setattr(wado, "LONGEST_ANSWER_S", -1.0)
    sent = [path.read_bytes() for path in series_files(tmp_path, "wado", slices=2)]
    ref = respond_with_series(httpserver, multipart(sent))
    with pytest.raises(ArchiveUnavailable):
        archive.retrieve(ref, into)


@pytest.mark.parametrize("uid", ["", "1.2/../../admin", "1.2?x=1", "..", "1" * 65])
def test_uids_that_cannot_stand_in_a_url_are_refused(archive, into, uid):
    with pytest.raises(ArchiveRefused):
        archive.retrieve(SeriesRef(study_instance_uid="1.2", series_instance_uid=uid), into)
