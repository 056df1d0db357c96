"""The frozen test cases: clean unseen series, the same with artifacts, and images that are no MR scan of a patient.

Fixed before any training, with their seeds. Only what the network is given is kept, in a folder outside the project.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.artifact_detection.inputs import series_metrics, slice_channels, slice_metrics
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.draw import draw_artifact, possible
from aiqa_integration.simulate.mri_artifacts.scan import anatomy_of
from scripts import agreed_simulators
from scripts.dataset import pooled_energy
from scripts.disturbed import CannotBeMade, Operator
from scripts.formula_artifacts import suppressed
from scripts.second_simulators import made
from scripts.stack_measures import acquired
from scripts.unseen import Series

SEED = 41_202_611
REPEATS = 2
SEVERITIES = (1, 2, 3)
DROPOUT_SLICES = 9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A stack as the network is given it, and what is true of it.

    ``source`` is "clean", "fat-suppressed" (a clean stack whose bright rim was taken away), "acquired" (a clean stack
    without interpolation), "other hands", "agreed" (the same artifacts, and "agreed suppressed" stacks, by
    scripts/agreed_simulators.py) or "own";
    ``energy[slice, 24, 24]`` the true map.
    """

    series: str
    head: bool
    source: str
    artifact: str
    severity: int
    measure: float
    image: NDArray[np.float16]
    metrics: NDArray[np.float32]
    stack: NDArray[np.float32]
    energy: NDArray[np.float32]


def case(
    series: Series,
    voxels: NDArray[np.float32],
    source: str,
    *,
    artifact: str = "",
    severity: int = 0,
    measure: float = 0.0,
    change: NDArray[np.float32] | None = None,
) -> Case:
    """Return a stack as a case; the direction of phase encoding is not told."""
    pixel = (float(series.spacing_mm[1]), float(series.spacing_mm[2]))
    layers = np.zeros_like(voxels) if change is None else change
    return Case(
        series=series.name,
        head=series.head,
        source=source,
        artifact=artifact,
        severity=severity,
        measure=measure,
        image=np.stack([slice_channels(z) for z in voxels]).astype(np.float16),
        metrics=np.stack([slice_metrics(z, pixel_mm=pixel, phase_axis=None) for z in voxels]),
        stack=series_metrics(voxels, pixel, None),
        energy=np.stack([pooled_energy(layer**2) for layer in layers]),
    )


def clean_cases(series: Series) -> Iterator[Case]:
    """Yield every block of a series as it is, and mirrored; and with the fat suppressed where it is bright."""
    for block in series.blocks():
        yield case(series, block, "clean")
        yield case(series, np.ascontiguousarray(block[:, ::-1, ::-1]), "clean")
        try:
            yield case(series, suppressed(block, series.spacing_mm), "fat-suppressed")
        except CannotBeMade:
            continue


def acquired_cases(series: Series) -> Iterator[Case]:
    """Yield every block of a series without the empty rim of its k-space: the images that truncation starts from."""
    for block in series.blocks():
        yield case(series, acquired(block), "acquired")


def disturbed_cases(series: Series) -> Iterator[Case]:
    """Yield the series with each artifact at each severity, made by other hands; what can't be made is left out."""
    return _disturbed(series, "other hands", tuple(ArtifactId), None)


def agreed_cases(series: Series) -> Iterator[Case]:
    """Yield the artifacts that scripts/agreed_simulators.py makes once more, and what it suppresses."""
    for block in series.blocks():
        try:
            yield case(series, agreed_simulators.suppressed(block, series.spacing_mm), "agreed suppressed")
        except CannotBeMade:
            continue
    made_again = tuple(agreed_simulators.OPERATORS)
    yield from _disturbed(series, "agreed", made_again, agreed_simulators.OPERATORS)


def _disturbed(
    series: Series, source: str, artifacts: Iterable[ArtifactId], operators: Mapping[ArtifactId, Operator] | None
) -> Iterator[Case]:
    for artifact in artifacts:
        blocks = series.blocks(DROPOUT_SLICES) if artifact is ArtifactId.SLICE_DROPOUT else series.blocks()
        for severity in SEVERITIES:
            for repeat in range(REPEATS):
                seed = (SEED, zlib.crc32(f"{series.name} {artifact}".encode()), severity, repeat)
                block = blocks[(severity + repeat) % len(blocks)]
                try:
                    found = made(artifact, block, series.spacing_mm, severity, seed, operators)
                except CannotBeMade:
                    continue
                yield case(
                    series,
                    found.voxels,
                    source,
                    artifact=artifact,
                    severity=severity,
                    measure=found.measure,
                    change=found.change,
                )


def own_cases(series: Series) -> Iterator[Case]:
    """Yield the series with artifacts of the training's simulator; not those that need a map of fat."""
    for artifact in ArtifactId:
        blocks = series.blocks(DROPOUT_SLICES) if artifact is ArtifactId.SLICE_DROPOUT else series.blocks()
        for severity in SEVERITIES[1:]:
            rng = np.random.default_rng((SEED, zlib.crc32(f"own {series.name} {artifact}".encode()), severity))
            block = blocks[severity % len(blocks)]
            anatomy = anatomy_of(block, pixel_mm=series.spacing_mm[1], slice_mm=series.spacing_mm[0])
            if artifact not in possible(anatomy):
                continue
            found = draw_artifact(artifact, rng, severity, shape=block.shape).apply(anatomy)
            yield case(
                series,
                found.voxels,
                "own",
                artifact=artifact,
                severity=found.severity,
                measure=found.measure,
                change=np.sqrt(found.error),
            )


def kept_cases(path: Path, draw: Iterable[Case]) -> list[Case]:
    """Return cases from a file, drawn and kept first where it is not there."""
    if not path.exists():
        given = {
            f"{place}.{name}": np.asarray(getattr(one, name))
            for place, one in enumerate(draw)
            for name in Case.__slots__
        }
        np.savez_compressed(path, **given)
    with np.load(path) as arrays:
        count = 1 + max(int(key.partition(".")[0]) for key in arrays.files)
        return [Case(**{name: _plain(arrays[f"{place}.{name}"]) for name in Case.__slots__}) for place in range(count)]


def _plain(value: NDArray[Any]) -> Any:  # noqa: ANN401
    return value if value.ndim else value.item()
