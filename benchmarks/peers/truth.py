"""What is known about a series apart from the tools: nominal sizes, physicists' hand values, published scores."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Json = dict[str, Any]

NOMINAL_LENGTH_MM = {"acr-mri-large": 190.0, "acr-mri-medium": 165.0}
LENGTH_LIMIT_MM = {"acr-mri-large": 3.0, "acr-mri-medium": 2.0}
"""ACR Phantom Test Guidance, large and medium phantom, geometric accuracy."""

NOMINAL_THICKNESS_MM = 5.0
THICKNESS_LIMIT_MM = 0.7
"""ACR Phantom Test Guidance, slice thickness accuracy."""

LENGTHS = tuple(
    f"mr-length-{name}"
    for name in (
        "horizontal-slice1",
        "vertical-slice1",
        "horizontal-slice5",
        "vertical-slice5",
        "diagonal-45-slice5",
        "diagonal-135-slice5",
    )
)

HAND_TOLERANCE = {
    "mr-percent-image-uniformity": 2.0,
    "mr-percent-signal-ghosting": 0.5,
    "mr-slice-position-error-slice1": 0.6,
    "mr-slice-position-error-slice11": 0.6,
    "mr-slice-thickness": 0.6,
}
"""The publishers' tolerances of software against hand, for the sheet that states none (in %, in mm)."""

HAND_LENGTH_TOLERANCE_MM = 2.0
"""Stated beside the hand-measured lengths of the verification sheet."""

READINGS = {"Manual": "read at points", "Automatic": "read off a profile"}
"""The two kinds of hand-read contrast responses: at peaks and troughs that a person marked, or at the extremes of the
profile that the publishers' program averages across a row."""
EITHER = "either reading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One known value with the tolerance that a tool has to keep; ``group`` is the row of the table.

    ``other`` is a second reading of the same, where either will do.
    """

    group: str
    series: str
    metric: str
    value: float
    tolerance: float
    source: str
    other: float | None = None


def nominal_truths(series: str, phantom: str) -> Iterator[Truth]:
    """Yield what the phantom's drawing and the ACR's protocol (5 mm slices) say."""
    size = phantom.removeprefix("acr-mri-")
    for metric in LENGTHS:
        for tolerance in (LENGTH_LIMIT_MM[phantom], 1.0):
            yield Truth(
                group=f"{size}: lengths within ±{tolerance:g} mm of nominal",
                series=series,
                metric=metric,
                value=NOMINAL_LENGTH_MM[phantom],
                tolerance=tolerance,
                source="nominal",
            )
    yield Truth(
        group=f"{size}: thickness within 5.0 ± {THICKNESS_LIMIT_MM:g} mm",
        series=series,
        metric="mr-slice-thickness",
        value=NOMINAL_THICKNESS_MM,
        tolerance=THICKNESS_LIMIT_MM,
        source="nominal",
    )


def published_truths(data: Path) -> Iterator[Truth]:
    """Yield the published scores and hand values of the reference files below ``data``, where there are any."""
    large = data / "acr-mri-large" / "acr_large_reference.json"
    if large.exists():
        yield from spoke_truths(json.loads(large.read_text("utf-8"))["series"])
    medium = data / "acr-mri-medium" / "acr_medium_reference.json"
    if medium.exists():
        reference = json.loads(medium.read_text("utf-8"))
        for name, entry in reference["series"].items():
            rows = entry.get("test_document", {}).get("rows", ())
            hand = list(document_truths(f"acr-mri-medium/{name}", rows))
            yield from hand
            yield from either_truths(hand)
        yield from sheet_truths(reference.get("verification_raigmore1", {}))


def spoke_truths(entries: Json) -> Iterator[Truth]:
    """Yield the low-contrast scores that carry a tolerance: a slice ± 1, the total ± 2."""
    for name, entry in entries.items():
        known = entry.get("published_by_hazen_tests", {}).get("low_contrast_object_detectability")
        if known is None:
            continue
        scores = {score["index"]: float(score["score"]) for score in known["SCORES"]}
        rows = [
            ("slice", f"mr-low-contrast-spokes-slice{number}", score, known["SLICE_TOLERANCE"])
            for number, score in scores.items()
        ]
        rows.append(("total", "mr-low-contrast-spokes", sum(scores.values()), known["TOTAL_TOLERANCE"]))
        for what, metric, score, tolerance in rows:
            yield Truth(
                group=f"large: published low-contrast score, {what} within ±{tolerance}",
                series=f"acr-mri-large/{name}",
                metric=metric,
                value=score,
                tolerance=float(tolerance),
                source="score published with hazen's tests",
            )


def document_truths(series: str, rows: Iterable[Json]) -> Iterator[Truth]:
    """Yield the hand values of a test document."""
    for row in rows:
        known = _document_row(row)
        if known is None or row["manual"] is None:
            continue
        group, metric, scale = known
        relative = metric == "mr-snr"
        yield Truth(
            group=f"medium: hand values, {group}",
            series=series,
            metric=metric,
            value=scale * row["manual"],
            tolerance=row["tolerance_vs_manual"] * (row["manual"] if relative else scale),
            source="test document",
        )


def _document_row(row: Json) -> tuple[str, str, float] | None:
    """Return group, metric and factor of a row; uniformity and ghosting are fractions there, SNR has a relative one."""
    test, name = row["test"], row["measurement"]
    fixed = {
        "Integral Uniformity": ("uniformity", "mr-percent-image-uniformity", 100.0),
        "Signal-to-Bkgd ratio": ("ghosting", "mr-percent-signal-ghosting", 100.0),
        "Distance Slice 1(mm)": ("slice position", "mr-slice-position-error-slice1", 1.0),
        "Distance Slice 11(mm)": ("slice position", "mr-slice-position-error-slice11", 1.0),
        "Distance (mm)": ("slice thickness", "mr-slice-thickness", 1.0),
        "SNR": ("SNR", "mr-snr", 1.0),
    }
    if test.startswith("Geometric Accuracy MagNet"):
        side, place, _ = name.lower().split()
        return "rod distances", f"mr-rod-distance-{side}-{place}", 1.0
    if test.startswith("Spatial"):
        size, _, direction = name.lower().partition("mm ")
        reading = READINGS[test.rpartition(" ")[2]]
        return f"contrast response, {reading}", f"mr-contrast-response-{size}-{direction}", 1.0
    return fixed.get(name)


def either_truths(truths: Iterable[Truth]) -> Iterator[Truth]:
    """Yield one truth for each metric that was read in two ways: a value near either reading keeps it."""
    first: dict[str, Truth] = {}
    for truth in truths:
        one = first.setdefault(truth.metric, truth)
        if one is not truth:
            kind = one.group.rpartition(", ")[0]
            yield replace(one, group=f"{kind}, {EITHER}", other=truth.value)


SHEETS = {
    "Geo Dist": ("lengths", {8: "horizontal", 9: "vertical", 10: "diagonal-135", 11: "diagonal-45"}),
    "Slice Thickness": ("slice thickness", {8: "mr-slice-thickness"}),
    "Slice Pos": ("slice position", {8: "mr-slice-position-error"}),
    "Uniformity": ("uniformity", {8: "mr-percent-image-uniformity"}),
    "Ghosting": ("ghosting", {8: "mr-percent-signal-ghosting"}),
}
"""Columns of the hand values in the verification sheet, by its pages."""


def sheet_truths(sheets: Json) -> Iterator[Truth]:
    """Yield the hand values of the verification sheet (one scanner, T1 and T2)."""
    for page, (group, columns) in SHEETS.items():
        contrast = ""
        for row in sheets.get(page, ()):
            contrast = row[0] or contrast
            for column, name in columns.items():
                value = row[column] if column < len(row) else None
                if row[0] is None and contrast and isinstance(value, int | float):
                    yield _sheet_truth(contrast, group, _sheet_metric(name, str(row[7] or "")), float(value))


def _sheet_metric(name: str, label: str) -> str:
    slice_name = label.lower().replace(" ", "")
    if name in {"horizontal", "vertical", "diagonal-45", "diagonal-135"}:
        return f"mr-length-{name}-{slice_name}"
    return f"{name}-{slice_name}" if name.endswith("-error") else name


def _sheet_truth(contrast: str, group: str, metric: str, value: float) -> Truth:
    return Truth(
        group=f"medium: hand values, {group}",
        series=f"acr-mri-medium/scottish/Raigmore1_{contrast}",
        metric=metric,
        value=value,
        tolerance=HAND_TOLERANCE.get(metric, HAND_LENGTH_TOLERANCE_MM),
        source="verification sheet",
    )
