"""Percent integral uniformity: how even the signal of a uniform slice is.

ACR MRI Phantom Test Guidance (10/2022), section 5: in slice 7 a large circular region holds most of the water; of all
1 cm² disks inside it, the brightest and the darkest mean give PIU = 100 · (1 - (high - low) / (high + low)) %. Higher
is better.

The brightest of many noisy disks is brighter than any of them is without noise: at an SNR of 20 an even slice would
read 97 %. What noise adds to the spread is found by laying the image's own noise, turned and mirrored, over a smooth
surface through its disks, and taken off; the spread of what it adds is its uncertainty, beside that of what is taken
off: the surface follows part of the noise, so that in even water too little is.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve
from scipy.special import ndtr

from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, Obstacle, Reason
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import PERCENT, Quantity
from aiqa_integration.model.sampling import (
    BoolArray,
    FloatArray,
    PhantomSlice,
    circle_region,
    noise_sd,
    part_of,
    raster,
    signal_beyond,
    slice_of,
    square_distances,
    to_phantom,
    to_pixels,
)

PERCENT_IMAGE_UNIFORMITY = MetricDef(
    id="mr-percent-image-uniformity",
    label="Percent image uniformity",
    unit=PERCENT,
    better="higher",
    source="ACR MRI Phantom Test Guidance (10/2022), section 5, image intensity uniformity",
    version="4",
    code=aiqa_code("AIQA-PIU", "Percent integral uniformity"),
    decimals=1,
)
METRICS = (PERCENT_IMAGE_UNIFORMITY,)

SLICE_NUMBER = 7
_DISK_AREA_MM2 = 100.0
_LOWEST_SNR = 5.0
_GRID_MM = 2.0
_SURFACE_ORDER = 4
_AREA_FREEDOM = 0.025
"""The guidance leaves the large region's area free by this part (195 to 205 cm²)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeRegion:
    """The large circular region: area in mm², centre off the phantom's axis in mm (v down, away from the top bar)."""

    area_mm2: float
    centre_mm: tuple[float, float]

    @property
    def radius_mm(self) -> float:
        """Radius."""
        return float(np.sqrt(self.area_mm2 / np.pi))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extremes:
    """Means of the brightest and darkest disk and their places in phantom coordinates."""

    high: float
    low: float
    high_at: tuple[float, float]
    low_at: tuple[float, float]

    @property
    def piu(self) -> float:
        return 100.0 * (1.0 - (self.high - self.low) / (self.high + self.low))


def measure_uniformity(images: PhantomImages, *, diameter_mm: float, large: LargeRegion) -> tuple[Measurement, ...]:
    """Return the percent integral uniformity of slice 7."""
    sl = slice_of(images, SLICE_NUMBER)
    if sl is None:
        return (
            Obstacle(reason=Reason.SLICE_MISSING, detail="slice 7 is not in the series").not_measured(
                PERCENT_IMAGE_UNIFORMITY, None
            ),
        )
    if not _inside_image(sl, large):
        return (
            Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail="the large region leaves the image").not_measured(
                PERCENT_IMAGE_UNIFORMITY, sl.index
            ),
        )
    cut = part_of(sl, large.radius_mm * (1.0 + _AREA_FREEDOM), large.centre_mm)
    from_centre = np.sqrt(square_distances(cut, large.centre_mm))
    within: BoolArray = from_centre <= large.radius_mm
    noise, mean = noise_sd(cut.image, within), float(cut.image[within].mean())
    if mean <= _LOWEST_SNR * noise or mean <= 0:
        return (
            Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail=f"mean signal {mean:.3g}, noise {noise:.3g}").not_measured(
                PERCENT_IMAGE_UNIFORMITY, sl.index
            ),
        )
    if signal_beyond(sl, diameter_mm / 2) >= 0.5 * mean:
        nothing = Obstacle(reason=Reason.IMPLAUSIBLE, detail="what lies beyond the phantom is as bright as its water")
        return (nothing.not_measured(PERCENT_IMAGE_UNIFORMITY, sl.index),)
    disks = _disk_means(cut)
    best = _extremes(cut, disks, from_centre, large.radius_mm)
    spread = _spread_by_noise(cut, disks, from_centre, large)
    if best.low <= 0:
        return (
            Obstacle(
                reason=Reason.IMPLAUSIBLE, detail=f"a 1 cm² disk of the water has the mean {best.low:.3g}"
            ).not_measured(PERCENT_IMAGE_UNIFORMITY, sl.index),
        )
    uncertainty = _uncertainty(cut, disks, from_centre, large, best, spread)
    return (_measured(sl, large, best, spread, uncertainty),)


def _inside_image(sl: PhantomSlice, large: LargeRegion) -> bool:
    turn = np.linspace(0.0, 2 * np.pi, 72)
    columns, rows = to_pixels(
        sl.pose,
        large.centre_mm[0] + large.radius_mm * np.cos(turn),
        large.centre_mm[1] + large.radius_mm * np.sin(turn),
    )
    height, width = sl.image.shape
    return bool((columns >= 0).all() and columns.max() <= width - 1 and (rows >= 0).all() and rows.max() <= height - 1)


def _disk_means(sl: PhantomSlice) -> FloatArray:
    """Return the mean over a 1 cm² disk around every pixel; pixels cut by the circle count by their part inside."""
    radius, parts = float(np.sqrt(_DISK_AREA_MM2 / np.pi)), 5
    reach = [int(np.ceil(radius / pixel)) for pixel in sl.pose.pixel_mm]
    fine = [(np.arange((2 * n + 1) * parts) + 0.5) / parts - n - 0.5 for n in reach]
    x, y = np.meshgrid(fine[0] * sl.pose.pixel_mm[0], fine[1] * sl.pose.pixel_mm[1])
    whole = (np.hypot(x, y) <= radius).astype(np.float64)
    kernel = whole.reshape(2 * reach[1] + 1, parts, 2 * reach[0] + 1, parts).mean(axis=(1, 3))
    return np.asarray(fftconvolve(sl.image, kernel / kernel.sum(), mode="same"), np.float64)


def _extremes(sl: PhantomSlice, disks: FloatArray, from_centre: FloatArray, radius_mm: float) -> _Extremes:
    """Return the brightest and darkest disk that lie wholly within the radius."""
    allowed = from_centre <= radius_mm - np.sqrt(_DISK_AREA_MM2 / np.pi)
    high = int(np.argmax(np.where(allowed, disks, -np.inf)))
    low = int(np.argmin(np.where(allowed, disks, np.inf)))
    rows, columns = np.divmod([high, low], disks.shape[1])
    u_mm, v_mm = to_phantom(sl.pose, columns.astype(np.float64), rows.astype(np.float64))
    at = [(float(u), float(v)) for u, v in zip(u_mm, v_mm, strict=True)]
    return _Extremes(high=float(disks.flat[high]), low=float(disks.flat[low]), high_at=at[0], low_at=at[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spread:
    """What noise does to the percent integral uniformity: its SD, and by how much it lowers it on average."""

    sd: float
    loss: float


def _spread_by_noise(sl: PhantomSlice, disks: FloatArray, from_centre: FloatArray, large: LargeRegion) -> _Spread:
    """Return what noise does to the extremes: the disks' noise, turned, mirrored and negated, over a smooth surface.

    Where the water is even, the brightest of many disks varies less than one of them. What lies further than three SD
    from the surface is structure, not noise, and counts as three.
    """
    reach = large.radius_mm - np.sqrt(_DISK_AREA_MM2 / np.pi)
    steps = np.arange(-np.floor(reach / _GRID_MM), np.floor(reach / _GRID_MM) + 1) * _GRID_MM
    at_u, at_v = np.meshgrid(steps, steps)
    inside = np.hypot(at_u, at_v) <= reach
    values, _ = raster(disks, sl.pose, steps + large.centre_mm[0], steps + large.centre_mm[1])
    surface = _surface(at_u / reach, at_v / reach, values, inside)
    disk_sd = _disk_sd(sl, disks, from_centre <= reach)
    rest = np.where(inside, values - surface, 0.0)
    scale = disk_sd / max(1.4826 * float(np.median(np.abs(rest[inside]))), 1e-12 * float(np.abs(surface).max()), 1e-300)
    noise = np.clip(rest * min(scale, 1.0), -3.0 * disk_sd, 3.0 * disk_sd)
    turned = [np.rot90(side, quarter) for side in (noise, noise.T) for quarter in range(4)]
    noisy = [_piu(surface[inside] + sign * turn[inside]) for turn in turned for sign in (1.0, -1.0)]
    return _Spread(sd=float(np.std(noisy, ddof=1)), loss=max(_piu(surface[inside]) - float(np.mean(noisy)), 0.0))


def _piu(means: FloatArray) -> float:
    high, low = float(means.max()), float(means.min())
    return 100.0 * (1.0 - (high - low) / (high + low))


def _surface(x: FloatArray, y: FloatArray, values: FloatArray, inside: BoolArray) -> FloatArray:
    """Return the polynomial surface of fourth order through the values inside, everywhere."""
    across, down = [np.ones_like(x)], [np.ones_like(y)]
    for _ in range(_SURFACE_ORDER):
        across.append(across[-1] * x)
        down.append(down[-1] * y)
    powers = [(i, j) for i in range(_SURFACE_ORDER + 1) for j in range(_SURFACE_ORDER + 1 - i)]
    basis = np.stack([across[i] * down[j] for i, j in powers], axis=-1)
    factors, *_ = np.linalg.lstsq(basis[inside], values[inside], rcond=None)
    return np.asarray(basis @ factors, np.float64)


def _disk_sd(sl: PhantomSlice, disks: FloatArray, allowed: BoolArray) -> float:
    """Return the SD of one disk's mean by noise, whatever pixels share: mixed differences of disks side by side.

    Any quadratic surface cancels: a mixed difference leaves its twist alone, which is the same everywhere.
    """
    diameter = 2.0 * np.sqrt(_DISK_AREA_MM2 / np.pi)
    right, down = (int(np.ceil(diameter / pixel)) for pixel in sl.pose.pixel_mm)
    corners = [
        (slice(0, -down), slice(0, -right)),
        (slice(down, None), slice(0, -right)),
        (slice(0, -down), slice(right, None)),
        (slice(down, None), slice(right, None)),
    ]
    whole = np.logical_and.reduce([allowed[corner] for corner in corners])
    first, below, beside, across = (disks[corner][whole] for corner in corners)
    mixed = first - below - beside + across
    return float(1.4826 * np.median(np.abs(mixed - np.median(mixed))) / 2.0)


def _uncertainty(
    sl: PhantomSlice,
    disks: FloatArray,
    from_centre: FloatArray,
    large: LargeRegion,
    best: _Extremes,
    spread: _Spread,
) -> float:
    """Return the 95 % uncertainty: noise, what was taken off for it, the area's freedom in the guidance.

    What was taken off may be wrong by half of it (rectangular: JCGM 100:2008, 4.3.7): in even simulated water four
    tenths were found missing, whatever the noise. The area may be any that the guidance allows.
    """
    by_area = [
        _extremes(sl, disks, from_centre, large.radius_mm * np.sqrt(1 + part)).piu - best.piu
        for part in (-_AREA_FREEDOM, _AREA_FREEDOM)
    ]
    return _half_width(sd=float(np.hypot(spread.sd, spread.loss / 2 / np.sqrt(3))), reach=max(map(abs, by_area)))


def _half_width(*, sd: float, reach: float) -> float:
    """Return half of the 95 % interval of a normal error and one that is even within ± reach, together.

    Where the even one is the larger by far, twice the combined standard uncertainty holds more than all of it. Source:
    JCGM 101:2008, the convolution of both; JCGM 100:2008, G.1.3 (0.95 of the reach where it is alone).
    """
    sd = max(sd, 1e-3 * reach, 1e-12)
    reach = max(reach, 1e-3 * sd)
    low, high = 0.0, 4.0 * sd + reach
    for _ in range(50):
        middle = (low + high) / 2
        ends = np.array([middle + reach, middle - reach]) / sd
        below = ends * ndtr(ends) + np.exp(-(ends**2) / 2) / np.sqrt(2.0 * np.pi)
        held = sd / reach * float(below[0] - below[1]) - 1.0
        low, high = (middle, high) if held < 0.95 else (low, middle)
    return high


def _measured(sl: PhantomSlice, large: LargeRegion, best: _Extremes, spread: _Spread, uncertainty: float) -> Measured:
    disk = float(np.sqrt(_DISK_AREA_MM2 / np.pi))
    return Measured(
        metric=PERCENT_IMAGE_UNIFORMITY,
        quantity=Quantity(min(best.piu + spread.loss, 100.0), PERCENT),
        uncertainty=uncertainty,
        slice_index=sl.index,
        regions=(
            circle_region(sl, large.centre_mm, large.radius_mm, label="Large region"),
            circle_region(sl, best.high_at, disk, label="Highest 1 cm² mean"),
            circle_region(sl, best.low_at, disk, label="Lowest 1 cm² mean"),
        ),
        detail=f"highest {best.high:.4g}, lowest {best.low:.4g}, region {large.area_mm2 / 100:.0f} cm², "
        f"{spread.loss:.2g} % of spread by noise taken off",
    )
