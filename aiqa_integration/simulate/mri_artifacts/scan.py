"""What is scanned and how: the object's complex signal, the field of view, the k-space window, the noise."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter, uniform_filter

from aiqa_integration.simulate.mri_artifacts.fields import polynomial_field, rotation

Volume = NDArray[np.float32]
ComplexVolume = NDArray[np.complex64]
Mask = NDArray[np.bool_]
PhaseAxis = Literal[1, 2]
"""The array axis of phase encoding: 1 along the rows' index (DICOM's COLUMN), 2 along the columns' (ROW)."""
Window = Literal["none", "hann", "tukey", "gauss"]

_Pixel = TypeVar("_Pixel", bound=np.generic)
_TRUNCATED = 0.46  # cycles per pixel: below, an edge of k-space that is not rounded off rings visibly
_LEAST = 1e-30  # of a signal: what is smaller has no direction in single precision
_WEAKEST: dict[Window, float] = {"none": 0.0, "hann": 0.7, "tukey": 0.35, "gauss": 0.6}
"""The weakest window that rounds a zero-filled scan off."""
_AIR_NOISE = 4.0  # standard deviations of noise below which a scanner's filter takes the image for air


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """How a clean scan is made; the default adds nothing.

    ``zoom`` is the field of view over the anatomy's (what lies outside is left out, as by oversampling); ``kept`` is
    how far k-space was sampled along rows' and columns' index, in cycles per pixel (the rest is zero-filled);
    ``strength`` is 0 to 1 of the window; ``sharpen`` raises the edge of k-space by that fraction; ``partial_fourier``
    is the sampled part along the phase direction; ``coil_log_sd`` is the spread of the coil's sensitivity.
    ``elliptic`` leaves the corners of k-space out; ``fat_phase_rad`` is the phase that fat has against water at the
    echo, so that both cancel where they meet in a voxel.
    """

    zoom: float = 1.0
    kept: tuple[float, float] = (0.5, 0.5)
    window: Window = "none"
    strength: float = 0.0
    sharpen: float = 0.0
    partial_fourier: float = 1.0
    coil_log_sd: float = 0.0
    phase_rad: float = 0.0
    fat_shift_px: float = 0.0
    air_masked: bool = False
    elliptic: bool = False
    fat_phase_rad: float = 0.0
    seed: int = 0

    def weights(self, shape: Sequence[int], phase_axis: PhaseAxis) -> tuple[Volume, Volume]:
        """Return the window along rows' and columns' index, in the order of the FFT."""
        rows, columns = (self._window(count, kept) for count, kept in zip(shape[-2:], self.kept, strict=True))
        if self.partial_fourier < 1.0:
            axis = phase_axis - 1
            frequency = np.fft.fftfreq(shape[-2:][axis]) / self.kept[axis]
            ramp = np.clip((frequency + 2 * self.partial_fourier - 1) / 0.1 + 0.5, 0, 1).astype(np.float32)
            rows, columns = (rows * ramp, columns) if axis == 0 else (rows, columns * ramp)
        return rows, columns

    def _window(self, count: int, kept: float) -> Volume:
        place = np.abs(np.fft.fftfreq(count)) / kept
        window = np.where(place <= 1.0 + 1e-6, 1.0 + self.sharpen * np.minimum(place, 1) ** 2, 0.0)
        if self.window == "hann":
            window *= 1 - self.strength * np.sin(np.pi / 2 * np.minimum(place, 1)) ** 2
        elif self.window == "tukey":
            start = 1 - self.strength
            window *= np.cos(np.pi / 2 * np.clip((place - start) / max(self.strength, 1e-6), 0, 1)) ** 2
        elif self.window == "gauss":
            window *= np.exp(-3.0 * self.strength * place**2)
        return np.asarray(window, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anatomy:
    """An object in a scanner: ``signal[z, y, x]`` is what a clean scan shows of it, complex.

    ``fat`` is the magnitude that unsuppressed fat has: part of ``signal`` unless ``fat_suppressed``. ``noise_sd`` is
    the standard deviation, per channel, of the noise in the final image, in the signal's unit.
    """

    signal: ComplexVolume
    foreground: Mask
    pixel_mm: float
    slice_mm: float = 5.0
    phase_axis: PhaseAxis = 1
    fat: Volume | None = None
    fat_suppressed: bool = False
    noise_sd: float = 0.0
    acquisition: Acquisition = field(default_factory=Acquisition)

    @property
    def read_axis(self) -> PhaseAxis:
        """The array axis of the read direction."""
        return 2 if self.phase_axis == 1 else 1

    @property
    def reference(self) -> float:
        """The mean signal of the object; 1 where there is none."""
        inside = np.abs(self.signal)[self.foreground]
        return float(inside.mean()) if inside.size and inside.any() else 1.0

    def suppressed(self, left: "float | Volume" = 0.0) -> "Anatomy":
        """Return the object as a scan with fat suppression shows it, ``left`` of the fat's signal staying.

        ``left`` is of all fat, or of each pixel's.
        """
        if self.fat is None or self.fat_suppressed:
            return self
        signal = without_fat(self.signal, self.fat * np.asarray(1 - left, np.float32))
        return replace(self, signal=signal, fat_suppressed=True)


def anatomy_of(voxels: NDArray[np.number], *, pixel_mm: float, slice_mm: float = 5.0) -> Anatomy:
    """Return a magnitude volume ``[z, y, x]`` as an object to scan: everything brighter than its blurred air is it."""
    magnitude = np.asarray(voxels, np.float32)
    smooth = gaussian_filter(magnitude, (0, 2, 2))
    foreground = smooth > 0.1 * float(np.percentile(smooth, 98))
    signal = magnitude.astype(np.complex64)
    return Anatomy(signal=signal, foreground=foreground, pixel_mm=pixel_mm, slice_mm=slice_mm)


def draw_acquisition(rng: np.random.Generator) -> Acquisition:
    """Return how one of many scanners would scan: full matrix or interpolated, with its filter, coil and phase.

    Whatever is zero-filled is rounded off, as weakly as scanners do it, so that a clean scan hardly rings.
    """
    kept = (0.5, 0.5)
    if rng.random() < 0.5:
        read = float(rng.uniform(0.25, 0.5))
        kept = (read * float(rng.uniform(0.7, 1.0)), read)
        kept = kept if rng.random() < 0.5 else kept[::-1]
    rounded = min(kept) < _TRUNCATED
    windows: tuple[Window, ...] = ("hann", "tukey", "gauss")
    window = windows[int(rng.integers(3))] if rounded or rng.random() < 0.6 else "none"
    weakest = _WEAKEST[window] if rounded else 0.2
    return Acquisition(
        zoom=float(rng.uniform(0.65, 1.0)) if rng.random() < 0.4 else 1.0,
        kept=kept,
        window=window,
        strength=float(rng.uniform(weakest, 1.0)),
        sharpen=float(rng.uniform(0.0, 0.6)) if rng.random() < 0.3 else 0.0,
        partial_fourier=float(rng.choice([1.0, 1.0, 1.0, 0.875, 0.75])),
        coil_log_sd=float(rng.uniform(0.0, 0.14)),
        phase_rad=float(rng.uniform(0.0, 1.5)),
        fat_shift_px=float(rng.uniform(-0.98, 0.98)),
        air_masked=bool(rng.random() < 0.15),
        seed=int(rng.integers(2**31)),
        elliptic=bool(rng.random() < 0.25),
        fat_phase_rad=float(rng.uniform(-np.pi, np.pi)) if rng.random() < 0.35 else 0.0,
    )


def prepare(anatomy: Anatomy) -> Anatomy:
    """Return the object as its planned scan receives it: field of view, clean fat shift, coil, phase."""
    how = anatomy.acquisition
    if how.zoom < 1.0:
        anatomy = field_of_view(anatomy, how.zoom)
    if how.fat_shift_px and anatomy.fat is not None and not anatomy.fat_suppressed:
        anatomy = shift_fat(anatomy, how.fat_shift_px)
    if not (how.coil_log_sd or how.phase_rad):
        return anatomy
    rng, shape = np.random.default_rng([how.seed, 1]), anatomy.signal.shape
    gain = np.exp(how.coil_log_sd * normalized(polynomial_field(rng, shape, order=2), anatomy.foreground))
    angle = how.phase_rad * polynomial_field(rng, shape, order=2)
    fat = None if anatomy.fat is None else anatomy.fat * gain
    return replace(anatomy, signal=anatomy.signal * rotation(angle) * gain, fat=fat)


def finish(anatomy: Anatomy) -> Volume:
    """Return the magnitude image: k-space windowed and zero-filled, with noise of the stated level."""
    how, shape = anatomy.acquisition, anatomy.signal.shape
    rows, columns = how.weights(shape, anatomy.phase_axis)
    spectrum = fft.fft2(anatomy.signal, norm="ortho")
    if anatomy.noise_sd > 0:
        rng = np.random.default_rng([how.seed, 2])
        noise = rng.standard_normal((*shape, 2), np.float32).view(np.complex64)[..., 0]
        noise *= np.float32(anatomy.noise_sd / np.sqrt((rows**2).mean() * (columns**2).mean()))
        spectrum += noise
    spectrum *= rows[:, None] * columns[None, :]
    if how.elliptic:
        spectrum *= _without_corners(shape, how.kept)
    voxels = np.abs(fft.ifft2(spectrum, norm="ortho", overwrite_x=True))
    if how.air_masked:
        level = max(_AIR_NOISE * anatomy.noise_sd, 0.03 * anatomy.reference)
        voxels[uniform_filter(voxels, (0, 7, 7)) < level] = 0
    return np.asarray(voxels, np.float32)


def _without_corners(shape: Sequence[int], kept: tuple[float, float]) -> Volume:
    """Return 1 inside the ellipse of k-space that touches the sampled extent, falling to 0 just outside."""
    down, across = (np.fft.fftfreq(count) / part for count, part in zip(shape[-2:], kept, strict=True))
    radius = np.hypot(down[:, None], across[None, :])
    return np.asarray(np.clip((1.06 - radius) / 0.08, 0, 1), np.float32)


def field_of_view(anatomy: Anatomy, zoom: float) -> Anatomy:
    """Return the object in the central ``zoom`` of its field of view, its pixels as many as before."""
    large, shape = enlarged(anatomy, zoom), anatomy.signal.shape[1:]
    rows, columns = ((big - n) // 2 for big, n in zip(large.signal.shape[1:], shape, strict=True))
    return cut(large, (rows, columns), shape)


def enlarged(anatomy: Anatomy, zoom: float) -> Anatomy:
    """Return the object on finer pixels, as many more as its field of view over ``zoom`` of it has."""
    shape = anatomy.signal.shape[1:]
    large = (grown(shape[0], zoom), grown(shape[1], zoom))
    fat = None if anatomy.fat is None else np.maximum(_interpolated(anatomy.fat.astype(np.complex64), large).real, 0)
    rows, columns = (((np.arange(big) + 0.5) * n / big).astype(np.intp) for big, n in zip(large, shape, strict=True))
    return replace(
        anatomy,
        signal=_interpolated(anatomy.signal, large),
        fat=fat,
        foreground=anatomy.foreground[:, rows[:, None], columns],
        pixel_mm=anatomy.pixel_mm * shape[0] / large[0],
    )


def grown(count: int, zoom: float) -> int:
    """Return how many pixels the whole of an axis has when its field of view is ``zoom`` of it."""
    return max(round(count / zoom), count)


def cut(anatomy: Anatomy, first: tuple[int, int], shape: Sequence[int], *, folded: bool = False) -> Anatomy:
    """Return the pixels from row and column ``first`` on, ``shape`` many; ``folded`` folds the others in along phase.

    Only signal and fat fold: the foreground stays the part of the object that belongs there.
    """
    fold = anatomy.phase_axis if folded else None
    return replace(
        anatomy,
        signal=_cut(anatomy.signal, first, shape, fold),
        fat=None if anatomy.fat is None else _cut(anatomy.fat, first, shape, fold),
        foreground=_cut(anatomy.foreground, first, shape, None),
    )


def _interpolated(volume: ComplexVolume, large: tuple[int, int]) -> ComplexVolume:
    shape = volume.shape
    if large == shape[1:]:
        return volume
    spectrum = np.fft.fftshift(fft.fft2(volume), axes=(1, 2))
    before = [big // 2 - n // 2 for big, n in zip(large, shape[1:], strict=True)]
    pad = [(0, 0), *((n, big - own - n) for n, big, own in zip(before, large, shape[1:], strict=True))]
    padded = fft.ifft2(np.fft.ifftshift(np.pad(spectrum, pad), axes=(1, 2)), overwrite_x=True)
    padded *= np.float32(large[0] * large[1] / (shape[1] * shape[2]))
    return cast("ComplexVolume", padded)


def _cut(
    large: NDArray[_Pixel], first: tuple[int, int], shape: Sequence[int], fold: PhaseAxis | None
) -> NDArray[_Pixel]:
    for axis, count, start in zip((1, 2), shape, first, strict=True):
        moved = np.moveaxis(large, axis, 0)
        place = np.arange(len(moved)) - start
        turns = place // count
        out = np.zeros((count, *moved.shape[1:]), large.dtype)
        for turn in np.unique(turns) if fold == axis else (0,):
            part = np.flatnonzero(turns == turn)
            if part.size:
                out[place[part[0]] - turn * count : place[part[-1]] - turn * count + 1] += moved[part[0] : part[-1] + 1]
        large = np.moveaxis(out, 0, axis)
    return np.ascontiguousarray(large)


def shift_fat(anatomy: Anatomy, pixels: float) -> Anatomy:
    """Return the object with its fat moved along the read direction, in its phase; ValueError where no fat shows."""
    if anatomy.fat is None or anatomy.fat_suppressed:
        raise ValueError("no fat signal to shift")
    fat = phase_of(anatomy.signal) * anatomy.fat
    axis, count = anatomy.read_axis, anatomy.signal.shape[anatomy.read_axis]
    ramp = np.exp(-2j * np.pi * np.fft.fftfreq(count) * pixels).astype(np.complex64)
    spectrum = fft.fft(fat, axis=axis) * (ramp[:, None] if axis == 1 else ramp)
    moved = fft.ifft(spectrum, axis=axis, overwrite_x=True)
    turned = np.complex64(np.exp(1j * anatomy.acquisition.fat_phase_rad))
    return replace(anatomy, signal=anatomy.signal - fat + moved * turned, fat=np.abs(moved))


def without_fat(signal: ComplexVolume, fat: Volume) -> ComplexVolume:
    """Return the signal less its fat."""
    return phase_of(signal) * np.maximum(np.abs(signal) - fat, 0)


def phase_of(signal: ComplexVolume) -> ComplexVolume:
    """Return the signal's direction, 1 where it is 0."""
    magnitude = np.abs(signal)
    shown = magnitude > _LEAST
    return np.where(shown, signal / np.where(shown, magnitude, 1), np.complex64(1))


def normalized(values: Volume, foreground: Mask) -> Volume:
    """Return values of mean 0 and standard deviation 1 inside the object."""
    inside = values[foreground] if foreground.any() else values
    return np.asarray((values - inside.mean()) / (inside.std() + 1e-9), np.float32)
