"""What all objects of a result share: identity, times, equal bytes; and what validators say of them."""

import re
import shutil
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
import time_machine
from pydicom.dataset import Dataset

from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.uids import DEFAULT_OBJECTS, Role, instance_uid, series_uid
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import EncodingError
from aiqa_integration.pipeline.ports import LoadedSeries
from tests.unit.dicom_out_samples import report_over, tiny_series

FLAW = re.compile(r"(\w+)\([0-9a-f]{4},[0-9a-f]{4}\)(?:\[\d+\])?> - (.*)")
SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_dciodvfy = [
    pytest.mark.dicom3tools,
    pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed (Debian: dicom3tools)"),
]


def read(objects: dict[Role, bytes]) -> dict[Role, Dataset]:
    return {role: pydicom.dcmread(BytesIO(content)) for role, content in objects.items()}


def all_objects(series: LoadedSeries, **changes: Any) -> dict[Role, Dataset]:
    return read(dict(encode_objects(report_over(series, **changes), series)))


def attribute(keyword: str, value: str | None) -> dict[str, Any]:
    return {} if value is None else {keyword: value}


def errors_of(path: Path) -> list[str]:
    ran = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, check=False)
    return [line for line in ran.stderr.decode(errors="replace").splitlines() if line.startswith("Error")]


def flaws(lines: list[str]) -> set[str]:
    """Reduce errors to attribute and complaint, to compare a result with its source."""
    return {" ".join(found.groups()) for line in lines if (found := FLAW.search(line))}


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
        assert found.SeriesDescription.startswith("AI QA: ACTION (")
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
        assert {found.ContentTime, found.SeriesTime, found.InstanceCreationTime} == {clock}


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


class TestValidators:
    pytestmark = needs_dciodvfy

    @pytest.mark.parametrize("part", [None, "HEAD", "Head", "PHANTOM", "BREAST", "KNEE"])
    def test_generated_series_gives_no_error(self, tmp_path: Path, part: str | None) -> None:
        series = tiny_series(tmp_path, **attribute("BodyPartExamined", part))
        for role, content in encode_objects(report_over(series), series).items():
            path = tmp_path / f"{role}.out"
            path.write_bytes(content)
            assert errors_of(path) == [], role

    @pytest.mark.parametrize(
        "changes", [{"refused": True}, {"simulated": True}, {"subject": "patient", "phantom": None}]
    )
    def test_other_kinds_of_report_give_no_error(self, tmp_path: Path, changes: dict[str, Any]) -> None:
        series = tiny_series(tmp_path)
        first = report_over(series)
        report = report_over(series, **changes, revision=2, predecessor=first.version)
        for role, content in encode_objects(report, series).items():
            path = tmp_path / f"{role}.out"
            path.write_bytes(content)
            assert errors_of(path) == [], role

    @pytest.mark.skipif(shutil.which("dsrdump") is None, reason="dsrdump is not installed (Debian: dcmtk)")
    @pytest.mark.parametrize("role", [Role.REPORT_SR, Role.MEASUREMENT_SR, Role.SERIES_SR])
    def test_dcmtk_reads_the_reports(self, tmp_path: Path, role: Role) -> None:
        series = tiny_series(tmp_path)
        (tmp_path / "sr").write_bytes(encode_objects(report_over(series), series)[role])
        ran = subprocess.run(["dsrdump", "+U8", "-Ec", "+Pl", str(tmp_path / "sr")], capture_output=True, check=False)
        assert ran.returncode == 0
        text = ran.stdout.decode()
        assert "QA^Phänom" in text
        assert ("Signal-to-noise ratio" if role is Role.SERIES_SR else "Horizontal length, slice 5") in text
        assert b"E:" not in ran.stderr

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
        inherited = flaws(errors_of(series.files[0]))
        for role, content in encode_objects(report_over(series), series).items():
            path = tmp_path / f"{role}.out"
            path.write_bytes(content)
            assert flaws(errors_of(path)) - inherited == set(), role
