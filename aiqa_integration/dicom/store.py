"""Storing one DICOM file over STOW-RS so that in the end it is known what became of it (PS3.18 10.5)."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO

import pydicom
import requests
import structlog
from pydicom.errors import InvalidDicomError

from aiqa_integration.dicom.headers import series_ref
from aiqa_integration.dicom.multipart import encode_part
from aiqa_integration.dicom.profiles import Profile
from aiqa_integration.dicom.reading import BROKEN_ENCODING, quiet, text
from aiqa_integration.dicom.stow import Answer, Fate, answer_for, reason_text
from aiqa_integration.errors import ArchiveUnavailable, InputError
from aiqa_integration.http.retries import retry_after_s, with_fast_tries
from aiqa_integration.http.session import HttpSession
from aiqa_integration.model.identity import SeriesRef

log = structlog.get_logger()

CANNOT_UNDERSTAND = 0xC000
"""Failure reason (0008,1197) of bytes that are no DICOM instance (PS3.4 GG.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Stores files under ``url``, a study's; ``listed`` tells what the archive lists of a series."""

    archive: str
    session: HttpSession
    url: str
    study_instance_uid: str
    profile: Profile
    listed: Callable[[SeriesRef], tuple[str, ...]]

    def file(self, content: bytes) -> tuple[str, Answer]:
        """Store a file and return its SOP Instance UID and its fate, STORED or REFUSED.

        An answer that does not tell is settled by looking. Raises ArchiveUnavailable where the file may be taken later,
        ArchiveRefused where the archive takes none from us.
        """
        try:
            with quiet():
                dataset = pydicom.dcmread(BytesIO(content), stop_before_pixels=True)
            ref, uid = series_ref(dataset), text(dataset, "SOPInstanceUID")
        except (InvalidDicomError, InputError, *BROKEN_ENCODING):
            return "", Answer(fate=Fate.REFUSED, reason=CANNOT_UNDERSTAND)
        return uid, with_fast_tries(partial(self._try, content, ref, uid))

    def _try(self, content: bytes, ref: SeriesRef, uid: str) -> Answer:
        at_home = ref.study_instance_uid == self.study_instance_uid
        if self.profile.look_before_storing and at_home and uid in self.listed(ref):
            return Answer(fate=Fate.STORED)
        response = self._post(content)
        answer = answer_for(uid, response.status_code, response.content)
        log.info("archive.store", archive=self.archive, status=response.status_code, fate=answer.fate, uid=uid)
        match answer.fate:
            case Fate.NOBODYS:
                self.session.check(response)
            case Fate.LATER:
                told = str(response.status_code) if answer.reason is None else reason_text(answer.reason)
                raise ArchiveUnavailable(f"the archive answers {told}", retry_after_s=retry_after_s(response))
            case Fate.UNKNOWN:
                if not (at_home and uid in self.listed(ref)):
                    raise ArchiveUnavailable(f"the archive answers {response.status_code} but does not list {uid}")
                return replace(answer, fate=Fate.STORED)
        return answer

    def _post(self, content: bytes) -> requests.Response:
        """Send the file, whole in each request; ask for other forms of answer where one is not acceptable (406)."""
        boundary = uuid.uuid4().hex
        if self.profile.store_wrapped:
            body = encode_part(content, boundary)
            media_type = f'multipart/related; type="application/dicom"; boundary={boundary}'
        else:
            body, media_type = content, "application/dicom"
        for accepted in self.profile.store_accepted:
            response = self.session.post(self.url, data=body, headers={"Content-Type": media_type, "Accept": accepted})
            if response.status_code != requests.codes.not_acceptable:
                break
        return response
