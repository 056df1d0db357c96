"""The PACS sink against archives that keep, lose, refuse and lie, and against a real Orthanc."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest

from aiqa_integration.dicom.directory_archive import DirectoryArchive
from aiqa_integration.dicom.uids import DEFAULT_OBJECTS, Role
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.errors import ArchiveRefused, ArchiveUnavailable
from aiqa_integration.model.identity import SeriesRef
from aiqa_integration.pipeline.ports import Archive, Effect, LoadedSeries, PlannedEffect, RefusedInstance, StoreOutcome
from aiqa_integration.sinks.pacs import PacsSink
from tests.servers import OrthancServer, missing_orthanc
from tests.unit.dicom_out_samples import report_over, tiny_series

DUPLICATE = 0x0111


@dataclass
class FakeArchive:
    """Keeps what it is sent, or behaves as told: ``loses`` says yes and forgets, ``refuses`` answers a reason."""

    name: str = "fake"
    loses: bool = False
    refuses: int | None = None
    raises: Exception | None = None
    held: dict[str, bytes] = field(default_factory=dict)

    def store(self, objects: Sequence[bytes], study_instance_uid: str) -> StoreOutcome:
        if self.raises is not None:
            raise self.raises
        uids = [str(pydicom.dcmread(BytesIO(content)).SOPInstanceUID) for content in objects]
        if self.refuses is not None:
            refused = tuple(RefusedInstance(sop_instance_uid=uid, reason=self.refuses) for uid in uids)
            return StoreOutcome(stored=(), refused=refused)
        if not self.loses:
            self.held.update(zip(uids, objects, strict=True))
        return StoreOutcome(stored=tuple(uids), refused=())

    def find_instances(self, ref: SeriesRef) -> tuple[str, ...]:
        found = (pydicom.dcmread(BytesIO(content)) for content in self.held.values())
        return tuple(str(item.SOPInstanceUID) for item in found if item.SeriesInstanceUID == ref.series_instance_uid)

    def find_studies(self, *_: object):
        raise NotImplementedError

    def find_series(self, *_: object):
        raise NotImplementedError

    def retrieve(self, *_: object):
        raise NotImplementedError


@pytest.fixture
def series(tmp_path: Path) -> LoadedSeries:
    folder = tmp_path / "images"
    folder.mkdir()
    return tiny_series(folder)


def claimed(planned: PlannedEffect) -> Effect:
    return Effect(
        effect_id="e",
        job_id="j",
        sink=planned.sink,
        target=planned.target,
        kind=planned.kind,
        dedupe_key=planned.dedupe_key,
        media_type=planned.media_type,
        payload_sha256="",
        attributes=planned.attributes,
        attempts=1,
        lease_owner="me",
    )


def deliver_all(sink: PacsSink, series: LoadedSeries, **changes: Any) -> list[str]:
    planned = sink.plan(report_over(series, **changes), series)
    return [sink.deliver(claimed(effect), effect.payload).remote_id for effect in planned]


def test_plan_has_one_effect_per_object_with_its_own_keys(series: LoadedSeries) -> None:
    sink = PacsSink(FakeArchive())
    planned = sink.plan(report_over(series), series)
    assert [effect.kind for effect in planned] == list(DEFAULT_OBJECTS)
    assert {(effect.sink, effect.target, effect.media_type) for effect in planned} == {
        ("pacs", "fake", "application/dicom")
    }
    again = sink.plan(report_over(series), series)
    assert again == planned
    later = sink.plan(report_over(series, revision=2), series)
    elsewhere = PacsSink(FakeArchive(name="second")).plan(report_over(series), series)
    effects = (*planned, *later, *elsewhere)
    assert len({effect.dedupe_key for effect in effects}) == len({effect.subject_key for effect in effects}) == 15


def test_attributes_name_the_object(series: LoadedSeries) -> None:
    for effect in PacsSink(FakeArchive()).plan(report_over(series), series):
        found = pydicom.dcmread(BytesIO(effect.payload))
        is_document = effect.kind in {Role.REPORT_SR, Role.MEASUREMENT_SR, Role.SERIES_SR}
        document = {"document": effect.kind} if is_document else {}
        report = {"report_uid": report_over(series).report_uid} if document else {}
        assert effect.attributes == {
            **document,
            **report,
            "study_instance_uid": found.StudyInstanceUID,
            "series_instance_uid": found.SeriesInstanceUID,
            "made_series_instance_uids": found.SeriesInstanceUID,
            "sop_instance_uid": found.SOPInstanceUID,
        }


def test_archive_gets_only_the_objects_it_is_to_get(series: LoadedSeries) -> None:
    sink = PacsSink(FakeArchive(), roles=[Role.OVERLAY, Role.REPORT_SR])
    assert [effect.kind for effect in sink.plan(report_over(series), series)] == [Role.REPORT_SR, Role.OVERLAY]


def test_refused_report_is_one_object_or_none(series: LoadedSeries) -> None:
    sink = PacsSink(FakeArchive())
    assert [effect.kind for effect in sink.plan(report_over(series, refused=True), series)] == [Role.REPORT_SR]
    assert sink.plan(report_over(series, refused=True), None) == ()


def test_delivering_twice_stores_one_object(series: LoadedSeries) -> None:
    archive = FakeArchive()
    sink = PacsSink(archive)
    assert deliver_all(sink, series) == deliver_all(sink, series)
    assert len(archive.held) == len(DEFAULT_OBJECTS)


def test_object_that_is_not_listed_is_tried_again(series: LoadedSeries) -> None:
    with pytest.raises(ArchiveUnavailable, match="does not list"):
        deliver_all(PacsSink(FakeArchive(loses=True)), series)


def test_refusal_of_an_object_that_is_there_is_success(series: LoadedSeries) -> None:
    archive = FakeArchive()
    uids = deliver_all(PacsSink(archive), series)
    archive.refuses = DUPLICATE
    assert deliver_all(PacsSink(archive), series) == uids
    archive.raises = ArchiveRefused("409", status=409)
    assert deliver_all(PacsSink(archive), series) == uids


def test_refusal_is_final_and_keeps_the_reason(series: LoadedSeries) -> None:
    with pytest.raises(ArchiveRefused, match="0x0122") as caught:
        deliver_all(PacsSink(FakeArchive(refuses=0x0122)), series)
    assert list(caught.value.failed.values()) == [0x0122]
    with pytest.raises(ArchiveRefused, match="no rights"):
        deliver_all(PacsSink(FakeArchive(raises=ArchiveRefused("no rights", status=403))), series)


def test_unreachable_archive_is_tried_again(series: LoadedSeries) -> None:
    with pytest.raises(ArchiveUnavailable):
        deliver_all(PacsSink(FakeArchive(raises=ArchiveUnavailable("down"))), series)


def test_directory_archive(series: LoadedSeries, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    check_real_archive(DirectoryArchive(folder), series)


@pytest.mark.orthanc
@pytest.mark.skipif(missing_orthanc() is not None, reason=missing_orthanc() or "")
def test_orthanc(series: LoadedSeries, tmp_path: Path) -> None:
    with OrthancServer(tmp_path / "orthanc") as server:
        archive = DicomWebArchive(server.url)
        try:
            check_real_archive(archive, series)
        finally:
            archive.close()


def check_real_archive(archive: Archive, series: LoadedSeries) -> None:
    """Deliver twice, then a new revision, beside the images; count what the archive lists."""
    study = series.header.ref.study_instance_uid
    archive.store([path.read_bytes() for path in series.files], study)
    sink = PacsSink(archive)
    first = deliver_all(sink, series)
    assert deliver_all(sink, series) == first
    assert instances(archive, study) == {"MR": 3, "SR": 3, "SEG": 1, "OT": 1}
    second = deliver_all(sink, series, revision=2)
    assert not set(first) & set(second)
    assert instances(archive, study) == {"MR": 3, "SR": 6, "SEG": 2, "OT": 2}
    assert len(list(archive.find_studies(None, None))) == 1
    own = [listing for listing in archive.find_series(study) if listing.modality != "MR"]
    assert {listing.manufacturer for listing in own} <= {"AIQA", ""}
    assert "AI QA report: ACTION" in {listing.description for listing in own}


def instances(archive: Archive, study: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for listing in archive.find_series(study):
        counts[listing.modality] = counts.get(listing.modality, 0) + len(archive.find_instances(listing.ref))
    return counts
