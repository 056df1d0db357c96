"""The pixels around each disk: a patch a disk, all of one size. What looks at disks alone needs no whole image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aiqa_integration.metrics.low_contrast.insert import Placement, disk_places
from aiqa_integration.metrics.low_contrast.template import patch_reach
from aiqa_integration.model.phantom import PlanePose
from aiqa_integration.model.sampling import BoolArray, FloatArray, to_pixels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patches:
    """Pixels around thirty disks: rows ``[disk, y]`` and columns ``[disk, x]``, drawn in where they leave the image.

    ``inside`` ``[disk, y, x]`` tells which of them don't, ``distance_mm`` how far each lies from its disk.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    inside: BoolArray
    distance_mm: FloatArray

    def of(self, image: FloatArray) -> FloatArray:
        """Return the patches of an image ``[y, x]``; 0 outside of it."""
        return np.where(self.inside, image[self.rows[:, :, None], self.columns[:, None, :]], 0.0)

    def without(self, where: BoolArray, clear_mm: FloatArray) -> BoolArray:
        """Return a mask ``[y, x]`` without what lies up to so far, mm ``[disk]``, from a disk."""
        disk, y, x = np.nonzero(self.inside & (self.distance_mm <= clear_mm[:, None, None]))
        left = where.copy()
        left[self.rows[disk, y], self.columns[disk, x]] = False
        return left


def disk_patches(shape: tuple[int, ...], pose: PlanePose, number: int, placement: Placement) -> Patches:
    """Return the pixels of an image around one slice's disks, as far as the largest one's filter reaches."""
    places = [at.reshape(-1, 1) for at in to_pixels(pose, *disk_places(number, placement))]
    (columns, across), (rows, down) = (
        _axis(at, reach, pixel)
        for at, reach, pixel in zip(places, patch_reach(pose.pixel_mm), pose.pixel_mm, strict=True)
    )
    height, width = shape
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    return Patches(
        rows=np.clip(rows, 0, height - 1),
        columns=np.clip(columns, 0, width - 1),
        inside=np.asarray(inside, np.bool_),
        distance_mm=np.sqrt(down[:, :, None] ** 2 + across[:, None, :] ** 2),
    )


def _axis(middle: FloatArray, reach: int, pixel_mm: float) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the pixels of patches along one axis ``[disk, pixel]``, and how far they lie from the disks, mm."""
    pixels = np.round(middle).astype(np.intp) + np.arange(-reach, reach + 1)
    return pixels, (pixels - middle) * pixel_mm
