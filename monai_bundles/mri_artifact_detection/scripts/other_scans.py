"""The same object under another scanner: contrast, fat, filter, coil, noise and direction drawn anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter

from aiqa_integration.simulate.canvas import Field
from aiqa_integration.simulate.label_maps import MOST_LEFT
from aiqa_integration.simulate.mri_artifacts.scan import Anatomy, draw_acquisition, phase_of

SUPPRESSED_SHARE, LEAN_SHARE = 0.35, 0.25
"""Shares of the scans again, of objects that show fat, with suppression, and with part of the bright rim no fat."""


def scanned_again(rng: np.random.Generator, anatomy: Anatomy) -> Anatomy:
    """Return the object under another scanner: contrast bent, mirrored, other filter, coil, noise, direction."""
    anatomy = with_other_fat(rng, anatomy)
    magnitude = np.abs(anatomy.signal)
    if anatomy.fat is not None and anatomy.fat_suppressed:
        magnitude = np.maximum(magnitude, anatomy.fat)
    top = float(magnitude.max()) or 1.0
    gain = np.asarray(np.maximum(magnitude / top, 1e-3) ** rng.uniform(-0.5, 0.8), np.float32)
    gain[magnitude < 1e-5 * top] = 0
    flip = tuple(slice(None, None, int(rng.choice([-1, 1]))) for _ in range(3))
    snr = float(np.exp(rng.uniform(np.log(20.5), np.log(150.0))))
    again = replace(
        anatomy,
        signal=np.ascontiguousarray((anatomy.signal * gain)[flip]),
        foreground=np.ascontiguousarray(anatomy.foreground[flip]),
        fat=None if anatomy.fat is None else np.ascontiguousarray((anatomy.fat * gain)[flip]),
        phase_axis=1 if rng.random() < 0.5 else 2,
        acquisition=draw_acquisition(rng),
    )
    return replace(again, noise_sd=again.reference / snr)


def with_other_fat(rng: np.random.Generator, anatomy: Anatomy) -> Anatomy:
    """Return the object with brighter or darker fat; suppressed at times, unevenly, or part of it no fat at all."""
    if anatomy.fat is None:
        return anatomy
    fat = np.asarray(anatomy.fat * np.exp(rng.uniform(np.log(0.4), np.log(2.0))), np.float32)
    if anatomy.fat_suppressed:
        return replace(anatomy, fat=fat)
    signal = anatomy.signal + phase_of(anatomy.signal) * (fat - anatomy.fat)
    found, kind = replace(anatomy, signal=signal, fat=fat), rng.random()
    if kind < SUPPRESSED_SHARE:
        return found.suppressed(rng.uniform(0, MOST_LEFT) * patches(rng, fat.shape))
    if kind < SUPPRESSED_SHARE + LEAN_SHARE:
        return replace(found, fat=fat * np.clip(patches(rng, fat.shape), 0, 1))
    return found


def patches(rng: np.random.Generator, shape: tuple[int, ...]) -> Field:
    """Return a random pattern of mean 1, 0 to 2, in patches of a sixteenth to a third of the width."""
    size = float(np.exp(rng.uniform(np.log(1 / 32), np.log(1 / 6)))) * shape[2]
    rough = gaussian_filter(rng.standard_normal(shape[1:]), size)
    return np.asarray(np.broadcast_to(1 + np.tanh(1.5 * rough / (rough.std() + 1e-9)), shape), np.float32)
