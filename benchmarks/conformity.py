"""Every object of every series below a folder, shown to other programs.

Series that an analysis knows are analysed as `aiqa analyze` does; over all others a report is made for the purpose,
with two regions and a map, so that every kind of image is encoded. dciodvfy must find no error that the images
themselves do not have, dcentvfy none between results and images (as UTF-8), dsrdump none, and highdicom must read
every value and segment back. With --pixelmed also PixelMed's validator, half a minute a document.

python -m benchmarks.conformity FOLDER [--pixelmed] [--keep FOLDER]
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from aiqa_integration.bootstrap import SystemClock, make_analyst
from aiqa_integration.console.printed import report_pdf
from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.files import group_files
from aiqa_integration.dicom.key_objects import rejection_note
from aiqa_integration.dicom.uids import Role
from aiqa_integration.dicom.verified import verified_document
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import AiqaError, InputError, MeasurementError
from aiqa_integration.model.identity import Person
from aiqa_integration.model.report import QaReport
from aiqa_integration.pipeline.analyse import Lineage, Stopwatch, analyse, refused_report
from aiqa_integration.pipeline.analyst import Analyst
from aiqa_integration.pipeline.ports import FileGroup, LoadedSeries
from aiqa_integration.pipeline.route import route
from aiqa_integration.settings import load_settings
from tests.dicom_validators import (
    EVERYTHING,
    as_utf8,
    dcentvfy_errors,
    dciodvfy_errors,
    dsrdump,
    expected_values,
    flaws,
    highdicom_values,
    pixelmed_errors,
    segment_labels,
)
from tests.unit.test_dicom_out_real import patient_report

PERSON = Person(name="Curie^Marie", organization="General Hospital")


def main() -> int:
    """Print each series with its objects and what validators find wrong in them; 1 where there are errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pixelmed", action="store_true")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    total: Counter[str] = Counter()
    clock = SystemClock()
    with (
        tempfile.TemporaryDirectory(prefix="aiqa-conformity-") as scratch,
        make_analyst(load_settings(), clock) as analyst,
    ):
        for number, (report, series) in enumerate(_reports(arguments.folder, analyst, total), start=1):
            into = (arguments.keep or Path(scratch)) / f"{number:04d}"
            into.mkdir(parents=True, exist_ok=True)
            paths = _written(report, series, into, clock)
            wrong = [*_wrong(report, series, paths, into), *(_pixelmed(paths) if arguments.pixelmed else ())]
            total.update(objects=len(paths), series=1, errors=len(wrong))
            total[f"reports: {report.analysis if report.subject == 'phantom' else 'made for the purpose'}"] += 1
            words = f"{report.modality} {report.device.manufacturer}: {len(paths)} objects, {len(wrong)} errors"
            print(f"{number:3} {series.files[0].parent.name[:40]:40} {words}", flush=True)
            for line in wrong:
                print(f"      {line[:300]}")
    print(", ".join(f"{name}: {count}" for name, count in sorted(total.items())))
    return 1 if total["errors"] else 0


def _reports(folder: Path, analyst: Analyst, total: Counter[str]) -> Iterator[tuple[QaReport, LoadedSeries]]:
    reader = DicomSeriesReader()
    for group in group_files([folder]):
        try:
            series = reader.load(group.usable_files())
        except AiqaError as error:
            total[f"not read: {error.code}"] += 1
            continue
        yield _report(group, series, analyst), series


def _report(group: FileGroup, series: LoadedSeries, analyst: Analyst) -> QaReport:
    wanted = route(DicomSeriesReader().header(group.files), analyst.rules)
    if wanted.rule is None:
        return patient_report(series)
    try:
        return analyse(series, wanted, analyst, lineage=Lineage(), watch=Stopwatch())
    except (InputError, MeasurementError) as error:
        return refused_report(series.header, wanted, analyst, error=error, lineage=Lineage())


def _written(report: QaReport, series: LoadedSeries, into: Path, clock: SystemClock) -> dict[str, Path]:
    objects = encode_objects(report, series, EVERYTHING, print_report=report_pdf)
    contents = {role.value: content for role, content in objects.items()}
    for role in (Role.REPORT_SR, Role.MEASUREMENT_SR, Role.SERIES_SR):
        made = verified_document(objects[role], PERSON, clock.now()) if role in objects else None
        if made is not None:
            contents[f"{role.value}-verified"] = made.content
    contents[Role.REJECTION.value] = rejection_note(objects[Role.REPORT_SR], PERSON, clock.now()).content
    paths = {name: into / f"{name}.dcm" for name in contents}
    for name, content in contents.items():
        paths[name].write_bytes(content)
    return paths


def _wrong(report: QaReport, series: LoadedSeries, paths: dict[str, Path], into: Path) -> Iterator[str]:
    """Yield every complaint of another program."""
    inherited = flaws(dciodvfy_errors(series.files[0]))
    uids = {ref.sop_instance_uid for ref in series.stack.slices}  # references repeat what is wrong with them
    for name, path in paths.items():
        for flaw in sorted(flaws(dciodvfy_errors(path)) - inherited):
            if not any(f"<{uid}>" in flaw for uid in uids):
                yield f"dciodvfy {name}: {flaw}"
        if "_sr" in name:
            dsrdump(path)
    image = as_utf8(series.files[0], into / "image.dcm")
    between = dcentvfy_errors([*paths.values(), image])
    alone = dcentvfy_errors([image])
    yield from (f"dcentvfy: {line}" for line in between if line not in alone)
    documents = [paths[role] for role in (Role.MEASUREMENT_SR.value, Role.SERIES_SR.value) if role in paths]
    read = {name: value for path in documents for name, value in highdicom_values(path).items()}
    for name, value in expected_values(report).items():
        if read.get(name) != value:
            yield f"highdicom reads {read.get(name)} for {name}, not {value}"
    if Role.SEG.value in paths and segment_labels(paths["seg"]) != segment_labels(paths["labelmap"]):
        yield "highdicom reads other segments in SEG and LABELMAP"


def _pixelmed(paths: dict[str, Path]) -> Iterator[str]:
    for name, path in paths.items():
        if "_sr" in name or name in {Role.QUALITY_ISSUE, Role.REJECTION}:
            yield from (f"PixelMed {name}: {line}" for line in pixelmed_errors(path))


if __name__ == "__main__":
    sys.exit(main())
