"""Signal-to-noise ratio of the uniform slice, from one image or from two.

One image (McCann, Workman and McGrath, Phys Med Biol 58 (2013) 3775, smoothed subtraction): what a moving average of
9 x 9 pixels leaves of the image is its noise. In five squares of 20 mm, one in the middle and four at ±40 mm, the mean
signal is divided by the standard deviation of what is left; the result is the mean of the five ratios. The average
spans 9 mm whatever the pixels' size, and the deviation is corrected for the share of the noise that the average takes
away with it (0.6 % for 9 x 9 pixels, more where neighbours share their noise). Nothing is normalised for voxel size,
bandwidth or averages: the value is that of a pixel as it is. Other pixels, by another matrix or by interpolation
between them, are another quantity. Where neighbours share noise the value says so. Higher is better.
Background isn't used: with several receivers, parallel imaging or filters it shows another noise, or none. Fine
structure counts as noise, and the ringing of the phantom's edge is such: of an image without a filter, 1 mm pixels and
an SNR of 110 it takes 6 %, of a better one more. Where the noise alone is wanted, two images tell it.

The uncertainty of the value of one image has two parts. Chance: so many pixels, or as many as don't share noise. And
smoothing: where the noise fades towards the outer of the frequencies that were acquired, a filter or an interpolation
between pixels took some of it, and no image tells which; beside the value of the pixels as they are stands that of an
acquisition without, and the part between is stated as rectangular (JCGM 100:2008, 4.3.7). White noise misses nothing,
nor does an image filled in with zeros, whose pixels have the noise of the acquired ones. Structure that fades in the
same way is taken for such noise. What another size of voxels makes of the value is not in it, nor what is made of a
magnitude image by filling it in afterwards: its ringing in the air, folded up, then rings into the water. Between scans
of one scanner, whose filter is the same, chance alone counts: the detail says it.

Two images (NEMA MS 1-2008, method 1): the mean signal over the standard deviation of the difference, divided by the
square root of two. Valid above an SNR of 5, where noise of a magnitude image is normal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import uniform_filter

from aiqa_integration.model.coding import dcm_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, Obstacle, Reason, Region
from aiqa_integration.model.noise_spectrum import noise_left
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import ONE, Quantity
from aiqa_integration.model.sampling import (
    BoolArray,
    FloatArray,
    PhantomSlice,
    pixel_places,
    region,
    signal_beyond,
    slice_of,
)

SIGNAL_TO_NOISE = MetricDef(
    id="mr-snr",
    label="Signal-to-noise ratio",
    unit=ONE,
    better="higher",
    source="McCann et al., Phys Med Biol 58 (2013) 3775, smoothed subtraction; of two images: NEMA MS 1-2008, method 1",
    version="3",
    code=dcm_code("111787", "Signal to Noise Ratio"),
    decimals=1,
)
METRICS = (SIGNAL_TO_NOISE,)

SLICE_NUMBER = 7
_KERNEL_MM = 9.0
_SMALLEST_KERNEL = 5
_HALF_SQUARE_MM = 10.0
_SQUARES_MM = ((0.0, 0.0), (-40.0, -40.0), (40.0, -40.0), (-40.0, 40.0), (40.0, 40.0))
_LEAST_PIXELS = 40
_LOWEST_SNR = 5.0
_OUTSIDE_PART = 0.5
_MOST_TAKEN = 0.5
_SHARED_REACH = 3
"""Pixels that share noise lie at most so many rows and columns apart."""
_SHARING = 1.05
"""From how many pixels that act as one on, by interpolation or a filter, the value says so."""
_EDGE_MM = 12.0
"""Kept free towards the vessel's edge where the noise's spectrum is read."""
_SPECTRUM_PIXELS = 112
"""Rows and columns that are enough for the spectrum."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Noisy:
    """What regions of an image show: their mean signals and noises, pixels in all, and how many of them act as one."""

    signals: FloatArray
    noises: FloatArray
    pixels: int
    shared: float


def measure_snr(images: PhantomImages, *, diameter_mm: float) -> tuple[Measurement, ...]:
    """Return the signal-to-noise ratio of slice 7, from the one image."""
    sl = slice_of(images, SLICE_NUMBER)
    if sl is None:
        missing = Obstacle(reason=Reason.SLICE_MISSING, detail="slice 7 is not in the series")
        return (missing.not_measured(SIGNAL_TO_NOISE),)
    outcome = snr_of_slice(sl, diameter_mm=diameter_mm)
    return (outcome.not_measured(SIGNAL_TO_NOISE, sl.index) if isinstance(outcome, Obstacle) else outcome,)


def snr_of_slice(sl: PhantomSlice, *, diameter_mm: float) -> Measured | Obstacle:
    """Return the signal-to-noise ratio of a uniform slice by smoothed subtraction."""
    squares = _squares(sl)
    if isinstance(squares, Obstacle):
        return squares
    kernel = [max(int(_KERNEL_MM / pixel / 2) * 2 + 1, _SMALLEST_KERNEL) for pixel in sl.pose.pixel_mm[::-1]]
    noise = sl.image - uniform_filter(sl.image, kernel)
    noisy = _noisy(sl.image, noise, squares)
    if isinstance(noisy, Obstacle):
        return noisy
    taken = min(noisy.shared / float(np.prod(kernel)), _MOST_TAKEN)
    noisy = replace(noisy, noises=noisy.noises / np.sqrt(1.0 - taken))
    if signal_beyond(sl, diameter_mm / 2) > _OUTSIDE_PART * float(noisy.signals.mean()):
        return Obstacle(reason=Reason.IMPLAUSIBLE, detail="what lies beyond the phantom is as bright as its water")
    regions = tuple(
        region(sl.index, "polygon", _corners(sl, at), label=f"SNR, {name}")
        for at, name in zip(
            _SQUARES_MM, ("middle", "upper left", "upper right", "lower left", "lower right"), strict=True
        )
    )
    ratios = ", ".join(f"{ratio:.0f}" for ratio in noisy.signals / noisy.noises)
    detail = f"one image, {kernel[0]} x {kernel[1]} pixels smoothed; {ratios}; {_comparable(noisy)}"
    missing = _missing_part(sl, noise, (kernel[0], kernel[1]), diameter_mm / 2)
    return _ratio(noisy, sl.index, regions=regions, detail=detail, missing=missing)


def snr_of_pair(first: FloatArray, second: FloatArray, regions: Sequence[BoolArray]) -> Measured | Obstacle:
    """Return the signal-to-noise ratio of two acquisitions of one scan, the mean over regions of uniform water.

    Both images are ``[y, x]`` with one scale of values; regions are masks of their shape. Raises ValueError where the
    shapes differ or there is no region.
    """
    if not regions or any(mask.shape != first.shape for mask in (second, *regions)):
        raise ValueError(f"two images and at least one mask of one shape are needed: {first.shape}, {second.shape}")
    noisy = _noisy((first + second) / 2, (first - second) / np.sqrt(2.0), regions)
    return noisy if isinstance(noisy, Obstacle) else _ratio(noisy, None, detail="two images, NEMA MS 1 method 1")


def _squares(sl: PhantomSlice) -> tuple[BoolArray, ...] | Obstacle:
    """Return the pixels of the five squares, upright in the phantom's own drawing."""
    height, width = sl.image.shape
    for at in _SQUARES_MM:
        if not all(0 <= column <= width - 1 and 0 <= row <= height - 1 for column, row in _corners(sl, at)):
            return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail="a region of the signal leaves the image")
    u, v = pixel_places(sl)
    masks = tuple(np.maximum(np.abs(u - at[0]), np.abs(v - at[1])) <= _HALF_SQUARE_MM for at in _SQUARES_MM)
    fewest = min(int(np.count_nonzero(mask)) for mask in masks)
    if fewest < _LEAST_PIXELS:
        detail = f"a region of 4 cm² holds {fewest} pixels, at least {_LEAST_PIXELS} are needed"
        return Obstacle(reason=Reason.ROI_OUTSIDE_IMAGE, detail=detail)
    return tuple(np.asarray(mask, np.bool_) for mask in masks)


def _corners(sl: PhantomSlice, at_mm: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    half = _HALF_SQUARE_MM
    around = ((-half, -half), (half, -half), (half, half), (-half, half))
    return tuple(sl.pose.to_pixel(at_mm[0] + du, at_mm[1] + dv) for du, dv in around)


def _noisy(signal: FloatArray, noise: FloatArray, regions: Sequence[BoolArray]) -> _Noisy | Obstacle:
    """Return signals and noises of the regions, or why they are none."""
    signals = np.array([signal[mask].mean() for mask in regions])
    noises = np.array([noise[mask].std(ddof=1) for mask in regions])
    if float(signals.min()) <= 0.0:
        return Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail=f"a region has the mean signal {float(signals.min()):.3g}")
    if not float(noises.min()) > 1e-6 * float(signals.max()):
        return Obstacle(reason=Reason.IMPLAUSIBLE, detail="a region of the image holds no noise at all")
    lowest = float((signals / noises).min())
    if lowest < _LOWEST_SNR:
        detail = f"the signal is {lowest:.1f} times its noise, at least {_LOWEST_SNR:g} is needed"
        return Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail=detail)
    pixels = sum(int(np.count_nonzero(mask)) for mask in regions)
    return _Noisy(signals=signals, noises=noises, pixels=pixels, shared=_shared(noise, regions))


def _comparable(noisy: _Noisy) -> str:
    """Return what the value may be compared with."""
    if noisy.shared < _SHARING:
        return "filters and parallel imaging change it"
    return (
        f"{noisy.shared:.1f} pixels share one value of noise, the image was interpolated or filtered: compare it with "
        f"images made so alone"
    )


def _shared(noise: FloatArray, regions: Sequence[BoolArray]) -> float:
    """Return how many pixels share one independent value of the noise: the sum of its squared autocorrelation.

    That of a step and its opposite are the same. The images' rows follow each other with free columns between them, so
    that a step along them is one of a flat image.
    """
    whole = np.any(np.stack(regions), axis=0)
    rows, columns = (np.flatnonzero(whole.any(axis=axis)) for axis in (1, 0))
    crop = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    centred = np.where(whole[crop], noise[crop] - float(noise[whole].mean()), 0.0)
    free = ((0, 0), (_SHARED_REACH, _SHARED_REACH))
    inside, values = (np.pad(part, free).reshape(-1) for part in (whole[crop], centred))
    width, count = centred.shape[1] + 2 * _SHARED_REACH, int(np.count_nonzero(whole))
    power, total = float((values**2).sum()) / count, 1.0 - 1.0 / count
    for down in range(_SHARED_REACH + 1):
        for across in range(-_SHARED_REACH if down else 1, _SHARED_REACH + 1):
            step = down * width + across
            pairs = int(np.count_nonzero(inside[step:] & inside[:-step]))
            if pairs:
                product = float(np.einsum("i,i->", values[step:], values[:-step])) / pairs
                total += 2.0 * max((product / power) ** 2 - 1.0 / pairs, 0.0)
    return max(total, 1.0)


def _missing_part(sl: PhantomSlice, noise: FloatArray, kernel: tuple[int, int], radius_mm: float) -> float:
    """Return by which part the value is above that of pixels that no filter took noise from; 0 within what is known."""
    half_mm = (radius_mm - _EDGE_MM) / np.sqrt(2.0)
    crop = []
    for at, pixel, size in zip(sl.pose.centre[::-1], sl.pose.pixel_mm[::-1], noise.shape, strict=True):
        reach = min(int(half_mm / pixel), _SPECTRUM_PIXELS // 2)
        crop.append(slice(max(round(at) - reach, 0), min(round(at) + reach, size)))
    left = noise_left(noise[tuple(crop)], kernel)
    return 0.0 if left is None else float(np.sqrt(max(max(1.0 - left.part, 0.0) ** 2 - left.sd**2, 0.0)))


def _ratio(
    noisy: _Noisy,
    index: int | None,
    *,
    detail: str,
    regions: tuple[Region, ...] = (),
    missing: float = 0.0,
) -> Measured:
    """Return the value; ``missing`` is the part of it by which it may be too high, as what a filter took is unknown."""
    value = float((noisy.signals / noisy.noises).mean())
    chance = 1.0 / float(np.sqrt(2.0 * max(noisy.pixels / noisy.shared, 2.0)))
    part = float(np.hypot(chance, missing / np.sqrt(3.0)))
    if missing > chance:
        detail += f"; {missing:.0%} of the noise may be filtered away, else it is known to ± {2.0 * chance * value:.2g}"
    return Measured(
        metric=SIGNAL_TO_NOISE,
        quantity=Quantity(value, ONE),
        uncertainty=2.0 * part * value,
        slice_index=index,
        regions=regions,
        detail=detail,
    )
