"""Zipper: a tone from outside at one read frequency, its phase random from line to line."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from aiqa_integration.model.artifact import ArtifactId
from aiqa_integration.simulate.mri_artifacts.disturbance import Disturbance, Stage, Step, error_energy
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy

RAYLEIGH_SD = float(np.sqrt(2 - np.pi / 2))
"""Standard deviation of the background of a magnitude image over that of the noise per channel."""
RAYLEIGH_MEAN = float(np.sqrt(np.pi) / 2)
"""Mean of the magnitude of complex normal values over their root mean square."""
_QUIETEST = 2e-3  # of the object's signal: the noise that a scan without any is taken to have


@dataclass(frozen=True, slots=True, kw_only=True)
class Zipper(Disturbance):
    """Lines along the phase direction at ``places`` (0 to 1) of the read direction, ``width_px`` wide.

    ``target`` is their mean signal over the standard deviation of the background. ``slices_hit`` is the part of the
    slices, in the order of a random draw, that have them; one at least.
    """

    artifact: ClassVar[ArtifactId] = ArtifactId.ZIPPER
    stage: ClassVar[Stage] = Stage.INTERFERENCE
    places: tuple[float, ...]
    width_px: float
    slices_hit: float
    seed: int

    def disturb(self, anatomy: Anatomy) -> Step:
        """Return the object with the lines."""
        rng = np.random.default_rng(self.seed)
        slices, lines = len(anatomy.signal), anatomy.signal.shape[anatomy.phase_axis]
        weights = anatomy.acquisition.weights(anatomy.signal.shape, anatomy.phase_axis)
        phase_weight, read_weight = weights[anatomy.phase_axis - 1], weights[anatomy.read_axis - 1]
        noise_sd = max(anatomy.noise_sd, _QUIETEST * anatomy.reference)
        level = self.target * RAYLEIGH_SD * noise_sd / RAYLEIGH_MEAN / float(np.sqrt(np.mean(phase_weight**2)))
        tone = np.exp(2j * np.pi * rng.random((len(self.places), slices, lines)))
        along = level * fft.fft(tone, axis=2, norm="ortho")
        along[:, rng.permutation(slices)[max(1, round(self.slices_hit * slices)) :]] = 0
        profiles = np.stack([self._profile(place, len(read_weight), read_weight) for place in self.places])
        lines_image = np.einsum("kzp,kr->zpr", along, profiles).astype(np.complex64)
        lines_image = lines_image if anatomy.phase_axis == 1 else lines_image.swapaxes(1, 2)
        signal = anatomy.signal + lines_image
        error = error_energy(anatomy, anatomy.signal, signal)
        return Step(anatomy=replace(anatomy, signal=signal), measure=self.target, error=error)

    def _profile(self, place: float, count: int, weight: NDArray[np.float32]) -> NDArray[np.complex128]:
        """Return a line's shape along the read direction, of height 1 once the scan's window has been at it."""
        frequency = np.fft.fftfreq(count)
        decay = np.exp(-0.5 * (2 * np.pi * frequency * self.width_px / 2.35) ** 2)
        spectrum = decay * np.exp(-2j * np.pi * frequency * place * (count - 1))
        profile = fft.ifft(spectrum)
        return np.asarray(profile / np.abs(fft.ifft(spectrum * weight)).max())
