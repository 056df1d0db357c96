"""Contrast responses of the medium phantom beside the publishers' hand values: which reading, how far apart, within U?

Every hole array of the series with a test document gets a line: the value and its U; the hand value whose peaks and
troughs a person placed ("points"), the one read off the profile that the publishers' program averages across the row
("profile"); the same reading by AIQA of such a profile; and where the value moves to when the whole row is moved by up
to half a pixel along and across. Below it the counts within the publishers' tolerance, of one reading against another.

--points is the folder MedACRTestingSetAndResults of the publishers' repository (NHSH-MRI-Physics,
Scottish-Medium-ACR-Analysis-Framework): it keeps the places that the person marked, and repeated marks of one array.

python -m benchmarks.contrast_response --data ../shared/data [--points FOLDER]
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from aiqa_integration.cli.table import print_table
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.infer.bundle import find_bundles
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.metrics.high_contrast_resolution.block import LINES, Block, HoleArray, find_block
from aiqa_integration.metrics.high_contrast_resolution.lines import POINTS_PER_PITCH, peaks_and_troughs
from aiqa_integration.model.measurement import Measured, Measurement
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.sampling import FloatArray, PhantomSlice, sample, slice_of, to_pixels
from aiqa_integration.phantoms import acr_mri_medium
from aiqa_integration.pipeline.infer import find_phantom
from aiqa_integration.pipeline.measure import measure_phantom

TOLERANCE = 0.08
"""The publishers', of software against hand (test document)."""
ANALYSIS = "acr-mri-phantom"
PROFILE_LINES = np.array([-0.3, -0.1, 0.1, 0.3])
"""Lines that the publishers' program averages, in parts of the distance of two rows from the middle of one."""
SHIFTS = np.linspace(-0.5, 0.5, 11)
"""Of a whole row, in pixels."""
MARKED = {
    "ForthValley_AxT1": "ForthValleyResults",
    "Gartnavel_AxT1": "Gartnavel",
    "Raigmore1_AxT2": "Raig 1 T2",
    "Shetland_AxT1": "Shetland Ax T1",
}
"""Series and the folder of their marks."""
MARKED_TEN_TIMES = "ForthValley_AxT1"
MARKS = 2 * LINES - 1
"""Peak, trough, … peak of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """A published pair of readings of one array: by hand, and by the publishers' program."""

    by_hand: float
    by_program: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One array in one direction: the readings, and lowest and highest value with the row moved by half a pixel.

    ``marks_off`` is how far the marked peaks lie from the holes, (along the row, across it) in pixels.
    """

    series: str
    size: str
    direction: str
    value: float
    u: float
    points: Hand
    profile: Hand
    as_profile: float
    moved: tuple[float, float]
    at_marks: float | None
    marks_off: FloatArray | None


def main() -> int:
    """Measure the series, print the table and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds acr-mri-medium")
    parser.add_argument("--points", type=Path, help="the publishers' folder MedACRTestingSetAndResults")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    folder = arguments.data / "acr-mri-medium"
    reference = json.loads((folder / "acr_medium_reference.json").read_text("utf-8"))["series"]
    rows: list[Row] = []
    for name, entry in reference.items():
        hands = published(entry.get("test_document", {}).get("rows", ()))
        if hands:
            sl, found = measured(folder / name)
            rows += series_rows(name.rpartition("/")[2], sl, found, hands, arguments.points)
            if arguments.points and name.endswith(MARKED_TEN_TIMES):
                print_repeats(sl, arguments.points / "SpatialResTolerance")
    print_rows(rows)
    print_counts(rows)
    return 0


def published(rows: Iterable[dict[str, str | float]]) -> dict[tuple[str, str, str], Hand]:
    """Return the published readings by (Manual or Automatic, hole size, direction)."""
    hands = {}
    for row in rows:
        test, _, kind = str(row["test"]).rpartition(" ")
        if test.startswith("Spatial"):
            size, _, direction = str(row["measurement"]).partition("mm ")
            hands[kind, size, direction] = Hand(by_hand=float(row["manual"]), by_program=float(row["software"]))
    return hands


def measured(folder: Path) -> tuple[PhantomSlice, dict[str, Measurement]]:
    """Return slice 1 of a series and all its measurements by id."""
    series = DicomSeriesReader().load(sorted(path for path in folder.iterdir() if path.is_file()))
    phantom, located, _ = find_phantom(series, ANALYSIS, BundleRunner(find_bundles()))
    images = PhantomImages(stack=series.stack, header=series.header, located=located)
    sl = slice_of(images, 1)
    if sl is None:
        raise SystemExit(f"{folder.name}: no slice 1")
    return sl, {one.metric.id: one for one in measure_phantom(images, phantom)}


def series_rows(
    name: str,
    sl: PhantomSlice,
    found: dict[str, Measurement],
    hands: dict[tuple[str, str, str], Hand],
    marks: Path | None,
) -> Iterator[Row]:
    """Yield a series' rows; none where AIQA gave no value."""
    block = find_block(sl, acr_mri_medium.HOLE_ARRAYS, diameter_mm=acr_mri_medium.DIAMETER_MM)
    if not isinstance(block, Block):
        return
    for array in block.arrays:
        size = f"{array.diameter_mm:.1f}"
        places = None if marks is None else marked(marks / "SpatialResTesting" / MARKED[name] / f"{size}mmImageJ.csv")
        for number, direction in enumerate(("Horizontal", "Vertical")):
            one = found[f"mr-contrast-response-{size}-{direction.lower()}"]
            row_marks = None if places is None else places[number * MARKS : (number + 1) * MARKS]
            if isinstance(one, Measured):
                yield Row(
                    series=name,
                    size=size,
                    direction=direction.lower(),
                    value=one.quantity.value,
                    u=one.uncertainty or 0.0,
                    points=hands["Manual", size, direction],
                    profile=hands["Automatic", size, direction],
                    as_profile=of_profiles(sl, array, columns=bool(number)),
                    moved=moved_range(sl, array, columns=bool(number)),
                    at_marks=None if row_marks is None else at_marks(sl, row_marks),
                    marks_off=None if row_marks is None else marks_off(sl, array, row_marks, columns=bool(number)),
                )


def response(peaks: FloatArray, troughs: FloatArray) -> float:
    """Return mean peak less mean trough, over mean peak."""
    return float(1.0 - troughs.mean() / peaks.mean())


def of_profiles(sl: PhantomSlice, array: HoleArray, *, columns: bool) -> float:
    """Return the best row's response at the extremes, near holes and middles, of a profile averaged across the row."""
    pitch = 2 * array.diameter_mm
    steps = np.arange(-POINTS_PER_PITCH, LINES * POINTS_PER_PITCH + 1) / POINTS_PER_PITCH
    best = -np.inf
    for number in range(LINES):
        u, v = array.column(number) if columns else array.row(number)
        first, across = (v[0], u[0]) if columns else (u[0], v[0])
        along, beside = np.meshgrid(first + pitch * steps, across + pitch * PROFILE_LINES)
        places = (beside, along) if columns else (along, beside)
        values, _ = sample(sl.image, *to_pixels(sl.pose, *places))
        best = max(best, response(*peaks_and_troughs(values.mean(axis=0))))
    return best


def moved_range(sl: PhantomSlice, array: HoleArray, *, columns: bool) -> tuple[float, float]:
    """Return the lowest and the highest value of the best row, all rows moved together by up to half a pixel."""
    across, down = (grid.ravel()[:, None] for grid in np.meshgrid(SHIFTS, SHIFTS))
    best = np.full(across.size, -np.inf)
    for number in range(LINES):
        u, v = array.column(number) if columns else array.row(number)
        signals = []
        for points in ((u, v), ((u[1:] + u[:-1]) / 2, (v[1:] + v[:-1]) / 2)):
            x, y = to_pixels(sl.pose, *points)
            signals.append(sample(sl.image, x + across, y + down)[0].mean(axis=1))
        best = np.maximum(best, 1.0 - signals[1] / signals[0])
    return float(best.min()), float(best.max())


def marked(file: Path) -> FloatArray:
    """Return the marks of a file, (column, row) each, in the order peak, trough, … of a row and then a column."""
    return np.asarray(np.loadtxt(file, delimiter=",", skiprows=1, ndmin=2)[:, 1:3], np.float64)


def at_marks(sl: PhantomSlice, marks: FloatArray) -> float:
    """Return the response at seven marks, linear between the pixels."""
    values, _ = sample(sl.image, marks[:, 0], marks[:, 1])
    return response(values[0::2], values[1::2])


def marks_off(sl: PhantomSlice, array: HoleArray, marks: FloatArray, *, columns: bool) -> FloatArray:
    """Return how far the marked peaks lie from the holes of the nearest row, [(along, across)] in pixels."""
    rows = [array.column(number) if columns else array.row(number) for number in range(LINES)]
    off = [marks[0::2] - np.stack(to_pixels(sl.pose, *row), axis=1) for row in rows]
    nearest = min(off, key=lambda distances: float(np.sum(distances**2)))
    return nearest[:, ::-1] if columns else nearest


def print_repeats(sl: PhantomSlice, folder: Path) -> None:
    """Print how far the response of one column moves when it is marked again and again."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv")
    values = [at_marks(sl, marked(file)) for file in files]
    print(
        f"one column of {MARKED_TEN_TIMES} marked {len(values)} times: {min(values):.3f} to "
        f"{max(values):.3f}, SD {np.std(values):.3f} (three of it: {3 * np.std(values):.3f})\n"
    )


def print_rows(rows: Sequence[Row]) -> None:
    """Print a line for each array."""
    columns = ("series", "array", "AIQA ± U", "hand, points", "hand, profile", "AIQA, profile", "moved", "at the marks")
    print(f"| {' | '.join(columns)} |")
    print("|---" * len(columns) + "|")
    for row in rows:
        marks = "" if row.at_marks is None else f"{row.at_marks:.3f}"
        print(
            f"| {row.series} | {row.size} mm {row.direction} | {row.value:.3f} ± {row.u:.2f} "
            f"| {row.points.by_hand:.3f} | {row.profile.by_hand:.3f} | {row.as_profile:.3f} "
            f"| {row.moved[0]:.3f} to {row.moved[1]:.3f} | {marks} |"
        )
    print()


def print_counts(rows: Sequence[Row]) -> None:
    """Print how often one reading lies within the tolerance of another, and within U."""
    value, u, as_profile, points, profile = (
        np.array(column)
        for column in zip(
            *((r.value, r.u, r.as_profile, r.points.by_hand, r.profile.by_hand) for r in rows), strict=True
        )
    )
    nearer = np.where(np.abs(value - points) < np.abs(value - profile), points, profile)
    again = np.array([row.points.by_program for row in rows])
    program = np.array([row.profile.by_program for row in rows])
    pairs = (
        ("AIQA and hand, points", value, points),
        ("AIQA and hand, profile", value, profile),
        ("AIQA and the nearer of the two", value, nearer),
        ("hand, points and hand, profile", points, profile),
        ("hand, points and points marked in the publishers' program", points, again),
        ("hand, profile and the publishers' program", profile, program),
        ("AIQA of a profile and hand, profile", as_profile, profile),
        ("AIQA of a profile and the publishers' program", as_profile, program),
        ("AIQA of a profile and hand, points", as_profile, points),
    )
    print_table(
        ("", "within 0.08", "within U", "mean difference", "root mean square"),
        [
            (
                name,
                f"{np.sum(np.abs(one - other) <= TOLERANCE)}/{len(rows)}",
                f"{np.sum(np.abs(one - other) <= u)}/{len(rows)}",
                f"{np.mean(one - other):+.3f}",
                f"{np.sqrt(np.mean((one - other) ** 2)):.3f}",
            )
            for name, one, other in pairs
        ],
    )
    low, high = (np.array([row.moved[end] for row in rows]) for end in (0, 1))
    within = [np.sum((low <= hand) & (hand <= high)) for hand in (points, profile)]
    print(
        f"\nU {u.min():.2f} to {u.max():.2f}, median {np.median(u):.2f}; moved by half a pixel: half the range is "
        f"{np.median(high - low) / 2:.2f} (median) and holds {within[0]} and {within[1]} of the hand values"
    )
    if all(row.at_marks is not None for row in rows):
        print_marks(rows, points)


def print_marks(rows: Sequence[Row], points: FloatArray) -> None:
    """Print how well the values at the marks repeat the published ones, and where the marks lie."""
    marks = np.array([row.at_marks for row in rows])
    apart = np.abs(np.abs(marks) - points)
    off = np.concatenate([row.marks_off for row in rows if row.marks_off is not None])
    print(
        f"at the marks: within {np.max(apart):.3f} of all hand values without their sign, "
        f"median {np.median(apart):.3f}; {np.sum(marks < 0)} are negative\n"
        f"marked peaks from the holes, pixels: mean {off[:, 0].mean():+.2f} along and {off[:, 1].mean():+.2f} across, "
        f"SD {off[:, 0].std():.2f} and {off[:, 1].std():.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
