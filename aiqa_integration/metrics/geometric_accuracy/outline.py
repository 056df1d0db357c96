"""Where the water of a round slice ends: its edge on rays all around the phantom's axis, and how well each is known.

An edge is where a ray falls through half of the water just inside that part of the outline, so that coil shading
doesn't move it. The image is read between its pixels by cubic splines: read linearly, edges move with how pixels lie
to them, those of neighbouring rays alike.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_erosion, spline_filter

from aiqa_integration.model.measurement import Obstacle, Reason
from aiqa_integration.model.ranks import median, median_along
from aiqa_integration.model.round_edge import ellipse_through, median_around
from aiqa_integration.model.sampling import (
    BoolArray,
    FloatArray,
    PhantomSlice,
    fan,
    noise_and_band,
    part_of,
    square_distances,
)

RAY_STEP_DEG = 1.0
_RADIUS_STEP_MM = 0.25
_SEARCH = (0.80, 1.18)
"""Edges are looked for between these parts of the nominal radius."""
_WATER_MM, _AIR_MM = (1.5, 7.5), (4.0, 10.0)
"""Where the water inside and the air outside are read: distances from the edge, in mm or, if these are larger, in
pixels. Three periods of a sharp edge's ringing, which is as much too high as too low."""
_BESIDE_RAYS = 2
"""Rays so near to one that sees something else see some of it themselves: pixels and the mean of neighbours reach so
far."""
_OUTLINE_TOLERANCES_MM = (6.0, 3.0, 1.5, 0.0, 0.0)
_SMALLEST_TOLERANCE_MM = 0.3
"""Rays further from the outline than this, and than four SD of the others, see a bar, a bubble or an artifact."""
_LARGEST_ROUGHNESS_MM = 1.0
"""Edges that scatter more around their own outline (a fifth of it at an SNR of 10) are not those of a vessel."""
_RAYLEIGH_MEAN = float(np.sqrt(np.pi / 2))
"""Mean of pure noise in a magnitude image, over the SD of one channel."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """The water's edge, mm: radius per ray (1° apart from 0°), whether it fits, lies in the image, smooth outline.

    ``fall_mm`` is how far the signal takes to fall: the pixel as it was sampled, whatever it was interpolated to;
    ``ghost`` the signal in the air beside each ray's edge, as a part of the water's; ``shading_mm`` how far out each
    edge is read for the water's changing on from where it is read to its edge; ``band`` the part of the image's band
    that its noise fills, less than 1 where it was interpolated; ``pixel_mm`` its larger pixel.
    """

    radii_mm: FloatArray
    fits: BoolArray
    inside: BoolArray
    smooth_mm: FloatArray
    fall_mm: float
    ghost: FloatArray
    shading_mm: FloatArray
    band: float
    pixel_mm: float


def outline_of(sl: PhantomSlice, *, diameter_mm: float) -> Outline | Obstacle:
    """Return the edge of the water around the phantom's axis in one slice, at half of the water's local signal."""
    radius = diameter_mm / 2
    angles = np.arange(0.0, 360.0, RAY_STEP_DEG)
    radii = np.arange(_SEARCH[0] * radius, _SEARCH[1] * radius, _RADIUS_STEP_MM)
    rays, inside = fan(np.asarray(spline_filter(sl.image, order=3)), sl.pose, angles, radii, order=3)
    rays = _smooth_across(rays)
    whole = np.asarray(inside[:, radii < 1.05 * radius].all(axis=1), np.bool_)
    if not whole.any():
        return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail="the phantom's edge lies outside the image")
    coarse = _coarse_radius(rays[whole], inside[whole], radii)
    if coarse is None:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="no water edge around the phantom's axis")
    noise, band = _noise_and_band(sl, coarse)
    reading = _Reading(rays=rays, inside=inside, radii=radii, pixel_mm=max(sl.pose.pixel_mm), noise=noise)
    smooth = np.full(angles.shape, coarse)
    for reach in (0.08, 0.05):
        edges = reading.edges(smooth, reach * radius)
        smooth = _smooth_outline(edges, coarse)
    near = _near_outline(edges, smooth) & whole
    fits = binary_erosion(np.pad(near, _BESIDE_RAYS, mode="wrap"), iterations=_BESIDE_RAYS)[_BESIDE_RAYS:-_BESIDE_RAYS]
    rough = float(np.std((edges - smooth)[fits])) > _LARGEST_ROUGHNESS_MM if fits.any() else True
    if rough or np.count_nonzero(fits) < angles.size // 3:
        return Obstacle(reason=Reason.FEATURE_NOT_FOUND, detail="the water's edge is no closed outline")
    levels, ghosts = reading.levels(smooth)
    water = median(levels[fits])
    fall = reading.fall_mm(edges, fits)
    return Outline(
        radii_mm=edges,
        fits=fits,
        inside=whole,
        smooth_mm=smooth,
        fall_mm=fall * water,
        ghost=ghosts / water,
        shading_mm=fall * reading.rise(smooth) / 2,
        band=band,
        pixel_mm=reading.pixel_mm,
    )


def _smooth_across(rays: FloatArray) -> FloatArray:
    """Average neighbouring rays (1-2-1, about 3 mm at the edge): less noise, an edge moved by less than 0.02 mm."""
    return 0.5 * rays + 0.25 * (np.roll(rays, 1, axis=0) + np.roll(rays, -1, axis=0))


def _coarse_radius(rays: FloatArray, inside: BoolArray, radii: FloatArray) -> float | None:
    """Return where the median ray falls through half of its inner signal; None where it does not."""
    typical = median_along(np.where(inside, rays, 0.0), 0)
    inner, outer = float(np.max(typical[: len(typical) // 2])), float(np.min(typical[len(typical) // 2 :]))
    if inner <= 2.0 * max(outer, 0.0):
        return None
    below = np.nonzero(typical < (inner + outer) / 2)[0]
    falls = below[below > int(np.argmax(typical[: len(typical) // 2]))]
    return None if falls.size == 0 else float(radii[falls[0]])


def _noise_and_band(sl: PhantomSlice, radius_mm: float) -> tuple[float, float]:
    """Return the SD of one channel's noise and the part of the image's band that it fills."""
    within = part_of(sl, radius_mm)
    return noise_and_band(within.image, np.asarray(square_distances(within) < (radius_mm - 3.0) ** 2, np.bool_))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Reading:
    """Rays ``[angle, radius]``, which of their points lie inside the image, radii in mm; pixel and noise."""

    rays: FloatArray
    inside: BoolArray
    radii: FloatArray
    pixel_mm: float
    noise: float

    def edges(self, around_mm: FloatArray, reach_mm: float) -> FloatArray:
        """Return the outermost fall through half of the local water signal within reach, per ray; NaN where none.

        A ghost in the air lifts both sides of the edge; noise lifts a magnitude image's air alone, and is taken out.
        """
        rays, radii = self.rays, self.radii
        beyond = radii[None, :] - around_mm[:, None]
        water, ghost = self.levels(around_mm)
        level = (water + ghost) / 2
        near = np.abs(beyond) <= reach_mm
        falls = (rays[:, :-1] >= level[:, None]) & (rays[:, 1:] < level[:, None])
        falls &= near[:, :-1] & near[:, 1:] & self.inside[:, 1:]
        outermost = falls.shape[1] - 1 - np.argmax(falls[:, ::-1], axis=1)
        each = np.arange(rays.shape[0])
        high, low = rays[each, outermost], rays[each, outermost + 1]
        step = np.where(high > low, (high - level) / np.where(high > low, high - low, 1.0), 0.0)
        return np.where(falls.any(axis=1), radii[outermost] + step * _RADIUS_STEP_MM, np.nan)

    def levels(self, around_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the water's signal inside an edge and the ghost's outside, per ray."""
        beyond = self.radii[None, :] - around_mm[:, None]
        air = self._level(beyond, _AIR_MM)
        ghost = np.sqrt(np.clip(air**2 - (_RAYLEIGH_MEAN * self.noise) ** 2, 0.0, None))
        return self._level(-beyond, _WATER_MM), ghost

    def rise(self, around_mm: FloatArray) -> FloatArray:
        """Return by how much the water's signal rises from the middle of where it is read to its edge, per ray.

        The straight line through it (least squares), then the median over ±12°.
        """
        within = around_mm[:, None] - self.radii[None, :]
        near = _WATER_MM[0] * max(self.pixel_mm, 1.0)
        some = (within > near) & (within < _WATER_MM[1]) & self.inside
        used = some.any(axis=0)
        there, away, rays = some[:, used], within[:, used], self.rays[:, used]
        count = np.maximum(there.sum(axis=1), 1)
        middle = np.einsum("ij,ij->i", there, away) / count
        beside = there * (away - middle[:, None])
        square = np.einsum("ij,ij->i", beside, beside)
        slope = np.einsum("ij,ij->i", beside, rays) / np.where(square > 0.0, square, np.inf)
        return median_around(-slope * middle, half_width=12)

    def fall_mm(self, edges: FloatArray, fits: BoolArray) -> float:
        """Return how far a signal of 1 takes to fall at the typical edge."""
        above = np.clip(np.searchsorted(self.radii, edges[fits]) - 2, 0, self.radii.size - 4)
        rays, each = self.rays[fits], np.arange(above.size)
        slope = median(rays[each, above] - rays[each, above + 3]) / (3 * _RADIUS_STEP_MM)
        return 1.0 / slope if slope > 0.0 else float(self.radii[-1] - self.radii[0])

    def _level(self, away_mm: FloatArray, between: tuple[float, float]) -> FloatArray:
        """Return the median signal between two distances from the edge, per ray, then the median over ±12°."""
        near, far = between[0] * max(self.pixel_mm, 1.0), between[1]
        there = (away_mm > near) & (away_mm < far) & self.inside
        return median_around(_median(self.rays, there), half_width=12)


def _median(rays: FloatArray, where: BoolArray) -> FloatArray:
    """Return the median of each ray's values in a mask; NaN for a ray without any."""
    some = where.any(axis=0)
    ordered = np.sort(np.where(where[:, some], rays[:, some], np.inf), axis=1)
    counts = where.sum(axis=1)
    middle = np.clip((counts - 1) // 2, 0, None)
    return np.where(counts > 0, ordered[np.arange(len(rays)), middle], np.nan)


def _smooth_outline(edges: FloatArray, coarse: float) -> FloatArray:
    """Return the robust second-order outline (offset and ellipse) through the edges."""
    keep: BoolArray = np.isfinite(edges)
    smooth = np.full(edges.shape, coarse)
    for tolerance in _OUTLINE_TOLERANCES_MM:
        if np.count_nonzero(keep) < edges.size // 3:
            return smooth
        smooth = ellipse_through(edges, keep)
        keep = _near_outline(edges, smooth, tolerance)
    return smooth


def _near_outline(edges: FloatArray, smooth: FloatArray, tolerance_mm: float = 0.0) -> BoolArray:
    """Return which edges lie on the outline: within the tolerance, or within four robust SD of the rest."""
    away = np.abs(edges - smooth)
    found = np.isfinite(away)
    spread = 4.0 * 1.4826 * median(away[found]) if found.any() else 0.0
    near = found & (np.nan_to_num(away, nan=np.inf) < max(tolerance_mm, _SMALLEST_TOLERANCE_MM, spread))
    return np.asarray(near, np.bool_)
