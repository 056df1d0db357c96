"""Simulated slices with artifacts of known severity, as the network is given them; and pictures that are no MR scan.

Anatomies are random label maps, and heads around the MNI template where nilearn is installed. No real image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.artifact_detection.inputs import series_metrics, slice_channels, slice_metrics
from aiqa_integration.artifact_detection.pool import CLASSES
from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.model.finding import Severity
from aiqa_integration.simulate.canvas import Field
from aiqa_integration.simulate.label_maps import MOST_LEFT, draw_anatomy
from aiqa_integration.simulate.mri_artifacts.disturbance import corrupt
from aiqa_integration.simulate.mri_artifacts.draw import draw_artifact, possible
from aiqa_integration.simulate.mri_artifacts.scan import Acquisition, Anatomy, anatomy_of
from scripts.brain_maps import draw_head, draw_real_head, heads_at, maps_at
from scripts.image_finish import Finish
from scripts.not_mr import draw_not_mr
from scripts.other_scans import patches, scanned_again
from scripts.real_heads import Head

ENERGY_GRID = 24
NOT_MR_SHARE = 0.35
"""Of the draws; an object is scanned four times, two slices each, so that it is one picture in fifteen."""
SCANS = 4
STACK, AGAIN_SHARE, CLEAN_SHARE = 6, 0.7, 0.4
"""Slices of a stack on which series are judged, share of them scanned another way, share of those left clean."""
HEAD_SHARE, REAL_SHARE = 0.35, 0.2
"""Shares of anatomies around the template, where it is installed, and of real heads, where there are some."""
FAILED_SHARE, SUPPRESSED_SCANS, LEAST_FAT = 0.45, 3, 0.05
"""Of scans drawn to tell failed fat suppression: share with a failure (``CLEAN_SHARE`` with nothing, the others with
another artifact), scans of an object, least of its brightest fat over its mean signal."""
COUNTS = (0.36, 0.42, 0.15, 0.07)
"""How often a stack has none, one, two, three artifacts."""
SCALE = 170.0
"""Channels are kept as bytes: 1.5, the most that they hold, is 255."""
UNKNOWN = -1
HARDLY, MOSTLY = 0.05, 0.6
"""Root of a slice's part of an artifact's change, over the worst slice's: below it has none, above all of it."""
_FAT_FAILURE = CLASSES.index(ArtifactId.FAT_SAT_FAILURE)
_NUISANCES = (ArtifactId.BIAS, ArtifactId.LOW_SNR, ArtifactId.GHOST, ArtifactId.SPIKE, ArtifactId.ZIPPER)
_SIDES = (64, 96, 128, 160, 192, 192, 224, 256, 256, 256, 288, 320, 320, 384, 448)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """What the network is given of a slice and what it should say.

    ``severity`` is 0 to 3 for each class, UNKNOWN where a slice can't tell, and of failed fat suppression where fat was
    not suppressed, since in use the class is asked for only where a header says that it was; ``energy[class, 24, 24]``
    is the size of the change over its largest; ``mr`` whether it is an MR image of a patient at all; ``stack`` the
    severity of each class in the stack that the slice is of.
    """

    image: NDArray[np.uint8]
    metrics: NDArray[np.float32]
    severity: NDArray[np.int8]
    energy: NDArray[np.float16]
    mr: bool
    stack: NDArray[np.int8]


def draw_samples(rng: np.random.Generator, maps: Path | None) -> Iterator[Sample]:
    """Yield the samples of one drawn stack: the slices of an MR scan, or one picture of something else."""
    if rng.random() < NOT_MR_SHARE:
        image, pixel_mm = draw_not_mr(rng)
        yield picture_sample(image, pixel_mm)
        return
    anatomy = random_anatomy(rng, maps, slices=2)
    for scan in range(SCANS):
        again = anatomy if scan == 0 else scanned_again(rng, anatomy)
        yield from _scanned(rng, again, _draw_disturbances(rng, again))


def draw_suppressed(rng: np.random.Generator, maps: Path | None, *, slices: int, scans: int) -> Iterator[Sample]:
    """Yield the slices of scans with fat suppression of one drawn object: what failed suppression is told from.

    None where the object shows no fat.
    """
    anatomy = random_anatomy(rng, maps, slices=slices)
    if anatomy.fat is None or anatomy.fat.max() <= LEAST_FAT * anatomy.reference:
        return
    for _ in range(scans):
        again = scanned_again(rng, anatomy)
        again = again.suppressed(rng.uniform(0, MOST_LEFT) * patches(rng, anatomy.fat.shape))
        yield from _scanned(rng, again, _failure_or_other(rng, again))


def draw_stack(rng: np.random.Generator, maps: Path | None) -> Iterator[Sample]:
    """Yield the slices of one drawn scan of six, with one artifact at most: what series are judged by."""
    anatomy = random_anatomy(rng, maps, slices=STACK)
    if rng.random() < AGAIN_SHARE:
        anatomy = scanned_again(rng, anatomy)
    chosen = [] if rng.random() < CLEAN_SHARE else _draw_disturbances(rng, anatomy)[:1]
    yield from _scanned(rng, anatomy, chosen)


def draw_real_stack(rng: np.random.Generator, heads: Sequence[Head], *, suppressed: bool = False) -> Iterator[Sample]:
    """Yield six slices of a real head as its scanner left it, with one artifact at most: what limits are set by.

    ``suppressed``: fat of all is suppressed, as ``draw_suppressed`` draws; each head's has to shine.
    """
    head = heads[int(rng.integers(len(heads)))]
    even = max(head.spacing_mm) < 1.5 * min(head.spacing_mm)
    axis = int(rng.integers(3)) if even else int(np.argmax(head.spacing_mm))
    voxels, fat = (np.moveaxis(volume, axis, 0) for volume in (head.voxels, head.fat))
    order = [axis, *(other for other in range(3) if other != axis)]
    spacing = [head.spacing_mm[k] for k in order]
    area = (voxels > 0.15 * np.percentile(voxels, 99.5)).mean(axis=(1, 2))
    full = np.flatnonzero(area > 0.5 * area.max())
    first = int(rng.integers(full[0], max(full[-1] - STACK + 2, full[0] + 1)))
    place = slice(first, first + STACK), *(slice(None, None, int(rng.choice([-1, 1]))) for _ in range(2))
    found = anatomy_of(np.ascontiguousarray(voxels[place]), pixel_mm=spacing[2], slice_mm=min(spacing[0], 8.0))
    anatomy = replace(
        found,
        fat=np.ascontiguousarray(fat[place]) if head.fat_shines else None,
        phase_axis=1 if rng.random() < 0.5 else 2,
        acquisition=Acquisition(seed=int(rng.integers(2**31)), fat_phase_rad=float(rng.choice([0.0, 1.5, 3.1]))),
    )
    if len(anatomy.signal) < STACK:
        return
    if head.fat_shines and (suppressed or rng.random() < 0.3):
        anatomy = anatomy.suppressed(float(rng.uniform(0, MOST_LEFT)))
    if suppressed:
        chosen = _failure_or_other(rng, anatomy)
    else:
        chosen = [] if rng.random() < CLEAN_SHARE else _draw_disturbances(rng, anatomy)[:1]
    if any(artifact is ArtifactId.ZIPPER for artifact, _ in chosen):
        anatomy = replace(anatomy, noise_sd=anatomy.reference / 80)
    yield from _scanned(rng, anatomy, chosen, Finish.none())


def _scanned(
    rng: np.random.Generator,
    anatomy: Anatomy,
    chosen: list[tuple[ArtifactId, Severity]],
    given: Finish | None = None,
) -> Iterator[Sample]:
    """Yield the slices of one scan of an object; none where it can't have what was drawn."""
    try:
        voxels, effects = corrupt(anatomy, [draw_artifact(a, rng, s, shape=anatomy.signal.shape) for a, s in chosen])
    except ValueError:
        return
    if not all(np.isfinite(part).all() for part in (voxels, *(effect.error for effect in effects))):
        return
    phase = None if rng.random() < 0.5 else anatomy.phase_axis - 1
    finish = given or Finish.drawn(rng, voxels.shape[1:])
    for z, image in enumerate(voxels):
        found = {e.artifact: (in_slice(e.severity, e.error, z), finish.geometry(e.error[z])) for e in effects}
        sample = _sample(finish.applied(image), anatomy.pixel_mm / finish.scale, phase, found, mr=True)
        stack = _levels({e.artifact: e.severity for e in effects})
        if not anatomy.fat_suppressed:
            sample.severity[_FAT_FAILURE] = stack[_FAT_FAILURE] = UNKNOWN
        yield replace(sample, stack=stack)


def in_slice(severity: int, error: Field, z: int) -> int:
    """Return the severity of a stack's artifact in one of its slices: none where that has hardly any of the change.

    Spikes and zippers hit some slices only; where a slice has a lesser part of the change its severity is UNKNOWN.
    """
    amount = error.sum(axis=(1, 2))
    share = float(np.sqrt(amount[z] / amount.max())) if amount.max() > 0 else 1.0
    if share < HARDLY:
        return 0
    return severity if share >= MOSTLY else UNKNOWN


def random_anatomy(rng: np.random.Generator, maps: Path | None, *, slices: int) -> Anatomy:
    """Return an object to scan, of any matrix, at times a rectangular one."""
    rows = int(rng.choice(_SIDES))
    columns = rows if rng.random() < 0.7 else int(rows * rng.uniform(0.65, 1.0)) // 2 * 2
    shape = (slices, rows, columns) if rng.random() < 0.5 else (slices, columns, rows)
    loaded = None if maps is None else maps_at(maps)
    chosen = rng.random()
    if loaded is None or chosen > HEAD_SHARE + REAL_SHARE:
        return draw_anatomy(rng, shape=shape)
    pixel, thickness = float(rng.uniform(205, 285)) / max(shape), float(rng.uniform(1, 6))
    heads = () if maps is None else heads_at(maps)
    if heads and chosen > HEAD_SHARE:
        return draw_real_head(rng, heads[int(rng.integers(len(heads)))], shape, pixel, thickness)
    return draw_head(rng, loaded, shape, pixel, thickness)


def _draw_disturbances(rng: np.random.Generator, anatomy: Anatomy) -> list[tuple[ArtifactId, Severity]]:
    """Return which artifacts the stack gets and how bad; never dropped slices, which a slice can't show."""
    allowed = [artifact for artifact in possible(anatomy) if artifact is not ArtifactId.SLICE_DROPOUT]
    rare = {ArtifactId.FAT_SAT_FAILURE: 3.0, ArtifactId.CHEMICAL_SHIFT: 2.5}
    weight = np.array([rare.get(artifact, 1.0) for artifact in allowed])
    count = int(rng.choice(len(COUNTS), p=COUNTS))
    places = rng.choice(len(allowed), size=count, replace=False, p=weight / weight.sum())
    levels: tuple[Severity, ...] = (1, 2, 3)
    return [(allowed[int(place)], levels[int(rng.choice(3, p=(0.3, 0.37, 0.33)))]) for place in places]


def _failure_or_other(rng: np.random.Generator, anatomy: Anatomy) -> list[tuple[ArtifactId, Severity]]:
    """Return nothing, a failure of the suppression or another artifact, how bad it is."""
    kind = rng.random()
    if kind < CLEAN_SHARE:
        return []
    if kind < CLEAN_SHARE + FAILED_SHARE:
        levels: tuple[Severity, ...] = (1, 2, 3)
        return [(ArtifactId.FAT_SAT_FAILURE, levels[int(rng.integers(3))])]
    return [one for one in _draw_disturbances(rng, anatomy) if one[0] is not ArtifactId.FAT_SAT_FAILURE][:1]


def picture_sample(image: Field, pixel_mm: float) -> Sample:
    """Return a picture that is no MR scan of a patient as a sample."""
    return _sample(image, pixel_mm, None, {}, mr=False)


def _sample(
    image: Field, pixel_mm: float, phase: int | None, found: dict[ArtifactId, tuple[int, Field]], *, mr: bool
) -> Sample:
    energy = np.zeros((len(CLASSES), ENERGY_GRID, ENERGY_GRID), np.float16)
    for artifact, (_, error) in found.items():
        energy[CLASSES.index(artifact)] = pooled_energy(error)
    return Sample(
        image=np.asarray(np.rint(slice_channels(image) * SCALE), np.uint8),
        metrics=slice_metrics(image, pixel_mm=(pixel_mm, pixel_mm), phase_axis=phase),
        severity=_levels({artifact: level for artifact, (level, _) in found.items()}),
        energy=energy,
        mr=mr,
        stack=_levels({}),
    )


def _levels(found: dict[ArtifactId, int]) -> NDArray[np.int8]:
    levels = [UNKNOWN if artifact is ArtifactId.SLICE_DROPOUT else found.get(artifact, 0) for artifact in CLASSES]
    return np.array(levels, np.int8)


def pooled_energy(square: Field) -> NDArray[np.float32]:
    """Return the root of a squared change averaged to 24 x 24 cells, over its largest (0 where there is none)."""
    rows, columns = (_cells(count) for count in square.shape)
    root = np.sqrt(np.maximum(rows @ square.astype(np.float32) @ columns.T, 0))
    return np.asarray(root / (root.max() or 1.0), np.float32)


def _cells(count: int) -> Field:
    edges = np.arange(ENERGY_GRID + 1) * count / ENERGY_GRID
    place = np.arange(count)
    share = np.minimum(edges[1:, None], place + 1) - np.maximum(edges[:-1, None], place)
    return np.asarray(np.clip(share, 0, 1) * ENERGY_GRID / count, np.float32)


def draw_series(rng: np.random.Generator, maps: Path | None) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Yield series metrics and severity of dropped slices, of stacks of one object with and without them."""
    side, slices = int(rng.choice((64, 96, 128))), int(rng.integers(5, 15))
    loaded = None if maps is None else maps_at(maps)
    if loaded is None or rng.random() < 0.5:
        anatomy = draw_anatomy(rng, shape=(slices, side, side))
    else:
        anatomy = draw_head(rng, loaded, (slices, side, side), 240.0 / side, float(rng.uniform(1, 11)))
    levels: tuple[Severity, ...] = (0, 0, 1, 2, 3)
    for level in levels:
        scan = scanned_again(rng, anatomy)
        drawn = [draw_artifact(ArtifactId.SLICE_DROPOUT, rng, level, shape=scan.signal.shape)]
        if rng.random() < 0.3:
            other = _NUISANCES[int(rng.integers(len(_NUISANCES)))]
            drawn.append(draw_artifact(other, rng, None, shape=scan.signal.shape))
        voxels, effects = corrupt(scan, drawn)
        if np.isfinite(voxels).all():
            yield series_metrics(voxels, (scan.pixel_mm, scan.pixel_mm), scan.phase_axis - 1), effects[0].severity
