"""``aiqa validate``: how well an analysis does on a site's own labelled series."""

import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiqa_integration.cli.analyze import analysed
from aiqa_integration.cli.table import print_table
from aiqa_integration.errors import ConfigurationError

if TYPE_CHECKING:
    from aiqa_integration.model.report import QaReport
    from aiqa_integration.pipeline.analyst import Analyst
    from aiqa_integration.pipeline.ports import FileGroup
    from aiqa_integration.validation.labels import Label
    from aiqa_integration.validation.study import Study

PAGE, DOCUMENT, CASES = "validation.html", "validation.json", "cases.csv"


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path, file_okay=False))
@click.argument("labels_file", metavar="LABELS", type=click.Path(exists=True, path_type=Path, dir_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the report.")
@click.option("--analysis", help="Run this analysis whatever the rules say.")
@click.option("--positive-from", type=click.IntRange(1, 3), default=2, show_default=True, help="Severity that counts.")
@click.option("--threshold", type=click.FloatRange(0, 1), help="Probability that counts, instead of the shipped one.")
def validate(
    folder: Path, labels_file: Path, out: Path, analysis: str | None, positive_from: int, threshold: float | None
) -> None:
    """Run an analysis on the labelled series below FOLDER; write a report of how well it does.

    Exits with 1 where no label could be scored, or something failed that is not the images' fault. docs/validation.md
    says how to make LABELS.
    """
    from aiqa_integration.bootstrap import SystemClock, make_analyst
    from aiqa_integration.pipeline.route import forced_route
    from aiqa_integration.settings import load_settings
    from aiqa_integration.validation.document import about, cases_csv, study_document
    from aiqa_integration.validation.labels import read_labels
    from aiqa_integration.validation.page import study_page
    from aiqa_integration.validation.study import study_of

    content = labels_file.read_bytes()
    labels = read_labels(_text(content), positive_from=positive_from)
    clock = SystemClock()
    with make_analyst(load_settings(), clock) as analyst:
        if analysis:
            forced_route(analysis, analyst.rules)
        reports, failed = _reports(_labelled_groups(folder, labels), analysis, analyst)
        version = analyst.software_version
    study = study_of(labels, reports, threshold=threshold)
    given = about(
        list(reports.values()),
        labels_sha256=hashlib.sha256(content).hexdigest(),
        positive_from=positive_from,
        software_version=version,
        created_at=clock.now().isoformat(timespec="seconds"),
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / DOCUMENT).write_text(json.dumps(study_document(study, given), indent=2) + "\n")
    (out / CASES).write_text(cases_csv(study.cases))
    (out / PAGE).write_text(study_page(study, given))
    _print(study, out)
    if failed or len(study.left_out) == len(study.cases):
        raise click.exceptions.Exit(1)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"labels: not UTF-8: {error}") from error


def _labelled_groups(folder: Path, labels: Sequence["Label"]) -> list[tuple["FileGroup", frozenset[int]]]:
    """Return the series that labels are about, with the lines of these; ConfigurationError where a line means several.

    Files that are no images don't contend with a series of the same folder.
    """
    from aiqa_integration.dicom.files import group_files

    by_uid, by_path = _places(labels)
    wanted: list[tuple[FileGroup, frozenset[int]]] = []
    taken: frozenset[int] = frozenset()
    for group in group_files([folder]):
        lines = frozenset(_lines(group, folder, by_uid, by_path))
        if group.ref is not None and lines & taken:
            raise ConfigurationError(f"labels, line {min(lines & taken)}: more than one series in the folder fits")
        wanted.append((group, lines - taken))
        taken |= lines
    return [(group, lines) for group, lines in wanted if lines]


def _reports(
    wanted: Sequence[tuple["FileGroup", frozenset[int]]], analysis: str | None, analyst: "Analyst"
) -> tuple[Mapping[int, "QaReport"], int]:
    """Return the report of each label's series by the label's line, and how many failed by our own fault."""
    reports: dict[int, QaReport] = {}
    failures = 0
    with click.progressbar(wanted, label="series", file=sys.stderr) as groups:
        for group, lines in groups:
            report, _, failed = analysed(group, analysis, analyst)
            reports |= dict.fromkeys(lines, report)
            failures += failed
    return reports, failures


def _places(labels: Iterable["Label"]) -> tuple[Mapping[str, list[int]], Mapping[str, list[int]]]:
    """Return the lines by series UID, and by path as the table gives it."""
    by_uid, by_path = defaultdict(list), defaultdict(list)
    for label in labels:
        if label.place.series_instance_uid:
            by_uid[label.place.series_instance_uid].append(label.place.line)
        else:
            by_path[Path(label.place.path).as_posix()].append(label.place.line)
    return by_uid, by_path


def _lines(
    group: "FileGroup", folder: Path, by_uid: Mapping[str, list[int]], by_path: Mapping[str, list[int]]
) -> Iterable[int]:
    """Yield the lines that mean a group of files: by its UID, one of its files, or a folder that these lie in."""
    if group.ref is not None:
        yield from by_uid.get(group.ref.series_instance_uid, ())
    for file in group.files:
        below = file.relative_to(folder)
        for place in (below, *below.parents):
            yield from by_path.get(place.as_posix(), ())


def _print(study: "Study", out: Path) -> None:
    rows = [
        (
            result.artifact,
            str(result.count),
            str(result.present),
            f"{result.auc.value:.3f} ({result.auc.low:.3f}-{result.auc.high:.3f})" if result.auc else "-",
            f"{result.reliability.expected_calibration_error:.3f}",
        )
        for result in study.artifacts
    ]
    print_table(("artifact", "series", "present", "area under ROC", "calibration error"), rows)
    numbers = [
        (
            result.metric.label,
            str(len(result.agreement.pairs)),
            f"{result.agreement.bias:.3g} {result.metric.unit.display}",
            " to ".join(f"{end:.3g}" for end in result.agreement.limits) if result.agreement.limits else "-",
        )
        for result in study.metrics
    ]
    print_table(("metric", "pairs", "bias", "limits of agreement"), numbers)
    click.echo(f"{len(study.cases)} labels, {len(study.left_out)} without a score; report: {out / PAGE}")
