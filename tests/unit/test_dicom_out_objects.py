"""What all objects of a result share: identity, order, times, equal bytes, codes; and what validators say of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
import time_machine
from pydicom.dataset import Dataset
from pydicom.sr._concepts_dict import concepts

from aiqa_integration.console.printed import report_pdf
from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.key_objects import rejection_note
from aiqa_integration.dicom.result_object import concept
from aiqa_integration.dicom.uids import DEFAULT_OBJECTS, Role, instance_uid, series_uid
from aiqa_integration.dicom.verified import verified_document
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import EncodingError
from aiqa_integration.model.catalogue import catalogue
from aiqa_integration.model.codes import MEASUREMENT_REPORT, unit_code
from aiqa_integration.model.coding import PRIVATE_SCHEME
from aiqa_integration.model.identity import Person
from aiqa_integration.model.quantity import UNITS
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.sinks.pacs import DOCUMENTS
from tests.dicom_validators import (
    EVERYTHING,
    codes_in,
    dcentvfy_errors,
    dciodvfy_errors,
    dsrdump,
    flaws,
    needs_dciodvfy,
    needs_dcmtk,
    needs_pixelmed,
    pixelmed_errors,
    written,
)
from tests.unit.dicom_out_samples import (
    GHOSTING,
    LENGTH,
    POSITION,
    SNR,
    THICKNESS,
    UNIFORMITY,
    judgements,
    report_over,
    tiny_series,
)
from tests.unit.test_dicom_out_findings import GHOST, MOTION, NOISE

SHARED = Path(__file__).parents[3] / "shared" / "data"
CONCEPTS: dict[str, Any] = dict(concepts)
METRICS = (LENGTH, THICKNESS, UNIFORMITY, GHOSTING, SNR, POSITION)
PHYSICIST = Person(name="Curie^Marie", organization="General Hospital")
CHECKED = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


def read(objects: dict[Role, bytes]) -> dict[Role, Dataset]:
    return {role: pydicom.dcmread(BytesIO(content)) for role, content in objects.items()}


def all_objects(series: LoadedSeries, **changes: Any) -> dict[Role, Dataset]:
    return read(dict(encode_objects(report_over(series, **changes), series)))


def attribute(keyword: str, value: str | None) -> dict[str, Any]:
    return {} if value is None else {keyword: value}


def by_persons(objects: Mapping[Role, bytes]) -> dict[str, bytes]:
    """Return what persons may make of a result's documents."""
    made = {f"{role}-verified": verified_document(objects[role], PHYSICIST, CHECKED) for role in DOCUMENTS}
    contents = {name: document.content for name, document in made.items() if document is not None}
    return {**contents, "rejection": rejection_note(objects[Role.REPORT_SR], PHYSICIST, CHECKED).content}


def test_objects_come_in_the_order_to_store_them(tmp_path: Path) -> None:
    series = tiny_series(tmp_path)
    assert set(encode_objects(report_over(series), series)) == set(DEFAULT_OBJECTS)
    assert next(iter(encode_objects(report_over(series), series))) is Role.REPORT_SR
    assert list(encode_objects(report_over(series, refused=True), series)) == [Role.REPORT_SR]
    assert encode_objects(report_over(series, refused=True), None) == {}


def test_same_report_gives_same_bytes(tmp_path: Path) -> None:
    series = tiny_series(tmp_path)
    first = encode_objects(report_over(series), series)
    with time_machine.travel("2031-07-08T09:10:11Z"):
        assert encode_objects(report_over(series), series) == first


def test_every_object_has_its_own_series_and_both_change_with_the_revision(tmp_path: Path) -> None:
    series = tiny_series(tmp_path)
    report, later = report_over(series), report_over(series, revision=2)
    for role, found in all_objects(series).items():
        assert found.SOPInstanceUID == instance_uid(report, role)
        assert found.SeriesInstanceUID == series_uid(report, role)
    uids = [make(which, role) for which in (report, later) for role in Role for make in (instance_uid, series_uid)]
    assert len(set(uids)) == 4 * len(Role)
    assert max(map(len, uids)) <= 64


def test_identity_is_copied_and_the_maker_named(tmp_path: Path) -> None:
    series = tiny_series(tmp_path, PatientID=" 0017 x", IssuerOfPatientID="SITE", PatientComments="kept")
    for role, found in all_objects(series).items():
        assert str(found.PatientName) == "QA^Phänom"
        assert found.PatientID == " 0017 x"
        assert (found.IssuerOfPatientID, found.PatientComments) == ("SITE", "kept")
        assert (found.AccessionNumber, found.StudyDescription, found.StudyDate) == ("A1", "Weekly QC", "20260304")
        assert found.StudyInstanceUID == series.header.ref.study_instance_uid
        assert found.QualityControlSubject == "YES"
        assert (found.Manufacturer, found.SoftwareVersions) == ("AIQA", "0.1.0")
        assert found.SpecificCharacterSet == "ISO_IR 192"
        assert found.SeriesDescription.startswith("AI QA ")
        assert found.SeriesDescription.endswith(": ACTION")
        assert found.SeriesNumber == 90041 + list(Role).index(role)
        assert found.ContributingEquipmentSequence[0].ManufacturerModelName == "Quiet 3"


@pytest.mark.parametrize("changes", [{"subject": "patient"}, {"refused": True, "phantom": None}])
def test_only_a_test_object_that_was_found_is_a_quality_control_subject(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    assert all("QualityControlSubject" not in found for found in all_objects(tiny_series(tmp_path), **changes).values())
    other = tmp_path / "declared"
    other.mkdir()
    declared = tiny_series(other, QualityControlSubject="NO")
    assert {found.QualityControlSubject for found in all_objects(declared, **changes).values()} == {"NO"}


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Buc^Jérôme"),
        ("ISO_IR 144", "Люкceмбypг"),
        ("ISO_IR 126", "Διονυσιος"),
        ("ISO_IR 127", "قباني^لنزار"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東"),
    ],
)
def test_names_of_all_alphabets_survive(tmp_path: Path, charset: str | list[str], name: str) -> None:
    series = tiny_series(tmp_path, SpecificCharacterSet=charset, PatientName=name)
    for found in all_objects(series).values():
        assert str(found.PatientName) == name


def test_what_the_images_lack_is_empty(tmp_path: Path) -> None:
    lacking = ("PatientID", "PatientName", "AccessionNumber", "StudyID", "PatientBirthDate", "StudyTime", "PatientSex")
    attributes: dict[str, Any] = dict.fromkeys(lacking)
    series = tiny_series(tmp_path, **attributes)
    for found in all_objects(series).values():
        assert [str(found[keyword].value or "") for keyword in lacking] == [""] * len(lacking)


def test_sex_that_dicom_does_not_know_is_left_out(tmp_path: Path) -> None:
    for found in all_objects(tiny_series(tmp_path, PatientSex="0")).values():
        assert found.PatientSex == ""


@pytest.mark.parametrize(
    ("offset", "day", "clock"),
    [(None, "20260304", "050607"), ("-0530", "20260303", "233607"), ("junk", "20260304", "050607")],
)
def test_times_are_those_of_the_report_in_the_zone_of_the_images(
    tmp_path: Path, offset: str | None, day: str, clock: str
) -> None:
    series = tiny_series(tmp_path, **attribute("TimezoneOffsetFromUTC", offset))
    for found in all_objects(series).values():
        assert {found.ContentDate, found.SeriesDate, found.InstanceCreationDate} == {day}
        assert {found.ContentTime, found.SeriesTime.partition(".")[0], found.InstanceCreationTime} == {clock}


def test_lists_of_the_newest_series_begin_with_the_report(tmp_path: Path) -> None:
    objects = all_objects(tiny_series(tmp_path))
    newest_first = sorted(objects, key=lambda role: float(objects[role].SeriesTime), reverse=True)
    assert newest_first == [role for role in Role if role in objects]


@pytest.mark.parametrize("when", ["yesterday", "2026-03-04T05:06:07"])
def test_time_without_meaning_is_our_fault(tmp_path: Path, when: str) -> None:
    series = tiny_series(tmp_path)
    report = report_over(series)
    report = replace(report, provenance=replace(report.provenance, created_at=when))
    with pytest.raises(EncodingError, match="created_at"):
        encode_objects(report, series)


def test_files_of_another_series_or_of_none_are_our_fault(tmp_path: Path) -> None:
    series = tiny_series(tmp_path)
    other = replace(series, header=replace(series.header, ref=replace(series.header.ref, series_instance_uid="1.2.3")))
    with pytest.raises(EncodingError, match="does not belong"):
        encode_objects(report_over(other), other)
    series.files[0].unlink()
    with pytest.raises(EncodingError, match="read again"):
        encode_objects(report_over(series), series)
    with pytest.raises(EncodingError, match="without files"):
        encode_objects(report_over(series), replace(series, files=()))


def test_every_code_in_every_object_is_standard_or_declared(tmp_path: Path) -> None:
    series = tiny_series(tmp_path, BodyPartExamined="HEAD")
    report = report_over(series, findings=(MOTION, GHOST, NOISE))
    own = {(row.scheme, row.value, row.meaning) for row in catalogue().all_concepts if row.sr}
    own |= {(metric.code.scheme, metric.code.value, metric.code.meaning) for metric in METRICS}
    units = {code.value for code in map(unit_code, UNITS.values())}
    for content in encode_objects(report, series, EVERYTHING, print_report=report_pdf).values():
        found = pydicom.dcmread(BytesIO(content))
        declared = [item.CodingSchemeDesignator for item in found.CodingSchemeIdentificationSequence]
        assert declared == [PRIVATE_SCHEME]
        for scheme, value, meaning in codes_in(found):
            known = any(value in names for names in CONCEPTS.get(scheme, {}).values())
            assert known or (scheme, value, meaning) in own or (scheme == "UCUM" and value in units), (scheme, value)


class TestOrder:
    """The order that the images were made for."""

    @staticmethod
    def ordered(folder: Path) -> LoadedSeries:
        request, step, code = Dataset(), Dataset(), Dataset()
        request.AccessionNumber, request.RequestedProcedureID = "A1", "RP7"
        request.RequestedProcedureDescription = "Prüfung wöchentlich"
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "QC1", "99SITE", "Weekly check"
        request.RequestedProcedureCodeSequence = [code]
        issuer = Dataset()
        issuer.LocalNamespaceEntityID = "RIS"
        step.ReferencedSOPClassUID, step.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.3", "1.2.3.4.5"
        return tiny_series(
            folder,
            RequestAttributesSequence=[request],
            ReferencedPerformedProcedureStepSequence=[step],
            IssuerOfAccessionNumberSequence=[issuer],
        )

    def test_documents_name_request_and_performed_step(self, tmp_path: Path) -> None:
        series = self.ordered(tmp_path)
        objects = encode_objects(report_over(series), series, EVERYTHING, print_report=report_pdf)
        documents = [*(objects[role] for role in (*DOCUMENTS, Role.QUALITY_ISSUE)), *by_persons(objects).values()]
        for content in documents:
            found = pydicom.dcmread(BytesIO(content))
            request = found.ReferencedRequestSequence[0]
            assert (request.AccessionNumber, request.RequestedProcedureID) == ("A1", "RP7")
            assert request.RequestedProcedureDescription == "Prüfung wöchentlich"
            assert request.RequestedProcedureCodeSequence[0].CodeValue == "QC1"
            assert request.IssuerOfAccessionNumberSequence[0].LocalNamespaceEntityID == "RIS"
            assert request.StudyInstanceUID == found.StudyInstanceUID
            assert found.ReferencedPerformedProcedureStepSequence[0].ReferencedSOPInstanceUID == "1.2.3.4.5"
            assert "RequestAttributesSequence" not in found

    def test_other_objects_carry_the_request_attributes(self, tmp_path: Path) -> None:
        series = self.ordered(tmp_path)
        report = report_over(series, findings=(MOTION,))
        roles = [role for role in EVERYTHING if role not in {*DOCUMENTS, Role.QUALITY_ISSUE}]
        for content in encode_objects(report, series, roles, print_report=report_pdf).values():
            found = pydicom.dcmread(BytesIO(content))
            assert found.RequestAttributesSequence[0].RequestedProcedureDescription == "Prüfung wöchentlich"
            assert found.IssuerOfAccessionNumberSequence[0].LocalNamespaceEntityID == "RIS"

    def test_images_of_no_order_name_none(self, tmp_path: Path) -> None:
        for found in all_objects(tiny_series(tmp_path)).values():
            assert "ReferencedRequestSequence" not in found
            assert "RequestAttributesSequence" not in found


class TestValidators:
    pytestmark = needs_dciodvfy

    @pytest.mark.parametrize("part", [None, "HEAD", "Head", "PHANTOM", "BREAST", "KNEE"])
    def test_generated_series_gives_no_error(self, tmp_path: Path, part: str | None) -> None:
        series = tiny_series(tmp_path, **attribute("BodyPartExamined", part))
        report = report_over(series, findings=(MOTION, GHOST, NOISE))
        objects = dict(encode_objects(report, series, EVERYTHING, print_report=report_pdf))
        assert set(objects) == set(EVERYTHING)
        for role, path in written(objects, tmp_path).items():
            assert dciodvfy_errors(path) == [], role

    def test_what_persons_make_of_them_gives_no_error(self, tmp_path: Path) -> None:
        series = tiny_series(tmp_path)
        made = by_persons(encode_objects(report_over(series), series))
        assert len(made) == 4
        for name, content in made.items():
            (tmp_path / name).write_bytes(content)
            assert dciodvfy_errors(tmp_path / name) == [], name

    @pytest.mark.parametrize(
        "changes", [{"refused": True}, {"simulated": True}, {"subject": "patient", "phantom": None}]
    )
    def test_other_kinds_of_report_give_no_error(self, tmp_path: Path, changes: dict[str, Any]) -> None:
        series = tiny_series(tmp_path)
        first = report_over(series)
        report = report_over(series, **changes, revision=2, predecessor=first.version)
        objects = dict(encode_objects(report, series, EVERYTHING, print_report=report_pdf))
        for role, path in written(objects, tmp_path).items():
            assert dciodvfy_errors(path) == [], role

    def test_all_objects_of_a_study_say_the_same_of_patient_and_study(self, tmp_path: Path) -> None:
        (tmp_path / "images").mkdir()
        series = tiny_series(tmp_path / "images", PatientName="QA^Phantom", PatientID="17")
        objects = encode_objects(report_over(series, findings=(MOTION,)), series, EVERYTHING, print_report=report_pdf)
        paths = [*written(dict(objects), tmp_path).values(), *series.files]
        for name, content in by_persons(objects).items():
            (tmp_path / name).write_bytes(content)
            paths.append(tmp_path / name)
        assert dcentvfy_errors(paths) == []

    @needs_dcmtk
    @pytest.mark.parametrize("role", [Role.REPORT_SR, Role.MEASUREMENT_SR, Role.SERIES_SR])
    def test_dcmtk_reads_the_reports(self, tmp_path: Path, role: Role) -> None:
        series = tiny_series(tmp_path)
        paths = written(dict(encode_objects(report_over(series), series)), tmp_path)
        text = dsrdump(paths[role])
        assert "QA^Phänom" in text
        assert ("Signal-to-noise ratio" if role is Role.SERIES_SR else "Horizontal length, slice 5") in text

    @pytest.mark.shared_data
    @pytest.mark.skipif(not SHARED.is_dir(), reason="no real DICOM in ../shared/data")
    @pytest.mark.parametrize(
        "folder",
        [
            "acr-mri-large/hazen/GE",
            "acr-mri-large/hazen/Siemens",
            "acr-mri-large/hazen/PhilipsAchieva",
            "acr-mri-large/hazen/Siemens_Sola_1.5T_T1",
            "acr-mri-large/hazen/batch_ACR_SAG_LOCALISER",
            "acr-mri-medium/scottish/Philips3T_AxT1",
        ],
    )
    def test_real_series_gives_no_error_that_its_images_do_not_have(self, tmp_path: Path, folder: str) -> None:
        files = [path for path in (SHARED / folder).iterdir() if path.suffix != ".json"]
        series = DicomSeriesReader().load(files)
        inherited = flaws(dciodvfy_errors(series.files[0]))
        for role, path in written(dict(encode_objects(report_over(series), series)), tmp_path).items():
            assert flaws(dciodvfy_errors(path)) - inherited == set(), role


class TestPixelmed:
    pytestmark = needs_pixelmed

    @pytest.mark.parametrize("role", [Role.REPORT_SR, Role.MEASUREMENT_SR, Role.SERIES_SR, Role.QUALITY_ISSUE])
    def test_finds_no_error(self, tmp_path: Path, role: Role) -> None:
        series = tiny_series(tmp_path)
        report = report_over(series, findings=(GHOST, NOISE))
        path = written(dict(encode_objects(report, series, [role])), tmp_path)[role]
        assert pixelmed_errors(path) == []

    def test_finds_no_error_in_values_of_the_series_under_the_title_that_it_checks(self, tmp_path: Path) -> None:
        series = tiny_series(tmp_path)
        report = report_over(series, judgements=judgements(64, 2)[4:5], findings=(NOISE,))
        document = pydicom.dcmread(BytesIO(encode_objects(report, series, [Role.SERIES_SR])[Role.SERIES_SR]))
        document.ConceptNameCodeSequence = [concept(MEASUREMENT_REPORT)]
        document.save_as(tmp_path / "twin.dcm")
        assert pixelmed_errors(tmp_path / "twin.dcm") == []
