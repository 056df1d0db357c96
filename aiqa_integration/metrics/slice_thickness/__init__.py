"""Slice thickness from two opposed 10:1 signal ramps.

The ramps lie side by side in a dark slab across the middle of slice 1 (ACR MRI Phantom Test Guidance, section 3). The
slab is found first, bent or turned as it may be, and the ramps are read along it. Each ramp's length is its full width
at half of its own plateau above the slab's own floor, from a smooth-edged box fitted to the whole profile, so that
noise doesn't decide where half is. The fit knows how a magnitude image shows weak signals over noise and over the
ringing of the slab's edges, and how the water beside the slab is shaded.
"""

import numpy as np

from aiqa_integration.metrics.slice_thickness.ramp import Ramp, read_ramp
from aiqa_integration.metrics.slice_thickness.slab import Slab, find_slab
from aiqa_integration.model.coding import dcm_code
from aiqa_integration.model.measurement import Measured, Measurement, MetricDef, Obstacle, Reason, Region
from aiqa_integration.model.phantom import PhantomImages
from aiqa_integration.model.quantity import MM, Quantity
from aiqa_integration.model.sampling import PhantomSlice, region, slice_of, to_pixels

SLICE_THICKNESS = MetricDef(
    id="mr-slice-thickness",
    label="Slice thickness",
    unit=MM,
    better="target",
    source="ACR MRI Phantom Test Guidance (10/2022), section 3, slice thickness accuracy",
    version="3",
    code=dcm_code("112225", "Slice Thickness"),
    decimals=2,
)
METRICS = (SLICE_THICKNESS,)

SLICE_NUMBER = 1
_RAMP_SLOPE = 10.0
_PLAUSIBLE_MM = (1.0, 15.0)
_LARGEST_RATIO = 2.5
"""Opposed ramps of one slice differ by the phantom's tilt; beyond this it's not the same slice that they show."""
_METHOD_SD = 0.0085
"""Standard uncertainty of a thickness besides the fits', as a part of it: the water beside the slab rings into it and
pushes both ramps the same way, the further the larger pixels are; of pixels up to 1 mm, with their area beyond. Found
on simulated phantoms (4 to 7 mm, SNR 20 to 200, any pose; `python -m benchmarks.uncertainty_coverage`, seed 31)."""


def measure_slice_thickness(images: PhantomImages, *, diameter_mm: float) -> tuple[Measurement, ...]:
    """Return the slice thickness, mm: 0.2 · top · bottom / (top + bottom), which cancels the phantom's tilt."""
    sl = slice_of(images, SLICE_NUMBER)
    if sl is None:
        missing = Obstacle(reason=Reason.SLICE_MISSING, detail="slice 1 is not in the series")
        return (missing.not_measured(SLICE_THICKNESS),)
    outcome = thickness_of(sl, diameter_mm=diameter_mm)
    if isinstance(outcome, Obstacle):
        return (outcome.not_measured(SLICE_THICKNESS, sl.index),)
    return (outcome,)


def thickness_of(sl: PhantomSlice, *, diameter_mm: float) -> Measured | Obstacle:
    """Return the thickness of the slice that shows the ramps."""
    slab = find_slab(sl, diameter_mm=diameter_mm)
    if isinstance(slab, Obstacle):
        return slab
    ramps = [read_ramp(sl, slab, side * slab.height_mm / 4) for side in (-1.0, 1.0)]
    for ramp in ramps:
        if isinstance(ramp, Obstacle):
            return ramp
    top, bottom = (ramp for ramp in ramps if isinstance(ramp, Ramp))
    total = top.length_mm + bottom.length_mm
    thickness = 2.0 / _RAMP_SLOPE * top.length_mm * bottom.length_mm / total
    ratio = max(top.length_mm, bottom.length_mm) / min(top.length_mm, bottom.length_mm)
    lengths = f"ramps {top.length_mm:.1f} and {bottom.length_mm:.1f} mm"
    if not _PLAUSIBLE_MM[0] <= thickness <= _PLAUSIBLE_MM[1] or ratio > _LARGEST_RATIO:
        return Obstacle(reason=Reason.IMPLAUSIBLE, detail=f"{thickness:.1f} mm from {lengths}")
    by_top, by_bottom = (2.0 / _RAMP_SLOPE * (other.length_mm / total) ** 2 for other in (bottom, top))
    fits = [by_top * top.length_sd_mm, by_bottom * bottom.length_sd_mm]
    sd = float(np.linalg.norm([*fits, _METHOD_SD * max(1.0, *sl.pose.pixel_mm) ** 2 * thickness]))
    return Measured(
        metric=SLICE_THICKNESS,
        quantity=Quantity(thickness, MM),
        uncertainty=2.0 * sd,
        slice_index=sl.index,
        regions=tuple(_region(sl, slab, ramp, name) for ramp, name in ((top, "Top ramp"), (bottom, "Bottom ramp"))),
        detail=lengths,
    )


def _region(sl: PhantomSlice, slab: Slab, ramp: Ramp, label: str) -> Region:
    ends = np.linspace(ramp.middle_mm - ramp.length_mm / 2, ramp.middle_mm + ramp.length_mm / 2, 9)
    line = np.interp(ends, slab.u_mm, slab.centre_mm) + ramp.offset_mm
    columns, rows = to_pixels(sl.pose, ends, line)
    return region(sl.index, "polyline", tuple(zip(columns.tolist(), rows.tolist(), strict=True)), label=label)
