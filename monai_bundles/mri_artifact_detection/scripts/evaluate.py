"""Measures the sealed bundle on what it was not trained on: ``python -m scripts.evaluate --data ../../../shared/data``.

The cases (scripts/cases.py, scripts/second_simulators.py, scripts/unseen.py, scripts/strange.py) were fixed before
training. The figures go to metadata.json and the model card by hand. A stack is six neighbouring slices of a series
(nine for dropped slices), scored as a series is. Needs torchio and nibabel (development only).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.artifact_detection.gate import likeness
from aiqa_integration.artifact_detection.inputs import series_metrics, slice_channels, slice_metrics
from aiqa_integration.artifact_detection.pool import CLASSES, pool, slice_levels
from aiqa_integration.infer.bundle import Bundle
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId
from aiqa_integration.model.finding import ALERTED_SEVERITY
from scripts.agreed_simulators import OPERATORS as MADE_AGAIN
from scripts.agreed_simulators import noise_floor
from scripts.cases import Case, acquired_cases, agreed_cases, clean_cases, disturbed_cases, kept_cases, own_cases
from scripts.scores import auc, calibration_error
from scripts.scores import likeness as map_likeness
from scripts.second_simulators import LIBRARY
from scripts.stack_measures import object_signal
from scripts.strange import real_images, strange_stacks
from scripts.unseen import Series, unseen_series

PARTS = ("severity", "picture", "quality")
BASELINE = 0.944
"""Mean area of the feasibility experiment's fusion, nine classes."""
_DROPOUT = ArtifactId.SLICE_DROPOUT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """A case and what the bundle says: probability of severity 2 or more by part, per slice and per stack."""

    case: Case
    slices: dict[str, NDArray[np.float64]]
    stack: dict[str, NDArray[np.float64]]
    severity: NDArray[np.int_]
    turned_away: bool
    maps: NDArray[np.float32]


def scored(runner: BundleRunner, name: str, case: Case) -> Scored:
    """Return what the bundle says of a case."""
    outputs = runner.run(
        name,
        {
            "image": case.image.astype(np.float32),
            "metrics": case.metrics,
            "series": np.repeat(case.stack[None], len(case.image), axis=0),
        },
    )
    slices, stack = {}, {}
    for part in PARTS:
        found = pool(outputs | {"severity": outputs[part]})
        slices[part] = slice_levels(outputs[part])[:, :, 1].copy()
        slices[part][:, CLASSES.index(_DROPOUT)] = outputs["dropped"][0, 1]
        stack[part] = np.array([one.probability for one in found])
    return Scored(
        case=case,
        slices=slices,
        stack=stack,
        severity=np.array([one.severity for one in pool(outputs)]),
        turned_away=not likeness(outputs).scored,
        maps=outputs["energy"],
    )


def shown_itself(series: Series) -> frozenset[ArtifactId]:
    """Return the artifacts that a "clean" series has by the catalogue's measure: fat's shift, noise that limits."""
    shows = set()
    if series.fat_shift_px is not None and series.fat_shift_px >= ARTIFACTS_BY_ID[ArtifactId.CHEMICAL_SHIFT].anchors[0]:
        shows.add(ArtifactId.CHEMICAL_SHIFT)
    least = min(object_signal(block) / noise_floor(block) for block in series.blocks())
    if least < ARTIFACTS_BY_ID[ArtifactId.LOW_SNR].anchors[1]:
        shows.add(ArtifactId.LOW_SNR)
    return frozenset(shows)


def agreed(found: Sequence[Scored], itself: Mapping[str, frozenset[ArtifactId]]) -> list[Scored]:
    """Return the cases of the second protocol, whose labels agree with the catalogue, named as the first one's are.

    Artifacts made once more take the place of their first making; truncation is told from the series without
    interpolation; a series that shows an artifact itself is no case of it, neither with it nor clean of it.
    """
    chosen = []
    for one in found:
        case, artifact = one.case, one.case.artifact
        if case.source == "agreed":
            case = replace(case, source="other hands")
        elif case.source == "agreed suppressed":
            case = replace(case, source="fat-suppressed")
        elif case.source == "fat-suppressed" or (case.source == "other hands" and artifact in MADE_AGAIN):
            continue
        if artifact and artifact in itself[case.series]:
            continue
        chosen.append(replace(one, case=case))
    return chosen


def class_table(
    found: Sequence[Scored], source: str, itself: Mapping[str, frozenset[ArtifactId]] | None = None
) -> dict[str, dict[str, float]]:
    """Return by class the areas under the curve, of stacks and slices: against clean ones, against all without it.

    ``itself`` is given for the second protocol: what each series shows as it is.
    """
    table = {}
    for place, artifact in enumerate(CLASSES):
        clean = _negatives(found, artifact)
        if itself is not None:
            clean = [s for s in clean if artifact not in itself[s.case.series]]
            if artifact is ArtifactId.GIBBS:
                clean = [s for s in found if s.case.source == "acquired"]
        positive = [
            s for s in found if s.case.source == source and s.case.artifact == artifact and s.case.severity >= 2
        ]
        others = [s for s in found if s.case.source == source and s.case.artifact != artifact]
        if not positive or not clean:
            continue
        row = {"stacks": float(len(positive)), "slices": float(sum(len(s.case.image) for s in positive))}
        for part in PARTS:
            row[part] = _area(positive, clean, part, place)
        row["slice"] = _area(positive, clean, "severity", place, slices=True)
        row["one-vs-rest"] = _area(positive, clean + others, "severity", place)
        row["map"] = float(np.median([m for s in positive for m in _map_likeness(s, place)]))
        minor = [s for s in found if s.case.source == source and s.case.artifact == artifact and s.case.severity == 1]
        row["minor alerted"] = float(np.mean([_alerts(s, place) for s in minor])) if minor else float("nan")
        row["alerted"] = float(np.mean([_alerts(s, place) for s in positive]))
        truth = np.array([s.case.severity for s in positive])
        row["severity right"] = float(np.mean(truth == [s.severity[place] for s in positive]))
        table[str(artifact)] = row
    keys = (
        "severity",
        "picture",
        "quality",
        "slice",
        "one-vs-rest",
        "map",
        "minor alerted",
        "alerted",
        "severity right",
    )
    table["mean"] = {key: float(np.nanmean([row[key] for row in table.values()])) for key in keys}
    return table


def _negatives(found: Sequence[Scored], artifact: ArtifactId) -> list[Scored]:
    source = "fat-suppressed" if artifact is ArtifactId.FAT_SAT_FAILURE else "clean"
    return [s for s in found if s.case.source == source]


def _area(
    positive: Sequence[Scored], negative: Sequence[Scored], part: str, place: int, *, slices: bool = False
) -> float:
    def values(group: Sequence[Scored]) -> NDArray[np.float64]:
        if slices:
            return np.concatenate([s.slices[part][:, place] for s in group])
        return np.array([s.stack[part][place] for s in group])

    one, other = values(positive), values(negative)
    truth = np.concatenate([np.ones(len(one), bool), np.zeros(len(other), bool)])
    return auc(truth, np.concatenate([one, other]))


def _map_likeness(one: Scored, place: int) -> list[float]:
    return [map_likeness(one.maps[k, place], one.case.energy[k]) for k in range(len(one.case.energy))]


def _alerts(one: Scored, place: int) -> bool:
    """Return whether a person would be told, on a scanner where the class is active."""
    return not one.turned_away and one.severity[place] >= ALERTED_SEVERITY


def truncation_table(found: Sequence[Scored]) -> dict[str, float]:
    """Return the area of truncated stacks against the same ones whose interpolation alone was taken away.

    Interpolated series are truncated ones: against them as they are the class is asked to call them clean.
    """
    place = CLASSES.index(ArtifactId.GIBBS)
    positive = [s for s in found if s.case.source == "other hands" and s.case.artifact == ArtifactId.GIBBS]
    positive = [s for s in positive if s.case.severity >= 2]
    negative = [s for s in found if s.case.source == "acquired"]
    areas = {part: _area(positive, negative, part, place) for part in PARTS}
    return areas | {"called": float(np.mean([_alerts(s, place) for s in negative]))}


def real_table(runner: BundleRunner, name: str, data: Path) -> dict[str, dict[str, object]]:
    """Return by real image what its authors call it and what the bundle says."""
    table: dict[str, dict[str, object]] = {}
    for title, label, image in real_images(data):
        pixel = (1.0, 1.0)
        inputs = {
            "image": slice_channels(image)[None],
            "metrics": slice_metrics(image, pixel_mm=pixel, phase_axis=None)[None],
            "series": series_metrics(image[None], pixel, None)[None],
        }
        outputs = runner.run(name, inputs)
        like, said = likeness(outputs), sorted(pool(outputs), key=lambda one: -one.probability)[:4]
        shown = {str(one.artifact): round(one.probability, 2) for one in said}
        table[title] = {"label": label, "unlike": like.unlike, "assessable": like.assessable, "most likely": shown}
    return table


def group_table(found: Sequence[Scored]) -> dict[str, dict[str, float]]:
    """Return by series the mean over the classes of the area between its disturbed and its clean slices."""
    table = {}
    for name in sorted({s.case.series for s in found}):
        own = [s for s in found if s.case.series == name]
        areas = {}
        for place, artifact in enumerate(CLASSES):
            positive = [
                s
                for s in own
                if s.case.source == "other hands" and s.case.artifact == artifact and s.case.severity >= 2
            ]
            if positive and _negatives(own, artifact):
                areas[artifact] = _area(positive, _negatives(own, artifact), "severity", place, slices=True)
        clean = [s for s in own if s.case.source == "clean"]
        worst = min(areas, key=areas.__getitem__)
        table[name] = {
            "mean": float(np.mean(list(areas.values()))),
            "worst class": areas[worst],
            "worst": str(worst),  # type: ignore[dict-item]
            "classes": float(len(areas)),
            "clean stacks": float(len(clean)),
            "clean alerted": float(np.mean([any(_alerts(s, k) for k in _applicable()) for s in clean])),
            "turned away": float(np.mean([s.turned_away for s in clean])),
        }
    return table


def _applicable() -> list[int]:
    """Return the classes that a series without fat suppression can have."""
    return [k for k, artifact in enumerate(CLASSES) if artifact is not ArtifactId.FAT_SAT_FAILURE]


def clean_table(found: Sequence[Scored]) -> dict[str, float]:
    """Return how often clean stacks are called, by class and at all."""
    clean = [s for s in found if s.case.source == "clean"]
    called = np.array([[_alerts(s, place) for place in range(len(CLASSES))] for s in clean])
    rates = {str(artifact): float(called[:, place].mean()) for place, artifact in enumerate(CLASSES)}
    return rates | {"any": float(called[:, _applicable()].any(axis=1).mean()), "stacks": float(len(clean))}


def calibration_table(found: Sequence[Scored]) -> dict[str, float]:
    """Return the calibration error, and accuracy by coverage of wider and wider bands in which nothing is said."""
    used = [s for s in found if s.case.source in {"clean", "other hands"} and not s.turned_away]
    pairs = [
        (s.case.artifact == artifact and s.case.severity >= 2, s.stack["severity"][place])
        for s in used
        for place, artifact in enumerate(CLASSES)
        if artifact is not ArtifactId.FAT_SAT_FAILURE or s.case.artifact == artifact
    ]
    truth, said = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    table = {"calibration error": calibration_error(truth, said)}
    top = np.array([s.stack["severity"][_applicable()].max() for s in used])
    any_true = np.array([s.case.severity >= 2 for s in used])
    for low, high in ((0.5, 0.5), (0.4, 0.6), (0.3, 0.7), (0.2, 0.8), (0.1, 0.9), (0.05, 0.95)):
        decided = (top < low) | (top >= high)
        right = (top[decided] >= high) == any_true[decided]
        table[f"any artifact, band {low}-{high}: coverage"] = float(decided.mean())
        table[f"any artifact, band {low}-{high}: accuracy"] = float(right.mean())
    return table


def strange_table(runner: BundleRunner, name: str, data: Path) -> dict[str, dict[str, float]]:
    """Return by kind how many stacks there are and how many of them are not scored; prints those that are."""
    counts: dict[str, list[bool]] = {}
    for kind, title, voxels, pixel_mm in strange_stacks(data):
        pixel = (pixel_mm, pixel_mm)
        stack = series_metrics(voxels, pixel, None)
        outputs = runner.run(
            name,
            {
                "image": np.stack([slice_channels(image) for image in voxels]),
                "metrics": np.stack([slice_metrics(image, pixel_mm=pixel, phase_axis=None) for image in voxels]),
                "series": np.repeat(stack[None], len(voxels), axis=0),
            },
        )
        like = likeness(outputs)
        counts.setdefault(kind, []).append(not like.scored)
        if like.scored:
            print(f"scored: {kind} {title} unlike {like.unlike:.2f} assessable {like.assessable:.2f}", flush=True)
    return {kind: {"stacks": float(len(seen)), "not scored": float(np.mean(seen))} for kind, seen in counts.items()}


def show(title: str, table: dict[str, object]) -> None:
    """Print a table, one row a line."""
    print(f"== {title}")
    for row, values in table.items():
        shown = values
        if isinstance(values, dict):
            shown = {key: round(v, 3) if isinstance(v, float) else v for key, v in values.items()}
        print(f"{row:28s} {json.dumps(shown)}", flush=True)


def main() -> None:
    """Draw or read the cases, score them, print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder shared/data")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "artifact-cases")
    parser.add_argument("--draw-only", action="store_true", help="draw the cases and stop")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    cases: list[Case] = []
    itself: dict[str, frozenset[ArtifactId]] = {}
    for series in unseen_series(options.data / "mr-clinical"):
        started = time.monotonic()
        itself[series.name] = shown_itself(series)
        for kind, draw in (
            ("clean", clean_cases),
            ("other-hands", disturbed_cases),
            ("own", own_cases),
            ("acquired", acquired_cases),
            ("agreed", agreed_cases),
        ):
            cases.extend(kept_cases(options.cache / f"{series.name}-{kind}.npz", draw(series)))
        print(f"{series.name}: {len(cases)} cases so far, {time.monotonic() - started:.0f} s", flush=True)
    if options.draw_only:
        return
    folder = Path(__file__).resolve().parents[1]
    runner = BundleRunner({folder.name: Bundle(name=folder.name, folder=folder)})
    found = [scored(runner, folder.name, case) for case in cases]
    print(f"shown by clean series themselves: { {name: sorted(shown) for name, shown in itself.items() if shown} }")
    print(f"artifacts by other hands: {LIBRARY}; the others by scripts/second_simulators.py")
    heads = [s for s in found if s.case.head]
    for title, group in (("heads", heads), ("heads, wrist and thorax", found)):
        show(f"{title}: artifacts by other hands", {**class_table(group, "other hands"), "baseline": BASELINE})
        show(f"{title}: labels by the catalogue", {**class_table(agreed(group, itself), "other hands", itself)})
        show(f"{title}: clean stacks that are called", {**clean_table(group)})
        show(f"{title}: truncation against no interpolation", {**truncation_table(group)})
        show(f"{title}: calibration", {**calibration_table(group)})
    show("heads: artifacts by the training's simulator", {**class_table(heads, "own")})
    show("by series", {**group_table(found)})
    show("no MR scan of a patient", {**strange_table(runner, folder.name, options.data)})
    show("real artifacts", {**real_table(runner, folder.name, options.data)})
    scopes = {str(artifact): ARTIFACTS_BY_ID[artifact].scope for artifact in CLASSES}
    print(f"scopes {scopes}")


if __name__ == "__main__":
    main()
