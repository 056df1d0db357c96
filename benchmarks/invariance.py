"""Do values depend on how a phantom is presented? Real or simulated series, each shown in many ways, every metric.

A change is given in units of the combined expanded uncertainty of both values (k = 2): above 1 the value depends on
the presentation. Metrics are those of the phantom definitions, whatever they are. A value marked * is defined for the
pixels of an image, or by a ghost that stays with the scanner's axes when a phantom turns: turned or resampled by
computation it is another quantity, and a change is no fault.

python -m benchmarks.invariance FOLDER [--only TEXT] [--show NAME ...]
"""

import argparse
import logging
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pydicom
import structlog
from numpy.typing import NDArray
from scipy.ndimage import rotate

from aiqa_integration.dicom.files import group_files
from aiqa_integration.dicom.volume import DicomSeriesReader
from aiqa_integration.errors import AiqaError, InputError
from aiqa_integration.infer.bundle import find_bundles
from aiqa_integration.infer.run import BundleRunner
from aiqa_integration.model.measurement import Measured, Measurement
from aiqa_integration.model.phantom import LocatedPhantom, PhantomImages
from aiqa_integration.pipeline.infer import find_phantom
from aiqa_integration.pipeline.measure import measure_phantom
from aiqa_integration.pipeline.ports import LoadedSeries

ANALYSIS = "acr-mri-phantom"
Voxels = NDArray[np.float32]
OTHER_PIXELS = frozenset({"22°", "512", "192", "128"})
PER_PIXEL = ("mr-snr", "mr-contrast-response", "mr-high-contrast-resolution")
"""Their definitions speak of the image's own pixels."""
PER_AXIS = ("mr-percent-signal-ghosting",)
"""A ghost lies along the phase-encoding axis, whatever a phantom does: an image turned askew shows it where none is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What an analysis made of one presentation."""

    located: LocatedPhantom
    measurements: Mapping[str, Measurement]


@dataclass(slots=True)
class Tally:
    """What became of the presentations of one kind."""

    tried: int = 0
    found: int = 0
    numbered: int = 0
    largest: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    within: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    lost: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    notes: list[str] = field(default_factory=list)


def turned_22(series: LoadedSeries) -> LoadedSeries:
    """Turn every slice by 22° about the image centre; the image must have square pixels."""
    stack = series.stack
    axes = (1, 2)
    voxels = rotate(stack.voxels, 22.0, axes=axes, reshape=False, order=5, mode="reflect").astype(np.float32)
    return replace(series, stack=replace(stack, voxels=np.maximum(voxels, 0.0)))


def turned_90(series: LoadedSeries) -> LoadedSeries:
    """Turn every slice by a quarter turn, and the phase encoding with it."""
    stack, header = series.stack, series.header
    slices_mm, rows_mm, columns_mm = stack.spacing_mm
    other = {"ROW": "COLUMN", "COLUMN": "ROW", None: None}[header.phase_encoding]
    voxels = np.ascontiguousarray(np.rot90(stack.voxels, axes=(1, 2)))
    return replace(
        series,
        stack=replace(stack, voxels=voxels, spacing_mm=(slices_mm, columns_mm, rows_mm)),
        header=replace(header, phase_encoding=other),
    )


def turned_180(series: LoadedSeries) -> LoadedSeries:
    """Turn every slice by half a turn."""
    return turned_90(turned_90(series))


def mirrored(series: LoadedSeries) -> LoadedSeries:
    """Exchange left and right."""
    return replace(series, stack=replace(series.stack, voxels=np.ascontiguousarray(series.stack.voxels[:, :, ::-1])))


def shifted(series: LoadedSeries) -> LoadedSeries:
    """Move every slice 15 mm to the right; what leaves the image comes in at the other side."""
    voxels = np.roll(series.stack.voxels, round(15.0 / series.stack.spacing_mm[2]), axis=2)
    return replace(series, stack=replace(series.stack, voxels=voxels))


def louder(series: LoadedSeries) -> LoadedSeries:
    """Multiply all values by 4."""
    return replace(series, stack=replace(series.stack, voxels=4 * series.stack.voxels))


def resampled(matrix: int) -> Callable[[LoadedSeries], LoadedSeries]:
    """Return what zero-fills k-space to a matrix, or cuts it, of the longer side; the field of view stays.

    A scanner does so before it takes the magnitude. Here the ringing in the air is folded up already, and rings anew.
    """

    def resample(series: LoadedSeries) -> LoadedSeries:
        stack = series.stack
        rows, columns = stack.voxels.shape[1:]
        shape = (
            2 * round(rows * matrix / max(rows, columns) / 2),
            2 * round(columns * matrix / max(rows, columns) / 2),
        )
        voxels = np.stack([_resampled(image, shape) for image in stack.voxels])
        spacing = (stack.spacing_mm[1] * rows / shape[0], stack.spacing_mm[2] * columns / shape[1])
        return replace(series, stack=replace(stack, voxels=voxels, spacing_mm=(stack.spacing_mm[0], *spacing)))

    return resample


def _resampled(image: Voxels, shape: tuple[int, int]) -> Voxels:
    """Return an image whose k-space is cut or filled with zeros to a shape [row, column], values kept."""
    spectrum = np.fft.fftshift(np.fft.fft2(image))
    kept = [min(old, new) for old, new in zip(image.shape, shape, strict=True)]
    target = np.zeros(shape, np.complex128)
    cuts = [
        tuple(
            slice(size // 2 - part // 2, size // 2 - part // 2 + part) for size, part in zip(sizes, kept, strict=True)
        )
        for sizes in (image.shape, shape)
    ]
    target[cuts[1]] = spectrum[cuts[0]]
    whole = np.fft.ifft2(np.fft.ifftshift(target)) * (shape[0] * shape[1] / image.size)
    return np.abs(whole).astype(np.float32)


def reversed_order(series: LoadedSeries) -> LoadedSeries:
    """Lay the phantom in the other way round: the first slice becomes the last."""
    return replace(series, stack=replace(series.stack, voxels=np.ascontiguousarray(series.stack.voxels[::-1])))


def as_is(series: LoadedSeries) -> LoadedSeries:
    """Return the series."""
    return series


def shuffled(series: LoadedSeries) -> LoadedSeries:
    """Write the files under other names with other instance numbers, and read them again."""
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{place}.dcm") for place in rng.permutation(len(series.files))]
        for number, (old, new) in enumerate(zip(series.files, files, strict=True)):
            instance = pydicom.dcmread(old)
            instance.InstanceNumber = int(rng.integers(1, 1000)) * 100 + number
            instance.save_as(new)
        return DicomSeriesReader().load(files)


PRESENTATIONS: Mapping[str, Callable[[LoadedSeries], LoadedSeries]] = {
    "as is": as_is,
    "22°": turned_22,
    "90°": turned_90,
    "180°": turned_180,
    "mirror": mirrored,
    "15 mm": shifted,
    "x 4": louder,
    "512": resampled(512),
    "192": resampled(192),
    "128": resampled(128),
    "reversed": reversed_order,
    "numbers": shuffled,
}


def main() -> int:
    """Print for each presentation how many series are found, and how far values change; 1 unless all are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="only files whose path contains this")
    parser.add_argument("--show", nargs="+", choices=list(PRESENTATIONS), default=list(PRESENTATIONS))
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    runner, tallies = BundleRunner(find_bundles()), {name: Tally() for name in options.show}
    number = 0
    for name, series in _series(options.folder, options.only):
        original = _seen(series, runner)
        if isinstance(original, str):
            print(f"{name}: refused: {original}")
            continue
        number += 1
        for kind, tally in tallies.items():
            _count(tally, original, _seen(PRESENTATIONS[kind](series), runner), f"{name}, {kind}")
    _print(tallies)
    print(f"{number} series")
    return 0 if number and all(tally.found == tally.numbered == tally.tried for tally in tallies.values()) else 1


def _series(folder: Path, only: str) -> Iterator[tuple[str, LoadedSeries]]:
    for group in group_files([folder]):
        files = [path for path in group.files if only in str(path)]
        if group.error is not None or not files:
            continue
        try:
            yield str(files[0].parent.relative_to(folder)), DicomSeriesReader().load(files)
        except InputError as error:
            print(f"{files[0].parent.name}: {error}")


def _seen(series: LoadedSeries, runner: BundleRunner) -> Seen | str:
    try:
        phantom, located, _ = find_phantom(series, ANALYSIS, runner)
    except AiqaError as error:
        return str(error)
    found = measure_phantom(PhantomImages(stack=series.stack, header=series.header, located=located), phantom)
    return Seen(located=located, measurements={one.metric.id: one for one in found})


def _count(tally: Tally, original: Seen, seen: Seen | str, name: str) -> None:
    """Count how a presentation fares: phantom found, slices right, changes in units of the combined uncertainty."""
    tally.tried += 1
    if isinstance(seen, str):
        tally.notes.append(f"{name}: {seen}")
        return
    tally.found += 1
    last = max(original.located.poses, default=0)
    expected = dict(original.located.slices)
    if name.endswith("reversed"):
        expected = {slice_number: last - place for slice_number, place in expected.items()}
    tally.numbered += dict(seen.located.slices) == expected and seen.located.phantom == original.located.phantom
    for metric, before in original.measurements.items():
        after = seen.measurements.get(metric)
        if not isinstance(before, Measured):
            continue
        if not isinstance(after, Measured):
            tally.lost[metric] += 1
            tally.notes.append(f"{name}: {metric}: {after.detail if after else 'not listed'}")
            continue
        combined = float(np.hypot(before.uncertainty or 0.0, after.uncertainty or 0.0))
        change = abs(after.quantity.value - before.quantity.value)
        ratio = change / combined if combined else (0.0 if change == 0 else float("inf"))
        tally.within[metric].append(ratio <= 1)
        tally.largest[metric] = max(tally.largest[metric], ratio)
        if ratio > 1:
            tally.notes.append(
                f"{name}: {metric} {before.quantity.value:.3f} -> {after.quantity.value:.3f}, {combined:.3f} allowed"
            )


def _print(tallies: Mapping[str, Tally]) -> None:
    """Print the tallies, a column a presentation."""
    rows = {
        "": list(tallies),
        "found": [f"{tally.found}/{tally.tried}" for tally in tallies.values()],
        "slices right": [f"{tally.numbered}/{tally.tried}" for tally in tallies.values()],
    }
    for title, cells in rows.items():
        print(f"{title:32}", *(f"{cell:>12}" for cell in cells))
    metrics = sorted({metric for tally in tallies.values() for metric in (*tally.largest, *tally.lost)})
    print("\nLargest change in units of the combined uncertainty, share of series within it, values lost:")
    for metric in metrics:
        marked = (
            f"{_cell(tally, metric)}{'*' if _other_quantity(metric, kind) else ''}" for kind, tally in tallies.items()
        )
        print(f"{metric:32}", *(f"{cell:>12}" for cell in marked))
    for tally in tallies.values():
        for note in tally.notes:
            print(note)


def _other_quantity(metric: str, kind: str) -> bool:
    """Return whether a presentation makes another quantity of a metric, by its definition."""
    return (metric.startswith(PER_PIXEL) and kind in OTHER_PIXELS) or (metric.startswith(PER_AXIS) and kind == "22°")


def _cell(tally: Tally, metric: str) -> str:
    within = tally.within[metric]
    lost = f" -{tally.lost[metric]}" if tally.lost[metric] else ""
    return f"{tally.largest[metric]:.2f} {100 * np.mean(within):.0f}%{lost}" if within else lost.strip()


if __name__ == "__main__":
    sys.exit(main())
