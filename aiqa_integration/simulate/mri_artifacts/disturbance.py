"""What every disturbance has in common: it is drawn once, can be stored, and gives the same array when replayed."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import ClassVar

import numpy as np

from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId, severity_of
from aiqa_integration.model.finding import Severity
from aiqa_integration.simulate.mri_artifacts.scan import Acquisition, Anatomy, ComplexVolume, Volume, finish, prepare


class Stage(IntEnum):
    """When a disturbance acts, in the order of a scan."""

    PLAN = 0
    FAT = 1
    OBJECT = 2
    MOTION = 3
    ENCODING = 4
    SAMPLING = 5
    NOISE = 6
    INTERFERENCE = 7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """What a disturbance did: its measure as the catalogue defines it, the severity, where.

    ``error[z, y, x]`` is the square of the change that it made to the magnitude, in units of the object's mean signal.
    """

    artifact: ArtifactId
    measure: float
    severity: Severity
    error: Volume


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Corrupted(Effect):
    """The effect of one disturbance and the magnitude image ``voxels[z, y, x]`` that it left."""

    voxels: Volume


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """The object after a disturbance, its measure and its error."""

    anatomy: Anatomy
    measure: float
    error: Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance(ABC):
    """Parameters of one disturbance; ``target`` is the measure that it aims at on whatever it is applied to."""

    artifact: ClassVar[ArtifactId]
    stage: ClassVar[Stage]
    target: float

    def plan(self, acquisition: Acquisition) -> Acquisition:
        """Return the acquisition without what this disturbance puts in its own way."""
        return acquisition

    @abstractmethod
    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object as disturbed; ValueError where the object has not what it needs."""

    def apply(self, anatomy: Anatomy) -> Corrupted:
        """Return the scan of an object with only this disturbance."""
        voxels, (effect,) = corrupt(anatomy, [self])
        return Corrupted(
            artifact=effect.artifact,
            measure=effect.measure,
            severity=effect.severity,
            error=effect.error,
            voxels=voxels,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Undisturbed(Disturbance):
    """A disturbance of severity 0 of an artifact: it leaves the scan as it is."""

    stage: ClassVar[Stage] = Stage.NOISE
    of: ArtifactId

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object unchanged; of noise the measure is what the scan has without more of it."""
        measure = self.target
        if self.of is ArtifactId.LOW_SNR and anatomy.noise_sd > 0:
            measure = anatomy.reference / anatomy.noise_sd
        return Step(anatomy=anatomy, measure=measure, error=np.zeros(anatomy.signal.shape, np.float32))


def corrupt(anatomy: Anatomy, disturbances: Iterable[Disturbance]) -> tuple[Volume, tuple[Effect, ...]]:
    """Return the magnitude image of an object with disturbances, in the order of a scan, and what each of them did.

    The effects are in the order in which the disturbances are given.
    """
    given = tuple(disturbances)
    acquisition = anatomy.acquisition
    for disturbance in given:
        acquisition = disturbance.plan(acquisition)
    state = prepare(replace(anatomy, acquisition=acquisition))
    effects: dict[int, Effect] = {}
    for place in sorted(range(len(given)), key=lambda place: given[place].stage):
        step = given[place].disturb(state)
        state = step.anatomy
        effects[place] = _effect(given[place], step)
    return finish(state), tuple(effects[place] for place in range(len(given)))


def clean(anatomy: Anatomy) -> Volume:
    """Return the magnitude image of an object without disturbances."""
    return finish(prepare(anatomy))


def error_energy(anatomy: Anatomy, before: ComplexVolume, after: ComplexVolume) -> Volume:
    """Return the square of the change of the magnitude, in units of the object's mean signal."""
    change = (np.abs(after) - np.abs(before)) / np.float32(anatomy.reference)
    return np.asarray(change * change, np.float32)


def _effect(disturbance: Disturbance, step: Step) -> Effect:
    artifact = disturbance.of if isinstance(disturbance, Undisturbed) else disturbance.artifact
    severity: Severity = 0
    if not isinstance(disturbance, Undisturbed):
        severity = severity_of(ARTIFACTS_BY_ID[artifact], step.measure)
    return Effect(artifact=artifact, measure=step.measure, severity=severity, error=step.error)
