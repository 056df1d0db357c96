"""What test cases are made by and labelled with: object, signal and noise of a stack, its own resolution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Volume = NDArray[np.float32]


def object_mask(voxels: Volume) -> NDArray[np.bool_]:
    """Return where a stack shows an object: above a tenth of its brightest parts, after smoothing."""
    smooth = gaussian_filter(voxels, (0, 1.5, 1.5))
    return np.asarray(smooth > 0.1 * np.percentile(smooth, 99), bool)


def noise_sigma(voxels: Volume, where: NDArray[np.bool_] | None = None) -> float:
    """Return the noise of a stack by differences that cancel planes and edges; source: Immerkaer, CVIU 1996.

    Of the object, or of the pixels of a mask; 0 where there are none.
    """
    v = voxels.astype(np.float64)
    inner = 4 * v[:, 1:-1, 1:-1] + v[:, :-2, :-2] + v[:, :-2, 2:] + v[:, 2:, :-2] + v[:, 2:, 2:]
    inner -= 2 * (v[:, :-2, 1:-1] + v[:, 2:, 1:-1] + v[:, 1:-1, :-2] + v[:, 1:-1, 2:])
    seen = (object_mask(voxels) if where is None else where)[:, 1:-1, 1:-1]
    return float(np.median(np.abs(inner[seen])) / 0.6745 / 6) if seen.any() else 0.0


def object_signal(voxels: Volume) -> float:
    """Return the mean signal of the object."""
    return float(voxels[object_mask(voxels)].mean())


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask whose rows and columns are filled between their ends."""
    along = [np.logical_or.accumulate(mask, axis=axis) for axis in (0, 1)]
    back = [np.flip(np.logical_or.accumulate(np.flip(mask, axis), axis=axis), axis) for axis in (0, 1)]
    return np.asarray(along[0] & along[1] & back[0] & back[1], bool)


def acquired(voxels: Volume) -> Volume:
    """Return a stack without the empty rim of its k-space: interpolated images brought to their own resolution."""
    power = (np.abs(np.fft.fftshift(np.fft.fft2(voxels), axes=(1, 2))) ** 2).mean(axis=0)
    keep = []
    for axis in (0, 1):
        profile = power.mean(axis=1 - axis)
        size = len(profile)
        folded = np.maximum(profile[size // 2 :][: size // 2], profile[: size // 2 + 1][::-1][: size // 2])
        smooth = gaussian_filter(folded, max(1.0, size / 100))
        beyond = np.flatnonzero(smooth > 10**-3.8 * smooth[: max(2, size // 20)].mean())
        keep.append(min(size, 2 * (int(beyond[-1]) + 1)) // 2 * 2)
    k = np.fft.fftshift(np.fft.fft2(voxels), axes=(1, 2))
    top, left = ((voxels.shape[1 + axis] - keep[axis]) // 2 for axis in (0, 1))
    cut = k[:, top : top + keep[0], left : left + keep[1]]
    image = np.fft.ifft2(np.fft.ifftshift(cut, axes=(1, 2))) * (keep[0] * keep[1] / voxels[0].size)
    return np.abs(image).astype(np.float32)
