"""A PACS over DICOMweb, as its profile says.

dicomweb-client builds the QIDO requests; paging, retries, streaming and storing are ours, for the reasons measured in
docs/decisions/0003-dicomweb-transport.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

import requests
from dicomweb_client import DICOMwebClient

from aiqa_integration.dicom import qido
from aiqa_integration.dicom.files import in_window
from aiqa_integration.dicom.profiles import GENERIC, JSON, Profile
from aiqa_integration.dicom.store import Store
from aiqa_integration.dicom.stow import Fate
from aiqa_integration.dicom.wado import Arrival
from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable
from aiqa_integration.http.connections import Connections
from aiqa_integration.http.credentials import Credentials
from aiqa_integration.http.receiver import Receiver
from aiqa_integration.http.retries import with_fast_tries
from aiqa_integration.http.session import TIMEOUT_S, HttpSession
from aiqa_integration.http.tls import Tls
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.pipeline.ports import RefusedInstance, SeriesListing, StoreOutcome, StudyListing

ARCHIVE = Receiver(name="the archive", section="archive", unavailable=ArchiveUnavailable, refused=ArchiveRefused)


class DicomWebArchive:
    """Talks QIDO-RS, WADO-RS and STOW-RS; fulfils ``pipeline.ports.Archive``. Safe for threads: each has a session."""

    def __init__(
        self,
        url: str,
        *,
        name: str = "pacs",
        profile: Profile = GENERIC,
        page_size: int | None = None,
        credentials: Credentials | None = None,
        tls: Tls | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        self.name = name
        self._url = ARCHIVE.usable_url(url)
        self._profile = profile
        self._page_size = min(page_size or profile.page_size, profile.page_size)
        self._connections = Connections(
            partial(HttpSession, ARCHIVE, credentials=credentials, tls=tls, timeout_s=timeout_s, headers=headers)
        )

    def close(self) -> None:
        """Close the connections of all threads; the archive can be used again afterwards."""
        self._connections.close()

    def find_studies(self, since: date | None, until: date | None) -> Iterator[StudyListing]:
        """Yield every study of the window; rows beyond it are left out here, for servers ignore filters."""
        today = datetime.now(tz=UTC).date() if self._profile.day_by_day else None
        seen: set[str] = set()
        for dates in qido.date_ranges(since, until, today=today):
            for row in self._studies({"StudyDate": dates} if dates else {}):
                listing = qido.study_listing(row)
                if listing.study_instance_uid in seen:
                    continue
                seen.add(listing.study_instance_uid)
                if in_window(qido.first_text(row, qido.STUDY_DATE), since, until):
                    yield listing

    def find_series(self, study_instance_uid: str) -> Iterator[SeriesListing]:
        """Yield every series of a study; none where the archive does not know it."""
        in_study = {"study_instance_uid": _usable(study_instance_uid)}

        def fetch(limit: int, offset: int) -> object:
            fields = self._profile.series_fields
            return self._search("search_for_series", fields, {}, limit=limit, offset=offset, **in_study)

        for row in self._rows(_empty_if_unknown(fetch), qido.SERIES_UID, to_the_end=False):
            if qido.first_text(row, qido.STUDY_UID) in {"", study_instance_uid}:
                yield qido.series_listing(row, study_instance_uid)

    def find_instances(self, ref: SeriesRef) -> tuple[str, ...]:
        """Return the SOP Instance UIDs that the archive lists for a series; empty where it has none."""
        if self._profile.instances_by == "metadata":
            return self._metadata_uids(ref)
        in_series = {
            "study_instance_uid": _usable(ref.study_instance_uid),
            "series_instance_uid": _usable(ref.series_instance_uid),
        }

        def fetch(limit: int, offset: int) -> object:
            return self._search("search_for_instances", (), {}, limit=limit, offset=offset, **in_series)

        found = self._rows(_empty_if_unknown(fetch), qido.SOP_UID, to_the_end=True)
        return tuple(qido.first_text(row, qido.SOP_UID) for row in found)

    def retrieve(self, ref: SeriesRef, into: Path) -> tuple[Path, ...]:
        """Stream the instances of a series into the folder ``into``, as stored or uncompressed, repeats left out."""
        accepted_all = self._profile.accepted
        for accepted in accepted_all:
            try:
                return self._retrieve(ref, into, accepted)
            except ArchiveRefused as error:
                if error.status != requests.codes.not_acceptable or accepted == accepted_all[-1]:
                    raise
        return ()

    def store(self, objects: Sequence[bytes], study_instance_uid: str) -> StoreOutcome:
        """Store DICOM files, one a request; what counts as stored was named by the answer, or is listed.

        Raises ArchiveRefused where the archive takes none from us (401, 403, …).
        """
        stored: list[str] = []
        refused: list[RefusedInstance] = []
        warned: dict[str, int] = {}
        transaction = Store(
            archive=self.name,
            session=self._connections.session,
            url=f"{self._url}/studies/{_usable(study_instance_uid)}",
            study_instance_uid=study_instance_uid,
            profile=self._profile,
            listed=self.find_instances,
        )
        for content in objects:
            uid, answer = transaction.file(content)
            if answer.fate is Fate.STORED:
                stored.append(uid)
            else:
                refused.append(RefusedInstance(sop_instance_uid=uid, reason=answer.reason))
            if answer.warning is not None:
                warned[uid] = answer.warning
        return StoreOutcome(stored=tuple(stored), refused=tuple(refused), warned=warned)

    def _studies(self, filters: Mapping[str, str]) -> Iterator[qido.Row]:
        def fetch(limit: int, offset: int) -> object:
            fields = self._profile.study_fields
            return self._search("search_for_studies", fields, filters, limit=limit, offset=offset)

        return self._rows(fetch, qido.STUDY_UID, to_the_end=True)

    def _rows(self, fetch: Callable[[int, int], object], key: str, *, to_the_end: bool) -> Iterator[qido.Row]:
        return qido.rows(fetch, self._page_size, key, to_the_end=to_the_end, most_rows=self._profile.most_rows)

    def _search(self, search: str, fields: Sequence[str], filters: Mapping[str, str], **arguments: str | int) -> object:
        """Return one page of a search; asks again without extra fields where a server rejects them (400)."""

        def call(wanted: Sequence[str]) -> object:
            session = self._connections.session
            client = DICOMwebClient(self._url, session=session, permissive_uid=True, timeout=session.timeout_s)
            client.set_http_retry_params(retry=False)
            method = getattr(client, search)
            try:
                return method(fields=wanted or None, search_filters=dict(filters) or None, **arguments)
            except requests.HTTPError as error:
                session.check(error.response)
                raise
            except ValueError as error:
                raise ArchiveUnavailable("the archive's answer to a query is not JSON") from error

        try:
            return with_fast_tries(partial(call, fields))
        except ArchiveRefused as error:
            if error.status != requests.codes.bad_request or not fields:
                raise
        return with_fast_tries(partial(call, ()))

    def _metadata_uids(self, ref: SeriesRef) -> tuple[str, ...]:
        """Return the SOP Instance UIDs of a series' metadata (WADO-RS), which has no pages to lose rows between."""

        def call() -> object:
            session = self._connections.session
            response = session.get(f"{self._series_url(ref)}/metadata", headers={"Accept": JSON})
            if response.status_code in {requests.codes.no_content, requests.codes.not_found}:
                return []
            session.check(response)
            try:
                return response.json()
            except ValueError as error:
                raise ArchiveUnavailable("the archive's metadata are not JSON") from error

        found = with_fast_tries(call)
        uids = (qido.first_text(row, qido.SOP_UID) for row in qido.mappings(found))
        return tuple(dict.fromkeys(uid for uid in uids if qido.USABLE_UID.fullmatch(uid)))

    def _retrieve(self, ref: SeriesRef, into: Path, accepted: str) -> tuple[Path, ...]:
        """Fetch a series in one request where the archive has such, else one by one.

        Orthanc lists instances but knows no such series where two patients share the series UID.
        """
        arrival = Arrival(ref=ref, into=into)
        unknown = ArchiveRefused("the archive has no such series", status=requests.codes.not_found)
        if self._profile.retrieves_series:
            try:
                with_fast_tries(partial(arrival.fetch, self._connections.session, self._series_url(ref), accepted))
                return tuple(arrival.files.values())
            except ArchiveRefused as error:
                if error.status != requests.codes.not_found:
                    raise
                unknown = error
        listed = self.find_instances(ref)
        if not listed:
            raise unknown
        for uid in listed:
            url = f"{self._series_url(ref)}/instances/{uid}"
            with_fast_tries(partial(arrival.fetch, self._connections.session, url, accepted))
        return tuple(arrival.files.values())

    def _series_url(self, ref: SeriesRef) -> str:
        return f"{self._url}/studies/{_usable(ref.study_instance_uid)}/series/{_usable(ref.series_instance_uid)}"


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
