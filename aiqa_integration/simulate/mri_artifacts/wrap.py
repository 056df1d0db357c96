"""Wrap-around: what lies outside the field of view along the phase direction is folded in."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step, error_energy
from aiqa_integration.simulate.mri_artifacts.scan import Acquisition, Anatomy, PhaseAxis, cut, enlarged, grown

_SMALLEST_ZOOM = 0.5  # of the field of view: a smaller one would show the object's own blur


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrap(Disturbance):
    """A field of view smaller than the object along the phase direction; ``target`` of it is folded.

    ``side`` is the part of the fold that comes from the first rows or columns (0 to 1). Pixels stay square and as many
    as they were. An object too small to be folded on both sides lies off centre and is folded on one.
    """

    artifact: ClassVar[ArtifactId] = ArtifactId.WRAP
    stage: ClassVar[Stage] = Stage.PLAN
    side: float

    def plan(self, acquisition: Acquisition) -> Acquisition:
        """Return the acquisition without a field of view of its own."""
        return replace(acquisition, zoom=1.0)

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object folded; the error is that against the same field of view with oversampling."""
        axis = anatomy.phase_axis
        count = anatomy.signal.shape[axis]
        first, last = _extent(anatomy, axis)
        zoom = float(np.clip((last - first) / count / (1 + self.target), _SMALLEST_ZOOM, 1.0))
        scale = grown(count, zoom) / count
        if zoom > _SMALLEST_ZOOM:
            start = first * scale + self.side * ((last - first) * scale - count)
        elif self.side >= 0.5:
            start = first * scale + self.target * count
        else:
            start = last * scale - (1 + self.target) * count
        start = round(start)
        outside = max(start - first * scale, 0.0) + max(last * scale - start - count, 0.0)
        middle = sum(_extent(anatomy, anatomy.read_axis)) / 2 * scale - anatomy.signal.shape[anatomy.read_axis] / 2
        corner = (start, round(middle)) if axis == 1 else (round(middle), start)
        large, shape = enlarged(anatomy, zoom), anatomy.signal.shape[1:]
        folded = cut(large, corner, shape, folded=True)
        error = error_energy(folded, cut(large, corner, shape).signal, folded.signal)
        return Step(anatomy=folded, measure=outside / count, error=error)


def _extent(anatomy: Anatomy, axis: PhaseAxis) -> tuple[int, int]:
    """Return the first line of the object and the one after its last; the whole field of view where it is empty."""
    lines = np.flatnonzero(anatomy.foreground.any(axis=(0, 3 - axis)))
    return (int(lines[0]), int(lines[-1]) + 1) if lines.size else (0, anatomy.signal.shape[axis])
