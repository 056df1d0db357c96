"""Rigid motion: each line of k-space is of the pose at its time; through the plane, slices mix."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from aiqa_integration.model.artifact import ARTIFACTS_BY_ID, ArtifactId, severity_of
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step, error_energy
from aiqa_integration.simulate.mri_artifacts.fields import rotation
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy, ComplexVolume

ViewOrder = Literal["sequential", "interleaved", "centre-out"]
Pose = tuple[float, float, float, float]
"""Shift along rows' and columns' index (pixels), across slices (slices), turn in the plane (degree)."""
Lines = NDArray[np.float64]

_LOW = 0.06  # cycles per pixel: most energy of an image lies below
_THINNED = 4  # of the columns above, every fourth is enough to solve for the amplitude
_HALVINGS = 12
_FARTHEST = 0.15  # of the field of view, and below in degree: what a person may move inside a coil
_FARTHEST_DEG = 15.0
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion(Disturbance):
    """A path of relative poses over the time of the scan; its amplitude is what the target needs, up to a coil's room.

    ``times`` (0 to 1) are when the poses are reached: at once, or ``drifting`` from one to the next without turns.
    """

    artifact: ClassVar[ArtifactId] = ArtifactId.MOTION
    stage: ClassVar[Stage] = Stage.MOTION
    times: tuple[float, ...]
    poses: tuple[Pose, ...]
    order: ViewOrder = "sequential"
    shots: int = 4
    drifting: bool = False

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object as its moving left it in k-space; the pose at the centre of k-space counts as none."""
        path = self.path(anatomy.signal.shape[anatomy.phase_axis])
        flat = _phase_first(anatomy)
        still = fft.fft2(flat, norm="ortho")
        total = float(np.sum(np.abs(still) ** 2)) or 1.0
        largest = _largest_amplitude(path, flat.shape)
        amplitude = min(_amplitude(self.target, path, flat, still), largest)
        artifact = ARTIFACTS_BY_ID[self.artifact]
        for _ in range(_TRIES):
            moved = moved_spectrum(flat, still, amplitude * path)
            measure = float(np.sqrt(np.sum(np.abs(moved - still) ** 2) / total))
            if measure == 0 or severity_of(artifact, measure) == severity_of(artifact, self.target):
                break
            amplitude = min(amplitude * self.target / measure, largest)
        signal = fft.ifft2(moved, norm="ortho")
        signal = signal if anatomy.phase_axis == 1 else np.ascontiguousarray(signal.swapaxes(1, 2))
        error = error_energy(anatomy, anatomy.signal, signal)
        return Step(anatomy=replace(anatomy, signal=signal), measure=measure, error=error)

    def path(self, lines: int) -> Lines:
        """Return the relative pose of each line of k-space ``[line, 4]``, in the order of the FFT."""
        when = _acquisition_time(lines, self.order, self.shots)
        poses = np.asarray(((0.0, 0.0, 0.0, 0.0), *self.poses))
        if self.drifting:
            times = np.asarray((0.0, *self.times))
            path = np.stack([np.interp(when, times, poses[:, k]) for k in range(4)], axis=1)
            path[:, 3] = 0.0
        else:
            path = poses[np.searchsorted(np.asarray(self.times), when, side="right")]
        return np.asarray(np.fft.ifftshift(path - path[lines // 2], axes=0))


def moved_spectrum(image: ComplexVolume, still: ComplexVolume, path: Lines) -> ComplexVolume:
    """Return the k-space of a moving object whose phase direction is axis 1; ``path`` is the pose of each line."""
    moved = still.copy()
    for turn in np.unique(path[:, 3]):
        lines = path[:, 3] == turn
        if turn:
            moved[:, lines] = fft.fft2(turned(image, turn), norm="ortho")[:, lines]
    across = np.clip(path[:, 2], -1, 1)[None, :, None].astype(np.float32)
    if across.any() and len(moved) > 1:
        after, before = np.concatenate([moved[1:], moved[-1:]]), np.concatenate([moved[:1], moved[:-1]])
        moved += np.maximum(across, 0) * (after - moved) + np.maximum(-across, 0) * (before - moved)
    row, column = (np.fft.fftfreq(count) for count in still.shape[1:])
    angle = (row * path[:, 0])[:, None] + path[:, 1, None] * column[None, :]
    return np.asarray(moved * rotation(-2 * np.pi * angle), np.complex64)


def turned(image: ComplexVolume, angle_deg: float) -> ComplexVolume:
    """Return a stack turned in its plane about its centre, by three shears that keep the signal's energy."""
    half, whole = np.tan(np.radians(angle_deg) / 2), np.sin(np.radians(angle_deg))
    across, down = _shear(image.shape, 2, -half), _shear(image.shape, 1, whole)
    for axis, ramp in ((2, across), (1, down), (2, across)):
        image = cast("ComplexVolume", fft.ifft(fft.fft(image, axis=axis) * ramp, axis=axis, overwrite_x=True))
    return image


def _shear(shape: tuple[int, ...], axis: int, slope: float) -> ComplexVolume:
    """Return the factor by which a stack's FFT along an axis is sheared by ``slope`` pixels per pixel aside."""
    aside, frequency = np.arange(shape[3 - axis]), np.fft.fftfreq(shape[axis])
    shift = -2 * np.pi * slope * (aside - (len(aside) - 1) / 2)
    return rotation(np.outer(shift, frequency) if axis == 2 else np.outer(frequency, shift))


def _phase_first(anatomy: Anatomy) -> ComplexVolume:
    signal = anatomy.signal
    return signal if anatomy.phase_axis == 1 else np.ascontiguousarray(signal.swapaxes(1, 2))


def _acquisition_time(lines: int, order: ViewOrder, shots: int) -> Lines:
    """Return when each line is acquired, 0 to 1, from the lowest to the highest phase frequency."""
    index = np.arange(lines)
    if order == "centre-out":
        rank = np.argsort(np.argsort(np.abs(index - lines // 2 + 0.25)))
    elif order == "interleaved":
        rank = np.argsort(np.argsort((index % shots) * lines + index))
    else:
        rank = index
    return np.asarray((rank + 0.5) / lines)


def _largest_amplitude(path: Lines, shape: tuple[int, ...]) -> float:
    """Return the factor of the path beyond which nobody in a scanner moves."""
    most = (*(_FARTHEST * count for count in shape[1:]), 1.0, _FARTHEST_DEG)
    reach = np.abs(path).max(axis=0)
    return min((limit / far for limit, far in zip(most, reach, strict=True) if far > 0), default=1.0)


def _amplitude(target: float, path: Lines, image: ComplexVolume, still: ComplexVolume) -> float:
    """Return the factor of the path at which the change of k-space is about ``target`` of it.

    Summed over all lines and, of the columns, all low frequencies and every fourth of the others; a turned or other
    slice's line differs from its own by twice its energy at most.
    """
    column = np.fft.fftfreq(still.shape[2])
    low = np.abs(column) < _LOW
    pick = np.concatenate([np.flatnonzero(low), np.flatnonzero(~low)[::_THINNED]])
    weight = np.where(low[pick], 1.0, _THINNED)
    near = still[:, :, pick]
    energy = weight * np.sum(np.abs(near) ** 2, axis=0)
    row = np.fft.fftfreq(still.shape[1])
    angle = np.pi * ((row * path[:, 0])[:, None] + path[:, 1, None] * column[None, pick]).astype(np.float32)
    other = np.zeros_like(energy)
    if path[:, 3].any():
        other += weight * _turn_energy(image)[:, pick] * path[:, 3, None] ** 2
    if len(still) > 1 and path[:, 2].any():
        other += weight * np.sum(np.abs(np.diff(near, axis=0)) ** 2, axis=0) * path[:, 2, None] ** 2
    most, slope = 2 * energy.sum(axis=1) + 1e-30, other.sum(axis=1)
    aim, bottom, top = target**2 * float(energy.sum()), np.log(1e-3), np.log(100.0)
    for _ in range(_HALVINGS):
        middle = (bottom + top) / 2
        factor = np.exp(middle)
        reached = float(np.sum(energy * 4 * np.sin(np.float32(factor) * angle) ** 2))
        reached += float(np.sum(most * (1 - np.exp(-(factor**2) * slope / most))))
        bottom, top = (bottom, middle) if reached > aim else (middle, top)
    return float(np.exp((bottom + top) / 2))


def _turn_energy(image: ComplexVolume) -> NDArray[np.float64]:
    """Return the energy, by frequency, of the change that a turn of one degree makes."""
    rows, columns = image.shape[1:]
    y = (np.arange(rows, dtype=np.float32) - (rows - 1) / 2)[:, None]
    x = np.arange(columns, dtype=np.float32) - (columns - 1) / 2
    slope = np.radians(1.0) * (x * np.gradient(image, axis=1) - y * np.gradient(image, axis=2))
    change = fft.fft2(slope.astype(np.complex64), norm="ortho")
    return np.asarray(np.sum(np.abs(change) ** 2, axis=0))
