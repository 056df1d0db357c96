"""What other programs say of DICOM files: dciodvfy and dcentvfy (dicom3tools), DCMTK, PixelMed, highdicom."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import highdicom as hd
import pydicom
import pytest
from pydicom.dataset import Dataset

from aiqa_integration.dicom.uids import BY_A_PERSON, Role
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.report import QaReport

FLAW = re.compile(r"(\w+)\([0-9a-f]{4},[0-9a-f]{4}\)(?:\[\d+\])?> - (.*)")
PIXELMED = Path("/usr/share/java/pixelmed.jar")
UNBOUNDED_XPATH = [f"-Djdk.xml.xpath{limit}=0" for limit in ("TotalOpLimit", "ExprOpLimit", "ExprGrpLimit")]
"""PixelMed's rules need more XPath operations than Java allows by default."""

LABELMAP_UNKNOWN = ("SegmentNumber not monotonically increasing", "Information Object Not found")
"""What dciodvfy of 2022 says of a LABELMAP (standard of 2024): it knows neither the class nor a background segment."""


def _can_print() -> bool:
    """Return whether WeasyPrint finds Pango, which pip does not install."""
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


CAN_PRINT = _can_print()
EVERYTHING = tuple(role for role in Role if role not in BY_A_PERSON and (CAN_PRINT or role is not Role.PDF))
"""Every object that a site may choose; a PDF only where it can be printed here."""

needs_print = pytest.mark.skipif(
    not CAN_PRINT, reason="WeasyPrint or Pango is not installed (Debian: libpangoft2-1.0-0)"
)
needs_dciodvfy = [
    pytest.mark.dicom3tools,
    pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed (Debian: dicom3tools)"),
]
needs_dcmtk = pytest.mark.skipif(shutil.which("dsrdump") is None, reason="dsrdump is not installed (Debian: dcmtk)")
needs_pixelmed = [
    pytest.mark.pixelmed,
    pytest.mark.skipif(
        not PIXELMED.is_file() or shutil.which("java") is None,
        reason="PixelMed is not installed (Debian: libpixelmed-java, default-jre-headless)",
    ),
]


def dciodvfy_errors(path: Path) -> list[str]:
    """Return what is wrong with an object by the definition of its kind."""
    ran = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, check=False)
    lines = [line for line in ran.stderr.decode(errors="replace").splitlines() if line.startswith("Error")]
    if pydicom.dcmread(path, specific_tags=["SegmentationType"]).get("SegmentationType") == "LABELMAP":
        return [line for line in lines if not any(words in line for words in LABELMAP_UNKNOWN)]
    return lines


def flaws(lines: Sequence[str]) -> set[str]:
    """Reduce errors to attribute and complaint, to compare a result with its source."""
    return {" ".join(found.groups()) for line in lines if (found := FLAW.search(line))}


def dcentvfy_errors(paths: Sequence[Path]) -> list[str]:
    """Return where objects of one study do not say the same about patient, study, series or frame of reference."""
    ran = subprocess.run(["dcentvfy", *map(str, paths)], capture_output=True, check=False)
    said = (ran.stderr + ran.stdout).decode(errors="replace").splitlines()
    return [line for line in said if line.startswith("Error")]


def dsrdump(path: Path) -> str:
    """Return a structured report as DCMTK prints it; fails where it finds an error."""
    ran = subprocess.run(["dsrdump", "+U8", "-Ec", "+Pl", str(path)], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert b"E:" not in ran.stderr
    return ran.stdout.decode()


def pixelmed_errors(path: Path) -> list[str]:
    """Return what is wrong with a structured report or key object selection by the templates of 2022."""
    classes = ["-cp", str(PIXELMED), "com.pixelmed.validate.DicomSRValidator", "-donotmatchcase"]
    ran = subprocess.run(["java", *UNBOUNDED_XPATH, *classes, str(path)], capture_output=True, check=False)
    said = (ran.stdout + ran.stderr).decode(errors="replace")
    assert "IOD" in said or "Template" in said, said[-500:]
    return [line for line in said.splitlines() if line.startswith("Error") or "Exception" in line]


def as_utf8(source: Path, into: Path) -> Path:
    """Copy an image without its pixels and with its text in UTF-8, for programs that compare bytes."""
    dataset = pydicom.dcmread(source, stop_before_pixels=True)
    dataset.decode()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.remove_private_tags()
    dataset.save_as(into)
    return into


def highdicom_values(path: Path) -> dict[str, float]:
    """Return every value of a TID 1500 document by tracking identifier and code, as highdicom reads them.

    highdicom 0.28 cannot read a NUM without a value (PS3.3 C.18.1 allows it), so those are taken out first.
    """
    document = pydicom.dcmread(path)
    _drop_empty_numbers(document)
    read: Any = hd.sr.Comprehensive3DSR.from_dataset(document)
    groups = [*read.content.get_planar_roi_measurement_groups(), *read.content.get_image_measurement_groups()]
    return {
        f"{group.tracking_identifier} {number.name.value}": number.value
        for group in groups
        for number in group.get_measurements()
    }


def expected_values(report: QaReport) -> dict[str, float]:
    """Return what ``highdicom_values`` of both documents for machines should be, of values and probabilities."""
    found = [j.measurement for j in report.judgements if isinstance(j.measurement, Measured)]
    return {f"{m.metric.id} {m.metric.code.value}": m.quantity.value for m in found}


def segment_labels(path: Path) -> list[str]:
    """Return the labels of a segmentation's segments, as highdicom reads them."""
    read: Any = hd.seg.segread(path)
    return [read.get_segment_description(number).segment_label for number in read.segment_numbers if number > 0]


def _drop_empty_numbers(item: Dataset) -> None:
    children = [
        child
        for child in item.get("ContentSequence", ())
        if child.ValueType != "NUM" or len(child.MeasuredValueSequence)
    ]
    if "ContentSequence" in item:
        item.ContentSequence = children
    for child in children:
        _drop_empty_numbers(child)


def codes_in(dataset: Dataset) -> Iterator[tuple[str, str, str]]:
    """Yield scheme, value and meaning of every code that an object holds."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                if "CodeMeaning" in item:
                    scheme = str(item.get("CodingSchemeDesignator", ""))
                    yield scheme, str(item.get("CodeValue") or item.get("LongCodeValue") or ""), str(item.CodeMeaning)
                yield from codes_in(item)


def written(objects: dict[Role, bytes], folder: Path) -> dict[Role, Path]:
    """Write objects into a folder."""
    paths = {role: folder / f"{role}.dcm" for role in objects}
    for role, content in objects.items():
        paths[role].write_bytes(content)
    return paths
