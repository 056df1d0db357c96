"""The outcome of a validation as JSON and as a table of all labels."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from aiqa_integration.model.report import QaReport
from aiqa_integration.validation.labels import ArtifactLabel
from aiqa_integration.validation.ranking import Confusion
from aiqa_integration.validation.study import ArtifactResult, Case, Compared, LeftOut, MetricResult, Scored, Study

SCHEMA = "aiqa-validation/1"
COLUMNS = (
    "line", "series_instance_uid", "what", "labelled", "outcome", "probability_or_value", "threshold_or_uncertainty",
    "flagged", "scanner", "site", "detail",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What was validated, with what, when: analyses and bundles by name and version, digest of the label table."""

    analyses: tuple[str, ...]
    bundles: tuple[str, ...]
    software_version: str
    rule_revision: str
    labels_sha256: str
    positive_from: int
    created_at: str


def about(
    reports: Sequence[QaReport], *, labels_sha256: str, positive_from: int, software_version: str, created_at: str
) -> About:
    """Return what the reports say of themselves."""
    bundles = {report.bundle for report in reports if report.bundle is not None}
    return About(
        analyses=tuple(sorted({f"{report.analysis} {report.analysis_version}" for report in reports})),
        bundles=tuple(sorted(f"{b.name} {b.version}, weights {b.weights_sha256[:12]}" for b in bundles)),
        software_version=software_version,
        rule_revision=", ".join(sorted({report.provenance.rule_revision for report in reports})),
        labels_sha256=labels_sha256,
        positive_from=positive_from,
        created_at=created_at,
    )


def study_document(study: Study, given: About) -> dict[str, object]:
    """Return the JSON document of a validation."""
    return {
        "schema": SCHEMA,
        "about": asdict(given),
        "labels": len(study.cases),
        "artifacts": [_artifact(result) for result in study.artifacts],
        "metrics": [_metric(result) for result in study.metrics],
        "left_out": [
            {"line": case.label.place.line, "code": case.code, "detail": case.detail} for case in study.left_out
        ],
    }


def cases_csv(cases: Sequence[Case]) -> str:
    """Return one line a label: what became of it."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(_row(case) for case in cases)
    return text.getvalue()


def _row(case: Case) -> tuple[object, ...]:
    label = case.label
    what = label.artifact if isinstance(label, ArtifactLabel) else label.metric
    labelled = int(label.present) if isinstance(label, ArtifactLabel) else label.value
    start = (label.place.line, case.series_instance_uid, what, labelled)
    places = (label.place.scanner, label.place.site)
    if isinstance(case, Scored):
        return (*start, "scored", case.probability, case.threshold, int(case.flagged), case.scanner, case.site, "")
    if isinstance(case, Compared):
        return (*start, "measured", case.pair.measured, case.pair.uncertainty, "", *places, "")
    return (*start, case.code, "", "", "", *places, case.detail)


def _artifact(result: ArtifactResult) -> dict[str, object]:
    document = asdict(result)
    document["counts"] = _counts(result.counts)
    for group, found in zip(document["scanners"], result.scanners, strict=True):
        group["counts"] = _counts(found.counts)
    return document


def _counts(counts: Confusion) -> Mapping[str, object]:
    rates = {
        "sensitivity": counts.sensitivity,
        "specificity": counts.specificity,
        "predictive_value": counts.predictive_value,
    }
    return asdict(counts) | {name: asdict(rate) if rate else None for name, rate in rates.items()}


def _metric(result: MetricResult) -> dict[str, object]:
    unit = {"code": result.metric.unit.ucum, "display": result.metric.unit.display}
    return {"metric": result.metric.id, "label": result.metric.label, "unit": unit, **asdict(result.agreement)}


def left_out_counts(study: Study) -> Mapping[str, tuple[LeftOut, ...]]:
    """Return the labels without a score, by the reason's code."""
    codes = sorted({case.code for case in study.left_out})
    return {code: tuple(case for case in study.left_out if case.code == code) for code in codes}
