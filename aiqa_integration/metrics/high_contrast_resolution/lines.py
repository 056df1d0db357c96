"""One row or column of four holes: its profile, peaks and troughs."""

from dataclasses import dataclass

import numpy as np

from aiqa_integration.metrics.high_contrast_resolution.block import LINES, Block, HoleArray
from aiqa_integration.model.sampling import FloatArray

POINTS_PER_PITCH = 32
_BAND = np.linspace(-0.5, 0.5, 5)
"""Lines across a row that are averaged, in hole diameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row or column: its number (1: top, left), its ends in the phantom, mean of its peaks and of its troughs.

    ``dip`` is the shallowest of the troughs below the lower of its two peaks.
    """

    number: int
    ends_mm: tuple[tuple[float, float], tuple[float, float]]
    peak: float
    trough: float
    dip: float

    @property
    def contrast_response(self) -> float:
        """Mean peak less mean trough, over mean peak."""
        return (self.peak - self.trough) / self.peak if self.peak > 0 else 0.0


def read_lines(block: Block, array: HoleArray, *, columns: bool) -> tuple[Line, ...]:
    """Return the four rows of the upper left array, or the four columns of the lower right one."""
    holes = [array.column(number) if columns else array.row(number) for number in range(LINES)]
    first_along, first_across = (
        np.array([line[axis][0] for line in holes]) for axis in ((1, 0) if columns else (0, 1))
    )
    steps = np.arange(-POINTS_PER_PITCH, LINES * POINTS_PER_PITCH + 1) * (2 * array.diameter_mm / POINTS_PER_PITCH)
    along = first_along[:, None, None] + steps
    band = first_across[:, None, None] + _BAND[:, None] * array.diameter_mm
    grid_along, grid_across = np.broadcast_arrays(along, band)
    places = (grid_across, grid_along) if columns else (grid_along, grid_across)
    profiles = block.patch.at(*places).mean(axis=1)
    return tuple(
        line_of(number, line, *peaks_and_troughs(profile))
        for number, (line, profile) in enumerate(zip(holes, profiles, strict=True))
    )


def line_of(number: int, holes: tuple[FloatArray, FloatArray], peaks: FloatArray, troughs: FloatArray) -> Line:
    """Return the line (numbered from 0) of four holes with these peaks and troughs."""
    u, v = holes
    dips = np.minimum(peaks[:-1], peaks[1:]) - troughs
    return Line(
        number=number + 1,
        ends_mm=((float(u[0]), float(v[0])), (float(u[-1]), float(v[-1]))),
        peak=float(peaks.mean()),
        trough=float(troughs.mean()),
        dip=float(dips.min()),
    )


def peaks_and_troughs(profile: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the four peaks and the three troughs of a profile that starts one pitch before the first hole.

    A peak is looked for within a quarter of the pitch around its hole, a trough within a quarter around the middle
    between two: four spots elsewhere are not the holes, but an artifact of the sampling.
    """
    quarter = POINTS_PER_PITCH // 4
    centres = np.arange(1, LINES + 1) * POINTS_PER_PITCH
    near = np.arange(-quarter, quarter + 1)
    peaks = profile[centres[:, None] + near[None, :]].max(axis=1)
    troughs = profile[centres[:-1, None] + POINTS_PER_PITCH // 2 + near[None, :]].min(axis=1)
    return peaks, troughs
