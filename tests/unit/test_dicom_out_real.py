"""Results about images of patients and other phantoms: reports made for the purpose over real series."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.headers import series_header
from aiqa_integration.dicom.uids import BY_A_PERSON, Role
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.model.finding import EnergyMap, Finding
from aiqa_integration.model.image import ImageStack, SliceRef
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.ports import LoadedSeries
from tests.dicom_validators import (
    as_utf8,
    dcentvfy_errors,
    dciodvfy_errors,
    flaws,
    highdicom_values,
    needs_dciodvfy,
    segment_labels,
    written,
)
from tests.unit.dicom_out_samples import circle, judgements, report_over
from tests.unit.test_dicom_out_sr import items

SHARED = Path(__file__).parents[3] / "shared" / "data"
ROLES = tuple(role for role in Role if role not in {*BY_A_PERSON, Role.PDF})
SERIES = {
    "head MR": "mr-clinical/fnndsc-sag-anon",
    "abdomen CT": "ct-clinical/lidc-0314/LIDC-IDRI-0314_abd",
    "CT phantom": "ct-phantom/imageqcpy/CTP486",
    "mammography": "mammography-clinical/fo-dicom/GE_Senographe_MLO",
    "enhanced MR": "acr-mri-large/hazen/PhilipsAchieva",
}
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not SHARED.is_dir(), reason="no real DICOM in ../shared/data"),
    *needs_dciodvfy,
]


def loaded(name: str) -> LoadedSeries:
    """Return the first series below a folder."""
    files = sorted(path for path in (SHARED / SERIES[name]).rglob("*") if path.is_file() and path.suffix != ".json")
    first = pydicom.dcmread(files[0], stop_before_pixels=True).SeriesInstanceUID
    same = [f for f in files if pydicom.dcmread(f, stop_before_pixels=True).SeriesInstanceUID == first]
    return projection_of(same[0]) if name == "mammography" else DicomSeriesReader().load(same)


def projection_of(file: Path) -> LoadedSeries:
    """Return a projection image as a series of one slice; no reader of the program makes one yet."""
    image = pydicom.dcmread(file)
    ref = SliceRef(
        sop_instance_uid=image.SOPInstanceUID,
        sop_class_uid=image.SOPClassUID,
        frame_number=None,
        instance_number=1,
        position_mm=0.0,
    )
    row_mm, column_mm = (float(value) for value in image.ImagerPixelSpacing)
    stack = ImageStack(
        voxels=image.pixel_array[np.newaxis].astype(np.float32),
        spacing_mm=(1.0, row_mm, column_mm),
        affine_mm=np.diag([column_mm, row_mm, 1.0, 1.0]),
        value_unit="1",
        slices=(ref,),
    )
    return LoadedSeries(header=series_header(image, [image.SOPInstanceUID]), stack=stack, files=(file,))


def patient_report(series: LoadedSeries) -> QaReport:
    """Return a report of a patient with a finding that has a region, one that has a map, one of the whole series."""
    slices, rows, columns = series.stack.voxels.shape
    middle = slices // 2
    energy = np.zeros((1, 32, 32), dtype=np.float32)
    energy[0, 8:20, 10:18] = 0.9
    marked = Finding(
        artifact="ghost",
        probability=0.97,
        severity=2,
        explanation="A ghost of 6 %.",
        region=circle(middle, columns / 2, rows / 2, min(rows, columns) / 8, "Ghost"),
    )
    mapped = Finding(
        artifact="motion",
        probability=0.8,
        severity=3,
        explanation="Motion.",
        energy=EnergyMap(slices=(middle,), values=energy),
    )
    everywhere = Finding(artifact="low-snr", probability=0.7, severity=1, explanation="SNR 14.")
    judged = judgements(columns, slices - 1) if slices > 1 else ()
    return report_over(
        series, subject="patient", phantom=None, judgements=judged[2:5], findings=(marked, mapped, everywhere)
    )


@pytest.mark.parametrize("name", sorted(SERIES))
def test_every_object_is_valid_and_reads_back(name: str, tmp_path: Path) -> None:
    series = loaded(name)
    report = patient_report(series)
    paths = written(dict(encode_objects(report, series, ROLES)), tmp_path)
    projection = report.modality == "MG"
    in_space = {Role.SEG, Role.LABELMAP, Role.PARAMETRIC_MAP}
    assert set(paths) == set(ROLES) - (in_space if projection else set())
    inherited = flaws(dciodvfy_errors(series.files[0]))
    for role, path in paths.items():
        assert flaws(dciodvfy_errors(path)) - inherited == set(), role
    values = {
        name: v for role in (Role.MEASUREMENT_SR, Role.SERIES_SR) for name, v in highdicom_values(paths[role]).items()
    }
    assert values["finding/ghost AIQA-P-GHOST"] == 97.0
    assert values["finding/motion AIQA-P-MOTION"] == 80.0
    assert values["finding/low-snr AIQA-P-LOWSNR"] == 70.0
    if not projection:
        assert {"ghost", "motion"} <= set(segment_labels(paths[Role.SEG])) == set(segment_labels(paths[Role.LABELMAP]))


@pytest.mark.parametrize("name", sorted(SERIES))
def test_result_and_images_are_of_one_patient_study_and_space(name: str, tmp_path: Path) -> None:
    series = loaded(name)
    paths = written(dict(encode_objects(patient_report(series), series, ROLES)), tmp_path)
    image = as_utf8(series.files[0], tmp_path / "image.dcm")
    own = dcentvfy_errors([*paths.values(), image])
    assert [line for line in own if "image.dcm" not in line or "IE=<Series>" not in line] == []


def test_measured_places_of_a_mammogram_are_coordinates_on_its_image(tmp_path: Path) -> None:
    series = loaded("mammography")
    objects = encode_objects(patient_report(series), series, ROLES)
    document = pydicom.dcmread(BytesIO(objects[Role.MEASUREMENT_SR]))
    regions = [item for item in items(document) if item.ValueType == "SCOORD"]
    assert len(regions) == 2
    uid = series.stack.slices[0].sop_instance_uid
    assert {i.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in regions} == {uid}
    picture: Any = pydicom.dcmread(BytesIO(objects[Role.OVERLAY]))
    source = pydicom.dcmread(series.files[0], stop_before_pixels=True)
    assert picture.Laterality == source.get("ImageLaterality", "")


def test_no_word_about_a_test_object_in_the_result_of_a_patient() -> None:
    series = loaded("head MR")
    report = replace(patient_report(series), judgements=())
    document = pydicom.dcmread(BytesIO(encode_objects(report, series, [Role.REPORT_SR])[Role.REPORT_SR]))
    assert "QualityControlSubject" not in document
    assert "test object" not in str(document).casefold()
