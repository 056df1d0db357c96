"""Results into the PACS: one effect per DICOM object, stored and looked up, for a store's answer proves nothing."""

from collections.abc import Collection

from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.stow import reason_text, warning_text
from aiqa_integration.dicom.uids import Role, instance_uid, series_uid
from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable
from aiqa_integration.model.identity import SeriesRef, identity
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import Archive, Effect, LoadedSeries, PlannedEffect, Receipt

MEDIA_TYPE = "application/dicom"


class PacsSink:
    """Stores the objects of a report in an archive; fulfils ``pipeline.ports.Sink``.

    ``roles`` are the objects that this archive is to get.
    """

    name = "pacs"

    def __init__(self, archive: Archive, *, roles: Collection[Role] = tuple(Role)) -> None:
        self._archive = archive
        self._roles = frozenset(roles)

    def plan(self, report: QaReport, series: LoadedSeries | None) -> tuple[PlannedEffect, ...]:
        """Return one effect per object; none where the series could not be read. Raises EncodingError."""
        objects = encode_objects(report, series)
        return tuple(self._effect(report, role, content) for role, content in objects.items() if role in self._roles)

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
            attributes={
                "study_instance_uid": ref.study_instance_uid,
                "series_instance_uid": series_uid(report, role),
                "made_series_instance_uids": series_uid(report, role),
                "sop_instance_uid": uid,
            },
        )
