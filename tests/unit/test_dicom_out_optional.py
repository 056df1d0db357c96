"""Objects that a site may choose, and those that only a person makes: key objects, PDF, verified documents."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom as hd
import pydicom
import pytest
from pydicom.dataset import Dataset

from aiqa_integration.console.printed import printer, report_html, report_pdf
from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.key_objects import rejection_note
from aiqa_integration.dicom.uids import BY_A_PERSON, Role
from aiqa_integration.dicom.verified import verified_document
from aiqa_integration.errors import ConfigurationError, EncodingError
from aiqa_integration.model.finding import Finding
from aiqa_integration.model.identity import Person
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.settings import ArchiveObject, load_settings
from tests.dicom_validators import needs_print
from tests.unit.dicom_out_samples import judgements, report_over, tiny_series
from tests.unit.test_dicom_out_sr import items

CHECKED = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
PHYSICIST = Person(name="Müller^Anna", organization="General Hospital")
SECOND = Person(name="Sato^Ken", organization="General Hospital")


@pytest.fixture
def series(tmp_path: Path) -> LoadedSeries:
    return tiny_series(tmp_path)


def one(report: QaReport, series: LoadedSeries, role: Role) -> Dataset:
    return pydicom.dcmread(BytesIO(encode_objects(report, series, [role], print_report=report_pdf)[role]))


def test_settings_offer_every_object_but_those_of_a_person() -> None:
    assert set(ArchiveObject.__args__) == set(Role) - BY_A_PERSON  # type: ignore[attr-defined]
    assert load_settings().archive.objects == ("report_sr", "measurement_sr", "series_sr", "seg", "overlay")


def test_only_what_is_wanted_is_made(series: LoadedSeries) -> None:
    assert set(encode_objects(report_over(series), series, [Role.SEG])) == {Role.SEG}
    assert encode_objects(report_over(series), series, []) == {}
    with pytest.raises(ConfigurationError, match="never made without a person"):
        encode_objects(report_over(series), series, [Role.REJECTION])
    with pytest.raises(ConfigurationError, match="pdf"):
        encode_objects(report_over(series), series, [Role.PDF])


class TestQualityIssue:
    def test_points_at_the_slices_with_a_value_outside_action_limits(self, series: LoadedSeries) -> None:
        document = one(report_over(series), series, Role.QUALITY_ISSUE)
        title = document.ConceptNameCodeSequence[0]
        assert (title.CodeValue, title.CodingSchemeDesignator) == ("113010", "DCM")
        images = [item for item in items(document) if item.ValueType == "IMAGE"]
        uids = [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in images]
        assert uids == [series.stack.slices[0].sop_instance_uid]
        assert all("ConceptNameCodeSequence" not in item for item in images)
        assert (document.Modality, document.QualityControlSubject, document.StudyDescription) == (
            "KO",
            "YES",
            "Weekly QC",
        )
        assert hd.ko.KeyObjectSelectionDocument.from_dataset(document).content.get_references()

    def test_points_at_slices_of_clear_findings_and_at_all_where_it_is_the_series(self, series: LoadedSeries) -> None:
        local = Finding(artifact="wrap", probability=1.0, severity=2, explanation="", slices=(1, 2))
        everywhere = replace(local, artifact="low-snr", slices=())
        for findings, count in (((local,), 2), ((local, everywhere), 3)):
            found = one(report_over(series, judgements=(), findings=findings), series, Role.QUALITY_ISSUE)
            assert sum(item.ValueType == "IMAGE" for item in items(found)) == count

    def test_nothing_is_pointed_at_where_nothing_is_wrong(self, series: LoadedSeries) -> None:
        slight = Finding(artifact="wrap", probability=1.0, severity=1, explanation="", slices=(1,))
        fine = report_over(series, judgements=judgements(64, 2)[:1], findings=(slight,))
        assert encode_objects(fine, series, [Role.QUALITY_ISSUE]) == {}


class TestRejection:
    def test_is_made_of_the_stored_report_and_names_all_images_and_the_person(self, series: LoadedSeries) -> None:
        stored = encode_objects(report_over(series), series)[Role.REPORT_SR]
        note = rejection_note(stored, PHYSICIST, CHECKED)
        document, told = pydicom.dcmread(BytesIO(note.content)), pydicom.dcmread(BytesIO(stored))
        assert document.ConceptNameCodeSequence[0].CodeValue == "113001"
        images = [item for item in items(document) if item.ValueType == "IMAGE"]
        assert [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in images] == [
            ref.sop_instance_uid for ref in series.stack.slices
        ]
        people = [str(item.PersonName) for item in items(document) if item.ValueType == "PNAME"]
        assert people == ["Müller^Anna"]
        assert document.PatientName == told.PatientName
        assert document.StudyInstanceUID == told.StudyInstanceUID
        assert document.ContentDate == "20260506"
        assert document.SOPInstanceUID == note.sop_instance_uid != told.SOPInstanceUID
        assert rejection_note(stored, PHYSICIST, CHECKED) == note

    def test_other_bytes_are_our_fault(self, series: LoadedSeries) -> None:
        with pytest.raises(EncodingError, match="read"):
            rejection_note(b"nonsense", PHYSICIST, CHECKED)
        with pytest.raises(EncodingError, match="structured"):
            rejection_note(encode_objects(report_over(series), series)[Role.OVERLAY], PHYSICIST, CHECKED)


class TestVerified:
    @pytest.mark.parametrize("role", [Role.REPORT_SR, Role.MEASUREMENT_SR, Role.SERIES_SR])
    def test_is_a_new_version_with_the_same_content(self, series: LoadedSeries, role: Role) -> None:
        stored = encode_objects(report_over(series), series)[role]
        made = verified_document(stored, PHYSICIST, CHECKED)
        assert made is not None
        before, after = (pydicom.dcmread(BytesIO(content)) for content in (stored, made.content))
        assert (after.VerificationFlag, after.PreliminaryFlag, after.CompletionFlag) == (
            "VERIFIED",
            "FINAL",
            "COMPLETE",
        )
        observer = after.VerifyingObserverSequence[0]
        assert (observer.VerifyingObserverName, observer.VerifyingOrganization) == ("Müller^Anna", "General Hospital")
        assert observer.VerificationDateTime == "20260506070809+0000"
        previous = after.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
        assert previous.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == before.SOPInstanceUID
        assert (
            previous.SeriesInstanceUID
            == before.SeriesInstanceUID
            != after.SeriesInstanceUID
            == made.series_instance_uid
        )
        assert after.SOPInstanceUID == made.sop_instance_uid == after.file_meta.MediaStorageSOPInstanceUID
        assert after.ContentSequence == before.ContentSequence
        assert after.PatientName == before.PatientName
        assert after.SeriesDescription.startswith("AI QA verified ")
        assert verified_document(stored, PHYSICIST, CHECKED) == made

    def test_same_person_confirms_once_another_is_listed_beside(self, series: LoadedSeries) -> None:
        stored = encode_objects(report_over(series), series)[Role.REPORT_SR]
        first = verified_document(stored, PHYSICIST, CHECKED)
        assert first is not None
        assert verified_document(first.content, PHYSICIST, CHECKED + timedelta(days=1)) is None
        second = verified_document(first.content, SECOND, CHECKED + timedelta(days=1))
        assert second is not None
        document = pydicom.dcmread(BytesIO(second.content))
        assert [o.VerifyingObserverName for o in document.VerifyingObserverSequence] == ["Müller^Anna", "Sato^Ken"]
        previous = document.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
        assert previous.SeriesInstanceUID == first.series_instance_uid
        assert document.SeriesDescription.count("verified") == 1

    @pytest.mark.parametrize("name", ["", " ", "a" * 65, "back\\slash", "new\nline"])
    def test_person_without_a_name_that_dicom_can_hold_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match="printable"):
            Person(name=name, organization="x")


@needs_print
class TestPdf:
    def test_is_the_printed_report_in_a_dicom_object(self, series: LoadedSeries) -> None:
        report = report_over(series)
        document = one(report, series, Role.PDF)
        printed = report_pdf(report, series)
        assert printed.startswith(b"%PDF-")
        assert document.EncapsulatedDocument[: document.EncapsulatedDocumentLength] == printed
        assert (document.MIMETypeOfEncapsulatedDocument, document.Modality) == ("application/pdf", "DOC")
        assert document.ConceptNameCodeSequence[0].CodeValue == "AIQA-RPT"
        assert len(document.SourceInstanceSequence) == 3
        assert str(document.PatientName) == "QA^Phänom"
        assert document.SeriesDescription == "AI QA report as PDF: ACTION"

    def test_same_report_is_the_same_pdf(self, series: LoadedSeries) -> None:
        assert report_pdf(report_over(series), series) == report_pdf(report_over(series), series)

    def test_page_says_what_the_console_says_and_nothing_of_the_patient(self, tmp_path: Path) -> None:
        named = tiny_series(tmp_path, PatientName="Somebody^Else", PatientID="4711")
        page = report_html(report_over(named), named)
        for words in (
            "ACTION",
            "Horizontal length, slice 5",
            "189.4 ± 0.4 mm",
            "limit 187–193 mm",
            "not measured:",
            "<svg",
        ):
            assert words in page
        assert "At least one value is outside its action limits." in page
        assert "Somebody" not in page
        assert "4711" not in page

    def test_words_of_others_cannot_become_markup(self, series: LoadedSeries) -> None:
        remark = Finding(artifact="x", probability=1.0, severity=1, explanation="<script>alert(1)</script>")
        assert "<script>" not in report_html(report_over(series, findings=(remark,)), series)

    def test_refused_series_has_one_without_values(self, series: LoadedSeries) -> None:
        report = report_over(series, refused=True, phantom=None)
        assert set(encode_objects(report, series, [Role.PDF, Role.SEG], print_report=report_pdf)) == {Role.PDF}
        assert "No known phantom in the images" in report_html(report, None)

    def test_printer_is_there_only_where_an_archive_wants_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert printer(load_settings()) is None
        wanted: Any = load_settings(archive={"objects": ["report_sr", "pdf"]})
        assert printer(wanted) is report_pdf
        monkeypatch.setattr("aiqa_integration.console.printed.find_spec", lambda _name: None)
        with pytest.raises(ConfigurationError, match=r"\[pdf\]"):
            printer(wanted)

    def test_what_is_no_pdf_is_our_fault(self, series: LoadedSeries) -> None:
        with pytest.raises(EncodingError, match="no PDF"):
            encode_objects(report_over(series), series, [Role.PDF], print_report=lambda _report, _series: b"nonsense")
