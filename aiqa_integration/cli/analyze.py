"""``aiqa analyze``: the same steps on files, no servers."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiqa_integration.cli.table import print_measurements, verdict_text
from aiqa_integration.errors import AiqaError, InputError, MeasurementError, NoRule
from aiqa_integration.model.wording import finding_text
from aiqa_integration.rules.match import Match

if TYPE_CHECKING:
    from aiqa_integration.model.report import QaReport
    from aiqa_integration.pipeline.analyst import Analyst
    from aiqa_integration.pipeline.ports import FileGroup, LoadedSeries


WRITTEN = (
    "report.json",
    "report_sr.dcm",
    "measurement_sr.dcm",
    "seg.dcm",
    "overlay.dcm",
    "preview.png",
    "fhir.json",
)
"""Files of a report's folder; those of an earlier run are removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one group of files; ``failed`` where the reason is our own fault, not the images'."""

    place: str
    report: "QaReport"
    document: Mapping[str, object]
    failed: bool


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the reports.")
@click.option("--analysis", help="Run this analysis whatever the rules say.")
@click.option("--json", "as_json", is_flag=True, help="Print the reports as NDJSON instead of a table.")
def analyze(paths: tuple[Path, ...], out: Path, analysis: str | None, as_json: bool) -> None:
    """Analyse DICOM files or folders; write one folder a report.

    Exits with 0 when every series was either reported or refused with a reason.
    """
    from aiqa_integration.bootstrap import SystemClock, make_analyst
    from aiqa_integration.pipeline.route import forced_route
    from aiqa_integration.settings import load_settings

    out.mkdir(parents=True, exist_ok=True)
    outcomes = []
    with make_analyst(load_settings(), SystemClock()) as analyst:
        if analysis:
            forced_route(analysis, analyst.rules)
        for outcome in _outcomes(paths, out, analysis, analyst):
            outcomes.append(outcome)
            if as_json:
                click.echo(json.dumps(outcome.document))
            else:
                _print(outcome)
    refused = sum(1 for o in outcomes if o.document.get("refused"))
    failed = sum(1 for o in outcomes if o.failed)
    if not as_json:
        click.echo(
            f"{len(outcomes)} series: {len(outcomes) - refused} reported, {refused - failed} refused, {failed} failed"
        )
    if failed or not outcomes:
        raise click.exceptions.Exit(1)


def _outcomes(paths: tuple[Path, ...], out: Path, analysis: str | None, analyst: "Analyst") -> Iterator[Outcome]:
    from aiqa_integration.dicom.files import group_files

    for number, group in enumerate(group_files(paths), start=1):
        report, series, failed = _analysed(group, analysis, analyst)
        folder = out / _folder_name(number, report)
        document = _write(report, series, folder)
        yield Outcome(place=_place(group.files), report=report, document=document, failed=failed)


def _folder_name(number: int, report: "QaReport") -> str:
    tail = re.sub(r"[^0-9.]", "", report.ref.series_instance_uid)[-12:] or "unreadable"
    return f"{number:04d}-{report.modality or 'none'}-{tail}"


def _write(report: "QaReport", series: "LoadedSeries | None", folder: Path) -> dict[str, object]:
    """Write what a report consists of into its folder and return the report document."""
    from aiqa_integration.bootstrap import encode_files
    from aiqa_integration.model.report_json import report_document

    folder.mkdir(parents=True, exist_ok=True)
    files = encode_files(report, series)
    for name in WRITTEN:
        (folder / name).unlink(missing_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return report_document(report, series.stack.slices if series else ())


def _place(files: tuple[Path, ...]) -> str:
    return str(files[0].parent if len(files) > 1 else files[0]) if files else ""


def _analysed(
    group: "FileGroup", analysis: str | None, analyst: "Analyst"
) -> tuple["QaReport", "LoadedSeries | None", bool]:
    from aiqa_integration.dicom.volume import DicomSeriesReader
    from aiqa_integration.pipeline.analyse import Attempt, Lineage, first_result, refused_report
    from aiqa_integration.pipeline.analyst import Stopwatch
    from aiqa_integration.pipeline.route import forced_route, route

    watch, series, reader = Stopwatch(), None, DicomSeriesReader()
    header, wanted = group.blank_header(), Match(None, "the files could not be read")
    try:
        header = reader.header(group.usable_files())
        wanted = forced_route(analysis, analyst.rules) if analysis else route(header, analyst.rules)
        if wanted.rule is None:
            raise NoRule(wanted.reason)
        with watch.step("read"):
            series = reader.load(group.files)
        attempt = first_result(series, wanted, analyst, lineage=Lineage(), watch=watch)
    except AiqaError as error:
        attempt = Attempt(wanted, error)
    if isinstance(attempt.outcome, AiqaError):
        report = refused_report(header, attempt.route, analyst, error=attempt.outcome, lineage=Lineage())
        return report, series, not isinstance(attempt.outcome, InputError | MeasurementError)
    return attempt.outcome, series, False


def _print(outcome: Outcome) -> None:
    click.echo(f"\n{outcome.place}: {verdict_text(outcome.document)}")
    print_measurements(outcome.report.judgements)
    for finding in outcome.report.findings:
        click.echo(f"{finding.artifact}: {finding_text(finding)}")
