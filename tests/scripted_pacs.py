"""Archives in memory, one for each profile: each refuses what the real one would refuse, and harms what it would harm.

They keep DICOM files as they come and answer QIDO, WADO and STOW over real sockets. What a real archive does is said in
``aiqa_integration/dicom/profiles.py`` with its source; where a source leaves it open, the stricter reading is played.
"""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from io import BytesIO
from typing import Any, TypeVar

from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import SegmentationStorage
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from aiqa_integration.dicom.profiles import PROFILES
from aiqa_integration.dicom.web import DicomWebArchive
from tests.store_answers import store_json, store_xml

T = TypeVar("T")
File = tuple[Dataset, bytes]
Row = dict[str, dict[str, Any]]

JSON, XML = "application/dicom+json", "application/dicom+xml"
ROOT = "/dicom-web"
STUDY_FILTERS = frozenset({"StudyDate"})
PAGING = frozenset({"limit", "offset", "includefield", "fuzzymatching"})
KEYS = ("SeriesInstanceUID", "SOPInstanceUID")
COUNTS = {"NumberOfStudyRelatedInstances": "00201208", "NumberOfSeriesRelatedInstances": "00201209"}


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How an archive behaves; the default does everything that one may ask for."""

    highest_limit: int | None = None
    most_rows: int | None = None
    broad: int | None = None
    shuffles: bool = False
    study_fields: frozenset[str] | None = None
    series_fields: frozenset[str] | None = None
    series_without_study: bool = True
    whole_series: bool = True
    retrieve_accepts: Callable[[str], bool] = lambda accept: accept.startswith("multipart/related")
    store_media: frozenset[str] = frozenset({"multipart/related"})
    store_accept: str = JSON
    content_type: str = JSON
    silent: bool = False
    second_store: str = "kept"
    other_study: int = 0x0110
    refused_classes: frozenset[str] = frozenset()


HABITS = {
    # Says nothing of its own accord, and names its charset.
    "generic": Habits(silent=True, content_type=f"{JSON}; charset=utf-8"),
    "orthanc": Habits(content_type=""),
    "dcm4chee": Habits(broad=40, shuffles=True, store_accept=XML, second_store="lost", other_study=0xA900),
    "azure": Habits(
        highest_limit=200,
        study_fields=frozenset({"StudyTime", "PatientSex", "StudyID", "NumberOfStudyRelatedInstances"}),
        series_fields=frozenset({"SeriesNumber", "SeriesDescription", "NumberOfSeriesRelatedInstances"}),
        store_media=frozenset({"multipart/related", "application/dicom"}),
        second_store="refused",
        other_study=43265,
    ),
    "aws": Habits(
        most_rows=10_000,
        series_without_study=False,
        whole_series=False,
        retrieve_accepts=lambda accept: accept.startswith("application/dicom;"),
        store_media=frozenset({"application/dicom"}),
        second_store="doubled",
        refused_classes=frozenset({SegmentationStorage}),
    ),
}


@dataclass
class ScriptedPacs:
    """An archive with habits; ``takes`` is asked before a file is kept, ``after_store`` called after."""

    habits: Habits = field(default_factory=Habits)
    studies: dict[str, list[File]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    takes: Callable[[], bool] = lambda: True
    after_store: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self._random = random.Random(7)

    def __call__(self, request: Request) -> Response:
        """Answer a request."""
        path = request.path.removeprefix(ROOT)
        self.requests.append(f"{request.method} {path}")
        for method, pattern, answer in (
            ("GET", r"/studies", self._studies),
            ("GET", r"/series", self._all_series),
            ("GET", r"/studies/([^/]+)/series", self._series),
            ("GET", r"/studies/([^/]+)/series/([^/]+)/instances", self._instances),
            ("GET", r"/studies/([^/]+)/series/([^/]+)/metadata", self._metadata),
            ("GET", r"/studies/([^/]+)/series/([^/]+)", self._retrieve_series),
            ("GET", r"/studies/([^/]+)/series/([^/]+)/instances/([^/]+)", self._retrieve_instance),
            ("POST", r"/studies/([^/]+)", self._store),
        ):
            found = re.fullmatch(pattern, path)
            if found and request.method == method:
                return answer(request, *found.groups())
        return Response("", status=404)

    def count(self, study: str) -> int:
        """Return how many files there are of a study."""
        return len(self._of(study))

    def add_study(self, uid: str, date: str) -> None:
        """Keep a study of one instance."""
        instance = Dataset()
        instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID = uid, f"{uid}.1", f"{uid}.1.1"
        instance.StudyDate, instance.Modality = date, "MR"
        self.studies[uid] = [(instance, b"")]

    def _of(self, study: str, series: str | None = None, instance: str | None = None) -> list[File]:
        wanted = (series, instance)
        return [
            (found, content)
            for found, content in self.studies.get(study, [])
            if all(want in {None, found[tag].value} for want, tag in zip(wanted, KEYS, strict=True))
        ]

    def _studies(self, request: Request) -> Response:
        window = request.args.get("StudyDate")
        if set(request.args) - PAGING - STUDY_FILTERS or window == "-":
            return Response("", status=400)
        firsts = {uid: files[0][0] for uid, files in self.studies.items() if files}
        found = {uid: first for uid, first in firsts.items() if _inside(str(first.get("StudyDate", "")), window)}
        if self.habits.broad is not None and len(found) > self.habits.broad and "-" in (window or "-"):
            return Response("", status=413)
        studies = list(found.items())
        if self.habits.shuffles:
            self._random.shuffle(studies)
        return self._page(request, studies, self.habits.study_fields, self._study_row)

    def _study_row(self, study: tuple[str, Dataset]) -> Row:
        uid, instance = study
        modalities = sorted({str(found.Modality) for found, _ in self._of(uid)})
        return {
            "0020000D": {"vr": "UI", "Value": [uid]},
            "00080020": {"vr": "DA", "Value": [str(instance.get("StudyDate", ""))]},
            "00080061": {"vr": "CS", "Value": modalities},
            "00201208": {"vr": "IS", "Value": [self.count(uid)]},
        }

    def _all_series(self, request: Request) -> Response:
        if not self.habits.series_without_study:
            return Response("", status=400)
        return self._page(
            request,
            self._series_of([file for files in self.studies.values() for file in files]),
            self.habits.series_fields,
            self._series_row,
        )

    def _series(self, request: Request, study: str) -> Response:
        return self._page(request, self._series_of(self._of(study)), self.habits.series_fields, self._series_row)

    @staticmethod
    def _series_of(files: Iterable[File]) -> list[Dataset]:
        return list({(str(f.StudyInstanceUID), str(f.SeriesInstanceUID)): f for f, _ in files}.values())

    def _series_row(self, instance: Dataset) -> Row:
        study, series = str(instance.StudyInstanceUID), str(instance.SeriesInstanceUID)
        return {
            "0020000D": {"vr": "UI", "Value": [study]},
            "0020000E": {"vr": "UI", "Value": [series]},
            "00080060": {"vr": "CS", "Value": [str(instance.Modality)]},
            "0008103E": {"vr": "LO", "Value": [str(instance.get("SeriesDescription", ""))]},
            "00080070": {"vr": "LO", "Value": [str(instance.get("Manufacturer", ""))]},
            "00201209": {"vr": "IS", "Value": [len(self._of(study, series))]},
        }

    def _instances(self, request: Request, study: str, series: str) -> Response:
        found = [instance for instance, _ in self._of(study, series)]
        return self._page(request, found, None, lambda f: {"00080018": {"vr": "UI", "Value": [str(f.SOPInstanceUID)]}})

    def _metadata(self, request: Request, study: str, series: str) -> Response:
        if JSON not in request.headers.get("Accept", ""):
            return Response("", status=406)
        found = [f for f, _ in self._of(study, series)]
        rows = [instance.to_json_dict(suppress_invalid_tags=True) for instance in found]
        return Response(json.dumps(rows), status=200 if rows else 404, content_type=JSON)

    def _page(
        self, request: Request, found: Sequence[T], fields: frozenset[str] | None, row_of: Callable[[T], Row]
    ) -> Response:
        """Answer with a page of rows; fields that are only given when asked for are left out unless they are."""
        habits = self.habits
        limit, offset = int(request.args.get("limit", 100)), int(request.args.get("offset", 0))
        asked = {name for given in request.args.getlist("includefield") for name in given.split(",")}
        too_many = habits.highest_limit is not None and limit > habits.highest_limit
        too_far = habits.most_rows is not None and offset + limit > habits.most_rows
        if too_many or too_far or (fields is not None and not asked <= fields):
            return Response("", status=400)
        page = [row_of(one) for one in found[offset : offset + limit]]
        if fields is not None:
            hidden = {"00080061", "00080070"} | {tag for name, tag in COUNTS.items() if name not in asked}
            page = [{tag: element for tag, element in row.items() if tag not in hidden} for row in page]
        return Response(json.dumps(page), status=200 if page else 204, content_type=JSON)

    def _retrieve_series(self, request: Request, study: str, series: str) -> Response:
        if not self.habits.whole_series:
            return Response("", status=400)
        return self._files(request, self._of(study, series))

    def _retrieve_instance(self, request: Request, study: str, series: str, instance: str) -> Response:
        return self._files(request, self._of(study, series, instance))

    def _files(self, request: Request, files: Sequence[File]) -> Response:
        accept = request.headers.get("Accept", "")
        if not self.habits.retrieve_accepts(accept):
            return Response("", status=406)
        if not files:
            return Response("", status=404)
        if accept.startswith("application/dicom"):
            return Response(files[0][1], content_type="application/dicom")
        parts = [b"--B\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n" for _, content in files]
        return Response(b"".join(parts) + b"--B--\r\n", content_type='multipart/related; boundary="B"')

    def _store(self, request: Request, study: str) -> Response:
        content_type = Message()
        content_type["Content-Type"] = request.headers.get("Content-Type", "")
        if content_type.get_content_type() not in self.habits.store_media:
            return Response("", status=415)
        if request.headers.get("Accept") != self.habits.store_accept:
            return Response("", status=406)
        content = request.get_data()
        if content_type.get_content_type() == "multipart/related":
            boundary = str(content_type.get_param("boundary")).encode()
            content = content.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--" + boundary, 1)[0]
        try:
            instance = dcmread(BytesIO(content), stop_before_pixels=True)
        except InvalidDicomError:
            return Response("", status=400)
        return self._keep(instance, content, study)

    def _keep(self, instance: Dataset, content: bytes, study: str) -> Response:
        uid, habits = str(instance.SOPInstanceUID), self.habits
        if instance.StudyInstanceUID != study:
            return self._told(409, failed=[(uid, habits.other_study)])
        if instance.SOPClassUID in habits.refused_classes:
            return self._told(409, failed=[(uid, 0x0122)])
        if not self.takes():
            return Response("", status=503)
        known = self._of(study, str(instance.SeriesInstanceUID), uid)
        if not known or habits.second_store == "doubled":
            self.studies.setdefault(study, []).append((instance, content))
        elif habits.second_store == "lost":
            self.studies[study].remove(known[0])
        elif habits.second_store == "refused":
            return self._told(409, failed=[(uid, 45070)])
        self.after_store()
        return Response("", status=200) if habits.silent else self._told(200, stored=[uid])

    def _told(self, status: int, *, stored: Sequence[str] = (), failed: Sequence[tuple[str, int]] = ()) -> Response:
        if self.habits.store_accept == XML:
            return Response(store_xml(stored=stored, failed=failed), status=status, content_type=XML)
        response = Response(store_json(stored=stored, failed=failed), status=status)
        response.headers["Content-Type"] = self.habits.content_type
        return response


def _inside(date: str, window: str | None) -> bool:
    """Return whether a study's date is matched by a StudyDate filter (PS3.4 C.2.2.2.1, C.2.2.2.5)."""
    if window is None:
        return True
    first, dash, last = window.partition("-")
    if not date:
        return False
    return date == first if not dash else (first or "0") <= date <= (last or "9")


@contextmanager
def scripted_pacs(server: HTTPServer, profile: str) -> Iterator[tuple[ScriptedPacs, DicomWebArchive]]:
    """Give a server the habits of a profile's archive; yield that archive and the client with the profile."""
    pacs = ScriptedPacs(HABITS[profile])
    server.expect_request(re.compile(f"{ROOT}/.*")).respond_with_handler(pacs)
    web = DicomWebArchive(server.url_for(ROOT), profile=PROFILES[profile])
    yield pacs, web
    web.close()
