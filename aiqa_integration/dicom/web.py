"""A PACS over DICOMweb.

dicomweb-client builds the QIDO requests; paging, retries, streaming and storing are ours, for the reasons measured in
docs/decisions/0003-dicomweb-transport.md.
"""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pydicom
import requests
import structlog
from dicomweb_client import DICOMwebClient
from pydicom.errors import InvalidDicomError

from aiqa_integration.dicom import qido
from aiqa_integration.dicom.files import in_window
from aiqa_integration.dicom.headers import series_ref
from aiqa_integration.dicom.multipart import encode_part
from aiqa_integration.dicom.reading import BROKEN_ENCODING, quiet, text
from aiqa_integration.dicom.session import (
    TIMEOUT_S,
    TRANSIENT,
    ArchiveSession,
    auth_of,
    check_status,
    with_fast_tries,
)
from aiqa_integration.dicom.stow import Fate, answer_for
from aiqa_integration.dicom.wado import ACCEPTED, Arrival
from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable, ConfigurationError, InputError
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.pipeline.ports import RefusedInstance, SeriesListing, StoreOutcome, StudyListing

log = structlog.get_logger()

CANNOT_UNDERSTAND = 0xC000
"""Failure reason (0008,1197) of bytes that are no DICOM instance (PS3.4 GG.4)."""

NOBODY_MAY = frozenset({401, 403, 404, 405})
"""STOW statuses that are about us or the address, not about an object."""


class DicomWebArchive:
    """Talks QIDO-RS, WADO-RS and STOW-RS; fulfils ``pipeline.ports.Archive``. Safe for threads: each has a session."""

    def __init__(
        self,
        url: str,
        *,
        name: str = "pacs",
        page_size: int = 100,
        user: str | None = None,
        password: str | None = None,
        bearer_token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(f"archive {name}: its url is not http(s)://host/path")
        self.name = name
        self._url = url.rstrip("/")
        self._page_size = page_size
        self._auth = auth_of(user, password, bearer_token)
        self._headers = dict(headers or {})
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[ArchiveSession] = []

    def close(self) -> None:
        """Close the connections of all threads; the archive can be used again afterwards."""
        with self._lock:
            for session in self._sessions:
                session.close()

    def find_studies(self, since: date | None, until: date | None) -> Iterator[StudyListing]:
        """Yield every study of the window; rows beyond it are left out here, for servers ignore filters."""
        ends = [f"{end:%Y%m%d}" if end else "" for end in (since, until)]
        filters = {"StudyDate": "-".join(ends)} if any(ends) else {}

        def fetch(limit: int, offset: int) -> object:
            return self._search("search_for_studies", qido.STUDY_FIELDS, filters, limit=limit, offset=offset)

        for row in qido.rows(fetch, self._page_size, qido.STUDY_UID, to_the_end=True):
            if in_window(qido.first_text(row, qido.STUDY_DATE), since, until):
                yield qido.study_listing(row)

    def find_series(self, study_instance_uid: str) -> Iterator[SeriesListing]:
        """Yield every series of a study; none where the archive does not know it."""
        in_study = {"study_instance_uid": _usable(study_instance_uid)}

        def fetch(limit: int, offset: int) -> object:
            return self._search("search_for_series", qido.SERIES_FIELDS, {}, limit=limit, offset=offset, **in_study)

        for row in qido.rows(_empty_if_unknown(fetch), self._page_size, qido.SERIES_UID, to_the_end=False):
            if qido.first_text(row, qido.STUDY_UID) in {"", study_instance_uid}:
                yield qido.series_listing(row, study_instance_uid)

    def find_instances(self, ref: SeriesRef) -> tuple[str, ...]:
        """Return the SOP Instance UIDs that the archive lists for a series; empty where it has none."""
        in_series = {
            "study_instance_uid": _usable(ref.study_instance_uid),
            "series_instance_uid": _usable(ref.series_instance_uid),
        }

        def fetch(limit: int, offset: int) -> object:
            return self._search("search_for_instances", (), {}, limit=limit, offset=offset, **in_series)

        found = qido.rows(_empty_if_unknown(fetch), self._page_size, qido.SOP_UID, to_the_end=True)
        return tuple(qido.first_text(row, qido.SOP_UID) for row in found)

    def retrieve(self, ref: SeriesRef, into: Path) -> tuple[Path, ...]:
        """Stream the instances of a series into the folder ``into``, as stored or uncompressed, repeats left out."""
        for accepted in ACCEPTED:
            try:
                return self._retrieve(ref, into, accepted)
            except ArchiveRefused as error:
                if error.status != requests.codes.not_acceptable or accepted == ACCEPTED[-1]:
                    raise
        return ()

    def store(self, objects: Sequence[bytes], study_instance_uid: str) -> StoreOutcome:
        """Store DICOM files, one a request; raises ArchiveRefused where the archive takes none from us (401, 403, …).

        An instance that the answer does not name counts as stored after a success status: verify with
        ``find_instances``.
        """
        stored: list[str] = []
        refused: list[RefusedInstance] = []
        for content in objects:
            uid = _sop_instance_uid(content)
            if uid is None:
                refused.append(RefusedInstance(sop_instance_uid="", reason=CANNOT_UNDERSTAND))
                continue
            response = with_fast_tries(partial(self._post, content, study_instance_uid))
            answer = answer_for(uid, response.status_code, response.content)
            if answer.fate is Fate.REFUSED:
                refused.append(RefusedInstance(sop_instance_uid=uid, reason=answer.reason))
            else:
                stored.append(uid)
            log.info("archive.store", archive=self.name, status=response.status_code, fate=answer.fate, uid=uid)
        return StoreOutcome(stored=tuple(stored), refused=tuple(refused))

    def _search(self, search: str, fields: Sequence[str], filters: Mapping[str, str], **arguments: str | int) -> object:
        """Return one page of a search; asks again without extra fields where a server rejects them (400)."""

        def call(wanted: Sequence[str]) -> object:
            client: DICOMwebClient = self._client()
            method = getattr(client, search)
            try:
                return method(fields=wanted or None, search_filters=dict(filters) or None, **arguments)
            except requests.HTTPError as error:
                check_status(error.response)
                raise
            except ValueError as error:
                raise ArchiveUnavailable("the archive's answer to a query is not JSON") from error

        try:
            return with_fast_tries(partial(call, fields))
        except ArchiveRefused as error:
            if error.status != requests.codes.bad_request or not fields:
                raise
        return with_fast_tries(partial(call, ()))

    def _retrieve(self, ref: SeriesRef, into: Path, accepted: str) -> tuple[Path, ...]:
        """Fetch a series in one request, or one by one where the archive lists instances but knows no such series.

        Orthanc answers so where two patients share the series UID.
        """
        series = f"{self._url}/studies/{_usable(ref.study_instance_uid)}/series/{_usable(ref.series_instance_uid)}"
        arrival = Arrival(ref=ref, into=into)
        try:
            with_fast_tries(partial(arrival.fetch, self._session(), series, accepted))
        except ArchiveRefused as error:
            listed = self.find_instances(ref) if error.status == requests.codes.not_found else ()
            if not listed:
                raise
            for uid in listed:
                with_fast_tries(partial(arrival.fetch, self._session(), f"{series}/instances/{uid}", accepted))
        return tuple(arrival.files.values())

    def _post(self, content: bytes, study_instance_uid: str) -> requests.Response:
        boundary = uuid.uuid4().hex
        response = self._session().post(
            f"{self._url}/studies/{_usable(study_instance_uid)}",
            data=encode_part(content, boundary),
            headers={
                "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
                "Accept": "application/dicom+json",
            },
        )
        if response.status_code in NOBODY_MAY | TRANSIENT:
            check_status(response)
        return response

    def _session(self) -> ArchiveSession:
        """Return this thread's session."""
        session: ArchiveSession | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = ArchiveSession(auth=self._auth, headers=self._headers)
            with self._lock:
                self._sessions.append(session)
        return session

    def _client(self) -> DICOMwebClient:
        """Return this thread's dicomweb-client, its own retries off."""
        client: DICOMwebClient | None = getattr(self._local, "client", None)
        if client is None:
            client = DICOMwebClient(self._url, session=self._session(), permissive_uid=True, timeout=TIMEOUT_S)
            client.set_http_retry_params(retry=False)
            self._local.client = client
        return client


def _usable(uid: str) -> str:
    """Return a UID that can stand in a URL; raises ArchiveRefused for one that cannot."""
    if not qido.USABLE_UID.fullmatch(uid):
        raise ArchiveRefused("a UID of the series cannot stand in a URL")
    return uid


def _empty_if_unknown(fetch: Callable[[int, int], object]) -> Callable[[int, int], object]:
    """Return the fetch with 404 answered by no rows: Orthanc and others say so of studies and series they lack."""

    def answered(limit: int, offset: int) -> object:
        try:
            return fetch(limit, offset)
        except ArchiveRefused as error:
            if error.status != requests.codes.not_found:
                raise
            return []

    return answered


def _sop_instance_uid(content: bytes) -> str | None:
    """Return the SOP Instance UID of a DICOM file; None for other bytes."""
    try:
        with quiet():
            dataset = pydicom.dcmread(BytesIO(content), stop_before_pixels=True)
        series_ref(dataset)
    except (InvalidDicomError, InputError, *BROKEN_ENCODING):
        return None
    return text(dataset, "SOPInstanceUID")
