"""The catalogue's own measure of an artifact, taken in the image: the network says where and what, physics how much.

An artifact limits reading from an anchor of its measure on (``model/artifact.py``). Where that measure can be taken in
this image and stays short of the anchor by more than it can be off, the network's word alone does not alert. Of the
other classes no measure is as good as that; where there is no air, or no clear step, there is none in this image.

How far a measure can be off was found against the values that the simulator returns, on limiting stacks of drawn
anatomies and of the bundle's five development heads, those not resampled after the scan: the quantile of 5 % on the
side of the artifact, of the two the wider, rounded outwards. A shift of fat is the header's, not read in the image:
some headers have the bandwidth of a pixel, others that of one sampled twice as densely.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.artifact_detection.air import level_in_air, signal_to_noise
from aiqa_integration.artifact_detection.fat_shift import FAT_SHIFT
from aiqa_integration.artifact_detection.figures import beside, capital, evidence, value_text
from aiqa_integration.artifact_detection.lines import brightest_line
from aiqa_integration.artifact_detection.slice_profile import LEAST_SLICES, lost_slices
from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId, severity_of
from aiqa_integration.model.finding import ALERTED_SEVERITY, Evidence
from aiqa_integration.model.quantity import ONE, PERCENT, Unit

Volume = NDArray[np.float32]
Metrics = Mapping[str, NDArray[np.floating]]
Readings = NDArray[np.float64]
"""By slice: the measure as it is read, and the value nearest to the artifact that it may stand for; NaN for none."""

MOST_READ = 5
"""Slices that are measured at most, the worst by the network."""
_OF_ALL = frozenset({ArtifactId.SLICE_DROPOUT, ArtifactId.CHEMICAL_SHIFT})
"""Artifacts that are measured once in a series, not by slice."""
_DIRECTIONS = ("phase", "read", "radial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How a measure is told, ``{phrase} {value} {after}``, and how far it can be off.

    The value nearest to the artifact is ``factor`` times what is read, less ``lines`` of k-space. Of a ``bound`` the
    artifact is at most as bad as is read: edges and ghosts in the air count, too, so that it is told only where it is
    short of the anchor.
    """

    metric: str
    phrase: str
    after: str = ""
    unit: Unit = ONE
    decimals: int = 1
    shown_as: float = 1.0
    factor: float = 1.0
    lines: float = 0.0
    bound: bool = False


MEASURES: Mapping[ArtifactId, Measure] = {
    ArtifactId.GIBBS: Measure(
        metric="mr-mark-k-space-filled",
        phrase="k-space filled to",
        after=" of its radius",
        unit=PERCENT,
        decimals=0,
        shown_as=200.0,
        lines=2.5,
    ),
    ArtifactId.SPIKE: Measure(
        metric="mr-mark-air-level",
        phrase="air, in which stripes show in full,",
        after=" of the object's signal",
        unit=PERCENT,
        shown_as=100.0,
        factor=1 / 0.65,
        bound=True,
    ),
    ArtifactId.ZIPPER: Measure(
        metric="mr-mark-line-level",
        phrase="brightest line in the air",
        after=" times the background's spread",
        factor=1 / 0.83,
        bound=True,
    ),
    ArtifactId.LOW_SNR: Measure(
        metric="mr-mark-air-snr",
        phrase="signal-to-noise ratio by the air",
        factor=1 / 1.15,
    ),
    ArtifactId.CHEMICAL_SHIFT: Measure(
        metric=FAT_SHIFT, phrase="by the header fat is shifted by", after=" pixels", factor=2.0
    ),
    ArtifactId.SLICE_DROPOUT: Measure(
        metric="mr-mark-slice-loss",
        phrase="largest loss of a slice",
        unit=PERCENT,
        shown_as=100.0,
        factor=1 / 0.95,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An artifact's measure in the slices that stand for a series, the worst of them; None for all of them together."""

    artifact: ArtifactId
    value: float
    nearest: float
    slice_index: int | None

    @property
    def denies(self) -> bool:
        """Whether the artifact does not limit reading by its measure, as far as that can be off."""
        return severity_of(ARTIFACTS_BY_ID[self.artifact], self.nearest) < ALERTED_SEVERITY

    @property
    def telling(self) -> bool:
        """Whether the number says something to a person: of a bound only that it denies."""
        return self.denies or not MEASURES[self.artifact].bound

    @property
    def evidence(self) -> Evidence:
        """The number as it is shown, beside the anchor that it is held against."""
        how = MEASURES[self.artifact]
        return evidence(
            how.metric,
            capital(how.phrase),
            self.value * how.shown_as,
            how.unit,
            decimals=how.decimals,
            limit=ARTIFACTS_BY_ID[self.artifact].anchors[1] * how.shown_as,
            slice_index=self.slice_index,
        )

    @property
    def sentence(self) -> str:
        """The number in words."""
        number, how = self.evidence, MEASURES[self.artifact]
        return f"{how.phrase} {value_text(number)}{how.after} ({beside(number)})"


def readings(
    artifact: ArtifactId, voxels: Volume, metrics: Metrics, phase_axis: int | None, slices: Sequence[int]
) -> Readings:
    """Return the measure ``[slice, 2]`` of some slices of a stack; of dropped slices and fat's shift one for all of it.

    ``metrics`` holds image-quality values by id, one a slice, and fat's shift where a header tells it; ``phase_axis``
    is the stack's (1 or 2).
    """
    if artifact not in MEASURES:
        return np.full((len(slices), 2), np.nan)
    if artifact is ArtifactId.CHEMICAL_SHIFT:
        found = [float(metrics[FAT_SHIFT][0]) if FAT_SHIFT in metrics else np.nan]
    elif artifact is ArtifactId.SLICE_DROPOUT:
        found = [max(lost_slices(voxels).losses.values(), default=0.0) if len(voxels) >= LEAST_SLICES else np.nan]
    elif artifact is ArtifactId.GIBBS:
        found = [_kept(metrics, index) for index in slices]
    else:
        read = _IN_AIR[artifact]
        found = [_or_nan(read(voxels[index], phase_axis)) for index in slices]
    how, values = MEASURES[artifact], np.array(found, np.float64)
    return np.stack([values, values * how.factor - how.lines / min(voxels.shape[1:])], axis=1)


def worst_of(artifact: ArtifactId, read: Readings, slices: Sequence[int]) -> Measured | None:
    """Return the worst of some slices' readings; None where one of them cannot be measured: it may be the worse."""
    if artifact not in MEASURES or not len(read) or not np.isfinite(read).all():
        return None
    first, _, last = ARTIFACTS_BY_ID[artifact].anchors
    place = int(np.argmax(read[:, 0]) if last > first else np.argmin(read[:, 0]))
    value, nearest = (float(one) for one in read[place])
    return Measured(
        artifact=artifact,
        value=value,
        nearest=nearest,
        slice_index=None if artifact in _OF_ALL else slices[place],
    )


def _kept(metrics: Metrics, index: int) -> float:
    """Return the radius of k-space that was kept, in cycles per pixel: where its logarithm drops most, if clearly."""
    drops = [float(metrics[f"mr-iqm-edge-step-{name}"][index]) for name in _DIRECTIONS]
    filled = float(metrics[f"mr-iqm-filled-{_DIRECTIONS[int(np.argmax(drops))]}"][index])
    return filled / 2 if filled < 1.0 else np.nan


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


_IN_AIR: Mapping[ArtifactId, Callable[[NDArray[np.float32], int | None], float | None]] = {
    ArtifactId.SPIKE: lambda image, _: level_in_air(image),
    ArtifactId.ZIPPER: brightest_line,
    ArtifactId.LOW_SNR: lambda image, _: signal_to_noise(image),
}
