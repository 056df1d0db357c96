"""Names in every alphabet of pydicom's character set test files (PS3.5 6.1): the same in images and results."""

import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_charset_files
from pydicom.dataset import Dataset

from aiqa_integration.console.printed import report_pdf
from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.uids import Role
from aiqa_integration.dicom.verified import verified_document
from aiqa_integration.model.identity import Person
from tests.dicom_validators import EVERYTHING, dciodvfy_errors, needs_dciodvfy, written
from tests.unit.dicom_out_samples import report_over, tiny_series
from tests.unit.test_dicom_out_findings import MOTION
from tests.unit.test_dicom_out_objects import CHECKED

FILES = {Path(name).stem: Path(name) for name in get_charset_files() if name.endswith(".dcm")}
WITHOUT_PRINT = tuple(role for role in EVERYTHING if role is not Role.PDF)
"""Printing takes a second, and copies the same identity."""

NAMES = {
    "chrArab": "قباني^لنزار",
    "chrFren": "Buc^Jérôme",
    "chrFrenMulti": "Buc^Jérôme",
    "chrGerm": "Äneas^Rüdiger",
    "chrGreek": "Διονυσιος",
    "chrH31": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw": "שרון^דבורה",
    "chrI2": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrJapMulti": "やまだ^たろう",
    "chrJapMultiExplicitIR6": "やまだ^たろう",
    "chrKoreanMulti": "김희중",
    "chrRuss": "Люкceмбypг",
    "chrX1": "Wang^XiaoDong=王^小東",
    "chrX2": "Wang^XiaoDong=王^小东",
}
"""What the files say, by their own descriptions (PS3.5 annexes H to K)."""

INSIDE = {"chrSQEncoding": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", "chrSQEncoding1": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"}
"""Files with a name inside a sequence only, whose item may have its own character set."""


def described(name: str) -> str:
    """Return a name as free text, where ``^`` and ``=`` have no meaning."""
    return name.partition("=")[0].replace("^", " ")


def raw_name(file: Path) -> tuple[object, bytes]:
    """Return character set and bytes of a name as the file has them."""
    dataset = pydicom.dcmread(file, force=True)
    element = dataset.get_item("PatientName")
    return dataset.SpecificCharacterSet, bytes(element.value)


def images_of(folder: Path, file: Path):
    """Write a series whose patient, physician and request are named by the bytes of a file."""
    charset, name = raw_name(file)
    series = tiny_series(folder)
    for path in series.files:
        dataset = pydicom.dcmread(path)
        dataset.SpecificCharacterSet = charset
        for keyword in ("PatientName", "ReferringPhysicianName"):
            dataset[keyword] = pydicom.DataElement(keyword, "PN", name)
        request = Dataset()
        request.RequestedProcedureID = "1"
        request.RequestedProcedureDescription = described(NAMES[file.stem])
        dataset.RequestAttributesSequence = [request]
        dataset.save_as(path, enforce_file_format=True)
    return series


def test_no_file_of_pydicom_is_left_out() -> None:
    assert set(FILES) == set(NAMES) | set(INSIDE)


@pytest.mark.parametrize("stem", sorted(NAMES))
def test_names_are_the_same_in_every_object(stem: str, tmp_path: Path) -> None:
    series = images_of(tmp_path, FILES[stem])
    assert str(pydicom.dcmread(series.files[0]).PatientName) == NAMES[stem]
    report = report_over(series, findings=(MOTION,))
    roles = EVERYTHING if stem == "chrH32" else WITHOUT_PRINT
    objects = encode_objects(report, series, roles, print_report=report_pdf)
    assert set(objects) == set(roles)
    person = Person(name="Åström^Ørjan", organization="Universitätsklinikum")
    confirmed = verified_document(objects[Role.REPORT_SR], person, CHECKED)
    assert confirmed is not None
    for content in (*objects.values(), confirmed.content):
        found = pydicom.dcmread(BytesIO(content))
        assert found.SpecificCharacterSet == "ISO_IR 192"
        assert str(found.PatientName) == str(found.ReferringPhysicianName) == NAMES[stem]
        sequence = "ReferencedRequestSequence" if found.Modality in {"SR", "KO"} else "RequestAttributesSequence"
        assert found[sequence].value[0].RequestedProcedureDescription == described(NAMES[stem])
    own = pydicom.dcmread(BytesIO(confirmed.content)).VerifyingObserverSequence[0]
    assert (str(own.VerifyingObserverName), own.VerifyingOrganization) == ("Åström^Ørjan", "Universitätsklinikum")


@pytest.mark.parametrize("stem", sorted(INSIDE))
def test_names_inside_a_sequence_survive(stem: str, tmp_path: Path) -> None:
    source = pydicom.dcmread(FILES[stem], force=True)
    series = tiny_series(tmp_path)
    for path in series.files:
        dataset = pydicom.dcmread(path)
        dataset.SpecificCharacterSet = source.get("SpecificCharacterSet", "ISO_IR 192")
        item = source.RequestedProcedureCodeSequence[0]
        dataset.PatientName = "Plain"
        dataset.OtherPatientIDsSequence = [item]
        dataset.save_as(path, enforce_file_format=True)
    for content in encode_objects(report_over(series), series).values():
        found = pydicom.dcmread(BytesIO(content))
        assert str(found.OtherPatientIDsSequence[0].PatientName) == INSIDE[stem]


class TestOtherPrograms:
    pytestmark = needs_dciodvfy

    @pytest.mark.parametrize("stem", ["chrH32", "chrI2", "chrX2", "chrGreek", "chrRuss", "chrArab"])
    def test_validator_and_dcmtk_read_them(self, stem: str, tmp_path: Path) -> None:
        series = images_of(tmp_path, FILES[stem])
        for role, path in written(dict(encode_objects(report_over(series), series)), tmp_path).items():
            assert dciodvfy_errors(path) == [], role
            if shutil.which("dcmdump"):
                ran = subprocess.run(["dcmdump", "+U8", "+P", "0010,0010", str(path)], capture_output=True, check=True)
                assert NAMES[stem] in ran.stdout.decode()
