"""Metal and air: a dipole's field shifts signal along the read direction, piles it up and voids it."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step, error_energy
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy, ComplexVolume, Volume

_RIM = 0.3  # of the logarithm of the steepness: what lies at the void's edge
_VOID = 0.3  # of its signal: what has less left counts as void


@dataclass(frozen=True, slots=True, kw_only=True)
class Susceptibility(Disturbance):
    """A sphere of metal in or at the object, ``radius`` of the field of view.

    ``place`` (0 to 1) counts through the object's pixels. ``field_deg`` is the main field's direction in the plane.
    ``shift_px`` is the shift along read where the void ends: small in spin echoes, where it piles up, several in
    gradient echoes. ``target`` is the void's area over the field of view, in its largest slice.
    """

    artifact: ClassVar[ArtifactId] = ArtifactId.SUSCEPTIBILITY
    stage: ClassVar[Stage] = Stage.OBJECT
    place: float
    radius: float
    field_deg: float
    shift_px: float

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object with the void, the shift and the pile-up."""
        layer, row, column = self.centre(anatomy)
        dipole, core = self._dipole(anatomy, (layer, row, column))
        steep = _steepness(dipole, anatomy)
        inside = anatomy.foreground[layer]
        pixels = round(self.target * inside.size)
        ranked = np.sort(np.where(core[layer], np.inf, steep[layer])[inside])[::-1]
        edge = float(ranked[min(pixels, ranked.size) - 1]) if ranked.size and pixels else np.inf
        edge = edge if np.isfinite(edge) else float(steep[~core].max())
        kept = np.where(core, 0, np.exp(np.log(_VOID) * (steep / edge) ** 2)).astype(np.float32)
        near = (np.abs(np.log(np.maximum(steep[layer], 1e-12) / edge)) < _RIM) & ~core[layer]
        rim = float(np.abs(dipole[layer])[near].mean()) if near.any() else 1.0
        shift = np.clip(self.shift_px * dipole / rim, -4 * abs(self.shift_px), 4 * abs(self.shift_px))
        signal = _shifted(anatomy.signal * kept, shift, anatomy.read_axis)
        void = (kept <= _VOID) & anatomy.foreground
        error = error_energy(anatomy, anatomy.signal, signal)
        measure = float(void.mean(axis=(1, 2)).max())
        return Step(anatomy=replace(anatomy, signal=signal), measure=measure, error=error)

    def centre(self, anatomy: Anatomy) -> tuple[int, int, int]:
        """Return the slice, row and column of the metal."""
        pixels = np.flatnonzero(anatomy.foreground)
        slices, rows, columns = anatomy.signal.shape
        if not pixels.size:
            return slices // 2, rows // 2, columns // 2
        where = int(pixels[int(self.place * (pixels.size - 1))])
        return where // (rows * columns), where // columns % rows, where % columns

    def _dipole(self, anatomy: Anatomy, centre: tuple[int, int, int]) -> tuple[Volume, NDArray[np.bool_]]:
        """Return the field, 1 at the metal's pole, and where the metal itself is."""
        slices, rows, columns = anatomy.signal.shape
        z = ((np.arange(slices) - centre[0]) * anatomy.slice_mm / anatomy.pixel_mm)[:, None, None].astype(np.float32)
        y = (np.arange(rows, dtype=np.float32) - centre[1])[None, :, None]
        x = (np.arange(columns, dtype=np.float32) - centre[2])[None, None, :]
        along = np.float32(np.cos(np.radians(self.field_deg))) * y + np.float32(np.sin(np.radians(self.field_deg))) * x
        radius = np.float32(max(self.radius * columns, 1.0))
        square = np.maximum(z * z + y * y + x * x, radius * radius)
        field = radius**3 * (3 * along * along / square - 1) / (2 * square * np.sqrt(square))
        return np.asarray(field, np.float32), z * z + y * y + x * x < radius * radius


def _steepness(field: Volume, anatomy: Anatomy) -> Volume:
    """Return the change of the field across a voxel: in the plane and, of thicker slices, through it."""
    down, across = np.gradient(field, axis=1), np.gradient(field, axis=2)
    steep = down * down + across * across
    return np.asarray(np.sqrt(steep) * np.sqrt(anatomy.slice_mm / anatomy.pixel_mm), np.float32)


def _shifted(signal: ComplexVolume, shift: Volume, axis: int) -> ComplexVolume:
    """Return the signal moved along an axis by ``shift`` pixels each: none is lost but over the edge."""
    moved, shifts = (signal, shift) if axis == 2 else (signal.swapaxes(1, 2), shift.swapaxes(1, 2))
    count = moved.shape[2]
    target = np.arange(count) + shifts
    low = np.floor(target)
    part = target - low
    base = np.arange(moved.shape[0] * moved.shape[1]).reshape(moved.shape[:2])[..., None] * count
    out = np.zeros(moved.size, np.complex128)
    for place, weight in ((low, 1 - part), (low + 1, part)):
        inside = (place >= 0) & (place < count)
        where = (base + np.clip(place, 0, count - 1).astype(np.intp)).ravel()
        value = (moved * (weight * inside)).ravel()
        out += np.bincount(where, value.real, out.size) + 1j * np.bincount(where, value.imag, out.size)
    result = out.reshape(moved.shape).astype(np.complex64)
    return result if axis == 2 else np.ascontiguousarray(result.swapaxes(1, 2))
