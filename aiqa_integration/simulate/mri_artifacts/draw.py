"""Draw a disturbance of each artifact at random, of a demanded severity."""

from collections.abc import Callable, Sequence

import numpy as np

from aiqa_integration.model.artifact import ARTIFACTS, ARTIFACTS_BY_ID, ArtifactId
from aiqa_integration.model.finding import Severity
from aiqa_integration.simulate.mri_artifacts.bias import Bias
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Undisturbed
from aiqa_integration.simulate.mri_artifacts.fat import ChemicalShift, FatSatFailure
from aiqa_integration.simulate.mri_artifacts.ghost import Ghost
from aiqa_integration.simulate.mri_artifacts.gibbs import Gibbs
from aiqa_integration.simulate.mri_artifacts.low_snr import LowSnr
from aiqa_integration.simulate.mri_artifacts.motion import Motion, Pose, ViewOrder
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy
from aiqa_integration.simulate.mri_artifacts.slice_dropout import MIN_SLICES, SliceDropout
from aiqa_integration.simulate.mri_artifacts.spike import Spike, SpikePoint
from aiqa_integration.simulate.mri_artifacts.susceptibility import Susceptibility
from aiqa_integration.simulate.mri_artifacts.wrap import Wrap
from aiqa_integration.simulate.mri_artifacts.zipper import Zipper

WORST: dict[ArtifactId, float] = {
    ArtifactId.MOTION: 0.6,
    ArtifactId.GHOST: 0.4,
    ArtifactId.WRAP: 0.3,
    ArtifactId.GIBBS: 0.16,
    ArtifactId.SPIKE: 0.4,
    ArtifactId.ZIPPER: 30.0,
    ArtifactId.BIAS: 0.9,
    ArtifactId.LOW_SNR: 3.0,
    ArtifactId.SUSCEPTIBILITY: 0.15,
    ArtifactId.FAT_SAT_FAILURE: 0.95,
    ArtifactId.CHEMICAL_SHIFT: 8.0,
    ArtifactId.SLICE_DROPOUT: 0.95,
}
"""The measure up to which severity 3 is drawn: beyond, nobody would call the scan a scan."""

_MARGIN = 0.06  # of the logarithmic width of a severity that is left free at both ends
_UNDISTURBED = {ArtifactId.GIBBS: 0.5, ArtifactId.LOW_SNR: 1000.0}


def draw_artifact(
    artifact: ArtifactId, rng: np.random.Generator, severity: Severity | None = None, *, shape: Sequence[int]
) -> Disturbance:
    """Return a random disturbance of an artifact for a stack of ``shape`` (z, y, x).

    ``severity`` None draws one of 1 to 3; 0 leaves the scan as it is. ValueError where the stack can't have the
    artifact (see ``possible``).
    """
    if artifact == ArtifactId.SLICE_DROPOUT and shape[0] < MIN_SLICES:
        raise ValueError(f"{artifact} needs at least {MIN_SLICES} slices, not {shape[0]}")
    if severity == 0:
        return Undisturbed(of=artifact, target=_UNDISTURBED.get(artifact, 0.0))
    return _DRAWERS[artifact](rng, _target(artifact, rng, severity or int(rng.integers(1, 4))), shape)


def possible(anatomy: Anatomy) -> tuple[ArtifactId, ...]:
    """Return which artifacts an object can have: fat must show to be shifted, be suppressed to fail."""
    fat = anatomy.fat is not None and bool(anatomy.fat.max() > 0.05 * anatomy.reference)
    without = set() if len(anatomy.signal) >= MIN_SLICES else {ArtifactId.SLICE_DROPOUT}
    if not (fat and anatomy.fat_suppressed):
        without.add(ArtifactId.FAT_SAT_FAILURE)
    if not fat or anatomy.fat_suppressed:
        without.add(ArtifactId.CHEMICAL_SHIFT)
    return tuple(artifact.id for artifact in ARTIFACTS if artifact.id not in without)


def _target(artifact: ArtifactId, rng: np.random.Generator, severity: int) -> float:
    """Return a measure of the severity, even on a logarithmic scale and clear of its ends."""
    ends = np.log([*ARTIFACTS_BY_ID[artifact].anchors, WORST[artifact]])
    low, high = ends[severity - 1], ends[severity]
    return float(np.exp(low + (high - low) * rng.uniform(_MARGIN, 1 - _MARGIN)))


def _motion(rng: np.random.Generator, target: float, shape: Sequence[int]) -> Motion:
    count = int(rng.integers(1, 5))
    turns = float(rng.choice([0.0, 0.5, 1.5])) * rng.normal(0, 1, 2)
    across = float(rng.choice([0.0, 0.1, 0.3])) if shape[0] > 1 else 0.0
    along = np.abs(rng.normal(0, 1, 2)) + 0.1
    poses: list[Pose] = []
    for k in range(count):
        y, x = rng.normal(0, 1, 2) * along
        poses.append((float(y), float(x), across * float(rng.normal()), float(turns[k % 2])))
    orders: tuple[ViewOrder, ...] = ("sequential", "sequential", "interleaved", "centre-out")
    order = orders[int(rng.integers(4))]
    return Motion(
        target=target,
        times=_motion_times(rng, target, count, order),
        poses=tuple(poses),
        order=order,
        shots=int(rng.integers(2, 9)),
        drifting=bool(rng.random() < 0.25),
    )


def _motion_times(rng: np.random.Generator, target: float, count: int, order: ViewOrder) -> tuple[float, ...]:
    """Return when poses change: the worse the motion, the nearer must one change be to the centre of k-space."""
    near = float(np.clip(0.02 / target, 0.02, 0.4))
    centre = (
        float(rng.uniform(0.02, 0.02 + 2 * near)) if order == "centre-out" else 0.5 + float(rng.uniform(-near, near))
    )
    return tuple(sorted([centre, *(float(time) for time in rng.uniform(0.05, 0.95, count - 1))]))


def _ghost(rng: np.random.Generator, target: float, shape: Sequence[int]) -> Ghost:
    del shape
    start, seed = float(rng.uniform(0, 2 * np.pi)), int(rng.integers(2**31))
    if rng.random() < 0.3:
        return Ghost(target=target, kind="odd-even", period=2.0, start_rad=0.0)
    period = float(rng.choice([2.0, 3.0, 4.0, rng.uniform(2.2, 40.0), rng.uniform(2.2, 40.0)]))
    part = None
    if rng.random() < 0.35:
        part = (float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.02, 0.12)))
    return Ghost(
        target=target,
        kind="amplitude" if rng.random() < 0.5 else "phase",
        period=period,
        start_rad=0.0 if period == 2.0 else start,
        wander_rad=0.0 if period == 2.0 else float(rng.choice([0.0, rng.uniform(0, 0.3)])),
        part=part,
        seed=seed,
    )


def _wrap(rng: np.random.Generator, target: float, shape: Sequence[int]) -> Wrap:
    del shape
    return Wrap(target=target, side=float(rng.choice([0.0, 1.0, rng.uniform(0.2, 0.8)])))


def _gibbs(rng: np.random.Generator, target: float, shape: Sequence[int]) -> Gibbs:
    del shape
    return Gibbs(target=target, both=bool(rng.random() < 0.6))


def _spike(rng: np.random.Generator, target: float, shape: Sequence[int]) -> Spike:
    points = []
    for k in range(int(rng.choice([1, 1, 1, 2, 3])) * (1 + int(rng.random() * shape[0] / 4))):
        radius, angle = float(rng.uniform(0.08, 0.8)), float(rng.uniform(0, 2 * np.pi))
        points.append(
            SpikePoint(
                row=radius * float(np.sin(angle)),
                column=radius * float(np.cos(angle)),
                slice_place=float(rng.random()),
                size=1.0 if k == 0 else float(rng.uniform(0.3, 1.0)),
                phase_rad=float(rng.uniform(0, 2 * np.pi)),
            )
        )
    return Spike(target=target, points=tuple(points))


def _zipper(rng: np.random.Generator, target: float, shape: Sequence[int]) -> Zipper:
    del shape
    return Zipper(
        target=target,
        places=tuple(float(place) for place in rng.uniform(0.03, 0.97, 1 + int(rng.random() < 0.25))),
        width_px=float(rng.choice([0.0, 0.0, rng.uniform(0, 3)])),
        slices_hit=float(rng.choice([1.0, 1.0, rng.uniform(0.1, 1)])),
        seed=int(rng.integers(2**31)),
    )


def _bias(rng: np.random.Generator, target: float, shape: Sequence[int]) -> Bias:
    del shape
    return Bias(
        target=target,
        kind="coil" if rng.random() < 0.4 else "smooth",
        order=int(rng.integers(1, 4)),
        seed=int(rng.integers(2**31)),
    )


def _low_snr(rng: np.random.Generator, target: float, shape: Sequence[int]) -> LowSnr:
    del rng, shape
    return LowSnr(target=target)


def _susceptibility(rng: np.random.Generator, target: float, shape: Sequence[int]) -> Susceptibility:
    del shape
    return Susceptibility(
        target=target,
        place=float(rng.random()),
        radius=float(np.sqrt(target / np.pi) * rng.uniform(0.2, 0.7)),
        field_deg=float(rng.uniform(0, 180)),
        shift_px=float(rng.choice([-1, 1]) * rng.uniform(0.3, 6.0)),
    )


def _fat_sat(rng: np.random.Generator, target: float, shape: Sequence[int]) -> FatSatFailure:
    del shape
    return FatSatFailure(
        target=target,
        softness=float(np.exp(rng.uniform(np.log(0.05), np.log(1.0)))),
        seed=int(rng.integers(2**31)),
        order=int(rng.integers(1, 7)),
    )


def _chemical_shift(rng: np.random.Generator, target: float, shape: Sequence[int]) -> ChemicalShift:
    del shape
    return ChemicalShift(target=target, sign=int(rng.choice([-1, 1])))


def _slice_dropout(rng: np.random.Generator, target: float, shape: Sequence[int]) -> SliceDropout:
    if rng.random() < 0.4:
        shares = (1.0, *(float(share) for share in rng.uniform(0.85, 1.0, 4)))
        return SliceDropout(target=target, shares=shares, parity=int(rng.integers(2)))
    count = int(rng.integers(1, max(2, 1 + shape[0] // 4)))
    shares = (1.0, *(float(share) for share in rng.uniform(0.3, 1.0, count - 1)))
    return SliceDropout(target=target, places=tuple(float(place) for place in rng.random(count)), shares=shares)


_DRAWERS: dict[ArtifactId, Callable[[np.random.Generator, float, Sequence[int]], Disturbance]] = {
    ArtifactId.MOTION: _motion,
    ArtifactId.GHOST: _ghost,
    ArtifactId.WRAP: _wrap,
    ArtifactId.GIBBS: _gibbs,
    ArtifactId.SPIKE: _spike,
    ArtifactId.ZIPPER: _zipper,
    ArtifactId.BIAS: _bias,
    ArtifactId.LOW_SNR: _low_snr,
    ArtifactId.SUSCEPTIBILITY: _susceptibility,
    ArtifactId.FAT_SAT_FAILURE: _fat_sat,
    ArtifactId.CHEMICAL_SHIFT: _chemical_shift,
    ArtifactId.SLICE_DROPOUT: _slice_dropout,
}
