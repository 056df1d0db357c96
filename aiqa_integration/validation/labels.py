"""The table of a site's labels: which series shows what, by its readers, or which number its physicist measured."""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass

from aiqa_integration.errors import ConfigurationError
from aiqa_integration.model.finding import ALERTED_SEVERITY

COLUMNS = frozenset(
    {"series_instance_uid", "path", "artifact", "label", "severity", "metric", "value", "scanner", "site"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which series a line is about: by its UID, or by the path of its folder or of one of its files.

    ``line`` is the line of the table. ``scanner`` and ``site`` are empty where the table does not tell.
    """

    line: int
    series_instance_uid: str
    path: str
    scanner: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactLabel:
    """Whether a series has an artifact, or another finding, that a reader would want to be told."""

    place: Place
    artifact: str
    present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLabel:
    """What a metric of a series is, in the metric's unit."""

    place: Place
    metric: str
    value: float


Label = ArtifactLabel | NumberLabel


def read_labels(text: str, *, positive_from: int = ALERTED_SEVERITY) -> tuple[Label, ...]:
    """Return the labels of a CSV table with a header line.

    ``positive_from`` is the severity from which an artifact counts as present. Raises ConfigurationError with the line.
    """
    table = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), skipinitialspace=True, strict=True)
    try:
        _check_header(table.fieldnames)
        labels = tuple(_label(row, table.line_num, positive_from) for row in table)
    except csv.Error as error:
        raise ConfigurationError(f"labels, line {table.line_num}: {error}") from error
    if not labels:
        raise ConfigurationError("labels: the table has no lines")
    _check_repeats(labels)
    return labels


def _check_header(given: object) -> None:
    names = set(given) if isinstance(given, list) else set()
    if unknown := sorted(names - COLUMNS):
        raise ConfigurationError(f"labels: unknown columns {', '.join(map(str, unknown))}")
    if not names & {"series_instance_uid", "path"}:
        raise ConfigurationError("labels: a column series_instance_uid or path is needed")
    of_artifacts = "artifact" in names and names & {"label", "severity"}
    if not of_artifacts and not {"metric", "value"} <= names:
        raise ConfigurationError("labels: columns artifact and label (or severity), or metric and value, are needed")


def _label(row: Mapping[str | None, object], line: int, positive_from: int) -> Label:
    if None in row or None in row.values():
        raise ConfigurationError(f"labels, line {line}: not as many fields as the header has")
    cells = {str(name): str(cell).strip() for name, cell in row.items()}
    place = Place(
        line=line,
        series_instance_uid=cells.get("series_instance_uid", ""),
        path=cells.get("path", ""),
        scanner=cells.get("scanner", ""),
        site=cells.get("site", ""),
    )
    if not place.series_instance_uid and not place.path:
        raise ConfigurationError(f"labels, line {line}: neither series_instance_uid nor path")
    artifact, metric = cells.get("artifact", ""), cells.get("metric", "")
    if bool(artifact) == bool(metric):
        raise ConfigurationError(f"labels, line {line}: one of artifact and metric")
    if metric:
        return NumberLabel(place=place, metric=metric, value=_number(cells.get("value", ""), line))
    return ArtifactLabel(place=place, artifact=artifact, present=_present(cells, line, positive_from))


def _number(text: str, line: int) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ConfigurationError(f"labels, line {line}: value {text!r} is no number") from error
    if not math.isfinite(value):
        raise ConfigurationError(f"labels, line {line}: value {text!r} is not finite")
    return value


def _present(cells: Mapping[str, str], line: int, positive_from: int) -> bool:
    label, severity = cells.get("label", ""), cells.get("severity", "")
    if bool(label) == bool(severity):
        raise ConfigurationError(f"labels, line {line}: one of label and severity")
    if label:
        if label not in {"0", "1"}:
            raise ConfigurationError(f"labels, line {line}: label {label!r} is neither 0 nor 1")
        return label == "1"
    if severity not in {"0", "1", "2", "3"}:
        raise ConfigurationError(f"labels, line {line}: severity {severity!r} is none of 0, 1, 2, 3")
    return int(severity) >= positive_from


def _check_repeats(labels: tuple[Label, ...]) -> None:
    seen: dict[tuple[str, str, str], int] = {}
    for label in labels:
        what = label.artifact if isinstance(label, ArtifactLabel) else label.metric
        key = (label.place.series_instance_uid, label.place.path, what)
        if key in seen:
            raise ConfigurationError(f"labels, line {label.place.line}: {what} of this series is in line {seen[key]}")
        seen[key] = label.place.line
