"""Results into the PACS: one effect per DICOM object, stored and looked up, for a store's answer proves nothing."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.key_objects import rejection_note
from aiqa_integration.dicom.pdf import PrintReport
from aiqa_integration.dicom.stow import reason_text, warning_text
from aiqa_integration.dicom.uids import DEFAULT_OBJECTS, Role, instance_uid, series_uid
from aiqa_integration.dicom.verified import StoredDocument, verified_document
from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable
from aiqa_integration.model.identity import Person, SeriesRef, identity
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import Archive, Effect, LoadedSeries, PlannedEffect, Receipt

MEDIA_TYPE = "application/dicom"
DOCUMENTS = frozenset({Role.REPORT_SR, Role.MEASUREMENT_SR, Role.SERIES_SR})
"""Objects that a person's confirmation makes a VERIFIED version of."""


class PacsSink:
    """Stores the objects of a report in an archive; fulfils ``pipeline.ports.Sink``.

    ``roles`` are the objects that this archive is to get; ``print_report`` makes the PDF among them.
    """

    name = "pacs"

    def __init__(
        self,
        archive: Archive,
        *,
        roles: Collection[Role] = DEFAULT_OBJECTS,
        print_report: PrintReport | None = None,
    ) -> None:
        self._archive = archive
        self._roles = frozenset(roles)
        self._print_report = print_report

    def plan(self, report: QaReport, series: LoadedSeries | None) -> tuple[PlannedEffect, ...]:
        """Return one effect per object; none where the series could not be read. Raises EncodingError."""
        objects = encode_objects(report, series, self._roles, print_report=self._print_report)
        return tuple(self._effect(report, role, content) for role, content in objects.items())

    def plan_confirmed(self, effect: Effect, payload: bytes, person: Person, at: datetime) -> PlannedEffect | None:
        """Return the VERIFIED version of a document; None where that person has confirmed it. Raises EncodingError."""
        if effect.attributes["document"] not in DOCUMENTS:
            return None
        document = verified_document(payload, person, at)
        return None if document is None else self._later(effect, document, f"{effect.attributes['document']}-verified")

    def plan_rejected(self, effect: Effect, payload: bytes, person: Person, at: datetime) -> PlannedEffect | None:
        """Return a person's rejection of the images of a report; None for other documents. Raises EncodingError."""
        if effect.attributes["document"] != Role.REPORT_SR:
            return None
        rejection = self._later(effect, rejection_note(payload, person, at), Role.REJECTION)
        return replace(rejection, attributes={**rejection.attributes, "document": Role.REJECTION.value})

    def deliver(self, effect: Effect, payload: bytes) -> Receipt:
        """Store an object and return once the archive lists it; storing it again changes nothing.

        Raises ArchiveUnavailable where it is not listed (yet), ArchiveRefused where the archive said no and does not
        have it.
        """
        ref = SeriesRef(
            study_instance_uid=effect.attributes["study_instance_uid"],
            series_instance_uid=effect.attributes["series_instance_uid"],
        )
        uid = effect.attributes["sop_instance_uid"]
        told = self._store(payload, ref, uid)
        if uid in self._archive.find_instances(ref):
            return Receipt(remote_id=uid, detail=f"listed already ({told})" if isinstance(told, Exception) else told)
        if isinstance(told, Exception):
            raise told
        raise ArchiveUnavailable(f"{self._archive.name} took {uid} but does not list it")

    def _store(self, payload: bytes, ref: SeriesRef, uid: str) -> ArchiveRefused | str:
        """Send the object; return how it went, or the refusal, which may only mean that the archive has it already."""
        try:
            outcome = self._archive.store([payload], ref.study_instance_uid)
        except ArchiveRefused as refusal:
            return refusal
        failed = {refused.sop_instance_uid: refused.reason for refused in outcome.refused}
        if failed:
            reasons = ", ".join(reason_text(reason) for reason in failed.values())
            return ArchiveRefused(f"{self._archive.name} refused {uid}: {reasons}", failed=failed)
        return "; ".join(["stored and listed", *(warning_text(warning) for warning in outcome.warned.values())])

    def _effect(self, report: QaReport, role: Role, content: bytes) -> PlannedEffect:
        target, ref = self._archive.name, report.ref
        uid = instance_uid(report, role)
        subject = (target, ref.study_instance_uid, ref.series_instance_uid, report.analysis, role, str(report.revision))
        return PlannedEffect(
            sink=self.name,
            target=target,
            kind=role,
            dedupe_key=str(identity("effect", self.name, target, uid)),
            subject_key=str(identity("subject", self.name, *subject)),
            media_type=MEDIA_TYPE,
            payload=content,
            holds=True,  # what an archive has taken, nobody takes back
            attributes={
                "study_instance_uid": ref.study_instance_uid,
                "series_instance_uid": series_uid(report, role),
                "made_series_instance_uids": series_uid(report, role),
                "sop_instance_uid": uid,
                **({"report_uid": report.report_uid, "document": role.value} if role in DOCUMENTS else {}),
            },
        )

    def _later(self, effect: Effect, document: StoredDocument, kind: str) -> PlannedEffect:
        """Return what a person made of an object: about the same subject, so that it is sent after it."""
        return PlannedEffect(
            sink=self.name,
            target=effect.target,
            kind=kind,
            dedupe_key=str(identity("effect", self.name, effect.target, document.sop_instance_uid)),
            subject_key=effect.subject_key,
            media_type=MEDIA_TYPE,
            payload=document.content,
            attributes={
                **effect.attributes,
                "series_instance_uid": document.series_instance_uid,
                "made_series_instance_uids": document.series_instance_uid,
                "sop_instance_uid": document.sop_instance_uid,
            },
        )
