"""High-contrast spatial resolution from the arrays of holes in slice 1.

ACR MRI Phantom Test Guidance (10/2022), section 2: a hole size is resolved in the upper left array where all four holes
of at least one row can be told apart, in the lower right one where those of a column can. The value is the smallest
hole size that is resolved together with all larger ones; lower is better.

A row counts as told apart where each of its three troughs lies below both its peaks by 8 % of their height above the
block, and by more than noise makes. The phantom's 1.0 mm holes are made for the guidance's pixel of 0.98 mm. Simulated
at that pixel, without noise and with the strongest common apodisation (Hamming), they show 10 to 16 % wherever the
pixels fall and however the phantom is turned, and the 0.9 mm holes 0 to 6 %: the limit lies between.

The contrast response is the one of the Scottish medium-phantom framework (NHSH-MRI-Physics, docs/ContrastResponse.md):
(mean peak - mean trough) / mean peak of the best row (column), read at the holes and midway between them, linearly
between the image's own pixels, as the framework reads the points that a person marks. (Its automatic reading takes the
extremes of a profile averaged across the row, which lie higher, above zero even where nothing is resolved.) It depends
on how the pixels fall on the holes, its uncertainty says how much: compare it at one matrix only.
"""

from dataclasses import dataclass

import numpy as np

from aiqa_integration.metrics.high_contrast_resolution.block import Block, HoleArray, find_block
from aiqa_integration.metrics.high_contrast_resolution.contrast import best_response, contrast_lines
from aiqa_integration.metrics.high_contrast_resolution.lines import Line, read_lines
from aiqa_integration.model.coding import aiqa_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, Obstacle, Reason, Region
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import MM, ONE, Quantity
from aiqa_integration.model.sampling import PhantomSlice, line_region, slice_of

__all__ = ["METRICS", "HoleArray", "measure_high_contrast_resolution", "metrics_of"]

GUIDANCE = "ACR MRI Phantom Test Guidance (10/2022), section 2, high-contrast spatial resolution"
FRAMEWORK = "Scottish medium ACR analysis framework (NHSH-MRI-Physics), docs/ContrastResponse.md"
HOLE_SIZES_MM = (1.1, 1.0, 0.9, 0.8)
SLICE_NUMBER = 1
_STEP_MM = 0.1
"""Hole sizes differ by this."""
_LEAST_DIP = 0.08
"""Depth of a trough that tells two holes apart, over the height of the peaks (see above)."""
_LEAST_DIP_NOISE = 1.0
"""And over the noise: three troughs in a row that deep are found in 3 % of arrays without any, and more noise than that
hides a resolved one."""
_DIP_SD_NOISE = 0.7
_DIP_SD = 0.02
"""Standard uncertainty of the best row's dip over the height: this part of noise over height, and what the place of the
pixels on the holes changes; both found on simulated arrays (0.8 to 1.1 mm, peaks of 10 to 40 times the noise)."""
_LOWEST_PEAK = 8.0
"""Height of the largest holes' peaks over the noise below which rows of 1.1 mm that are resolved begin to be missed."""


def _resolution(corner: str, words: str, code: str) -> MetricDef:
    return MetricDef(
        id=f"mr-high-contrast-resolution-{corner}",
        label=f"High-contrast resolution, {words}",
        unit=MM,
        better="lower",
        source=GUIDANCE,
        version="1",
        code=aiqa_code(code, f"High-contrast spatial resolution, {words}"),
        decimals=1,
    )


def _response(size_mm: float, direction: str) -> MetricDef:
    label = f"Contrast response, {size_mm:.1f} mm, {direction}"
    return MetricDef(
        id=f"mr-contrast-response-{size_mm:.1f}-{direction}",
        label=label,
        unit=ONE,
        better="higher",
        source=FRAMEWORK,
        version="1",
        code=aiqa_code(f"AIQA-CR-{round(10 * size_mm):02d}-{direction[0].upper()}", label),
        decimals=2,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Direction:
    """One direction: rows of the upper left arrays, or columns of the lower right ones, with the metrics it yields."""

    columns: bool
    line_name: str
    resolution: MetricDef
    responses: dict[float, MetricDef]


_DIRECTIONS = (
    _Direction(
        columns=False,
        line_name="row",
        resolution=_resolution("ul", "upper left arrays", "AIQA-HCR-UL"),
        responses={size: _response(size, "horizontal") for size in HOLE_SIZES_MM},
    ),
    _Direction(
        columns=True,
        line_name="column",
        resolution=_resolution("lr", "lower right arrays", "AIQA-HCR-LR"),
        responses={size: _response(size, "vertical") for size in HOLE_SIZES_MM},
    ),
)


def metrics_of(arrays: tuple[HoleArray, ...]) -> tuple[MetricDef, ...]:
    """Return the metrics that a phantom with these arrays yields, in the order in which they are measured."""
    sizes = [array.diameter_mm for array in arrays]
    responses = tuple(direction.responses[size] for size in sizes for direction in _DIRECTIONS)
    return tuple(direction.resolution for direction in _DIRECTIONS) + responses


METRICS = tuple(direction.resolution for direction in _DIRECTIONS) + tuple(
    direction.responses[size] for size in HOLE_SIZES_MM for direction in _DIRECTIONS
)


def measure_high_contrast_resolution(
    images: PhantomImages, *, diameter_mm: float, arrays: tuple[HoleArray, ...]
) -> tuple[Measurement, ...]:
    """Return the measurements of ``metrics_of(arrays)``; ``arrays`` are the drawing's, the largest holes first.

    Nothing resolved is 0.1 mm more than the largest hole size, a bound from below, without an uncertainty.
    """
    sl = slice_of(images, SLICE_NUMBER)
    if sl is None:
        missing = Obstacle(reason=Reason.SLICE_MISSING, detail="slice 1 is not in the series")
        return tuple(missing.not_measured(metric) for metric in metrics_of(arrays))
    block = find_block(sl, arrays, diameter_mm=diameter_mm)
    if isinstance(block, Block):
        found = [_read_arrays(block, direction) for direction in _DIRECTIONS]
        weak = _too_weak(block, found)
        if weak is None:
            resolved = tuple(_resolved(sl, *pair) for pair in zip(_DIRECTIONS, found, strict=True))
            return resolved + tuple(
                _responded(sl, block, read, direction)
                for reads in zip(*found, strict=True)
                for read, direction in zip(reads, _DIRECTIONS, strict=True)
            )
        block = weak
    return tuple(block.not_measured(metric, sl.index) for metric in metrics_of(arrays))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """One array in one direction: its rows, the best of them, that row's dip over its height, and the dip's SD."""

    array: HoleArray
    lines: tuple[Line, ...]
    best: Line
    dip: float
    dip_sd: float
    needed: float

    @property
    def size_mm(self) -> float:
        """The array's hole size."""
        return self.array.diameter_mm


def _read_arrays(block: Block, direction: _Direction) -> tuple[_Read, ...]:
    return tuple(_read_array(block, array, direction) for array in block.arrays)


def _read_array(block: Block, array: HoleArray, direction: _Direction) -> _Read:
    lines = read_lines(block, array, columns=direction.columns)
    heights = [max(line.peak - block.floor, 1e-6 * abs(line.peak) + 1e-300) for line in lines]
    best = int(np.argmax([line.dip / height for line, height in zip(lines, heights, strict=True)]))
    noise, disturbance = block.noise / heights[best], block.disturbance / heights[best]
    return _Read(
        array=array,
        lines=lines,
        best=lines[best],
        dip=lines[best].dip / heights[best],
        dip_sd=float(np.hypot(_DIP_SD_NOISE * disturbance, _DIP_SD)),
        needed=max(_LEAST_DIP, _LEAST_DIP_NOISE * noise),
    )


def _too_weak(block: Block, found: list[tuple[_Read, ...]]) -> Obstacle | None:
    height = max(reads[0].best.peak for reads in found) - block.floor
    if height > 0 and height >= _LOWEST_PEAK * block.noise:
        return None
    times = max(height, 0.0) / block.noise if block.noise > 0 else 0.0
    detail = f"the holes' signal is {times:.1f} times the noise, at least {_LOWEST_PEAK:g} is needed"
    return Obstacle(reason=Reason.SIGNAL_TOO_LOW, detail=detail)


def _smallest(reads: tuple[_Read, ...], sds: float) -> float:
    """Return the smallest size resolved together with all larger ones, were every dip ``sds`` of its SD deeper."""
    value = reads[0].size_mm + _STEP_MM
    for read in reads:
        if read.dip + sds * read.dip_sd < read.needed:
            break
        value = read.size_mm
    return round(value, 1)


def _resolved(sl: PhantomSlice, direction: _Direction, reads: tuple[_Read, ...]) -> Measured:
    value = _smallest(reads, 0.0)
    none = value > reads[0].size_mm
    spread = max(abs(_smallest(reads, sds) - value) for sds in (-2.0, 2.0))
    dips = ", ".join(
        f"{read.size_mm:.1f} mm {max(read.dip, 0.0):.0%} ({direction.line_name} {read.best.number})" for read in reads
    )
    first = f"not even {reads[0].size_mm:.1f} mm is resolved, the value is a lower bound; " if none else ""
    return Measured(
        metric=direction.resolution,
        quantity=Quantity(value, MM),
        uncertainty=None if none else round(spread, 1),
        slice_index=sl.index,
        regions=tuple(_region(sl, read.best, f"{read.size_mm:.1f} mm holes, {direction.line_name}") for read in reads),
        detail=f"{first}shallowest dip of the best {direction.line_name}: {dips}; {_LEAST_DIP:.0%} is needed",
    )


def _responded(sl: PhantomSlice, block: Block, read: _Read, direction: _Direction) -> Measurement:
    metric = direction.responses[read.size_mm]
    lines = contrast_lines(sl, read.array, columns=direction.columns)
    best, sd = best_response(lines, read.lines, noise=block.noise)
    if best.peak <= 0:
        return Obstacle(reason=Reason.IMPLAUSIBLE, detail="no signal at the holes").not_measured(metric, sl.index)
    return Measured(
        metric=metric,
        quantity=Quantity(best.contrast_response, ONE),
        uncertainty=2.0 * sd,
        slice_index=sl.index,
        regions=(_region(sl, best, metric.label),),
        detail=f"{direction.line_name} {best.number} of 4; read on pixels of {_pixels(sl)} mm",
    )


def _pixels(sl: PhantomSlice) -> str:
    return " x ".join(f"{pixel:.2f}" for pixel in sl.pose.pixel_mm)


def _region(sl: PhantomSlice, line: Line, label: str) -> Region:
    return line_region(sl, *line.ends_mm, label=label)
